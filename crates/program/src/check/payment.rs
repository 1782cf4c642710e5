//! Money on its way: nothing is paid before it is finalized, what is ordered is held, and no holding falls below zero.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, error};
use crate::definition::{Action, Archetype, Definition, Effect, HoldingAccount, Name, State};
use crate::finding::Finding;
use crate::linear::linear;

type Findings = Vec<Finding>;

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    let Some(machine) = Machine::all(archetype).next() else { return };
    check_finalized_first(&machine, findings);
    for (name, action) in machine.actions {
        check_orders(&machine, &machine.action_path(name), action, findings);
    }
    for (name, state) in machine.states {
        check_never_negative(archetype, &machine, name, state, findings);
    }
}

/// The amounts that a state adds to one of these accounts.
fn amounts_in<'s>(
    state: &'s State,
    accounts: &'s [HoldingAccount],
) -> impl Iterator<Item = (HoldingAccount, Name)> + 's {
    state.holds.iter().filter(|(account, _)| accounts.contains(account)).flat_map(|(account, source)| {
        let terms = linear(source).unwrap_or_default();
        terms.into_iter().filter(|(is_added, _)| *is_added).map(|(_, amount)| (*account, amount))
    })
}

const SPENT: &[HoldingAccount] = &[HoldingAccount::Ordered, HoldingAccount::Paid];

/// 額の確定 comes before 支出命令, on every way.
fn check_finalized_first(machine: &Machine<'_>, findings: &mut Findings) {
    let finalized = finalized_on_every_way(machine);
    for (name, state) in machine.states {
        let Some(finalized) = finalized.get(name.as_str()) else { continue };
        for (account, amount) in amounts_in(state, SPENT).filter(|(_, amount)| !finalized.contains(amount)) {
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
    machine.on_every_way(BTreeSet::new(), |action| {
        action.to.as_ref().and_then(|to| machine.states.get(to)).map(held).unwrap_or_default()
    })
}

/// What an action orders is held as ordered afterwards, and nothing is held so that was not ordered.
fn check_orders(machine: &Machine<'_>, path: &str, action: &Action, findings: &mut Findings) {
    let state = |name: &str| machine.states.get(name);
    let spent = |name: &str| -> BTreeSet<Name> {
        state(name).into_iter().flat_map(|state| amounts_in(state, SPENT)).map(|(_, amount)| amount).collect()
    };
    let paid: Vec<(usize, &Name)> = action
        .effects
        .iter()
        .enumerate()
        .filter_map(|(i, effect)| match effect {
            Effect::Pay(amount) => Some((i, amount)),
            _ => None,
        })
        .collect();
    let targets: Vec<&str> = match &action.to {
        Some(to) => vec![to],
        None => action.from.as_slice().iter().map(String::as_str).collect(),
    };
    for (i, amount) in &paid {
        if targets.iter().any(|to| state(to).is_some() && !spent(to).contains(*amount)) {
            findings.push(error(
                "money.pay_unheld",
                format!("{path}/effects/{i}"),
                format!("「{amount}」を支払うのに、その後の状態が支出命令済（ordered）として保有しません"),
                format!("`{amount}` is ordered here, but the state behind does not hold it as `ordered` or `paid`"),
            ));
        }
    }
    let Some(to) = &action.to else { return };
    let newly = |from: &&Name| state(from).is_some() && spent(from).is_empty() && !spent(to).is_empty();
    if paid.is_empty() && action.from.as_slice().iter().any(|from| newly(&from)) {
        findings.push(error(
            "money.unordered",
            format!("{path}/to"),
            "支出命令（effects: pay）なしに、支出命令済・支払済の状態に進みます",
            "This leads to a state that holds money as ordered or paid, and orders no payment (`pay`)",
        ));
    }
}

/// What is taken off is at most what it is taken from: by the amounts' own bounds, or by a need of each way in.
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
        for (_, off) in terms.iter().filter(|(is_added, _)| !is_added) {
            let bound = added
                .iter()
                .position(|amount| is_at_most(archetype, off, amount) || needs_say(machine, name, source, off, amount));
            match bound {
                Some(at) => _ = added.remove(at),
                None => findings.push(error(
                    "money.negative",
                    format!("{}/holds/{}", machine.state_path(name), crate::facts::word(account)),
                    format!(
                        "「{off}」を差し引くと負になることがあります（at_most か、入る手続の needs で確かめてください）"
                    ),
                    format!("Taking off `{off}` may go below zero; bound it by `at_most`, or by a need of each way in"),
                )),
            }
        }
    }
}

fn is_at_most(archetype: &Archetype, lower: &str, upper: &str) -> bool {
    let bound = |name: &str| archetype.amounts.get(name).and_then(|rule| rule.at_most.as_deref());
    let chain = std::iter::successors(bound(lower), |name| bound(name));
    // A chain that comes back to itself is a finding of its own.
    chain.take(archetype.amounts.len()).any(|name| name == upper)
}

/// Whether every action that leads in, from a state that holds something else, has the need `upper >= lower`.
fn needs_say(machine: &Machine<'_>, state: &str, form: &str, lower: &str, upper: &str) -> bool {
    let ways = [format!("amount.{upper} >= amount.{lower}"), format!("amount.{lower} <= amount.{upper}")];
    let holds_the_same =
        |from: &Name| machine.states.get(from).is_some_and(|from| from.holds.values().any(|other| other == form));
    let mut leading_in = machine
        .actions
        .values()
        .filter(|action| action.to.as_deref() == Some(state) && !action.from.as_slice().iter().all(holds_the_same));
    leading_in.all(|action| {
        action.needs.iter().any(|need| need.when.split(" and ").any(|part| ways.iter().any(|way| way == part.trim())))
    })
}
