//! What several of these tests ask.

use acceptance::books;
use serde_json::{Map, Value, json};
use service::Error;
use testkit::{Life, TestOffice};
use uuid::Uuid;

/// The codes of a refusal.
pub fn codes<T: std::fmt::Debug>(answer: service::Result<T>) -> Vec<String> {
    match answer {
        Err(Error::Refused(reasons)) => reasons.into_iter().map(|reason| reason.code).collect(),
        other => panic!("not refused: {other:?}"),
    }
}

pub fn values(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(values) => values,
        other => panic!("not an object: {other}"),
    }
}

pub fn none() -> Map<String, Value> {
    values(json!({}))
}

/// The ledger of the life's budget line: entries number without a gap, their sums are the line's totals, and the totals
/// are what the cases of the line hold.
pub async fn assert_balanced(office: &TestOffice, lives: &[&Life]) {
    let Some(first) = lives.first() else { return };
    let line = office.look(&first.party.owner, first.application).await.case.call.budget_line.unwrap();
    assert_line_balanced(office, line).await;
    let mut held = std::collections::BTreeMap::new();
    for life in lives {
        for (account, yen) in office.look(&life.party.owner, life.application).await.case.body.holdings.iter() {
            *held.entry(account).or_insert(0) += yen.get();
        }
    }
    let totals = office.store.read().budget_line(line).await.unwrap().unwrap().totals;
    for account in treasury::Account::ALL.into_iter().filter(|account| *account != treasury::Account::Available) {
        let held = held.get(&account).copied().unwrap_or(0);
        assert_eq!(books::of(&totals, account), held, "{account:?} of the line and of its cases");
    }
}

pub async fn assert_line_balanced(office: &TestOffice, line: Uuid) {
    books::assert_line_balanced(office.store.read(), line).await;
}

/// The events of a case, all of them.
pub async fn events(office: &TestOffice, application: Uuid) -> Vec<casework::history::Event> {
    office.store.read().events(application, 0, 100_000).await.unwrap()
}

/// Leaves so much of the life's budget line.
pub async fn leave(office: &TestOffice, life: &Life, yen: i64) {
    let line = office.look(&life.party.owner, life.application).await.case.call.budget_line.unwrap();
    leave_line(office, line, yen).await;
}

/// Leaves so much of the budget line.
pub async fn leave_line(office: &TestOffice, line: Uuid, yen: i64) {
    let totals = office.store.read().budget_line(line).await.unwrap().unwrap().totals;
    office.appropriate(line, yen - totals.available(true).get()).await;
}
