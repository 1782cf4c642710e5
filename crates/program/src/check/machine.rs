//! The soundness of the machines: what each state says of itself, and two searches through the graph.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, error};
use crate::definition::{Action, Audience, Definition, Effect, HoldingAccount, Name, Role, State, StateKind};
use crate::finding::Finding;

type Findings = Vec<Finding>;

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    check_initial(definition, findings);
    check_action_names(definition, findings);
    for machine in Machine::all(&definition.archetype) {
        for (name, state) in machine.states {
            check_state(&machine, name, state, findings);
        }
        for (name, action) in machine.actions {
            check_action(&machine, name, action, findings);
        }
    }
}

fn check_initial(definition: &Definition, findings: &mut Findings) {
    let states = &definition.archetype.states;
    let mut drafting = states.iter().filter(|(_, state)| state.kind == StateKind::Drafting).map(|(name, _)| name);
    if drafting.next().is_none() {
        findings.push(error(
            "machine.initial",
            "/archetype/states",
            "作成中（drafting）の状態がありません",
            "No state is of kind `drafting`",
        ));
    }
    for name in drafting {
        findings.push(error(
            "machine.initial",
            format!("/archetype/states/{name}/kind"),
            "作成中（drafting）の状態は1つだけです",
            "Only one state is of kind `drafting`",
        ));
    }
    if !states.values().any(|state| state.kind == StateKind::ClosedPaid) {
        findings.push(error(
            "machine.good_end",
            "/archetype/states",
            "よい終わり（closed_paid）の状態がありません",
            "No state is a good end (`closed_paid`)",
        ));
    }
}

fn check_action_names(definition: &Definition, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for machine in Machine::all(&definition.archetype) {
        for name in machine.actions.keys().filter(|name| !seen.insert((*name).clone())) {
            findings.push(error(
                "action.duplicate",
                machine.action_path(name),
                format!("「{name}」という手続が2つあります"),
                format!("There are two actions `{name}`; names are unique over the case and its procedures"),
            ));
        }
    }
}

/// Options may take a state away from under an action.
pub(super) fn check_options(definition: &Definition, closed_states: &BTreeSet<Name>, findings: &mut Findings) {
    for machine in Machine::all(&definition.archetype) {
        for (name, action) in machine.actions {
            let Some(to) = action.to.as_ref().filter(|to| closed_states.contains(*to)) else { continue };
            if !machine.states.contains_key(to) {
                findings.push(error(
                    "option.dangling",
                    format!("{}/to", machine.action_path(name)),
                    "この選択ではこの状態がなくなります。手続にも同じ option を付けてください",
                    "With these options this state is not there; give the action the same `option`",
                ));
            }
        }
    }
}

/// The two searches: from the first state everything, from everything an end.
pub(super) fn check_graph(definition: &Definition, findings: &mut Findings) {
    for machine in Machine::all(&definition.archetype) {
        check_reachable(definition, &machine, findings);
        check_way_to_an_end(&machine, findings);
        check_automatic_cycles(&machine, findings);
        check_treasury(&machine, findings);
        check_same_labels(&machine, findings);
    }
}

fn moves<'a>(machine: &Machine<'a>) -> impl Iterator<Item = (&'a Name, &'a Name)> {
    machine.actions.values().flat_map(|action| {
        let to = action.to.as_ref();
        let waits = action.or_wait.as_ref();
        action.from.as_slice().iter().flat_map(move |from| to.into_iter().chain(waits).map(move |to| (from, to)))
    })
}

/// Everything that can be come to from the states given, along the moves.
fn closure<'a>(
    start: impl Iterator<Item = &'a Name>,
    moves: impl Iterator<Item = (&'a Name, &'a Name)>,
) -> BTreeSet<&'a str> {
    let mut next: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    for (from, to) in moves {
        next.entry(from).or_default().push(to);
    }
    let mut open: Vec<&'a str> = start.map(String::as_str).collect();
    let mut seen: BTreeSet<&'a str> = open.iter().copied().collect();
    while let Some(name) = open.pop() {
        open.extend(next.get(name).into_iter().flatten().copied().filter(|to| seen.insert(to)));
    }
    seen
}

fn check_reachable(definition: &Definition, machine: &Machine<'_>, findings: &mut Findings) {
    let Some(first) = machine.first() else { return };
    let reached = closure(std::iter::once(first), moves(machine));
    for name in machine.states.keys().filter(|name| !reached.contains(name.as_str())) {
        findings.push(error(
            "machine.unreachable",
            machine.state_path(name),
            format!("状態「{name}」には、どこからも来られません"),
            format!("No action leads to the state `{name}`"),
        ));
    }
    if let Some(procedure) = machine.procedure {
        let opened = Machine::all(&definition.archetype)
            .flat_map(|machine| machine.actions.values())
            .flat_map(|action| &action.effects)
            .any(|effect| matches!(effect, Effect::Open(name) if name == procedure));
        if !opened {
            findings.push(error(
                "procedure.unopened",
                machine.path.clone(),
                format!("「{procedure}」を開く手続がありません"),
                format!("No action opens the procedure `{procedure}`"),
            ));
        }
    }
}

fn check_way_to_an_end(machine: &Machine<'_>, findings: &mut Findings) {
    let ends = machine.states.iter().filter(|(_, state)| state.kind.is_end()).map(|(name, _)| name);
    let ending = closure(ends, moves(machine).map(|(from, to)| (to, from)));
    for name in machine.states.keys().filter(|name| !ending.contains(name.as_str())) {
        findings.push(error(
            "machine.no_end",
            machine.state_path(name),
            format!("状態「{name}」からは、どの終わりにも行けません"),
            format!("From the state `{name}` no end can be reached"),
        ));
    }
}

/// Machines alone, the clock and the payments, never go round: what is left when states that nothing leads to, or that
/// lead nowhere, are taken away again and again.
fn check_automatic_cycles(machine: &Machine<'_>, findings: &mut Findings) {
    let is_automatic = |action: &&Action| {
        !action.by.as_slice().is_empty() && action.by.as_slice().iter().all(|role| role.is_machine())
    };
    let mut moves: Vec<(&str, &str)> = Vec::new();
    for action in machine.actions.values().filter(is_automatic) {
        let to = action.to.as_deref();
        moves.extend(action.from.as_slice().iter().filter_map(|from| Some((from.as_str(), to?))));
    }
    moves.retain(|(from, to)| from != to);
    for backward in [false, true] {
        moves = on_cycles(&moves, backward);
    }
    let on_cycle: BTreeSet<&str> = moves.iter().map(|(from, _)| *from).collect();
    for state in on_cycle {
        findings.push(error(
            "machine.automatic_cycle",
            machine.state_path(state),
            format!("時計や支払だけで「{state}」に戻ってきます"),
            format!("The clock and the payments alone come back to `{state}`"),
        ));
    }
}

/// The moves that are left when those from states that no move leads to are taken away, until none is; the other way
/// round when `backward`. Linear.
fn on_cycles<'a>(moves: &[(&'a str, &'a str)], backward: bool) -> Vec<(&'a str, &'a str)> {
    let turned = moves.iter().map(|&(from, to)| if backward { (to, from) } else { (from, to) });
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut coming: BTreeMap<&str, usize> = BTreeMap::new();
    for (from, to) in turned {
        next.entry(from).or_default().push(to);
        coming.entry(from).or_default();
        *coming.entry(to).or_default() += 1;
    }
    let mut free: Vec<&str> = coming.iter().filter(|(_, count)| **count == 0).map(|(state, _)| *state).collect();
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    while let Some(state) = free.pop() {
        gone.insert(state);
        for to in next.get(state).into_iter().flatten() {
            if let Some(count) = coming.get_mut(to) {
                *count -= 1;
                if *count == 0 {
                    free.push(to);
                }
            }
        }
    }
    moves.iter().copied().filter(|(from, to)| !gone.contains(from) && !gone.contains(to)).collect()
}

/// What the bank did is told apart by the kind of state that the payments' action leads to: one for each.
fn check_treasury(machine: &Machine<'_>, findings: &mut Findings) {
    for state in machine.states.keys() {
        let mut seen = BTreeSet::new();
        for (name, action) in machine.actions_from(state).filter(|(_, a)| a.by.as_slice().contains(&Role::Treasury)) {
            let to = action.to.as_ref().and_then(|to| machine.states.get(to));
            if !seen.insert(to.is_some_and(|to| to.kind == StateKind::ClosedPaid)) {
                findings.push(error(
                    "machine.treasury_twice",
                    format!("{}/from", machine.action_path(name)),
                    format!("状態「{state}」では、同じ支払の結果に2つの手続があります"),
                    format!("In the state `{state}` two actions of the treasury follow the same outcome of a payment"),
                ));
            }
        }
    }
}

/// Two actions that a person may choose between have different words.
fn check_same_labels(machine: &Machine<'_>, findings: &mut Findings) {
    for state in machine.states.keys() {
        let mut seen: BTreeSet<(Role, &str)> = BTreeSet::new();
        for (name, action) in machine.actions_from(state) {
            for role in action.by.as_slice() {
                let is_new = [&action.label.ja, &action.label.en].map(|label| seen.insert((*role, label)));
                if is_new == [false, false] {
                    findings.push(error(
                        "action.same_label",
                        format!("{}/label", machine.action_path(name)),
                        format!("状態「{state}」には、同じ名前の手続がほかにもあります"),
                        format!("In the state `{state}` another action has the same label"),
                    ));
                }
            }
        }
    }
}

// -- states

fn check_state(machine: &Machine<'_>, name: &str, state: &State, findings: &mut Findings) {
    let path = machine.state_path(name);
    if state.kind.is_end() {
        check_end(machine, name, state, &path, findings);
    } else {
        check_waiting(machine, name, state, &path, findings);
    }
}

fn check_end(machine: &Machine<'_>, name: &str, state: &State, path: &str, findings: &mut Findings) {
    if let Some((action, _)) = machine.leaving(name).next() {
        findings.push(error(
            "machine.end_has_way_out",
            format!("{}/from", machine.action_path(action)),
            format!("終わりの状態「{name}」から出ることはできません"),
            format!("Nothing leads out of the end `{name}`"),
        ));
    }
    if state.holds.keys().any(|account| *account != HoldingAccount::Paid) {
        findings.push(error(
            "machine.end_holds",
            format!("{path}/holds"),
            "終わりの状態が保有できるのは支払済（paid）だけです",
            "An end holds nothing, or only what is paid",
        ));
    }
    if state.waits_on.is_some() || state.deadline.is_some() {
        findings.push(error(
            "machine.end_waits",
            path,
            "終わりの状態は誰も待たず、期限もありません",
            "An end waits on nobody and has no deadline",
        ));
    }
}

fn check_waiting(machine: &Machine<'_>, name: &str, state: &State, path: &str, findings: &mut Findings) {
    if machine.leaving(name).next().is_none() {
        findings.push(error(
            "machine.no_way_out",
            path,
            format!("状態「{name}」から出る手続がありません"),
            format!("No action leads out of the state `{name}`"),
        ));
    }
    let Some(role) = state.waits_on else {
        findings.push(error(
            "machine.waits_on",
            path,
            "誰の番かを waits_on に書いてください",
            "Say whose turn it is in `waits_on`",
        ));
        return;
    };
    let acts = |action: &Action| action.by.as_slice().contains(&role);
    // Judges score; it is the office that closes the panel and goes on.
    let in_vain = match role {
        Role::Panelist => !machine.actions_from(name).any(|(_, action)| acts(action)),
        _ => !machine.leaving(name).any(|(_, action)| acts(action)),
    };
    if in_vain {
        findings.push(error(
            "machine.waits_in_vain",
            format!("{path}/waits_on"),
            format!("{} はこの状態から先へ進められません", role.as_str()),
            format!("`{}` has no way out of this state", role.as_str()),
        ));
    }
}

// -- actions

fn check_action(machine: &Machine<'_>, name: &str, action: &Action, findings: &mut Findings) {
    let path = machine.action_path(name);
    if action.from.as_slice().is_empty() {
        findings.push(error(
            "action.from",
            path.clone(),
            "どの状態から行うかを書いてください",
            "Say from which states",
        ));
    }
    if let (Some(to), [from]) = (&action.to, action.from.as_slice())
        && to == from
    {
        findings.push(error(
            "action.stays",
            format!("{path}/to"),
            "始まりと同じ状態です。状態を変えない手続なら to を書かないでください",
            "This is the state from which it starts; leave `to` out where the state stays",
        ));
    }
    let ends = action.to.as_ref().is_some_and(|to| machine.is_end(to));
    if ends && machine.procedure.is_none() && !action.tells.contains_key(&Audience::Applicant) {
        findings.push(error(
            "action.untold",
            path,
            "手続を終わらせるときは申請者に知らせます（tells: applicant）",
            "An action that ends the case tells the applicant",
        ));
    }
}
