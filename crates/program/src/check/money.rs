//! Amounts are frozen on every path before anything relies on them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, error};
use crate::definition::{Action, Archetype, Definition, Effect, HoldingAccount, Name, StateKind};
use crate::finding::Finding;
use crate::linear::linear;

type Findings = Vec<Finding>;
type Amounts<'a> = BTreeSet<&'a str>;

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    let mut of_case = BTreeMap::new();
    for machine in Machine::all(archetype) {
        let frozen = match machine.procedure {
            None => {
                let drafting = archetype.states.iter().filter(|(_, state)| state.kind == StateKind::Drafting);
                of_case = frozen_in(&machine, drafting.map(|(name, _)| (name.as_str(), optional(archetype))).collect());
                of_case.clone()
            }
            Some(procedure) => {
                let first = machine.states.keys().next().map(String::as_str);
                let opened = first.zip(frozen_at_opening(archetype, procedure, &of_case));
                frozen_in(&machine, opened.into_iter().collect())
            }
        };
        check_machine(archetype, &machine, &frozen, findings);
        check_gaps(&machine, findings);
    }
}

/// Between states that hold money every state does: what is let go on the way another case could take.
fn check_gaps(machine: &Machine<'_>, findings: &mut Findings) {
    let holds = |name: &str| {
        let state = machine.states.get(name);
        state.is_some_and(|state| state.holds.keys().any(|account| *account != HoldingAccount::Paid))
    };
    let moves: Vec<(&str, &str)> =
        machine.actions.values().flat_map(moves).map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let mut before_money: BTreeSet<&str> =
        machine.states.keys().map(String::as_str).filter(|name| holds(name)).collect();
    loop {
        let more: Vec<&str> = moves.iter().filter(|(_, to)| before_money.contains(to)).map(|(from, _)| *from).collect();
        let known = before_money.len();
        before_money.extend(more);
        if before_money.len() == known {
            break;
        }
    }
    for (name, state) in machine.states {
        let lets_go = moves.iter().any(|(from, to)| to == name && holds(from));
        if lets_go && !holds(name) && !state.kind.is_end() && before_money.contains(name.as_str()) {
            findings.push(error(
                "money.gap",
                machine.state_path(name),
                format!("「{name}」は予算を保有しませんが、その前と後の状態は保有します"),
                format!("`{name}` holds no money, but states before and after it do"),
            ));
        }
    }
}

fn check_machine(
    archetype: &Archetype,
    machine: &Machine<'_>,
    frozen: &BTreeMap<&str, Amounts<'_>>,
    findings: &mut Findings,
) {
    for (name, state) in machine.states {
        let Some(frozen) = frozen.get(name.as_str()) else { continue };
        for (account, source) in &state.holds {
            for (_, amount) in linear(source).unwrap_or_default() {
                if archetype.amount(&amount).is_some() && !frozen.contains(amount.as_str()) {
                    let path = format!("{}/holds/{}", machine.state_path(name), crate::facts::word(account));
                    findings.push(not_frozen(path, &amount));
                }
            }
        }
    }
    for (name, action) in machine.actions {
        let path = machine.action_path(name);
        for from in action.from.as_slice() {
            if let Some(frozen) = frozen.get(from.as_str()) {
                check_action(archetype, action, &path, frozen.clone(), findings);
            }
        }
    }
}

/// Amounts that count as 0 until they are frozen.
fn optional(archetype: &Archetype) -> Amounts<'_> {
    archetype.all_amounts().filter(|(_, rule)| rule.optional).map(|(name, _)| name.as_str()).collect()
}

/// What is frozen whenever a procedure opens: by the case in each state in which it may open, and by the action that
/// opens it. What other procedures have frozen by then is not counted on. `None` when nothing opens it.
fn frozen_at_opening<'a>(
    archetype: &'a Archetype,
    procedure: &str,
    of_case: &BTreeMap<&'a str, Amounts<'a>>,
) -> Option<Amounts<'a>> {
    let every_state = || of_case.values().cloned().reduce(|one, other| one.intersection(&other).copied().collect());
    let openings = Machine::all(archetype).flat_map(|machine| {
        let opening = machine.actions.values().filter(|action| action.opens() == Some(procedure));
        opening.flat_map(move |action| {
            let own = machine.procedure.is_none();
            let before: Vec<Amounts<'a>> = if own {
                action.from.as_slice().iter().filter_map(|from| of_case.get(from.as_str()).cloned()).collect()
            } else {
                every_state().into_iter().collect()
            };
            before.into_iter().map(|before| before.into_iter().chain(freezes(action)).collect())
        })
    });
    openings.reduce(|one: Amounts<'a>, other| one.intersection(&other).copied().collect())
}

/// What an action pays or bounds by an earlier amount, in the order of its effects.
fn check_action(archetype: &Archetype, action: &Action, path: &str, frozen: Amounts<'_>, findings: &mut Findings) {
    let mut frozen: BTreeSet<String> = frozen.into_iter().map(str::to_owned).collect();
    for (i, effect) in action.effects.iter().enumerate() {
        let path = format!("{path}/effects/{i}");
        match effect {
            Effect::Freeze(amount) | Effect::FreezeFrom { amount, .. } | Effect::FreezeAs { amount, .. } => {
                let bound = archetype.amount(amount).and_then(|(_, rule)| rule.at_most.as_ref());
                if let Some(bound) = bound.filter(|bound| !frozen.contains(*bound)) {
                    findings.push(not_frozen(path, bound));
                }
                frozen.insert(amount.clone());
            }
            Effect::Pay(source) => {
                for (_, amount) in linear(source).unwrap_or_default() {
                    if archetype.amount(&amount).is_some() && !frozen.contains(&amount) {
                        findings.push(not_frozen(path.clone(), &amount));
                    }
                }
            }
            _ => {}
        }
    }
}

fn not_frozen(path: String, amount: &Name) -> Finding {
    error(
        "money.not_frozen",
        path,
        format!("「{amount}」がまだ確定していないことがあります"),
        format!("`{amount}` may not be frozen yet here; freeze it on every way that leads here"),
    )
}

/// For each state that can be reached, the amounts that are frozen on every way to it from where the machine starts.
fn frozen_in<'a>(machine: &Machine<'a>, start: BTreeMap<&'a str, Amounts<'a>>) -> BTreeMap<&'a str, Amounts<'a>> {
    let mut frozen = start;
    // Sets only shrink, one amount at least in each round that changes anything.
    loop {
        let mut next = frozen.clone();
        for action in machine.actions.values() {
            for (from, to) in moves(action) {
                let Some(before) = frozen.get(from.as_str()) else { continue };
                let after: Amounts<'_> = before.iter().copied().chain(freezes(action)).collect();
                let known = next.entry(to).or_insert_with(|| after.clone());
                *known = known.intersection(&after).copied().collect();
            }
        }
        if next == frozen {
            return frozen;
        }
        frozen = next;
    }
}

/// Where the action leads from each of its states, waiting in line included.
fn moves(action: &Action) -> impl Iterator<Item = (&Name, &Name)> {
    let ways = action.to.iter().chain(&action.or_wait);
    action.from.as_slice().iter().flat_map(move |from| ways.clone().map(move |to| (from, to)))
}

pub(super) fn freezes(action: &Action) -> impl Iterator<Item = &str> {
    action.effects.iter().filter_map(|effect| match effect {
        Effect::Freeze(amount) | Effect::FreezeFrom { amount, .. } | Effect::FreezeAs { amount, .. } => {
            Some(amount.as_str())
        }
        _ => None,
    })
}
