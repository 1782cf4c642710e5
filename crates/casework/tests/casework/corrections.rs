//! Corrections (補正): what was marked may change, everything else stays as it was submitted.

use std::collections::BTreeSet;

use casework::{Act, Draft, FieldMark, Refusal, Step};
use serde_json::{Value, json};

use crate::desk::{Desk, attached, codes, mark, values};

const HINO: &str = "hino/sales-channel";

fn correcting(marks: &[&str]) -> Desk {
    let mut desk = Desk::in_state(HINO, "under_review");
    ask_for(&mut desk, "request_correction", marks).unwrap();
    desk
}

fn ask_for(desk: &mut Desk, action: &str, marks: &[&str]) -> Result<Step, Vec<Refusal>> {
    let act = Act {
        marks: marks.iter().map(|field| mark(field)).collect(),
        ..desk.an_act(action, json!({ "message": "ご確認ください" }))
    };
    desk.take(&desk.actor("reviewer"), &act, None)
}

/// Only what is typed now; the rest is as submitted.
fn resubmit(desk: &mut Desk, changed: Value, draft: Draft) -> Result<Step, Vec<Refusal>> {
    let act = desk.an_act("resubmit", changed);
    desk.take(&desk.actor("applicant"), &act, Some(draft))
}

fn paths(refusals: &[Refusal]) -> Vec<(&str, &str)> {
    refusals.iter().map(|refusal| (refusal.code.as_str(), refusal.path.as_deref().unwrap_or_default())).collect()
}

fn another(slot: &str) -> Draft {
    let mut draft = attached(&[slot.to_owned()]);
    draft.documents.values_mut().flatten().for_each(|file| file.sha256 = "1".repeat(64));
    draft
}

fn costs(net: i64) -> Value {
    json!([{ "category": "booth_fee", "what": "1小間", "supplier": "展示会事務局", "net": net, "tax": 0 }])
}

#[test]
fn marked_fields_change_and_the_difference_is_recorded() {
    let mut desk = correcting(&["venue", "costs[1].net", "documents.quotation"]);
    let before = desk.case.body.forms["application"].clone();
    let changed = json!({ "venue": "幕張メッセ", "costs": costs(200_000) });
    let step = resubmit(&mut desk, changed, another("quotation")).unwrap();
    let (form, submission) = step.submission.unwrap();
    assert_eq!(form, "application");
    let changes: BTreeSet<&str> = submission.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(changes, BTreeSet::from(["venue", "costs", "documents.quotation"]));
    let venue = submission.changes.iter().find(|change| change.path == "venue").unwrap();
    assert_eq!((&venue.before, &venue.after), (&json!("東京ビッグサイト"), &json!("幕張メッセ")));
    // What was not typed again is still there, and so are the files.
    assert_eq!(submission.values["event"], before.values["event"]);
    assert_eq!(submission.documents["plan"], before.documents["plan"]);
    assert_eq!(desk.case.body.amounts["request"].yen.get(), 100_000);
    assert!(desk.case.body.unlocked.is_none() && desk.case.body.paused.is_empty());
}

#[test]
fn what_was_not_marked_stays() {
    let desk = correcting(&["venue", "documents.quotation"]);
    for (changed, draft, locked) in [
        (json!({ "costs": costs(240_000) }), Draft::default(), "costs"),
        (json!({ "contact_phone": "000" }), Draft::default(), "contact_phone"),
        (json!({ "other_aid": 5 }), Draft::default(), "other_aid"),
        (json!({}), another("plan"), "documents.plan"),
        (json!({}), another("registry_certificate"), "documents.registry_certificate"),
    ] {
        let refused = resubmit(&mut desk.clone(), changed, draft).unwrap_err();
        assert_eq!(paths(&refused), [("field.locked", locked)]);
    }
    let unmarked_file = Draft { documents: [("plan".to_owned(), Vec::new())].into(), ..Draft::default() };
    let refused = resubmit(&mut desk.clone(), json!({}), unmarked_file).unwrap_err();
    assert!(paths(&refused).contains(&("field.locked", "documents.plan")), "{refused:?}");
    // Typing the same again is no change.
    let (same, draft) = desk.filled_in("application", json!({}));
    assert!(resubmit(&mut desk.clone(), Value::Object(same), draft).is_ok());
    // A slot that was looked at and left empty is no change either.
    let mut desk = desk;
    desk.case.body.forms.get_mut("application").unwrap().documents.remove("registry_certificate");
    let looked = Draft { documents: [("registry_certificate".to_owned(), Vec::new())].into(), ..Draft::default() };
    let step = resubmit(&mut desk.clone(), json!({}), looked).unwrap();
    assert_eq!(step.submission.unwrap().1.changes, []);
}

#[test]
fn a_row_or_a_part_opens_its_whole_field() {
    for field in ["costs", "costs[0]", "costs[0].net"] {
        assert!(resubmit(&mut correcting(&[field]), json!({ "costs": costs(240_000) }), Draft::default()).is_ok());
    }
}

#[test]
fn a_document_that_a_correction_brings_with_it_may_be_attached() {
    // Two quotations are asked for from 500,000 yen.
    let mut desk = Desk::in_state("mizuho/dx-promotion", "under_review");
    let category = desk.case.body.forms["application"].values["costs"][0]["category"].clone();
    let row = |net: i64| json!([{ "category": category, "what": "x", "supplier": "y", "net": net, "tax": 0 }]);
    let before = desk.case.body.forms["application"].documents.contains_key("competing_quotation");
    let net = if before { 300_000 } else { 900_000 };
    ask_for(&mut desk, "request_correction", &["costs"]).unwrap();
    let refused = resubmit(&mut desk.clone(), json!({ "costs": row(net) }), another("plan")).unwrap_err();
    assert!(paths(&refused).contains(&("field.locked", "documents.plan")));
    if before {
        resubmit(&mut desk, json!({ "costs": row(net) }), Draft::default()).unwrap();
    } else {
        let refused = resubmit(&mut desk.clone(), json!({ "costs": row(net) }), Draft::default()).unwrap_err();
        assert_eq!(paths(&refused), [("document.missing", "documents.competing_quotation")]);
        resubmit(&mut desk, json!({ "costs": row(net) }), another("competing_quotation")).unwrap();
    }
}

#[test]
fn a_field_that_a_correction_brings_with_it_may_be_filled_in() {
    // The language is asked for only when the site is in a foreign language.
    let mut desk = Desk::in_state("mizuho/sales-channel", "under_review");
    let foreign = desk.case.body.forms["application"].values["foreign_language"] == json!(true);
    ask_for(&mut desk, "request_correction", &["foreign_language", "costs"]).unwrap();
    let changed = if foreign {
        json!({ "foreign_language": false })
    } else {
        json!({ "foreign_language": true, "language": "英語" })
    };
    let step = resubmit(&mut desk, changed, Draft::default()).unwrap();
    assert!(step.submission.unwrap().1.changes.iter().any(|change| change.path == "language"));
}

#[test]
fn unknown_marks_are_refused() {
    let desk = Desk::in_state(HINO, "under_review");
    for field in ["", "nonsense", "documents", "documents.nonsense", "documents.", "contact_name.first", "venue[0]"] {
        let refused = ask_for(&mut desk.clone(), "request_correction", &["venue", field]).unwrap_err();
        assert!(paths(&refused).contains(&("marks.unknown_field", "marks[1].field")), "{field:?}: {refused:?}");
    }
    let refused = ask_for(&mut desk.clone(), "request_correction", &[]).unwrap_err();
    assert_eq!(codes(&refused), ["field.required"]);
}

#[test]
fn only_the_form_that_is_corrected_can_be_marked() {
    let desk = Desk::in_state(HINO, "reported");
    let refused = ask_for(&mut desk.clone(), "request_report_correction", &["venue"]).unwrap_err();
    assert_eq!(codes(&refused), ["marks.unknown_field"]);
    let refused = ask_for(&mut desk.clone(), "request_report_correction", &["documents.plan"]).unwrap_err();
    assert_eq!(codes(&refused), ["marks.unknown_field"]);
    let mut report = desk;
    ask_for(&mut report, "request_report_correction", &["results", "documents.receipts"]).unwrap();
    assert_eq!(report.case.body.unlocked.unwrap().form, "report");
}

#[test]
fn evidence_is_open_with_its_slot_or_with_its_table() {
    const REPORT: &str = "request_report_correction";
    let new = |desk: &Desk| {
        let draft = another("receipts");
        let mut costs = desk.case.body.forms["report"].values["costs"].clone();
        costs[0]["evidence"] = json!([draft.documents["receipts"][0].file]);
        (costs, draft)
    };
    let resubmit = |desk: &Desk, costs: &Value, draft: &Draft| {
        let act = desk.an_act("resubmit_report", json!({ "costs": costs }));
        desk.ask(&desk.actor("applicant"), &act, Some(draft.clone()))
    };
    let reported = Desk::in_state(HINO, "reported");
    for (mark, is_open) in [("documents.receipts", true), ("costs", true), ("results", false)] {
        let mut desk = reported.clone();
        ask_for(&mut desk, REPORT, &[mark]).unwrap();
        let (mut costs, mut draft) = new(&desk);
        // Other rows are proved by a file for the table as a whole.
        let mut whole = draft.documents["receipts"][0].clone();
        whole.file = uuid::Uuid::from_u128(1);
        draft.documents.get_mut("receipts").unwrap().push(whole);
        let locked = match resubmit(&desk, &costs, &draft) {
            Ok(_) => Vec::new(),
            Err(refused) => paths(&refused).into_iter().map(|(code, path)| format!("{code} {path}")).collect(),
        };
        let all = ["field.locked costs", "field.locked documents.receipts"];
        assert_eq!(locked, if is_open { &[][..] } else { &all[..] }, "{mark}");
        // Rows that say nothing of their evidence keep it.
        let mut silent = costs.clone();
        silent[0].as_object_mut().unwrap().remove("evidence");
        let draft_of = Draft { values: values(json!({ "costs": costs })), ..draft.clone() };
        if let Ok(step) = resubmit(&desk, &silent, &draft_of) {
            assert_eq!(step.submission.unwrap().1.values["costs"], costs);
        }
        // Figures are open with the table alone.
        costs[0]["net"] = json!(1);
        assert_eq!(resubmit(&desk, &costs, &draft).is_ok(), mark == "costs", "{mark}");
    }
}

#[test]
fn marks_are_the_same_however_they_are_sent() {
    let mut desk = Desk::in_state(HINO, "under_review");
    let as_value = json!({ "message": "x", "marks": { "venue": "都市名も" } });
    desk.act("reviewer", "request_correction", as_value).unwrap();
    let unlocked = desk.case.body.unlocked.unwrap();
    assert_eq!(unlocked.marks, [FieldMark { field: "venue".to_owned(), remark: "都市名も".to_owned() }]);

    let desk = Desk::in_state(HINO, "under_review");
    let unknown = desk.an_act("request_correction", json!({ "message": "x", "marks": { "nonsense": "y" } }));
    assert_eq!(codes(&desk.ask(&desk.actor("reviewer"), &unknown, None).unwrap_err()), ["marks.unknown_field"]);
}

#[test]
fn the_business_is_checked_as_it_is_now() {
    let mut desk = correcting(&["venue"]);
    desk.case.business.facts.deemed_large = true;
    let refused = resubmit(&mut desk, json!({ "venue": "幕張メッセ" }), Draft::default()).unwrap_err();
    assert_eq!(codes(&refused), ["applicant.rule"]);
}

#[test]
fn nothing_stays_open_when_a_correction_ends_the_case() {
    let mut desk = correcting(&["venue"]);
    desk.act("applicant", "withdraw", json!({})).unwrap();
    assert!(desk.case.body.unlocked.is_none() && desk.case.body.paused.is_empty());
}

#[test]
fn a_submission_is_checked_as_a_whole() {
    let mut desk = Desk::in_state(HINO, "draft");
    let wrong = json!({ "held_from": "2026-09-18", "held_to": "2026-09-16", "contact_name": "", "pledge": false });
    let refused = desk.hand_in("submit", wrong).unwrap_err();
    for found in [("field.required", "contact_name"), ("field.consent", "pledge"), ("rule.failed", "held_to")] {
        assert!(paths(&refused).contains(&found), "{refused:?}");
    }
    let (sample, draft) = desk.filled_in("application", json!({ "surprise": 1 }));
    let act = Act { values: sample, ..desk.an_act("submit", json!({})) };
    let refused = desk.ask(&desk.actor("applicant"), &act, Some(draft)).unwrap_err();
    assert_eq!(paths(&refused), [("field.unknown", "surprise")]);
    let (sample, mut draft) = desk.filled_in("application", json!({}));
    draft.documents.extend(attached(&["surprise".to_owned()]).documents);
    let act = Act { values: sample, ..desk.an_act("submit", json!({})) };
    let refused = desk.ask(&desk.actor("applicant"), &act, Some(draft)).unwrap_err();
    assert_eq!(paths(&refused), [("document.unknown", "documents.surprise")]);
    // What is sent with the act counts over what waits in the draft.
    let (sample, mut draft) = desk.filled_in("application", json!({}));
    draft.values = values(json!({ "venue": "下書き" }));
    let act = Act { values: sample, ..desk.an_act("submit", json!({})) };
    let step = desk.ask(&desk.actor("applicant"), &act, Some(draft)).unwrap();
    assert_eq!(step.submission.unwrap().1.values["venue"], "東京ビッグサイト");
}
