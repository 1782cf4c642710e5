//! Deadlines and the clock: who is waited on has one, what it leads to is there, and what it does is told.

use super::{Machine, error};
use crate::definition::{
    Action, DeadlineRule, Definition, Effect, Name, OptionRule, Role, State, StateDeadline, StateKind,
};
use crate::finding::Finding;
use crate::span::{Span, SpanUnit};

type Findings = Vec<Finding>;

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    for machine in Machine::all(&definition.archetype) {
        for (name, state) in machine.states {
            let path = machine.state_path(name);
            if !state.kind.is_end() {
                check_waiting(state, &path, findings);
            }
            if let Some(clock) = &state.deadline {
                check_clock(&machine, name, clock, &format!("{path}/deadline"), findings);
                check_program_deadline(definition, clock, &format!("{path}/deadline"), findings);
            }
        }
        for (name, action) in machine.actions {
            let path = machine.action_path(name);
            check_after_deadline(&machine, action, &path, findings);
            if action.by.as_slice().contains(&Role::Clock) {
                check_clock_action(&machine, name, action, &path, findings);
                check_what_the_clock_does(definition, &machine, action, &path, findings);
            }
        }
    }
}

/// Whoever is waited on has a limit of time: the applicant a deadline, the office a service level.
fn check_waiting(state: &State, path: &str, findings: &mut Findings) {
    let says = (state.deadline.is_some(), state.no_deadline.is_some());
    let waits_on = |role: Role| state.waits_on == Some(role) && state.kind != StateKind::Drafting;
    if waits_on(Role::Applicant) && says == (false, false) {
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
    if state.waits_on.is_some_and(Role::is_staff) && state.service_level.is_none() {
        findings.push(error(
            "state.service_level",
            path,
            "職員を待つ状態には標準処理期間（service_level、開庁日数）が必要です",
            "A state that waits on the office says in `service_level` within how many office days it means to act",
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
            && shortest(reminder) >= longest(within)
        {
            findings.push(too_early(path));
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

/// A reminder of one of the program's deadlines lies behind the day from which the deadline runs, when that is a day that
/// the machine puts down.
fn check_program_deadline(definition: &Definition, clock: &StateDeadline, path: &str, findings: &mut Findings) {
    let Some(rule) = clock.at.as_ref().and_then(|name| definition.program.deadlines.get(name)) else { return };
    let runs_from_fact =
        |rule: &&DeadlineRule| rule.after.as_ref().is_some_and(|fact| definition.archetype.facts.contains_key(fact));
    let rules = std::iter::once(rule).chain(&rule.earliest_of).filter(runs_from_fact);
    let spans = rules.filter_map(|rule| rule.within.as_ref()?.parse::<Span>().ok());
    let Some(within) = spans.map(longest).min() else { return };
    for (i, reminder) in clock.remind.iter().enumerate() {
        if reminder.parse::<Span>().is_ok_and(|reminder| shortest(reminder) > within) {
            findings.push(too_early(format!("{path}/remind/{i}")));
        }
    }
}

fn too_early(path: String) -> Finding {
    let (ja, en) = ("督促の日が期間の始まりより前になります", "This reminder would lie before the span begins");
    error("deadline.remind", path, ja, en)
}

/// Calendar days that a span has at least.
fn shortest(span: Span) -> u64 {
    let count = u64::from(span.count);
    match span.unit {
        SpanUnit::Days | SpanUnit::OfficeDays => count,
        SpanUnit::Months => count * 28,
    }
}

/// Calendar days that a span has at most; ten days around the turn of the year have no office day.
fn longest(span: Span) -> u64 {
    const LONGEST_CLOSURE: u64 = 10;
    let count = u64::from(span.count);
    match span.unit {
        SpanUnit::Days => count,
        SpanUnit::OfficeDays => count * 2 + LONGEST_CLOSURE,
        SpanUnit::Months => count * 31,
    }
}

fn check_after_deadline(machine: &Machine<'_>, action: &Action, path: &str, findings: &mut Findings) {
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
}

/// Each action of the clock is what a deadline leads to, in each state that it starts from.
fn check_clock_action(machine: &Machine<'_>, name: &str, action: &Action, path: &str, findings: &mut Findings) {
    for state in action.from.as_slice() {
        let Some(rule) = machine.states.get(state) else { continue };
        if rule.in_line.as_deref() != Some(name) && rule.deadline.as_ref().is_none_or(|clock| clock.then != name) {
            findings.push(error(
                "action.no_clock",
                path,
                format!("状態「{state}」の期限はこの手続につながっていません"),
                format!("The deadline of the state `{state}` does not lead to this action"),
            ));
        }
    }
}

/// The clock reminds and makes a task. It ends a case only where an option says so that is off unless a program, by its
/// outline, switches it on.
fn check_what_the_clock_does(
    definition: &Definition,
    machine: &Machine<'_>,
    action: &Action,
    path: &str,
    findings: &mut Findings,
) {
    let by_outline = |rule: &OptionRule| !rule.default;
    let option = action.option.as_ref().and_then(|name| definition.archetype.options.get(name));
    if action.to.as_ref().is_some_and(|to| machine.is_end(to)) && !option.is_some_and(by_outline) {
        findings.push(error(
            "clock.ends",
            format!("{path}/to"),
            "時計だけで手続を終わらせるには、要綱に定めのある制度だけが選ぶ option（default: false）が必要です",
            "The clock ends a case only under an `option` that is off by default, for outlines that say so",
        ));
    }
    let has_task = action.effects.iter().any(|effect| matches!(effect, Effect::Task(_)));
    if action.to.is_none() && !has_task && action.tells.is_empty() {
        findings.push(error(
            "clock.silent",
            path,
            "時計が誰にも知らせず、仕事も作りません",
            "Here the clock neither tells anybody nor puts a task before anybody",
        ));
    }
}
