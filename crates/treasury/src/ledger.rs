//! Hides how a budget line is kept: exclusive buckets, double entries between them, and why no bucket goes below zero.
//!
//! A yen of an appropriation is in exactly one [`Account`] at a time. A case declares what it holds before and after a
//! step ([`Holdings`]); [`postings`] derives the entries, [`deltas`] the one update of the line's totals.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, Invalid, Overflow, Yen};

/// Where a yen of a budget line is. The order is the way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Appropriated (予算現額) and claimed by nobody yet.
    Available,
    /// Reserved for a case that is not decided yet.
    Held,
    /// 支出負担行為: promised by a decision.
    Committed,
    /// 額の確定: the final amount is fixed.
    Finalized,
    /// 支出命令: ordered to be paid.
    Ordered,
    /// Paid to the grantee.
    Paid,
}

impl Account {
    pub const ALL: [Account; 6] =
        [Self::Available, Self::Held, Self::Committed, Self::Finalized, Self::Ordered, Self::Paid];

    /// The same word as in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Finalized => "finalized",
            Self::Ordered => "ordered",
            Self::Paid => "paid",
        }
    }
}

/// What one case holds of one budget line. Only what is above zero is kept; `Available` belongs to no case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Account, Yen>", into = "BTreeMap<Account, Yen>")]
pub struct Holdings(BTreeMap<Account, Yen>);

impl Holdings {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Holdings of a single account, the usual case.
    ///
    /// # Errors
    /// As [`Holdings::set`].
    pub fn of(account: Account, amount: Yen) -> Result<Self, Invalid> {
        let mut holdings = Self::new();
        holdings.set(account, amount)?;
        Ok(holdings)
    }

    #[must_use]
    pub fn get(&self, account: Account) -> Yen {
        self.0.get(&account).copied().unwrap_or(Yen::ZERO)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of the accounts; never zero.
    pub fn iter(&self) -> impl Iterator<Item = (Account, Yen)> + '_ {
        self.0.iter().map(|(account, amount)| (*account, *amount))
    }

    /// Replaces what is held in `account`; zero removes it.
    ///
    /// # Errors
    /// `holdings.negative` below zero, `holdings.available` for the account that belongs to nobody.
    pub fn set(&mut self, account: Account, amount: Yen) -> Result<(), Invalid> {
        if amount.is_negative() {
            return Err(Invalid::new(
                "holdings.negative",
                "保有額は0円以上でなければなりません",
                "What a case holds cannot be below zero yen",
            ));
        }
        if account == Account::Available {
            return Err(Invalid::new(
                "holdings.available",
                "未使用の予算は案件に属しません",
                "Available money belongs to the budget line, not to a case",
            ));
        }
        if amount.is_zero() {
            self.0.remove(&account);
        } else {
            self.0.insert(account, amount);
        }
        Ok(())
    }

    /// Everything held, in all accounts.
    ///
    /// # Errors
    /// [`Overflow`] when the sum is out of range.
    pub fn total(&self) -> Result<Yen, Overflow> {
        Yen::total(self.0.values().copied())
    }
}

impl TryFrom<BTreeMap<Account, Yen>> for Holdings {
    type Error = Invalid;
    fn try_from(amounts: BTreeMap<Account, Yen>) -> Result<Self, Invalid> {
        let mut holdings = Self::new();
        for (account, amount) in amounts {
            holdings.set(account, amount)?;
        }
        Ok(holdings)
    }
}

impl From<Holdings> for BTreeMap<Account, Yen> {
    fn from(holdings: Holdings) -> Self {
        holdings.0
    }
}

/// One double entry: `amount` yen, above zero, leave `from` and arrive in `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    pub from: Account,
    pub to: Account,
    pub amount: Yen,
}

/// What an entry means to a bookkeeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// 予算配当: money comes into the line (or leaves it, for a cut). Never a [`Posting`]: it has no other side here.
    Appropriate,
    Hold,
    Commit,
    /// Back to an earlier stage without leaving the case: an order is withdrawn, a final amount reopened.
    Adjust,
    Finalize,
    Order,
    Pay,
    /// Back to the line before anything was paid.
    Release,
    /// 戻入, or a transfer the bank gave back: money that had been paid.
    Return,
}

impl EntryKind {
    /// The same word as in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Appropriate => "appropriate",
            Self::Hold => "hold",
            Self::Commit => "commit",
            Self::Adjust => "adjust",
            Self::Finalize => "finalize",
            Self::Order => "order",
            Self::Pay => "pay",
            Self::Release => "release",
            Self::Return => "return",
        }
    }
}

impl Posting {
    /// Follows from where the money goes: forward by its goal, back to the line as release, out of `Paid` as return.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        match (self.from, self.to) {
            (Account::Paid, to) if to != Account::Paid => EntryKind::Return,
            (_, Account::Available) => EntryKind::Release,
            (from, to) if to <= from => EntryKind::Adjust,
            (_, Account::Held) => EntryKind::Hold,
            (_, Account::Committed) => EntryKind::Commit,
            (_, Account::Finalized) => EntryKind::Finalize,
            (_, Account::Ordered) => EntryKind::Order,
            (_, Account::Paid) => EntryKind::Pay,
        }
    }
}

/// The entries that turn `before` into `after`. Accounts that lose are matched with accounts that win, both in the
/// order of [`Account`]; what is left over comes from or goes back to `Available`. The same input always gives the same
/// list, equal holdings give an empty one, and there are at most as many entries as accounts that change.
///
/// # Errors
/// [`Overflow`] when a difference is out of range.
pub fn postings(before: &Holdings, after: &Holdings) -> Result<Vec<Posting>, Overflow> {
    let mut sources = Vec::new();
    let mut sinks = Vec::new();
    for account in Account::ALL.into_iter().rev() {
        let change = after.get(account).minus(before.get(account))?;
        if change.is_negative() {
            sources.push((account, Yen::ZERO.minus(change)?));
        } else if !change.is_zero() {
            sinks.push((account, change));
        }
    }
    let mut entries = Vec::new();
    // Both lists are stacks with the first account of the order on top.
    loop {
        let ((from, left), (to, wanted)) = match (sources.pop(), sinks.pop()) {
            (None, None) => return Ok(entries),
            (Some((from, left)), None) => ((from, left), (Account::Available, left)),
            (None, Some((to, wanted))) => ((Account::Available, wanted), (to, wanted)),
            (Some(source), Some(sink)) => (source, sink),
        };
        let amount = left.min(wanted);
        entries.push(Posting { from, to, amount });
        if left > amount {
            sources.push((from, left.minus(amount)?));
        }
        if wanted > amount {
            sinks.push((to, wanted.minus(amount)?));
        }
    }
}

/// How a list of entries changes the totals of a line: what one conditional update adds. Yen, negative for less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineDelta {
    pub held: i64,
    pub committed: i64,
    pub finalized: i64,
    pub ordered: i64,
    pub paid: i64,
}

impl LineDelta {
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// By how much the line has less available, in yen. The update must be conditional on the money being there only
    /// when this is above zero: giving money back is never refused.
    ///
    /// # Errors
    /// [`Overflow`] when the sum is out of range.
    pub fn uses(&self, held_counts_as_used: bool) -> Result<i64, Overflow> {
        let held = if held_counts_as_used { self.held } else { 0 };
        [held, self.committed, self.finalized, self.ordered, self.paid]
            .into_iter()
            .try_fold(0i64, i64::checked_add)
            .ok_or(Overflow)
    }

    fn bucket(&mut self, account: Account) -> Option<&mut i64> {
        match account {
            Account::Available => None,
            Account::Held => Some(&mut self.held),
            Account::Committed => Some(&mut self.committed),
            Account::Finalized => Some(&mut self.finalized),
            Account::Ordered => Some(&mut self.ordered),
            Account::Paid => Some(&mut self.paid),
        }
    }

    fn add(&mut self, posting: &Posting) -> Result<(), Overflow> {
        let amount = posting.amount.get();
        if let Some(bucket) = self.bucket(posting.from) {
            *bucket = bucket.checked_sub(amount).ok_or(Overflow)?;
        }
        if let Some(bucket) = self.bucket(posting.to) {
            *bucket = bucket.checked_add(amount).ok_or(Overflow)?;
        }
        Ok(())
    }
}

/// The sum of all entries of one act.
///
/// # Errors
/// [`Overflow`] when a sum is out of range.
pub fn deltas(postings: &[Posting]) -> Result<LineDelta, Overflow> {
    let mut delta = LineDelta::default();
    for posting in postings {
        delta.add(posting)?;
    }
    Ok(delta)
}

/// Not enough money: `asked` yen were to be taken from where only `available` yen are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked} yen asked, {available} yen available")]
pub struct Shortfall {
    pub available: Yen,
    pub asked: Yen,
}

impl Shortfall {
    pub const CODE: &'static str = "budget.shortfall";

    /// What happened and what to do next.
    #[must_use]
    pub fn message(&self) -> Bilingual {
        Bilingual::new(
            "予算が不足しています（必要額 {asked} 円、残額 {available} 円）。予算の流用・補正を行うか、金額を見直してください",
            "The budget is short: {asked} yen needed, {available} yen left. Transfer or add budget, or lower the amount",
        )
        .filled(&[("asked", self.asked.to_string()), ("available", self.available.to_string())])
    }
}

/// The stored totals of one budget line: what came in, and how much of it is in each bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineTotals {
    pub appropriated: Yen,
    pub held: Yen,
    pub committed: Yen,
    pub finalized: Yen,
    pub ordered: Yen,
    pub paid: Yen,
}

impl LineTotals {
    /// What is left to give out, in yen. Money that is only held counts as used where the call says so (先着順).
    /// Below zero only where held money was not counted before.
    #[must_use]
    pub fn available(&self, held_counts_as_used: bool) -> Yen {
        let held = if held_counts_as_used { self.held } else { Yen::ZERO };
        let used = Yen::total([held, self.committed, self.finalized, self.ordered, self.paid]);
        used.and_then(|used| self.appropriated.minus(used)).unwrap_or(Yen::ZERO)
    }

    /// What is in one bucket; for `Available`, with held money counted as used.
    #[must_use]
    pub fn get(&self, account: Account) -> Yen {
        match account {
            Account::Available => self.available(true),
            Account::Held => self.held,
            Account::Committed => self.committed,
            Account::Finalized => self.finalized,
            Account::Ordered => self.ordered,
            Account::Paid => self.paid,
        }
    }

    /// The totals after the entries of one act. Only the result counts, not the order of the entries.
    ///
    /// # Errors
    /// [`Shortfall`] when a bucket would go below zero, or when the entries use more than is available. Entries that
    /// give money back always pass. A sum out of range counts as a shortfall.
    pub fn apply(&self, postings: &[Posting], held_counts_as_used: bool) -> Result<LineTotals, Shortfall> {
        let available = self.available(held_counts_as_used);
        let too_much = |_: Overflow| Shortfall { available, asked: Yen::MAX };
        let delta = deltas(postings).map_err(too_much)?;
        let uses = delta.uses(held_counts_as_used).and_then(Yen::new).map_err(too_much)?;
        if uses > Yen::ZERO && uses > available {
            return Err(Shortfall { available, asked: uses });
        }
        let moved = |bucket: Yen, change: i64| {
            let change = Yen::new(change).map_err(too_much)?;
            let result = bucket.plus(change).map_err(too_much)?;
            if result.is_negative() {
                return Err(Shortfall { available: bucket, asked: Yen::ZERO.minus(change).map_err(too_much)? });
            }
            Ok(result)
        };
        Ok(LineTotals {
            appropriated: self.appropriated,
            held: moved(self.held, delta.held)?,
            committed: moved(self.committed, delta.committed)?,
            finalized: moved(self.finalized, delta.finalized)?,
            ordered: moved(self.ordered, delta.ordered)?,
            paid: moved(self.paid, delta.paid)?,
        })
    }
}

/// What an audit of a line found wrong. Entries are counted from 1 in the order they were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Imbalance {
    #[error("entry {entry} is not above zero")]
    NotPositive { entry: usize },
    #[error("after entry {entry} the line holds less than nothing in {}", .account.as_str())]
    BelowZero { entry: usize, account: Account },
    #[error("{} is stored as {stored} yen, its entries sum to {recomputed} yen", .account.as_str())]
    Differs { account: Account, stored: Yen, recomputed: Yen },
    #[error("the appropriation is stored as {stored} yen, its entries sum to {recomputed} yen")]
    AppropriationDiffers { stored: Yen, recomputed: Yen },
    #[error("more is used than appropriated")]
    Overspent,
    #[error("a sum is out of range")]
    OutOfRange,
}

/// Recomputes a line from nothing: `appropriated` (the sum of its appropriations) and every entry, in the order they
/// were recorded, against the totals the database keeps.
///
/// # Errors
/// The first [`Imbalance`] found.
pub fn balanced(appropriated: Yen, entries: &[Posting], stored: &LineTotals) -> Result<(), Imbalance> {
    let mut recomputed = LineDelta::default();
    for (index, posting) in entries.iter().enumerate() {
        let entry = index.saturating_add(1);
        if posting.amount <= Yen::ZERO {
            return Err(Imbalance::NotPositive { entry });
        }
        recomputed.add(posting).map_err(|_| Imbalance::OutOfRange)?;
        if recomputed.bucket(posting.from).is_some_and(|bucket| *bucket < 0) {
            return Err(Imbalance::BelowZero { entry, account: posting.from });
        }
    }
    if stored.appropriated != appropriated {
        return Err(Imbalance::AppropriationDiffers { stored: stored.appropriated, recomputed: appropriated });
    }
    for account in Account::ALL {
        let Some(bucket) = recomputed.bucket(account) else { continue };
        let recomputed = Yen::new(*bucket).map_err(|_| Imbalance::OutOfRange)?;
        let stored = stored.get(account);
        if stored != recomputed {
            return Err(Imbalance::Differs { account, stored, recomputed });
        }
    }
    let used = recomputed.uses(false).and_then(Yen::new).map_err(|_| Imbalance::OutOfRange)?;
    if used > appropriated { Err(Imbalance::Overspent) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn yen(amount: i64) -> Yen {
        Yen::new(amount).unwrap()
    }

    fn holdings(amounts: &[(Account, i64)]) -> Holdings {
        let mut holdings = Holdings::new();
        for (account, amount) in amounts {
            holdings.set(*account, yen(*amount)).unwrap();
        }
        holdings
    }

    type Amounts = &'static [(Account, i64)];
    type Moves = &'static [(Account, Account, i64, EntryKind)];

    fn moves(before: &[(Account, i64)], after: &[(Account, i64)]) -> Vec<(Account, Account, i64, EntryKind)> {
        let entries = postings(&holdings(before), &holdings(after)).unwrap();
        entries.into_iter().map(|p| (p.from, p.to, p.amount.get(), p.kind())).collect()
    }

    use Account::{Available, Committed, Finalized, Held, Ordered, Paid};

    #[test]
    fn entries_say_what_happened() {
        let cases: &[(&str, Amounts, Amounts, Moves)] = &[
            ("apply", &[], &[(Held, 200_000)], &[(Available, Held, 200_000, EntryKind::Hold)]),
            (
                "award less than asked",
                &[(Held, 200_000)],
                &[(Committed, 180_000)],
                &[(Held, Committed, 180_000, EntryKind::Commit), (Held, Available, 20_000, EntryKind::Release)],
            ),
            (
                "award more than held",
                &[(Held, 100)],
                &[(Committed, 150)],
                &[(Held, Committed, 100, EntryKind::Commit), (Available, Committed, 50, EntryKind::Commit)],
            ),
            ("reject", &[(Held, 200_000)], &[], &[(Held, Available, 200_000, EntryKind::Release)]),
            (
                "finalize below the decision",
                &[(Committed, 180_000)],
                &[(Finalized, 175_000)],
                &[
                    (Committed, Finalized, 175_000, EntryKind::Finalize),
                    (Committed, Available, 5_000, EntryKind::Release),
                ],
            ),
            ("order", &[(Finalized, 7)], &[(Ordered, 7)], &[(Finalized, Ordered, 7, EntryKind::Order)]),
            ("pay", &[(Ordered, 7)], &[(Paid, 7)], &[(Ordered, Paid, 7, EntryKind::Pay)]),
            ("transfer failed", &[(Paid, 7)], &[(Ordered, 7)], &[(Paid, Ordered, 7, EntryKind::Return)]),
            ("order withdrawn", &[(Ordered, 7)], &[(Finalized, 7)], &[(Ordered, Finalized, 7, EntryKind::Adjust)]),
            ("refund", &[(Paid, 10)], &[(Paid, 4)], &[(Paid, Available, 6, EntryKind::Return)]),
            (
                "advance",
                &[(Committed, 100)],
                &[(Committed, 60), (Ordered, 40)],
                &[(Committed, Ordered, 40, EntryKind::Order)],
            ),
            ("nothing", &[(Paid, 10)], &[(Paid, 10)], &[]),
        ];
        for (name, before, after, expected) in cases {
            assert_eq!(moves(before, after), *expected, "{name}");
        }
    }

    #[test]
    fn holdings_keep_neither_zeros_nor_negatives() {
        let mut held = holdings(&[(Held, 5)]);
        held.set(Held, Yen::ZERO).unwrap();
        assert!(held.is_empty());
        assert_eq!(held.set(Held, yen(-1)).unwrap_err().code, "holdings.negative");
        assert_eq!(held.set(Available, yen(1)).unwrap_err().code, "holdings.available");
        assert_eq!(serde_json::to_string(&holdings(&[(Committed, 5)])).unwrap(), r#"{"committed":5}"#);
        assert_eq!(serde_json::from_str::<Holdings>(r#"{"held":0}"#).unwrap(), Holdings::new());
        assert!(serde_json::from_str::<Holdings>(r#"{"held":-1}"#).is_err());
    }

    #[test]
    fn the_last_yen_is_given_once() {
        let line = LineTotals { appropriated: yen(1_000), held: yen(300), committed: yen(600), ..Default::default() };
        let award = [Posting { from: Available, to: Committed, amount: yen(200) }];
        assert_eq!(line.apply(&award, true), Err(Shortfall { available: yen(100), asked: yen(200) }));
        assert_eq!(line.apply(&award, false).unwrap().committed, yen(800));
        let own = [Posting { from: Held, to: Committed, amount: yen(300) }];
        assert_eq!(line.apply(&own, true).unwrap().available(true), yen(100));
        let foreign = [Posting { from: Held, to: Available, amount: yen(301) }];
        assert_eq!(line.apply(&foreign, true), Err(Shortfall { available: yen(300), asked: yen(301) }));
    }

    #[test]
    fn giving_money_back_passes_even_when_the_line_is_over() {
        let line = LineTotals { appropriated: yen(100), held: yen(300), ..Default::default() };
        assert_eq!(line.available(true), yen(-200));
        let release = [Posting { from: Held, to: Available, amount: yen(50) }];
        assert_eq!(line.apply(&release, true).unwrap().held, yen(250));
    }

    #[test]
    fn an_audit_names_what_is_wrong() {
        let pay = Posting { from: Available, to: Paid, amount: yen(10) };
        let stored = LineTotals { appropriated: yen(100), paid: yen(10), ..Default::default() };
        assert_eq!(balanced(yen(100), &[pay], &stored), Ok(()));
        let expected = Imbalance::Differs { account: Paid, stored: yen(10), recomputed: yen(20) };
        assert_eq!(balanced(yen(100), &[pay, pay], &stored), Err(expected));
        let early = Posting { from: Held, to: Available, amount: yen(1) };
        assert_eq!(balanced(yen(100), &[early], &stored), Err(Imbalance::BelowZero { entry: 1, account: Held }));
        let zero = Posting { amount: Yen::ZERO, ..pay };
        assert_eq!(balanced(yen(100), &[zero], &stored), Err(Imbalance::NotPositive { entry: 1 }));
        let expected = Imbalance::AppropriationDiffers { stored: yen(100), recomputed: yen(5) };
        assert_eq!(balanced(yen(5), &[pay], &stored), Err(expected));
        let small = LineTotals { appropriated: yen(5), ..stored };
        assert_eq!(balanced(yen(5), &[pay], &small), Err(Imbalance::Overspent));
    }

    fn any_holdings() -> impl Strategy<Value = Holdings> {
        proptest::collection::vec((1usize..6, 0i64..1_000_000), 0..4).prop_map(|amounts| {
            let mut holdings = Holdings::new();
            for (account, amount) in amounts {
                holdings.set(Account::ALL[account], yen(amount)).unwrap();
            }
            holdings
        })
    }

    proptest! {
        /// Several cases draw on one line; refused steps change nothing; at the end everything adds up.
        #[test]
        fn a_random_walk_keeps_the_line_balanced(
            appropriated in 0i64..3_000_000,
            held_counts in any::<bool>(),
            steps in proptest::collection::vec((0usize..4, any_holdings()), 0..60),
        ) {
            let mut line = LineTotals { appropriated: yen(appropriated), ..Default::default() };
            let mut cases = vec![Holdings::new(); 4];
            let mut entries = Vec::new();
            for (case, after) in steps {
                let step = postings(&cases[case], &after).unwrap();
                prop_assert!(step.iter().all(|p| p.amount > Yen::ZERO && p.from != p.to));
                prop_assert!(step.len() <= 5);
                if let Ok(next) = line.apply(&step, held_counts) {
                    line = next;
                    entries.extend(step);
                    cases[case] = after;
                }
                for account in Account::ALL.into_iter().skip(1) {
                    let held = Yen::total(cases.iter().map(|case| case.get(account))).unwrap();
                    prop_assert_eq!(line.get(account), held);
                    prop_assert!(!line.get(account).is_negative());
                }
                prop_assert!(!line.available(held_counts).is_negative());
            }
            prop_assert_eq!(balanced(yen(appropriated), &entries, &line), Ok(()));
        }
    }
}
