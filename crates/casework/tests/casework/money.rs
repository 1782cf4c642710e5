//! What a case holds of its budget line, and that every yen of it can be followed.

use std::collections::BTreeSet;

use casework::LinePostings;
use program::definition::StateKind;
use serde_json::json;
use treasury::{Account, Holdings, LineTotals, Posting, balanced};
use vocabulary::Yen;

use crate::desk::{Desk, codes, play, programs};

pub fn appropriated() -> Yen {
    Yen::new(100_000_000).unwrap()
}

/// A line on which nothing but these entries happened.
pub fn totals(entries: &[Posting]) -> LineTotals {
    let line = LineTotals { appropriated: appropriated(), ..LineTotals::default() };
    line.apply(entries, true).expect("no bucket goes below zero")
}

pub fn entries_of(desk: &Desk, line: uuid::Uuid) -> Vec<Posting> {
    desk.postings.iter().filter(|moved| moved.line == line).flat_map(|moved| moved.entries.clone()).collect()
}

/// Held of each line, entry by entry, equals what the case says it holds.
pub fn replayed(desk: &Desk) {
    let body = &desk.case.body;
    let own = desk.case.call.budget_line;
    let lines = desk.postings.iter().map(|moved| moved.line).chain(body.elsewhere.keys().copied()).chain(own);
    for line in lines.collect::<BTreeSet<_>>() {
        let entries = entries_of(desk, line);
        let totals = totals(&entries);
        balanced(appropriated(), &entries, &totals).unwrap();
        let mut holdings = Holdings::new();
        for account in Account::ALL.into_iter().filter(|account| *account != Account::Available) {
            holdings.set(account, totals.get(account)).unwrap();
        }
        let told = if Some(line) == own {
            body.holdings.clone()
        } else {
            body.elsewhere.get(&line).cloned().unwrap_or_default()
        };
        assert_eq!(holdings, told, "{} in {}", desk.program.name(), desk.case.state);
    }
    let recorded: Vec<LinePostings> = desk
        .events
        .iter()
        .filter_map(|event| event.facts.get("postings"))
        .flat_map(|postings| serde_json::from_value::<Vec<LinePostings>>(postings.clone()).unwrap())
        .collect();
    assert_eq!(recorded, desk.postings, "the history tells every entry");
    let holdings = &body.holdings;
    // A procedure that is still open may hold money of its own after the end.
    if body.procedures.iter().any(|beside| beside.open) {
        return;
    }
    match desk.program.state(&desk.case.state).unwrap().kind {
        StateKind::ClosedPaid => assert!(holdings.iter().all(|(account, _)| account == Account::Paid)),
        kind if kind.is_end() && body.procedures.is_empty() => assert!(holdings.is_empty()),
        _ => {}
    }
}

#[test]
fn every_scenario_balances_at_every_step() {
    for (program, scenarios) in programs() {
        for scenario in &scenarios.scenarios {
            play(program, scenarios, scenario, replayed);
        }
    }
}

#[test]
fn a_payment_is_never_of_nothing_and_needs_an_account() {
    let mut desk = Desk::drafted("hino/sales-channel", "order");
    let mut unknown = desk.clone();
    unknown.case.body.forms.remove("claim");
    assert_eq!(sign_both(&mut unknown), ["payment.no_account"]);
    let amount = desk.case.body.amounts.get_mut("finalized").unwrap();
    amount.yen = Yen::ZERO;
    assert_eq!(sign_both(&mut desk), ["need.failed"]);
}

fn sign_both(desk: &mut Desk) -> Vec<String> {
    desk.act("position:accounting_chief", "sign", json!({})).unwrap();
    let refused = desk.act("position:manager", "sign", json!({})).unwrap_err();
    codes(&refused).into_iter().map(str::to_owned).collect()
}

#[test]
fn amounts_that_are_no_yen_are_refused() {
    for wrong in [json!(0), json!(-1), json!(1.5), json!(i64::MAX), json!(1u64 << 53), json!("1e3"), json!(true)] {
        let desk = Desk::in_state("hino/sales-channel", "under_review");
        let act = desk.an_act("grant", json!({ "award": wrong }));
        let refused = desk.ask(&desk.actor("reviewer"), &act, None);
        assert!(refused.as_ref().is_err_and(|refusals| refusals[0].path.as_deref() == Some("award")), "{wrong}");
    }
    let mut desk = Desk::in_state("hino/sales-channel", "draft");
    let row = |net: i64| json!([{ "category": "booth_fee", "what": "x", "supplier": "y", "net": net, "tax": 0 }]);
    for net in [-1, i64::MAX, i64::MIN] {
        assert!(desk.hand_in("submit", json!({ "costs": row(net) })).is_err(), "{net}");
    }
}
