//! The ledger's own truth, told from its entries.

use std::collections::BTreeMap;

use store::Reader;
use treasury::{Account, LineTotals};
use uuid::Uuid;

/// Entries number without a gap, and their sums are the line's totals.
///
/// # Panics
/// When they are not.
pub async fn assert_line_balanced(reader: &Reader, line: Uuid) {
    let totals = reader.budget_line(line).await.unwrap().unwrap().totals;
    let entries = reader.ledger(line, 0, 100_000).await.unwrap();
    let mut sums = BTreeMap::new();
    let mut appropriated = 0;
    for (entry, sequence) in entries.iter().zip(1..) {
        assert_eq!(entry.sequence, sequence);
        assert!(entry.amount.get() > 0);
        match (entry.from, entry.to) {
            (None, Some(_)) => appropriated += entry.amount.get(),
            (Some(_), None) => appropriated -= entry.amount.get(),
            (Some(_), Some(_)) => {}
            (None, None) => panic!("an entry with no side"),
        }
        if let Some(from) = entry.from {
            *sums.entry(from).or_insert(0) -= entry.amount.get();
        }
        if let Some(to) = entry.to {
            *sums.entry(to).or_insert(0) += entry.amount.get();
        }
    }
    assert_eq!(totals.appropriated.get(), appropriated);
    for account in Account::ALL {
        let sum = sums.get(&account).copied().unwrap_or(0);
        assert!(sum >= 0, "{account:?} is below zero: {sum}");
        if account != Account::Available {
            assert_eq!(of(&totals, account), sum, "{account:?}");
        }
    }
    let used: i64 = Account::ALL.into_iter().skip(1).map(|account| of(&totals, account)).sum();
    assert_eq!(sums.get(&Account::Available).copied().unwrap_or(0), appropriated - used);
}

/// What the line holds in that account.
#[must_use]
pub fn of(totals: &LineTotals, account: Account) -> i64 {
    match account {
        Account::Available => totals.appropriated.get(),
        Account::Held => totals.held.get(),
        Account::Committed => totals.committed.get(),
        Account::Finalized => totals.finalized.get(),
        Account::Ordered => totals.ordered.get(),
        Account::Paid => totals.paid.get(),
    }
}
