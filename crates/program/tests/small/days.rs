//! Deadlines, against the situations of domain/practice.md and the Civil Code.

use program::{Program, span_from};
use vocabulary::{Calendar, FiscalYear};

use super::{day, facts, small, small_with};

fn report_due(program: &Program, completed: Option<&str>, fiscal_year: i32) -> Option<String> {
    let mut facts = facts();
    facts.award_fiscal_year = FiscalYear(fiscal_year);
    if let Some(completed) = completed {
        facts.dates.insert("completed_on".to_owned(), day(completed));
    }
    program.deadline("report", &facts, &Calendar::default()).map(|day| day.to_string())
}

#[test]
fn the_report_is_due_on_a_sunday_when_the_outline_says_the_31st_of_march() {
    assert_eq!(report_due(&small(), Some("2024-03-10"), 2023).as_deref(), Some("2024-03-31"));
    assert_eq!(report_due(&small(), Some("2023-09-30"), 2023).as_deref(), Some("2023-10-30"));
    assert_eq!(report_due(&small(), None, 2023).as_deref(), Some("2024-03-31"), "the date is known before the fact");
    let moved = small_with("of: award_fiscal_year } ]", "of: award_fiscal_year } ]\n    on_holiday: next_office_day");
    assert_eq!(report_due(&moved, Some("2024-03-10"), 2023).as_deref(), Some("2024-04-01"));
    let counted = small_with("of: award_fiscal_year } ]", "of: award_fiscal_year } ]\n    first_day: included");
    assert_eq!(report_due(&counted, Some("2023-09-30"), 2023).as_deref(), Some("2023-10-29"));
}

#[test]
fn a_deadline_waits_for_its_fact() {
    let only_after = small_with(
        "    earliest_of: [ { within: 30 days, after: completed_on }, { date: 03-31, of: award_fiscal_year } ]",
        "    { within: 2 months, after: completed_on }",
    );
    assert_eq!(report_due(&only_after, None, 2023), None);
    assert_eq!(report_due(&only_after, Some("2023-12-31"), 2023).as_deref(), Some("2024-02-29"));
    let leap = small_with("date: 03-31, of: award_fiscal_year", "date: 02-29, of: next_fiscal_year");
    assert_eq!(report_due(&leap, None, 2023).as_deref(), Some("2025-02-28"));
}

#[test]
fn spans_end_as_the_civil_code_says() {
    let calendar = Calendar { holidays: [day("2026-05-04"), day("2026-05-05"), day("2026-05-06")].into() };
    for (span, from, last) in [
        ("14 days", "2026-04-01", Some("2026-04-15")),
        ("1 month", "2026-03-10", Some("2026-04-10")),
        ("1 month", "2026-01-31", Some("2026-02-28")),
        ("1 month", "2026-02-28", Some("2026-03-31")),
        ("1 month", "2026-01-30", Some("2026-02-28")),
        ("3 office_days", "2026-05-01", Some("2026-05-11")),
        ("0 days", "2026-04-01", None),
        ("30", "2026-04-01", None),
        ("+3 days", "2026-04-01", None),
        ("3 weeks", "2026-04-01", None),
        ("99999 days", "2026-04-01", None),
    ] {
        assert_eq!(span_from(span, day(from), &calendar), last.map(day), "{span} from {from}");
    }
}

#[test]
fn a_state_has_its_clock_and_its_reminders() {
    let program = small();
    let calendar = Calendar::default();
    let due = program.state_due(None, "correcting", day("2026-05-01"), &facts(), &calendar).unwrap();
    assert_eq!(due.last_day, day("2026-05-15"));
    assert_eq!(due.reminders, [day("2026-05-08"), day("2026-05-14")]);
    let due = program.state_due(None, "granted", day("2026-05-01"), &facts(), &calendar).unwrap();
    assert_eq!((due.last_day, due.reminders), (day("2027-03-31"), vec![]));
    assert_eq!(program.state_due(None, "submitted", day("2026-05-01"), &facts(), &calendar), None);
    assert_eq!(program.state_due(Some("change"), "requested", day("2026-05-01"), &facts(), &calendar), None);
}
