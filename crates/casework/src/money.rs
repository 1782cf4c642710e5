//! What a case and its procedures hold of which budget line, and the entries that make it so.

use std::collections::{BTreeMap, BTreeSet};

use program::definition::{HoldingAccount, Name};
use treasury::{Account, Holdings};
use uuid::Uuid;
use vocabulary::Yen;

use crate::act::{LinePostings, Refusal, World};
use crate::case::Case;
use crate::facts::facts_near;

/// What one machine adds to a line, by account; below zero it takes off.
type Share = BTreeMap<Account, Yen>;

/// Puts down what is held of each line after the act, and gives the entries that lead there, in the order of the lines.
///
/// # Errors
/// `holdings.below_zero` when a procedure would take off more than there is.
pub(crate) fn settle(world: &World<'_>, before: &Case, after: &mut Case) -> Result<Vec<LinePostings>, Vec<Refusal>> {
    let mut lines: BTreeMap<Uuid, Share> = BTreeMap::new();
    add(&mut lines, after.call.budget_line, &share(world, after, None)?)?;
    let besides: Vec<Uuid> = after.body.procedures.iter().map(|beside| beside.id).collect();
    for id in besides {
        let share = share(world, after, Some(id))?;
        add(&mut lines, after.charged(Some(id)).budget_line, &share)?;
        after.body.procedures.iter_mut().filter(|beside| beside.id == id).for_each(|b| b.share.clone_from(&share));
    }
    let held: BTreeMap<Uuid, Holdings> =
        lines.into_iter().map(|(line, share)| Ok((line, holdings(share)?))).collect::<Result<_, Vec<Refusal>>>()?;
    let earlier = of_lines(before);
    let touched: BTreeSet<&Uuid> = earlier.keys().chain(held.keys()).collect();
    let none = Holdings::new();
    let mut postings = Vec::new();
    for line in touched {
        let (from, to) = (earlier.get(line).unwrap_or(&none), held.get(line).unwrap_or(&none));
        let entries = treasury::postings(from, to).map_err(|_| vec![overflow()])?;
        if !entries.is_empty() {
            postings.push(LinePostings { line: *line, entries });
        }
    }
    let own = after.call.budget_line;
    after.body.holdings = own.and_then(|own| held.get(&own)).cloned().unwrap_or_default();
    after.body.elsewhere = held.into_iter().filter(|(line, held)| Some(*line) != own && !held.is_empty()).collect();
    Ok(postings)
}

fn add(lines: &mut BTreeMap<Uuid, Share>, line: Option<Uuid>, share: &Share) -> Result<(), Vec<Refusal>> {
    if share.is_empty() {
        return Ok(());
    }
    let line = line.ok_or_else(|| {
        vec![Refusal::new("budget.no_line", "この募集には予算がありません", "This call has no budget line")]
    })?;
    let whole = lines.entry(line).or_default();
    for (account, yen) in share {
        let sum = whole.entry(*account).or_default();
        *sum = sum.plus(*yen).map_err(|_| vec![overflow()])?;
    }
    Ok(())
}

fn of_lines(case: &Case) -> BTreeMap<Uuid, Holdings> {
    let own = case.call.budget_line.map(|line| (line, case.body.holdings.clone()));
    case.body.elsewhere.clone().into_iter().chain(own).collect()
}

/// What the case itself, or one of its procedures, holds beyond a reservation: its payments never exceed it.
///
/// # Errors
/// When an amount is not frozen yet.
pub(crate) fn payable(world: &World<'_>, case: &Case, procedure: Option<Uuid>) -> Result<Yen, Vec<Refusal>> {
    let share = share(world, case, procedure)?.into_iter();
    Yen::total(share.filter(|(account, _)| *account != Account::Held).map(|(_, yen)| yen.max(Yen::ZERO)))
        .map_err(|_| vec![overflow()])
}

fn share(world: &World<'_>, case: &Case, procedure: Option<Uuid>) -> Result<Share, Vec<Refusal>> {
    let beside = procedure.and_then(|id| case.procedure(id));
    let place: (Option<&Name>, &Name) =
        beside.map_or((None, &case.state), |beside| (Some(&beside.name), &beside.state));
    let amounts = facts_near(world, case, procedure.as_slice()).amounts;
    let held = world.program.holdings(place.0.map(String::as_str), place.1, &amounts).map_err(|blocked| {
        vec![Refusal { code: blocked.code.to_string(), path: None, message: blocked.message, explanation: None }]
    })?;
    Ok(held.into_iter().map(|(account, yen)| (ledger_account(account), yen)).collect())
}

fn holdings(share: Share) -> Result<Holdings, Vec<Refusal>> {
    if share.values().any(|yen| yen.is_negative()) {
        return Err(vec![Refusal::new(
            "holdings.below_zero",
            "この手続により、支払済などの額が0円を下回ります。金額を確認してください",
            "More would be taken off than has been paid or promised; check the amount",
        )]);
    }
    Holdings::try_from(share).map_err(|_| vec![overflow()])
}

pub(crate) const fn ledger_account(account: HoldingAccount) -> Account {
    match account {
        HoldingAccount::Held => Account::Held,
        HoldingAccount::Committed => Account::Committed,
        HoldingAccount::Finalized => Account::Finalized,
        HoldingAccount::Ordered => Account::Ordered,
        HoldingAccount::Paid => Account::Paid,
    }
}

fn overflow() -> Refusal {
    Refusal::new("amount.overflow", "金額が扱える範囲を超えています", "An amount is out of range")
}
