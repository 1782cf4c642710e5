//! Money on its way: nothing is paid before it is finalized, what is ordered is held, and no holding falls below zero.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, error, ways};
use crate::definition::{Action, Archetype, Definition, Effect, HoldingAccount, Name, State};
use crate::finding::Finding;
use crate::linear::linear;

type Findings = Vec<Finding>;

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    for machine in Machine::all(archetype) {
        check_finalized_first(archetype, &machine, findings);
        for (name, action) in machine.actions {
            check_orders(archetype, &machine, &machine.action_path(name), action, findings);
        }
        for (name, state) in machine.states {
            check_never_negative(archetype, &machine, name, state, findings);
        }
    }
}

/// An amount, and whether it is added or taken off.
type Term = (bool, Name);

/// What a state holds in one of these accounts.
fn terms_in<'s>(state: &'s State, accounts: &'s [HoldingAccount]) -> impl Iterator<Item = (HoldingAccount, Term)> + 's {
    let holds = state.holds.iter().filter(|(account, _)| accounts.contains(account));
    holds.flat_map(|(account, source)| linear(source).unwrap_or_default().into_iter().map(|term| (*account, term)))
}

/// The amounts that a state adds to one of these accounts.
fn amounts_in<'s>(
    state: &'s State,
    accounts: &'s [HoldingAccount],
) -> impl Iterator<Item = (HoldingAccount, Name)> + 's {
    terms_in(state, accounts).filter(|(_, (is_added, _))| *is_added).map(|(account, (_, amount))| (account, amount))
}

const SPENT: &[HoldingAccount] = &[HoldingAccount::Ordered, HoldingAccount::Paid];

/// 額の確定 comes before 支出命令, on every way; but for an advance (概算払), which is settled when the amount is final.
fn check_finalized_first(archetype: &Archetype, machine: &Machine<'_>, findings: &mut Findings) {
    let finalized = finalized_on_every_way(machine);
    let is_advance = |amount: &str| archetype.amount(amount).is_some_and(|(_, rule)| rule.advance_of.is_some());
    for (name, state) in machine.states {
        let Some(finalized) = finalized.get(name.as_str()) else { continue };
        let spent = amounts_in(state, SPENT).filter(|(_, amount)| !finalized.contains(amount) && !is_advance(amount));
        for (account, amount) in spent {
            findings.push(error(
                "money.not_finalized",
                format!("{}/holds/{}", machine.state_path(name), crate::facts::word(&account)),
                format!("「{amount}」は、額の確定（finalized）を経ずにここへ来ることがあります"),
                format!("`{amount}` may come here without having been held as `finalized`"),
            ));
        }
    }
}

/// For each state that can be reached, the amounts that were held as finalized on every way to it.
fn finalized_on_every_way<'a>(machine: &Machine<'a>) -> BTreeMap<&'a str, BTreeSet<Name>> {
    let held = |state: &State| amounts_in(state, &[HoldingAccount::Finalized]).map(|(_, amount)| amount).collect();
    machine.on_every_way(BTreeSet::new(), |_, to| machine.states.get(to).map(held).unwrap_or_default())
}

/// What an action orders is held as ordered afterwards, and nothing is held so that was not ordered.
fn check_orders(archetype: &Archetype, machine: &Machine<'_>, path: &str, action: &Action, findings: &mut Findings) {
    let spent = |state: &State| -> BTreeSet<Term> { terms_in(state, SPENT).map(|(_, term)| term).collect() };
    let state = |name: &str| machine.states.get(name);
    let targets: Vec<&State> = match ways(action).next() {
        Some(_) => ways(action).filter_map(state).collect(),
        None => action.from.as_slice().iter().filter_map(|from| state(from)).collect(),
    };
    let mut orders = false;
    for (i, effect) in action.effects.iter().enumerate() {
        let Effect::Pay(source) = effect else { continue };
        orders = true;
        let paid = linear(source).unwrap_or_default();
        let is_held = |target: &&State| {
            let spent = spent(target);
            paid.iter().all(|term| spent.contains(term))
        };
        if !targets.iter().all(is_held) {
            findings.push(error(
                "money.pay_unheld",
                format!("{path}/effects/{i}"),
                format!("「{source}」を支払うのに、その後の状態が支出命令済（ordered）として保有しません"),
                format!("`{source}` is ordered here, but the state behind does not hold it as `ordered` or `paid`"),
            ));
        }
    }
    let nothing_before = |from: &Name| state(from).is_some_and(|from| amounts_in(from, SPENT).next().is_none());
    let becomes_spent = |to: &str| {
        state(to).is_some_and(|to| amounts_in(to, SPENT).next().is_some() && !is_nothing(archetype, action, &spent(to)))
    };
    if !orders && action.from.as_slice().iter().any(nothing_before) && ways(action).any(becomes_spent) {
        findings.push(error(
            "money.unordered",
            format!("{path}/to"),
            "支出命令（effects: pay）なしに、支出命令済・支払済の状態に進みます",
            "This leads to a state that holds money as ordered or paid, and orders no payment (`pay`)",
        ));
    }
}

/// Whether the action needs that nothing is left: `a <= b`, where `a - b` is held, or `a - b` filled up to zero.
fn is_nothing(archetype: &Archetype, action: &Action, held: &BTreeSet<Term>) -> bool {
    let mut taken = held.iter().filter(|(is_added, _)| !is_added).map(|(_, amount)| amount);
    let (Some(off), None) = (taken.next(), taken.next()) else { return false };
    let added: Vec<&Name> = held.iter().filter(|(is_added, _)| *is_added).map(|(_, amount)| amount).collect();
    let is_all_off = |amount: &Name| needs_at_most(action, amount, off);
    match *added.as_slice() {
        [amount] => is_all_off(amount),
        [one, other] => {
            (is_all_off(one) && fills_up(archetype, other, one, off))
                || (is_all_off(other) && fills_up(archetype, one, other, off))
        }
        _ => false,
    }
}

/// What is taken off is at most what it is taken from: by the amounts' own bounds, by a need of each way in, or because
/// what is missing is added. What a procedure only takes off is the case's, of which it is known when it happens.
fn check_never_negative(
    archetype: &Archetype,
    machine: &Machine<'_>,
    name: &str,
    state: &State,
    findings: &mut Findings,
) {
    for (account, source) in &state.holds {
        let terms = linear(source).unwrap_or_default();
        let mut added: Vec<&Name> = terms.iter().filter(|(is_added, _)| *is_added).map(|(_, amount)| amount).collect();
        if added.is_empty() && machine.procedure.is_some() {
            continue;
        }
        for (_, off) in terms.iter().filter(|(is_added, _)| !is_added) {
            let filled = added.iter().find_map(|amount| {
                let filling = added.iter().find(|filling| fills_up(archetype, filling, amount, off))?;
                Some([*amount, *filling])
            });
            let bound = added
                .iter()
                .find(|amount| is_at_most(archetype, off, amount) || needs_say(machine, name, source, off, amount));
            let used: Vec<&Name> = match (filled, bound) {
                (Some(filled), _) => filled.to_vec(),
                (None, Some(bound)) => vec![*bound],
                (None, None) => {
                    findings.push(negative(
                        &format!("{}/holds/{}", machine.state_path(name), crate::facts::word(account)),
                        off,
                    ));
                    continue;
                }
            };
            for amount in used {
                if let Some(at) = added.iter().position(|other| *other == amount) {
                    added.remove(at);
                }
            }
        }
    }
}

fn negative(path: &str, off: &str) -> Finding {
    error(
        "money.negative",
        path,
        format!("「{off}」を差し引くと負になることがあります（at_most か、入る手続の needs で確かめてください）"),
        format!("Taking off `{off}` may go below zero; bound it by `at_most`, or by a need of each way in"),
    )
}

/// Whether an amount is what is missing in `amount - off`: it `is: max(0, amount.off - amount.amount)`.
fn fills_up(archetype: &Archetype, filling: &str, amount: &str, off: &str) -> bool {
    let is = archetype.amount(filling).and_then(|(_, rule)| rule.is.as_deref());
    is == Some(&format!("max(0, amount.{off} - amount.{amount})"))
}

fn is_at_most(archetype: &Archetype, lower: &str, upper: &str) -> bool {
    let bound = |name: &str| {
        archetype.amount(name).and_then(|(_, rule)| rule.at_most.as_deref().or(rule.advance_of.as_deref()))
    };
    let chain = std::iter::successors(bound(lower), |name| bound(name));
    // A chain that comes back to itself is a finding of its own.
    chain.take(archetype.all_amounts().count()).any(|name| name == upper)
}

/// Whether every action that leads in, from a state that holds something else, has the need `upper >= lower`.
fn needs_say(machine: &Machine<'_>, state: &str, form: &str, lower: &str, upper: &str) -> bool {
    let holds_the_same =
        |from: &Name| machine.states.get(from).is_some_and(|from| from.holds.values().any(|other| other == form));
    let mut leading_in = machine
        .actions
        .values()
        .filter(|action| ways(action).any(|to| to == state) && !action.from.as_slice().iter().all(holds_the_same));
    leading_in.all(|action| needs_at_most(action, lower, upper))
}

/// Whether an action needs that one amount is at most another.
fn needs_at_most(action: &Action, lower: &str, upper: &str) -> bool {
    let words = [format!("amount.{upper} >= amount.{lower}"), format!("amount.{lower} <= amount.{upper}")];
    let says = |part: &str| words.iter().any(|word| word == part.trim());
    action.needs.iter().any(|need| need.when.split(" and ").any(says))
}
