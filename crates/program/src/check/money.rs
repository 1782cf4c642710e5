//! Amounts are frozen on every path before anything relies on them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, error};
use crate::compiled::linear;
use crate::definition::{Action, Archetype, Definition, Effect, Name, StateKind};
use crate::finding::Finding;
use crate::yaml::pointer_part;

type Findings = Vec<Finding>;
type Amounts<'a> = BTreeSet<&'a str>;

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    let Some(machine) = Machine::all(archetype).next() else { return };
    let frozen = frozen_in(archetype);
    for (name, state) in &archetype.states {
        let Some(frozen) = frozen.get(name.as_str()) else { continue };
        for (account, source) in &state.holds {
            for (_, amount) in linear(source).unwrap_or_default() {
                if archetype.amounts.contains_key(&amount) && !frozen.contains(amount.as_str()) {
                    let path = format!("{}/holds/{}", machine.state_path(name), crate::facts::word(account));
                    findings.push(not_frozen(path, &amount));
                }
            }
        }
    }
    for (name, action) in &archetype.actions {
        let path = machine.action_path(name);
        for from in action.from.as_slice() {
            if let Some(frozen) = frozen.get(from.as_str()) {
                check_action(archetype, action, &path, frozen.clone(), findings);
            }
        }
    }
}

/// What an action pays or bounds by an earlier amount, in the order of its effects.
fn check_action(archetype: &Archetype, action: &Action, path: &str, frozen: Amounts<'_>, findings: &mut Findings) {
    let mut frozen: BTreeSet<String> = frozen.into_iter().map(str::to_owned).collect();
    for (i, effect) in action.effects.iter().enumerate() {
        let path = format!("{path}/effects/{i}");
        match effect {
            Effect::Freeze(amount) | Effect::FreezeFrom { amount, .. } => {
                let bound = archetype.amounts.get(amount).and_then(|rule| rule.at_most.as_ref());
                if let Some(bound) = bound.filter(|bound| !frozen.contains(*bound)) {
                    findings.push(not_frozen(path, bound));
                }
                frozen.insert(amount.clone());
            }
            Effect::Pay(amount) if archetype.amounts.contains_key(amount) && !frozen.contains(amount) => {
                findings.push(not_frozen(path, amount));
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

/// For each state that can be reached, the amounts that are frozen on every way to it.
fn frozen_in(archetype: &Archetype) -> BTreeMap<&str, Amounts<'_>> {
    let mut frozen: BTreeMap<&str, Amounts<'_>> = BTreeMap::new();
    let drafting = archetype.states.iter().filter(|(_, state)| state.kind == StateKind::Drafting);
    frozen.extend(drafting.map(|(name, _)| (name.as_str(), Amounts::new())));
    // Sets only shrink, one amount at least in each round that changes anything.
    loop {
        let mut next = frozen.clone();
        for action in archetype.actions.values() {
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

fn freezes(action: &Action) -> impl Iterator<Item = &str> {
    action.effects.iter().filter_map(|effect| match effect {
        Effect::Freeze(amount) | Effect::FreezeFrom { amount, .. } => Some(amount.as_str()),
        _ => None,
    })
}

/// An amount that is declared and frozen by nothing.
pub(super) fn check_unused(archetype: &Archetype, findings: &mut Findings) {
    let frozen: BTreeSet<&str> =
        Machine::all(archetype).flat_map(|machine| machine.actions.values()).flat_map(freezes).collect();
    for name in archetype.amounts.keys().filter(|name| !frozen.contains(name.as_str())) {
        let message = vocabulary::Bilingual::new(
            format!("金額「{name}」を確定する手続がありません"),
            format!("No action freezes the amount `{name}`"),
        );
        findings.push(Finding::warning("unused.amount", format!("/archetype/amounts/{}", pointer_part(name)), message));
    }
}
