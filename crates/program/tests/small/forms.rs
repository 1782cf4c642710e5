//! What is handed in: every fault with its code and path, and what is kept.

use std::collections::BTreeSet;

use program::definition::{ApplicantKind, BusinessSize, Field};
use program::{Attached, CaseFacts, FormCheck, Program, check_fields};
use serde_json::{Map, Value, json};

use super::{application, day, facts, map, small, small_with, yen};

const FILE: &str = "00000000-0000-4000-8000-000000000001";

fn documents(names: &[&str]) -> Attached {
    names.iter().map(|name| ((*name).to_owned(), BTreeSet::from([FILE.to_owned()]))).collect()
}

fn check(values: &Map<String, Value>) -> FormCheck {
    small().check_form("application", values, Some(&documents(&["plan"])), &facts())
}

fn faults(check: &FormCheck) -> Vec<(&str, &str)> {
    check.faults.iter().map(|fault| (fault.code.as_str(), fault.path.as_str())).collect()
}

/// The faults when one value is replaced, or taken away by null.
fn with(name: &str, value: Value) -> Vec<(String, String)> {
    let mut values = application(100_000);
    values.insert(name.to_owned(), value);
    check(&values).faults.into_iter().map(|fault| (fault.code, fault.path)).collect()
}

#[test]
fn a_right_application_is_kept_as_it_should_be() {
    let mut values = application(100_000);
    values.insert("contact".to_owned(), json!("  山田 \r\n"));
    values.insert("place".to_owned(), json!("east"));
    values.insert("people".to_owned(), json!(3));
    values.insert("number".to_owned(), json!("1000020132128"));
    values.insert("other_aid".to_owned(), json!(null));
    let check = check(&values);
    assert_eq!(faults(&check), []);
    assert_eq!(check.clean.get("contact"), Some(&json!("山田")));
    assert_eq!(check.clean.get("other_aid"), None);
    assert_eq!(check.clean.get("costs").unwrap()[0]["net"], json!(100_000));
}

#[test]
fn each_value_is_checked_by_its_type() {
    for (name, value, code, path) in [
        ("contact", json!(""), "field.required", "contact"),
        ("contact", json!(3), "field.type", "contact"),
        ("contact", json!("a\u{0}b"), "field.characters", "contact"),
        ("contact", json!("あ".repeat(21)), "field.too_long", "contact"),
        ("pledge", json!(false), "field.consent", "pledge"),
        ("pledge", json!(null), "field.consent", "pledge"),
        ("pledge", json!("true"), "field.type", "pledge"),
        ("from", json!("2026-02-30"), "field.type", "from"),
        ("from", json!("2026-9-1"), "field.type", "from"),
        ("place", json!("north"), "choice.unknown", "place"),
        ("people", json!(0), "field.range", "people"),
        ("people", json!(11), "field.range", "people"),
        ("people", json!(1.5), "field.type", "people"),
        ("people", json!("3"), "field.type", "people"),
        ("other_aid", json!(-1), "field.range", "other_aid"),
        ("other_aid", json!(10_000_000_000_000_i64), "field.range", "other_aid"),
        ("number", json!("2000020132128"), "corporate_number.check_digit", "number"),
        ("costs", json!([]), "field.required", "costs"),
        ("costs", json!("x"), "field.type", "costs"),
        ("costs", json!([{"category": "booth", "what": "x", "net": 1}]), "field.required", "costs[0].tax"),
        (
            "costs",
            json!([{"category": "both", "what": "x", "net": 1, "tax": 0}]),
            "choice.unknown",
            "costs[0].category",
        ),
        ("costs", json!([{"category": "booth", "what": "x", "net": -1, "tax": 0}]), "field.range", "costs[0].net"),
        (
            "costs",
            json!([{"category": "booth", "what": "x", "net": 1, "tax": 0, "z": 1}]),
            "field.unknown",
            "costs[0].z",
        ),
        ("costs", json!([1]), "field.type", "costs[0]"),
        ("costs", json!(vec![1; 201]), "field.too_long", "costs"),
        (
            "costs",
            json!([{"category": "travel", "what": "x", "net": 1, "tax": 0}]),
            "category.closed",
            "costs[0].category",
        ),
        ("spare", json!(1), "field.unknown", "spare"),
    ] {
        assert!(
            with(name, value.clone()).contains(&(code.to_owned(), path.to_owned())),
            "{name} {value}: {:?}",
            with(name, value.clone())
        );
    }
}

#[test]
fn conditional_fields_are_asked_or_dropped() {
    assert_eq!(with("abroad", json!(true)), [("field.required".to_owned(), "country".to_owned())]);
    let mut values = application(100_000);
    values.insert("country".to_owned(), json!(17));
    let dropped = check(&values);
    assert_eq!((faults(&dropped), dropped.clean.get("country")), (vec![], None));
    values.insert("abroad".to_owned(), json!(true));
    values.insert("country".to_owned(), json!("タイ"));
    assert_eq!(check(&values).clean.get("country"), Some(&json!("タイ")));
    let program = small();
    let (fields, papers) = program.asked("application", &application(1), &facts());
    assert!(!fields.contains(&"country") && fields.contains(&"people"));
    assert_eq!(papers.iter().map(|paper| paper.name.as_str()).collect::<Vec<_>>(), ["plan", "receipts"]);
    assert!(program.asked("application", &values, &facts()).0.contains(&"country"));
}

#[test]
fn documents_are_asked_for_when_they_are_needed() {
    let program = small();
    let big = application(200_000);
    let check = |given: &[&str]| program.check_form("application", &big, Some(&documents(given)), &facts());
    assert_eq!(faults(&check(&["plan"])), [("document.missing", "documents.quotation")]);
    assert_eq!(faults(&check(&["plan", "quotation", "receipts"])), []);
    assert_eq!(faults(&check(&["plan", "quotation", "photos"])), [("document.unknown", "documents.photos")]);
}

#[test]
fn rules_are_refused_with_their_reason_and_how_it_came() {
    let mut values = application(100_000);
    values.insert("to".to_owned(), json!("2026-08-31"));
    let check = check(&values);
    assert_eq!(faults(&check), [("rule.failed", "to")]);
    assert_eq!(check.faults[0].message.ja, "最終日が初日より前です");
    assert_eq!(check.faults[0].explanation.as_ref().unwrap().text, "to >= from");
    // A rule over a value that is itself wrong says nothing more.
    assert_eq!(with("to", json!("soon")), [("field.type".to_owned(), "to".to_owned())]);
}

#[test]
fn the_applicant_is_judged_at_the_application_only() {
    let mut facts = facts();
    facts.applicant.kind = ApplicantKind::Group;
    facts.applicant.size = BusinessSize::Large;
    let check = small().check_form("application", &application(1), Some(&documents(&["plan"])), &facts);
    assert_eq!(faults(&check), [("applicant.kind", "applicant"), ("applicant.rule", "applicant")]);
    facts.dates.insert("decision.notice_date".to_owned(), day("2026-06-05"));
    let check = report(&small(), &facts, "2026-06-05");
    assert_eq!(faults(&check), []);
}

fn report(program: &Program, facts: &CaseFacts, ordered_on: &str) -> FormCheck {
    let row = |ordered_on: &str| {
        json!({"category": "booth", "what": "x", "supplier": "y", "net": 1, "tax": 0,
               "ordered_on": ordered_on, "delivered_on": "2026-07-01", "paid_on": "2026-07-02"})
    };
    let values = map(json!({"costs": [row("2026-07-01"), row(ordered_on)]}));
    let facts = CaseFacts { today: day("2026-08-01"), ..facts.clone() };
    program.check_form("report", &values, Some(&documents(&["receipts"])), &facts)
}

#[test]
fn each_row_of_real_costs_has_its_evidence() {
    const OTHER: &str = "00000000-0000-4000-8000-000000000002";
    /// Says nothing of its evidence.
    const SILENT: &str = "";
    let program = small();
    let check = |evidence: [&[&str]; 2], files: &[&str]| {
        let row = |evidence: &[&str]| {
            let mut row = json!({"category": "booth", "what": "1小間", "supplier": "y", "net": 1, "tax": 0, "evidence": evidence,
                   "ordered_on": "2026-07-01", "delivered_on": "2026-07-01", "paid_on": "2026-07-02"});
            if evidence == [SILENT] {
                row.as_object_mut().unwrap().remove("evidence");
            }
            row
        };
        let values = map(json!({ "costs": evidence.map(row) }));
        let files = files.iter().map(|file| (*file).to_owned()).collect();
        let attached = Attached::from([("receipts".to_owned(), files)]);
        let mut facts = CaseFacts { today: day("2026-08-01"), ..facts() };
        facts.dates.insert("decision.notice_date".to_owned(), day("2026-06-05"));
        program.check_form("report", &values, Some(&attached), &facts)
    };
    // A file for each, one for both, one for the table as a whole.
    for (evidence, files) in [
        ([&[FILE][..], &[OTHER]], &[FILE, OTHER][..]),
        ([&[FILE], &[FILE]], &[FILE]),
        ([&[SILENT], &[SILENT]], &[FILE]),
        ([&[FILE], &[SILENT]], &[FILE, OTHER]),
    ] {
        assert_eq!(faults(&check(evidence, files)), [], "{evidence:?}");
    }
    let missing = check([&[FILE], &[]], &[FILE]);
    assert_eq!(faults(&missing), [("evidence.missing", "documents.receipts[1]")]);
    assert_eq!(missing.faults[0].message.ja, "2行目「1小間」の書類を添付してください");
    // A row that says so has none, whatever else there is.
    let missing = check([&[FILE], &[]], &[FILE, OTHER]);
    assert_eq!(faults(&missing), [("evidence.missing", "documents.receipts[1]")]);
    let missing = check([&[FILE], &[SILENT]], &[FILE]);
    assert_eq!(faults(&missing), [("evidence.missing", "documents.receipts[1]")]);
    let foreign = check([&[FILE], &[OTHER]], &[FILE]);
    assert_eq!(faults(&foreign), [("evidence.unknown", "documents.receipts[1]")]);
    let nonsense = check([&[FILE], &["receipt.pdf"]], &[FILE]);
    assert_eq!(faults(&nonsense), [("field.type", "costs[1].evidence")]);
}

#[test]
fn nothing_was_paid_before_it_was_ordered_or_after_today() {
    let program = small();
    let mut facts = facts();
    facts.dates.insert("decision.notice_date".to_owned(), day("2026-06-05"));
    let late = report(&program, &facts, "2026-07-15");
    assert_eq!(faults(&late), [("costs.paid_early", "costs[1].paid_on")]);
    let future = report(&program, &facts, "2026-08-02");
    assert_eq!(faults(&future), [("costs.paid_early", "costs[1].paid_on"), ("costs.future", "costs[1].ordered_on")]);
}

#[test]
fn each_row_is_compared_with_the_date_of_the_notice() {
    let program = small();
    let mut facts = facts();
    facts.dates.insert("decision.notice_date".to_owned(), day("2026-06-05"));
    assert_eq!(faults(&report(&program, &facts, "2026-06-04")), [("rule.failed", "costs[1].ordered_on")]);
    facts.dates.insert("early_start.approved_on".to_owned(), day("2026-06-01"));
    assert_eq!(faults(&report(&program, &facts, "2026-06-04")), []);
    facts.dates.clear();
    let blocked = report(&program, &facts, "2026-06-04");
    assert_eq!(faults(&blocked), [("rule.blocked", "costs[0].ordered_on"), ("rule.blocked", "costs[1].ordered_on")]);
}

#[test]
fn real_costs_have_their_days() {
    let row = json!({"category": "booth", "what": "x", "net": 1, "tax": 0, "ordered_on": "2026-06-01", "invoice_number": "T1"});
    let values = map(json!({"costs": [row]}));
    let check = small().check_form("report", &values, Some(&documents(&["receipts"])), &facts());
    let expected = [
        ("field.required", "costs[0].supplier"),
        ("field.required", "costs[0].delivered_on"),
        ("field.required", "costs[0].paid_on"),
        ("invoice_number.format", "costs[0].invoice_number"),
    ];
    assert_eq!(faults(&check), expected);
}

#[test]
fn other_aid_excludes_where_the_rule_says_so() {
    let mut values = application(100_000);
    values.insert("other_aid".to_owned(), json!(1));
    let forbid = small_with("other_aid: deduct", "other_aid: forbid");
    let check = forbid.check_form("application", &values, Some(&documents(&["plan"])), &facts());
    assert_eq!(faults(&check), [("rule.other_aid", "other_aid")]);
    assert_eq!(faults(&small().check_form("application", &values, Some(&documents(&["plan"])), &facts())), []);
}

#[test]
fn inputs_of_actions_are_small_forms() {
    let program = small();
    let input = |values: Value| program.check_input("grant", &map(values), &facts());
    assert_eq!(faults(&input(json!({}))), []);
    assert_eq!(faults(&input(json!({"lower": true}))), [("field.required", "why")]);
    assert_eq!(faults(&input(json!({"lower": false, "why": "x"}))), []);
    assert_eq!(input(json!({"lower": false, "why": "x"})).clean.get("why"), None);
    assert_eq!(faults(&input(json!({"award": "many"}))), [("field.type", "award")]);
    assert_eq!(faults(&program.check_input("submit", &map(json!({"x": 1})), &facts())), [("field.unknown", "x")]);
    let marks =
        program.check_input("request_correction", &map(json!({"marks": {"costs[0].net": "違います"}})), &facts());
    assert_eq!(faults(&marks), []);
    assert_eq!(
        faults(&program.check_input("request_correction", &map(json!({})), &facts())),
        [("field.required", "marks")]
    );
}

#[test]
fn needs_are_told_with_their_reason() {
    let program = small();
    let mut facts = facts();
    let unmet = |input: Value, facts: &CaseFacts| {
        let unmet = program.unmet_needs("grant", &map(input), facts);
        unmet.into_iter().map(|fault| (fault.code, fault.message.en)).collect::<Vec<_>>()
    };
    assert_eq!(unmet(json!({}), &facts)[0].0, "need.blocked");
    facts.amounts.insert("request".to_owned(), yen(0));
    assert_eq!(unmet(json!({}), &facts), [("need.failed".to_owned(), "The request is zero".to_owned())]);
    facts.amounts.insert("request".to_owned(), yen(1));
    assert_eq!(unmet(json!({}), &facts), []);
    assert_eq!(unmet(json!({"lower": true}), &facts).len(), 1);
    assert_eq!(unmet(json!({"lower": true, "why": "x"}), &facts), []);
}

#[test]
fn accounts_are_checked_for_their_shape() {
    let field: Field = serde_json::from_value(
        json!({"type": "bank_account", "label": {"ja": "口座", "en": "Account"}, "required": true}),
    )
    .unwrap();
    let fields = [("account".to_owned(), field)].into_iter().collect();
    let check = |account: Value| {
        let check = check_fields(&fields, &map(json!({ "account": account })));
        check.faults.into_iter().map(|fault| (fault.code, fault.path)).collect::<Vec<_>>()
    };
    let right =
        json!({"bank": "0138", "branch": "001", "kind": "ordinary", "number": "1234567", "holder_kana": "カ）ヒノ"});
    assert_eq!(check(right), []);
    let wrong = json!({"bank": "138", "branch": "1", "kind": "gold", "number": "1", "holder_kana": ""});
    let codes: Vec<String> = check(wrong).into_iter().map(|(code, path)| format!("{code} {path}")).collect();
    assert_eq!(
        codes,
        [
            "bank_account.bank_code account.bank",
            "bank_account.branch_code account.branch",
            "choice.unknown account.kind",
            "bank_account.number account.number",
            "field.required account.holder_kana"
        ]
    );
    assert_eq!(check(json!(null)), [("field.required".to_owned(), "account".to_owned())]);
}
