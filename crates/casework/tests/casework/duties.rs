//! Approval (決裁) and the separation of duties.

use casework::history::Stage;
use casework::{Act, Actor, Person, SignedHow};
use program::definition::{Role, SignMode};
use serde_json::{Value, json};
use vocabulary::Yen;

use crate::desk::{Desk, codes, granted, holder, person_id, staff};

const HINO: &str = "hino/sales-channel";

fn none() -> Value {
    json!({})
}

fn sign(desk: &Desk, person: Person) -> Result<casework::Step, Vec<casework::Refusal>> {
    desk.ask(&Actor::Person(person), &desk.an_act("sign", none()), None)
}

/// Who drafted the grant, with these positions and this role now.
fn drafter(positions: &[&str], role: Role) -> Person {
    let mut person = staff("hino", role);
    person.id = person_id("reviewer");
    person.positions = positions.iter().map(|position| ("hino".to_owned(), (*position).to_owned())).collect();
    person
}

#[test]
fn nobody_signs_a_draft_of_their_own() {
    let desk = Desk::drafted(HINO, "grant");
    for (positions, role) in [
        (&["section_chief"][..], Role::Reviewer),
        (&["section_chief", "manager"], Role::Reviewer),
        (&["section_chief", "manager"], Role::Approver),
        (&["section_chief"], Role::Administrator),
    ] {
        let mut desk = desk.clone();
        let person = drafter(positions, role);
        for position in positions {
            desk.holders.insert((*position).to_owned(), vec![person.id]);
        }
        assert_eq!(codes(&sign(&desk, person.clone()).unwrap_err()), ["approval.own_draft"]);
        assert_eq!(desk.barred(&Actor::Person(person.clone()), "return_internally"), ["action.forbidden"]);
        assert!(desk.barred(&Actor::Person(person), "take_back").is_empty());
    }
    // Nor as a deputy, nor after another has signed first.
    let mut vacant = desk.clone();
    vacant.act("position:section_chief", "sign", none()).unwrap();
    vacant.holders.insert("manager".to_owned(), Vec::new());
    vacant.holders.insert("assistant_manager".to_owned(), vec![person_id("reviewer")]);
    let person = drafter(&["assistant_manager"], Role::Reviewer);
    assert_eq!(codes(&sign(&vacant, person).unwrap_err()), ["approval.own_draft"]);
}

#[test]
fn who_drafted_the_grant_does_not_order_the_payment() {
    for (program, grants) in [(HINO, &["grant", "finalize"][..]), ("mizuho/industrial-property", &["grant"])] {
        let desk = Desk::in_state(program, "claimed");
        for action in grants {
            assert!(
                desk.case.body.done.iter().any(|done| done.action == *action && done.user == person_id("reviewer"))
            );
        }
        let mut person = staff(&desk.case.municipality, Role::FinanceMaker);
        assert!(desk.barred(&Actor::Person(person.clone()), "order").is_empty());
        person.id = person_id("reviewer");
        assert_eq!(desk.barred(&Actor::Person(person.clone()), "order"), ["duty.separated"]);
        person.roles.push((desk.case.municipality.clone(), Role::Administrator));
        assert_eq!(desk.barred(&Actor::Person(person), "order"), ["duty.separated"]);
    }
}

#[test]
fn every_signer_is_remembered() {
    let mut desk = Desk::drafted(HINO, "grant");
    desk.sign_all();
    for position in ["section_chief", "manager"] {
        assert!(desk.case.body.done.iter().any(|done| done.action == "sign" && done.user == person_id(position)));
    }
}

#[test]
fn two_positions_in_one_hand_sign_once_and_the_second_is_recorded_as_skipped() {
    let mut desk = Desk::drafted(HINO, "grant");
    let mut person = holder("hino", "section_chief");
    person.positions.push(("hino".to_owned(), "manager".to_owned()));
    let step = desk.take(&Actor::Person(person.clone()), &desk.an_act("sign", none()), None).unwrap();
    assert_eq!(desk.case.state, "granted");
    assert_eq!(
        step.event.facts["signatures"],
        json!([
            { "position": "section_chief", "by": person.id, "how": "regular" },
            { "position": "manager", "by": person.id, "how": "skipped" },
        ])
    );
}

#[test]
fn the_drafters_own_position_is_skipped_but_never_the_last() {
    let mut desk = Desk::in_state(HINO, "under_review");
    let person = drafter(&["section_chief"], Role::Reviewer);
    desk.holders.insert("section_chief".to_owned(), vec![person.id]);
    let step = desk.take(&Actor::Person(person.clone()), &desk.an_act("grant", none()), None).unwrap();
    let pending = desk.case.body.pending.clone().unwrap();
    assert_eq!(pending.route[0].signed.as_ref().map(|signed| signed.how), Some(SignedHow::Skipped));
    assert_eq!(pending.next().unwrap().position, "manager");
    assert_eq!(step.event.facts["waits_for"], "manager");
    assert_eq!(step.event.facts["signatures"][0]["how"], "skipped");
    desk.act("position:manager", "sign", none()).unwrap();
    assert_eq!(desk.case.state, "granted");

    let mut desk = Desk::in_state(HINO, "under_review");
    let person = drafter(&["section_chief", "manager"], Role::Reviewer);
    desk.holders.insert("section_chief".to_owned(), vec![person.id]);
    desk.holders.insert("manager".to_owned(), vec![person.id]);
    desk.take(&Actor::Person(person.clone()), &desk.an_act("grant", none()), None).unwrap();
    assert_eq!(desk.case.body.pending.as_ref().and_then(|pending| pending.next()).unwrap().position, "manager");
    assert_eq!(codes(&sign(&desk, person).unwrap_err()), ["approval.own_draft"]);
}

#[test]
fn a_colleague_in_the_same_position_signs_for_it() {
    let mut desk = Desk::in_state(HINO, "under_review");
    let person = drafter(&["section_chief"], Role::Reviewer);
    desk.holders.insert("section_chief".to_owned(), vec![person.id, person_id("section_chief")]);
    desk.take(&Actor::Person(person), &desk.an_act("grant", none()), None).unwrap();
    assert_eq!(desk.case.body.pending.as_ref().and_then(|pending| pending.next()).unwrap().position, "section_chief");
}

#[test]
fn a_signature_is_never_written_over() {
    let mut desk = Desk::in_state("toda/dx-promotion", "under_review");
    let mut person = staff("toda", Role::Reviewer);
    person.positions.push(("toda".to_owned(), "manager".to_owned()));
    desk.holders.insert("manager".to_owned(), vec![person.id]);
    desk.take(&Actor::Person(person.clone()), &desk.an_act("grant", none()), None).unwrap();
    // Somebody else holds both from now on.
    let mut chief = holder("toda", "section_chief");
    chief.positions.push(("toda".to_owned(), "manager".to_owned()));
    chief.positions.push(("toda".to_owned(), "finance_manager".to_owned()));
    desk.take(&Actor::Person(chief.clone()), &desk.an_act("sign", none()), None).unwrap();
    let route = desk.case.body.pending.clone().unwrap().route;
    let signed: Vec<_> = route.iter().map(|signing| signing.signed.as_ref().map(|s| (s.by, s.how))).collect();
    assert_eq!(
        signed,
        [
            Some((chief.id, SignedHow::Regular)),
            Some((person.id, SignedHow::Skipped)),
            Some((chief.id, SignedHow::Skipped)),
            None,
        ]
    );
}

#[test]
fn a_deputy_signs_only_for_a_vacant_position() {
    let mut desk = Desk::drafted(HINO, "grant");
    desk.act("position:section_chief", "sign", none()).unwrap();
    let deputy = holder("hino", "assistant_manager");
    assert_eq!(codes(&sign(&desk, deputy.clone()).unwrap_err()), ["approval.not_your_turn"]);
    // Holders were not read: nobody is taken for absent.
    let mut unread = desk.clone();
    unread.holders.clear();
    assert_eq!(codes(&sign(&unread, deputy.clone()).unwrap_err()), ["approval.not_your_turn"]);
    desk.holders.remove("manager");
    assert_eq!(codes(&sign(&desk, holder("hino", "section_chief")).unwrap_err()), ["approval.signed_already"]);
    for other in ["director", "finance_manager"] {
        assert_eq!(codes(&sign(&desk, holder("hino", other)).unwrap_err()), ["approval.not_your_turn"], "{other}");
    }
    assert_eq!(codes(&sign(&desk, holder("toda", "assistant_manager")).unwrap_err()), ["action.forbidden"]);
    let step = sign(&desk, deputy.clone()).unwrap();
    assert_eq!(step.case.state, "granted");
    assert_eq!(step.event.facts["signatures"][1], json!({ "position": "manager", "by": deputy.id, "how": "acting" }));
}

#[test]
fn the_amount_chooses_the_band_and_its_edge_is_still_inside() {
    for (net, positions) in [
        (600_000, &["section_chief", "manager"][..]),
        (602_000, &["section_chief", "manager", "finance_manager", "director"]),
    ] {
        let mut desk = Desk::in_state("toda/dx-promotion", "draft");
        let costs = json!([{ "category": "introduction", "what": "x", "supplier": "y", "net": net, "tax": 0 }]);
        desk.hand_in("submit", json!({ "costs": costs })).unwrap();
        desk.act("clerk", "receive", none()).unwrap();
        desk.act("reviewer", "grant", none()).unwrap();
        let pending = desk.case.body.pending.clone().unwrap();
        assert_eq!(pending.amount, Yen::new(net / 2).unwrap());
        let route: Vec<&str> = pending.route.iter().map(|signing| signing.position.as_str()).collect();
        assert_eq!(route, positions);
        assert_eq!(pending.route.last().unwrap().mode, SignMode::Standing);
    }
    // Awarded for less, the lower band decides.
    let mut desk = Desk::in_state("toda/dx-promotion", "under_review");
    desk.act("reviewer", "grant", json!({ "award": 300_000 })).unwrap();
    assert_eq!(desk.case.body.pending.as_ref().unwrap().route.len(), 2);
}

#[test]
fn the_last_signature_checks_everything_again() {
    let mut desk = Desk::drafted(HINO, "grant");
    desk.act("position:section_chief", "sign", none()).unwrap();
    desk.granted = vec![granted(2026, 100_000)];
    let manager = desk.actor("position:manager");
    let refused = desk.ask(&manager, &desk.an_act("sign", none()), None).unwrap_err();
    assert_eq!(codes(&refused), ["limit.fiscal_year"]);

    // The lifetime cap of 600,000 yen is nearly used up by another case meanwhile.
    let mut desk = Desk::in_state("mizuho/industrial-property", "under_review");
    desk.act("reviewer", "grant", none()).unwrap();
    desk.act("position:section_chief", "sign", none()).unwrap();
    desk.granted = vec![granted(2025, 590_000)];
    let refused = desk.act("position:manager", "sign", none()).unwrap_err();
    assert_eq!(codes(&refused), ["approval.changed"]);
    desk.granted = vec![granted(2025, 600_000)];
    let refused = desk.act("position:manager", "sign", none()).unwrap_err();
    assert_eq!(codes(&refused), ["award.not_eligible"]);
}

#[test]
fn what_is_signed_is_what_was_drafted() {
    let mut desk = Desk::drafted(HINO, "grant");
    desk.act("position:section_chief", "sign", none()).unwrap();
    let mut form = desk.case.body.forms["application"].clone();
    form.values.insert("venue".to_owned(), json!("別の会場"));
    desk.case.body.forms.insert("application".to_owned(), form);
    let refused = desk.act("position:manager", "sign", none()).unwrap_err();
    assert_eq!(codes(&refused), ["approval.changed"]);

    // Values sent with a signature change nothing.
    let mut desk = Desk::drafted(HINO, "grant");
    desk.act("position:section_chief", "sign", json!({ "award": 1 })).unwrap();
    desk.act("position:manager", "sign", json!({ "award": 1, "conditions": "x" })).unwrap();
    assert_eq!(desk.case.body.amounts["award"].yen, Yen::new(167_000).unwrap());
}

#[test]
fn a_draft_is_returned_with_a_reason_by_anybody_on_the_route() {
    let desk = Desk::drafted(HINO, "grant");
    let back =
        |comment: Option<&str>| Act { comment: comment.map(str::to_owned), ..desk.an_act("return_internally", none()) };
    let manager = desk.actor("position:manager");
    for comment in [None, Some(""), Some(" 　\n")] {
        let refused = desk.ask(&manager, &back(comment), None).unwrap_err();
        assert_eq!((codes(&refused), refused[0].path.as_deref()), (vec!["comment.required"], Some("comment")));
    }
    for outside in ["director", "finance_manager", "accounting_chief", "assistant_manager"] {
        let actor = desk.actor(&format!("position:{outside}"));
        assert_eq!(desk.barred(&actor, "return_internally"), ["action.forbidden"]);
    }
    for inside in ["section_chief", "manager"] {
        let mut desk = desk.clone();
        let actor = desk.actor(&format!("position:{inside}"));
        let step = desk.take(&actor, &back(Some("金額を確認してください")), None).unwrap();
        assert_eq!(step.event.stage, Stage::ReturnedInternally);
        assert!(desk.case.body.pending.is_none() && desk.case.state == "under_review");
        desk.act("reviewer", "grant", none()).unwrap();
    }
    // Who stands in for a vacant position also sends back.
    let mut vacant = desk.clone();
    vacant.holders.insert("manager".to_owned(), Vec::new());
    assert!(casework::needs(vacant.program, &vacant.case, &vacant.an_act("return_internally", json!({}))).holders);
    let deputy = vacant.actor("position:assistant_manager");
    assert!(vacant.ask(&deputy, &back(Some("様式が違います")), None).is_ok());
}

#[test]
fn only_the_drafter_takes_a_draft_back() {
    let mut desk = Desk::drafted(HINO, "grant");
    let mut colleague = staff("hino", Role::Reviewer);
    colleague.id = person_id("another reviewer");
    assert_eq!(desk.barred(&Actor::Person(colleague), "take_back"), ["approval.not_your_draft"]);
    assert_eq!(desk.barred(&desk.actor("position:manager"), "take_back"), ["approval.not_your_draft"]);
    let mut gone = staff("hino", Role::Reviewer);
    gone.roles.clear();
    assert_eq!(desk.barred(&Actor::Person(gone), "take_back"), ["action.forbidden"]);
    let step = desk.act("reviewer", "take_back", none()).unwrap();
    assert_eq!(step.event.stage, Stage::TakenBack);
    assert!(desk.case.body.pending.is_none() && step.postings.is_empty() && step.letters.is_empty());
    assert_eq!(desk.barred(&desk.actor("reviewer"), "take_back"), ["approval.none"]);
}

#[test]
fn the_applicant_may_leave_while_a_decision_is_being_signed() {
    let mut desk = Desk::drafted(HINO, "grant");
    desk.act("position:section_chief", "sign", none()).unwrap();
    let step = desk.act("applicant", "withdraw", none()).unwrap();
    assert_eq!((desk.case.state.as_str(), desk.case.body.pending.is_none()), ("withdrawn", true));
    assert_eq!(step.event.facts["canceled"], "grant");
    assert!(desk.case.body.holdings.is_empty());
    assert_eq!(desk.barred(&desk.actor("position:manager"), "sign"), ["approval.none"]);
}

#[test]
fn a_change_request_may_be_withdrawn_while_it_is_being_decided() {
    let mut desk = Desk::drafted(HINO, "approve_change");
    desk.act("applicant", "withdraw_change", none()).unwrap();
    assert!(desk.case.body.pending.is_none() && desk.case.body.procedures.iter().all(|procedure| !procedure.open));
    assert_eq!(desk.case.state, "granted");
    // Another decision is not in the applicant's hand.
    let desk = Desk::drafted(HINO, "abandon");
    assert_eq!(desk.barred(&desk.actor("applicant"), "request_change"), ["approval.pending"]);
}

#[test]
fn an_approved_change_never_exceeds_the_request() {
    let mut desk = Desk::in_state(HINO, "under_review");
    desk.act("reviewer", "grant", json!({ "award": 100_000 })).unwrap();
    desk.sign_all();
    assert_eq!(desk.case.body.holdings.total().unwrap(), Yen::new(100_000).unwrap());
    let row = |net: i64| json!([{ "category": "booth_fee", "what": "x", "supplier": "y", "net": net, "tax": 0 }]);
    desk.hand_in("request_change", json!({ "costs": row(900_000) })).unwrap();
    // Nothing counts before it is approved.
    assert_eq!(desk.case.body.amounts["award"].yen, Yen::new(100_000).unwrap());
    desk.act("reviewer", "approve_change", none()).unwrap();
    desk.sign_all();
    // The cap would allow 200,000; 167,000 were requested.
    assert_eq!(desk.case.body.amounts["award"].yen, Yen::new(167_000).unwrap());
    assert_eq!(desk.case.body.amounts["request"].yen, Yen::new(167_000).unwrap());
    assert_eq!(desk.case.body.holdings.total().unwrap(), Yen::new(167_000).unwrap());
}
