//! What a case and its procedures hold of which budget line, and the entries that make it so.

use std::collections::{BTreeMap, BTreeSet};

use program::definition::{HoldingAccount, Name};
use treasury::{Account, Holdings};
use uuid::Uuid;
use vocabulary::Yen;

use crate::act::{LinePostings, Refusal, World};
use crate::case::Case;
use crate::facts::facts_near;

pub(crate) const BELOW_ZERO: &str = "holdings.below_zero";

/// What one machine adds to a line, by account; below zero it takes off.
type Share = BTreeMap<Account, Yen>;

/// Puts down what is held of each line after the act, and gives the entries that lead there, in the order of the lines.
///
/// # Errors
/// `holdings.below_zero` when a procedure takes off more than there is, or would in a state that it may still come to:
/// not more is asked back than was paid.
pub(crate) fn settle(world: &World<'_>, before: &Case, after: &mut Case) -> Result<Vec<LinePostings>, Vec<Refusal>> {
    let mut lines: BTreeMap<Uuid, Share> = BTreeMap::new();
    add(&mut lines, after.call.budget_line, &share(world, after, None)?)?;
    let mut lowest = lines.clone();
    let besides: Vec<Uuid> = after.body.procedures.iter().map(|beside| beside.id).collect();
    for id in besides {
        let share = share(world, after, Some(id))?;
        let line = after.charged(Some(id)).budget_line;
        add(&mut lines, line, &share)?;
        add(&mut lowest, line, &lowest_share(world, after, id, &share))?;
        after.body.procedures.iter_mut().filter(|beside| beside.id == id).for_each(|b| b.share.clone_from(&share));
    }
    let held = |lines: BTreeMap<Uuid, Share>| -> Result<BTreeMap<Uuid, Holdings>, Vec<Refusal>> {
        lines.into_iter().map(|(line, share)| Ok((line, holdings(share)?))).collect()
    };
    held(lowest)?;
    let held = held(lines)?;
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

/// What a procedure takes off at most in any state that it may still come to.
fn lowest_share(world: &World<'_>, case: &Case, procedure: Uuid, share: &Share) -> Share {
    let mut lowest = share.clone();
    let open = case.procedure(procedure).filter(|beside| beside.open);
    let rule = open.and_then(|beside| world.program.procedure(&beside.name));
    for state in rule.into_iter().flat_map(|rule| rule.states.keys()) {
        // An amount that is not frozen yet is looked at when it is.
        let there = share_in(world, case, procedure, state).unwrap_or_default();
        for (account, yen) in there.into_iter().filter(|(_, yen)| yen.is_negative()) {
            let known = lowest.entry(account).or_default();
            *known = yen.min(*known);
        }
    }
    lowest
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
    match procedure.and_then(|id| case.procedure(id)) {
        Some(beside) => share_in(world, case, beside.id, &beside.state),
        None => evaluated(world, case, None, &case.state, &[]),
    }
}

/// What a procedure would add in one of its states.
fn share_in(world: &World<'_>, case: &Case, procedure: Uuid, state: &Name) -> Result<Share, Vec<Refusal>> {
    let name = case.procedure(procedure).map(|beside| beside.name.as_str());
    evaluated(world, case, name, state, &[procedure])
}

fn evaluated(
    world: &World<'_>,
    case: &Case,
    procedure: Option<&str>,
    state: &Name,
    near: &[Uuid],
) -> Result<Share, Vec<Refusal>> {
    let amounts = facts_near(world, case, near).amounts;
    let held = world.program.holdings(procedure, state, &amounts).map_err(|blocked| {
        vec![Refusal { code: blocked.code.to_string(), path: None, message: blocked.message, explanation: None }]
    })?;
    Ok(held.into_iter().map(|(account, yen)| (ledger_account(account), yen)).collect())
}

fn holdings(share: Share) -> Result<Holdings, Vec<Refusal>> {
    if share.values().any(|yen| yen.is_negative()) {
        return Err(below_zero());
    }
    Holdings::try_from(share).map_err(|_| vec![overflow()])
}

fn below_zero() -> Vec<Refusal> {
    vec![Refusal::new(
        BELOW_ZERO,
        "支払済の額を超える返還になるなど、予算の額が0円を下回ります。金額を確認してください",
        "More would be taken off than has been paid or promised; check the amount",
    )]
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
