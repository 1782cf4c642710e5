//! The soundness of the machines: two graph searches, people, clocks, holdings.

use std::collections::BTreeSet;

use super::{Machine, error};
use crate::definition::{
    Action, Audience, Definition, Effect, FieldType, HoldingAccount, Name, Role, State, StateDeadline, StateKind,
};
use crate::finding::Finding;
use crate::span::{Span, SpanUnit};

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
        check_clock_cycles(&machine, findings);
        check_same_labels(&machine, findings);
    }
}

fn moves<'a>(machine: &Machine<'a>) -> impl Iterator<Item = (&'a Name, &'a Name)> {
    machine.actions.values().flat_map(|action| {
        let to = action.to.as_ref();
        action.from.as_slice().iter().filter_map(move |from| to.map(|to| (from, to)))
    })
}

/// Everything that can be come to from the states given, along the moves.
fn closure<'a>(start: impl Iterator<Item = &'a Name>, moves: &[(&'a Name, &'a Name)]) -> BTreeSet<&'a str> {
    let mut open: Vec<&'a Name> = start.collect();
    let mut seen: BTreeSet<&'a str> = open.iter().map(|name| name.as_str()).collect();
    while let Some(name) = open.pop() {
        for (_, to) in moves.iter().filter(|(from, _)| *from == name) {
            if seen.insert(to.as_str()) {
                open.push(to);
            }
        }
    }
    seen
}

fn check_reachable(definition: &Definition, machine: &Machine<'_>, findings: &mut Findings) {
    let first = match machine.procedure {
        Some(_) => machine.states.keys().next(),
        None => machine.states.iter().find(|(_, state)| state.kind == StateKind::Drafting).map(|(name, _)| name),
    };
    let Some(first) = first else { return };
    let forward: Vec<_> = moves(machine).collect();
    let reached = closure(std::iter::once(first), &forward);
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
    let backward: Vec<_> = moves(machine).map(|(from, to)| (to, from)).collect();
    let ends = machine.states.iter().filter(|(_, state)| state.kind.is_end()).map(|(name, _)| name);
    let ending = closure(ends, &backward);
    for name in machine.states.keys().filter(|name| !ending.contains(name.as_str())) {
        findings.push(error(
            "machine.no_end",
            machine.state_path(name),
            format!("状態「{name}」からは、どの終わりにも行けません"),
            format!("From the state `{name}` no end can be reached"),
        ));
    }
}

/// The clock alone never goes round.
fn check_clock_cycles(machine: &Machine<'_>, findings: &mut Findings) {
    let by_clock = machine.actions.values().filter(|action| action.by.as_slice() == [Role::Clock]);
    let moves: Vec<(&Name, &Name)> = by_clock
        .flat_map(|action| action.from.as_slice().iter().filter_map(|from| Some((from, action.to.as_ref()?))))
        .filter(|(from, to)| from != to)
        .collect();
    for (from, to) in &moves {
        if closure(std::iter::once(*to), &moves).contains(from.as_str()) {
            findings.push(error(
                "machine.clock_cycle",
                machine.state_path(from),
                format!("時計だけで「{from}」に戻ってきます"),
                format!("The clock alone comes back to `{from}`"),
            ));
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
    if machine.procedure.is_some() && !state.holds.is_empty() {
        findings.push(error(
            "procedure.holds",
            format!("{path}/holds"),
            "予算を保有するのは申請そのものの状態だけです",
            "Only states of the case itself hold money",
        ));
    }
    if state.kind.is_end() {
        check_end(machine, name, state, &path, findings);
    } else {
        check_waiting(machine, name, state, &path, findings);
    }
    if let Some(clock) = &state.deadline {
        check_clock(machine, name, clock, &format!("{path}/deadline"), findings);
    }
}

fn check_end(machine: &Machine<'_>, name: &str, state: &State, path: &str, findings: &mut Findings) {
    let leaves = |action: &Action| action.to.as_ref().is_some_and(|to| to != name);
    if let Some((action, _)) = machine.actions_from(name).find(|(_, action)| leaves(action)) {
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
    if !moves(machine).any(|(from, to)| from == name && to != name) {
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
    if !machine.actions_from(name).any(|(_, action)| action.by.as_slice().contains(&role)) {
        findings.push(error(
            "machine.waits_in_vain",
            format!("{path}/waits_on"),
            format!("{} はこの状態で何もできません", role.as_str()),
            format!("`{}` can do nothing in this state", role.as_str()),
        ));
    }
    let says = (state.deadline.is_some(), state.no_deadline.is_some());
    if role == Role::Applicant && state.kind != StateKind::Drafting && says == (false, false) {
        findings.push(error(
            "state.deadline",
            path,
            "申請者を待つ状態には期限（deadline）か、期限のない理由（no_deadline）が必要です",
            "A state that waits on the applicant has a `deadline`, or says in `no_deadline` why not",
        ));
    }
    if says == (true, true) {
        findings.push(error(
            "state.deadline",
            format!("{path}/no_deadline"),
            "期限がある状態に no_deadline は書けません",
            "This state has a deadline, so it has no `no_deadline`",
        ));
    }
}

fn check_clock(machine: &Machine<'_>, state: &str, clock: &StateDeadline, path: &str, findings: &mut Findings) {
    if clock.at.is_some() == clock.within.is_some() {
        findings.push(error(
            "state.deadline",
            path,
            "期限は at か within のどちらか1つで書いてください",
            "A deadline has either `at` or `within`",
        ));
    }
    let within = clock.within.as_ref().and_then(|span| span_at(format!("{path}/within"), span, findings));
    for (i, span) in clock.remind.iter().enumerate() {
        let path = format!("{path}/remind/{i}");
        let reminder = span_at(path.clone(), span, findings);
        if let Some((within, reminder)) = within.zip(reminder)
            && within.unit == SpanUnit::Days
            && reminder.unit == SpanUnit::Days
            && reminder.count >= within.count
        {
            findings.push(error(
                "deadline.remind",
                path,
                "督促の日が期間の始まりより前になります",
                "This reminder would lie before the span begins",
            ));
        }
    }
    if clock.remind.is_empty() == clock.reminder.is_some() {
        findings.push(error(
            "deadline.reminder",
            path,
            "remind（いつ）と reminder（どのメール）は一緒に書いてください",
            "`remind` (when) and `reminder` (which mail) go together",
        ));
    }
    let Some(action) = machine.actions.get(&clock.then) else { return };
    let starts_here = action.from.as_slice().iter().any(|from| from == state);
    if !action.by.as_slice().contains(&Role::Clock) || !starts_here {
        findings.push(error(
            "deadline.then",
            format!("{path}/then"),
            format!("「{}」はこの状態から時計（clock）が行う手続ではありません", clock.then),
            format!("`{}` is no action by the clock from this state", clock.then),
        ));
    }
}

fn span_at(path: String, text: &str, findings: &mut Findings) -> Option<Span> {
    match text.parse::<Span>() {
        Ok(span) => Some(span),
        Err(invalid) => {
            findings.push(Finding::error(invalid.code, path, invalid.message));
            None
        }
    }
}

// -- actions

fn check_action(machine: &Machine<'_>, name: &str, action: &Action, findings: &mut Findings) {
    let path = machine.action_path(name);
    check_people(action, &path, findings);
    check_clock_action(machine, name, action, &path, findings);
    check_decision(action, &path, findings);
    if action.from.as_slice().is_empty() {
        findings.push(error(
            "action.from",
            path.clone(),
            "どの状態から行うかを書いてください",
            "Say from which states",
        ));
    }
    let without_clock = |state: &&Name| machine.states.get(*state).is_some_and(|state| state.deadline.is_none());
    if action.after_deadline
        && let Some(state) = action.from.as_slice().iter().find(without_clock)
    {
        findings.push(error(
            "action.after_deadline",
            format!("{path}/after_deadline"),
            format!("状態「{state}」には期限がありません"),
            format!("The state `{state}` has no deadline that could pass"),
        ));
    }
    let ends = action.to.as_ref().and_then(|to| machine.states.get(to)).is_some_and(|state| state.kind.is_end());
    if ends && machine.procedure.is_none() && !action.tells.contains_key(&Audience::Applicant) {
        findings.push(error(
            "action.untold",
            path,
            "手続を終わらせるときは申請者に知らせます（tells: applicant）",
            "An action that ends the case tells the applicant",
        ));
    }
}

fn check_people(action: &Action, path: &str, findings: &mut Findings) {
    let by = action.by.as_slice();
    if by.is_empty() {
        findings.push(error("action.by", path, "誰が行うかを書いてください", "Say who may do this"));
    }
    if by.contains(&Role::Auditor) {
        findings.push(error(
            "action.by",
            format!("{path}/by"),
            "監査は見るだけで、手続を行いません",
            "An auditor looks and does not act",
        ));
    }
    if action.approval.is_some() && !by.iter().all(|role| role.is_staff()) {
        findings.push(error(
            "action.approval",
            format!("{path}/approval"),
            "起案できるのは職員だけです",
            "Only staff draft what an approval route signs",
        ));
    }
}

/// Each action of the clock is what a deadline leads to, in each state that it starts from.
fn check_clock_action(machine: &Machine<'_>, name: &str, action: &Action, path: &str, findings: &mut Findings) {
    if !action.by.as_slice().contains(&Role::Clock) {
        return;
    }
    for state in action.from.as_slice() {
        let Some(rule) = machine.states.get(state) else { continue };
        if rule.deadline.as_ref().is_none_or(|clock| clock.then != name) {
            findings.push(error(
                "action.no_clock",
                path,
                format!("状態「{state}」の期限はこの手続につながっていません"),
                format!("The deadline of the state `{state}` does not lead to this action"),
            ));
        }
    }
}

fn check_decision(action: &Action, path: &str, findings: &mut Findings) {
    let has_letter = action.effects.iter().any(|effect| matches!(effect, Effect::Letter(_)));
    if action.adverse {
        let reason = action.input.get("reason");
        let is_text = |kind: FieldType| matches!(kind, FieldType::Text | FieldType::LongText);
        if !reason.is_some_and(|field| field.required && field.when.is_none() && is_text(field.kind)) {
            findings.push(error(
                "action.reason",
                path,
                "不利益な決定には、必須の入力項目 reason（理由）が必要です",
                "An adverse action has a required text input `reason`",
            ));
        }
        if !has_letter {
            findings.push(error(
                "action.adverse_letter",
                path,
                "不利益な決定は理由を付した通知書で伝えます（effects: letter）",
                "An adverse action issues a letter with the reason",
            ));
        }
    }
    let fixes = |effect: &Effect| matches!(effect, Effect::Freeze(_) | Effect::FreezeFrom { .. });
    if action.approval.is_some() && action.effects.iter().any(fixes) && !has_letter {
        findings.push(error(
            "action.decision_letter",
            path,
            "金額を決める決裁には通知書が必要です（effects: letter）",
            "A decision about money issues a letter",
        ));
    }
}
