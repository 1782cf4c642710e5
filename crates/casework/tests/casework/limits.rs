//! Limits per business, windows of calls, and how numbers are written: at their edges.

use std::collections::BTreeMap;

use casework::numbers;
use chrono::TimeDelta;
use serde_json::json;
use vocabulary::{FiscalYear, end_of_day, start_of_day};

use crate::desk::{Desk, codes, day, granted, place_of, programs};

fn refused(program: &str, years: &[i32]) -> Vec<String> {
    let mut desk = Desk::in_state(program, "draft");
    desk.granted = years.iter().map(|year| granted(*year, 100_000)).collect();
    let refusals = desk.hand_in("submit", json!({})).err().unwrap_or_default();
    codes(&refusals).into_iter().map(str::to_owned).collect()
}

#[test]
fn once_in_a_fiscal_year_means_once() {
    let program = "hino/sales-channel";
    assert_eq!(refused(program, &[]), Vec::<String>::new());
    assert_eq!(refused(program, &[2026]), ["limit.fiscal_year"]);
    assert_eq!(refused(program, &[2025; 9]), Vec::<String>::new());
}

#[test]
fn not_in_the_last_two_fiscal_years() {
    let program = "mizuho/sales-channel";
    for (latest, codes) in [(2023, &[][..]), (2024, &["limit.recent"]), (2025, &["limit.recent"]), (2027, &[])] {
        assert_eq!(refused(program, &[latest]), codes, "{latest}");
    }
    assert_eq!(refused(program, &[2025, 2026]), ["limit.fiscal_year", "limit.recent"]);
}

#[test]
fn limits_hold_again_at_the_decision() {
    let mut desk = Desk::in_state("hino/sales-channel", "under_review");
    desk.granted.push(granted(2026, 100_000));
    assert_eq!(codes(&desk.act("reviewer", "grant", json!({})).unwrap_err()), ["limit.fiscal_year"]);
    // Refusing needs no room.
    assert!(desk.act("reviewer", "reject", json!({ "reason": "x" })).is_ok());
}

#[test]
fn a_lifetime_cap_leaves_what_is_left() {
    let mut desk = Desk::in_state("mizuho/industrial-property", "draft");
    desk.granted.push(granted(2024, 599_000));
    desk.hand_in("submit", json!({})).unwrap();
    assert_eq!(desk.case.body.amounts["request"].yen.get(), 1_000);
}

#[test]
fn a_call_is_open_from_its_first_day_to_the_end_of_its_last() {
    let mut desk = Desk::in_state("hino/sales-channel", "draft");
    desk.case.call.opens = day("2026-05-01");
    desk.case.call.closes = Some(day("2026-06-30"));
    let opens = start_of_day(day("2026-05-01"));
    let closed = end_of_day(day("2026-06-30"));
    assert_eq!(closed, start_of_day(day("2026-07-01")));
    let tick = TimeDelta::microseconds(1);
    for (now, codes) in
        [(opens - tick, &["call.not_open_yet"][..]), (opens, &[]), (closed - tick, &[]), (closed, &["call.closed"])]
    {
        desk.now = now;
        assert_eq!(desk.barred(&desk.actor("applicant"), "submit"), codes, "{now}");
        assert_eq!(desk.clone().hand_in("submit", json!({})).is_ok(), codes.is_empty(), "{now}");
    }
    // The window is for the first submission only; without a last day it stays open.
    let mut submitted = desk.clone();
    submitted.now = closed - tick;
    submitted.hand_in("submit", json!({})).unwrap();
    submitted.now = closed + TimeDelta::days(20);
    assert!(submitted.act("applicant", "withdraw", json!({})).is_ok());
    desk.case.call.closes = None;
    desk.now = closed + TimeDelta::days(20);
    assert!(desk.barred(&desk.actor("applicant"), "submit").is_empty());
}

#[test]
fn numbers_are_written_as_the_municipality_writes_them() {
    let (program, _) = programs().find(|(program, _)| program.name() == "hino/sales-channel").unwrap();
    let place = place_of(program);
    let counted: BTreeMap<String, i64> =
        [("application", 7), ("decision", 12), ("obligation", 123_456), ("payment_order", 1), ("other", 3)]
            .map(|(kind, count)| (kind.to_owned(), count))
            .into();
    let written = numbers::written(place, FiscalYear(2026), &counted);
    let written: Vec<(&str, &str)> = written.iter().map(|(kind, text)| (kind.as_str(), text.as_str())).collect();
    assert_eq!(
        written,
        [
            ("application", "hino-2026-00007"),
            ("decision", "8日産振第12号"),
            ("obligation", "負2026-123456"),
            ("other", "2026-3"),
            ("payment_order", "命2026-00001"),
        ]
    );
    assert_eq!(numbers::written(place, FiscalYear(2019), &counted)["decision"], "1日産振第12号");
    assert!(numbers::written(place, FiscalYear(2026), &BTreeMap::new()).is_empty());
}

#[test]
fn a_case_keeps_its_number_and_letters_carry_theirs() {
    let mut desk = Desk::drafted("hino/sales-channel", "grant");
    let number = desk.case.body.numbers["application"].clone();
    let step = desk.sign_all();
    assert_eq!(desk.case.body.numbers["application"], number);
    assert_eq!(step.letters[0].data["number"], json!(desk.case.body.numbers["decision"]));
    assert_eq!(step.letters[0].data["case"]["number"], json!(number));
    assert_eq!(step.event.facts["numbers"], json!({ "decision": "8日産振第1号", "obligation": "負2026-00001" }));
}
