//! Deadlines: winding the clock of a state, reminding, and what the clock does when it rings.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use program::CaseFacts;
use program::definition::{Audience, Name, Role};
use serde_json::json;
use uuid::Uuid;
use vocabulary::{Instant, day_in_japan, end_of_day, start_of_day};

use crate::act::{Act, Refusal, Step, World};
use crate::authority::{REMIND, nothing_due};
use crate::case::{Case, Deadline, ProcedureCase, Ring};
use crate::correspondence;
use crate::event::event;
use crate::facts::{case_facts, facts_near};
use crate::history::Stage;

/// Reminders go out at nine in the morning.
const REMINDER_HOUR: i64 = 9;

/// What the clock wants to do with the case, or with one of its procedures, now.
#[must_use]
pub fn clock_act(case: &Case, now: Instant) -> Option<Act> {
    if case.body.pending.is_some() {
        return None;
    }
    let ringing = clocks(case).find_map(|(procedure, deadline)| Some((procedure, deadline.rings(now)?)));
    let (procedure, ring) = ringing?;
    let action = match ring {
        Ring::Reminder => REMIND,
        Ring::Over(action) => action,
    };
    Some(Act { action: action.to_owned(), expected_version: case.version, procedure, ..Act::default() })
}

/// The clock of the case and those of its procedures.
fn clocks(case: &Case) -> impl Iterator<Item = (Option<Uuid>, &Deadline)> {
    let own = case.body.deadline.as_ref().map(|deadline| (None, deadline));
    let beside = case.body.procedures.iter();
    own.into_iter().chain(beside.filter_map(|beside| Some((Some(beside.id), beside.deadline.as_ref()?))))
}

/// Sets the clocks of the states that the case and its procedures are in now. `rang` is where the clock has just rung.
pub(crate) fn wind(world: &World<'_>, before: &Case, after: &mut Case, rang: Option<Option<Uuid>>) {
    if let Some(deadline) = before.body.deadline.as_ref().filter(|_| rang == Some(None)) {
        after.body.rung.insert(before.state.clone(), deadline.day);
    }
    let facts = case_facts(world, after);
    let body = &after.body;
    let state = State { procedure: None, name: &after.state, entered: body.entered_on, rung: &body.rung };
    let running = before.body.deadline.as_ref().filter(|_| before.state == after.state);
    after.body.deadline = wound(world, &state, running, &facts);
    for procedure in &mut after.body.procedures {
        let rang = rang == Some(Some(procedure.id));
        if let Some(earlier) = before.procedure(procedure.id).filter(|_| rang)
            && let Some(deadline) = &earlier.deadline
        {
            procedure.rung.insert(earlier.state.clone(), deadline.day);
        }
    }
    let wound: Vec<_> = after.body.procedures.iter().map(|beside| wound_beside(world, before, after, beside)).collect();
    for (procedure, deadline) in after.body.procedures.iter_mut().zip(wound) {
        procedure.deadline = deadline;
    }
}

fn wound_beside(world: &World<'_>, before: &Case, after: &Case, beside: &ProcedureCase) -> Option<Deadline> {
    if !beside.open {
        return None;
    }
    let facts = facts_near(world, after, &[beside.id]);
    let state =
        State { procedure: Some(&beside.name), name: &beside.state, entered: beside.entered_on, rung: &beside.rung };
    let running = before.procedure(beside.id).filter(|earlier| earlier.state == beside.state);
    wound(world, &state, running.and_then(|earlier| earlier.deadline.as_ref()), &facts)
}

struct State<'a> {
    procedure: Option<&'a str>,
    name: &'a str,
    entered: Option<NaiveDate>,
    rung: &'a BTreeMap<Name, NaiveDate>,
}

/// The clock of a state. One that has rung does not ring again in the same state, also when it is come back to, unless
/// the deadline itself moves. `running` is the clock of before, when the state stays.
fn wound(world: &World<'_>, state: &State<'_>, running: Option<&Deadline>, facts: &CaseFacts) -> Option<Deadline> {
    let entered = state.entered.unwrap_or_else(|| day_in_japan(world.now));
    let calendar = &world.municipality.calendar;
    let due = world.program.state_due(state.procedure, state.name, entered, facts, calendar)?;
    let rule = match state.procedure {
        None => world.program.state(state.name),
        Some(procedure) => world.program.procedure(procedure)?.states.get(state.name),
    };
    let rule = rule?.deadline.as_ref()?;
    let previous = running.filter(|old| old.day == due.last_day);
    let remind = due
        .reminders
        .iter()
        .map(|day| start_of_day(*day) + TimeDelta::hours(REMINDER_HOUR))
        .filter(|at| *at > world.now && rule.reminder.is_some())
        .collect();
    Some(Deadline {
        day: due.last_day,
        due: end_of_day(due.last_day),
        remind: previous.map_or(remind, |old| old.remind.clone()),
        reminder: rule.reminder.clone(),
        then: rule.then.clone(),
        passed: state.rung.get(state.name) == Some(&due.last_day),
    })
}

/// Keeps what lists look for.
pub(crate) fn stand(world: &World<'_>, case: &mut Case) {
    let state = world.program.state(&case.state);
    let waits_on = state.and_then(|state| state.waits_on);
    let ringing = clocks(case).filter_map(|(_, deadline)| deadline.next()).min();
    let deadline_at = clocks(case).map(|(_, deadline)| deadline.due).min();
    let body = &mut case.body;
    let signer =
        body.pending.as_ref().and_then(|pending| pending.next()).map(|next| format!("position:{}", next.position));
    let beside: Vec<Role> = body
        .procedures
        .iter()
        .filter(|open| open.open)
        .filter_map(|open| world.program.procedure(&open.name)?.states.get(&open.state)?.waits_on)
        .collect();
    // A procedure beside the case waits on the office while the case itself waits on the applicant.
    if body.attention.is_none() {
        body.attention = beside.iter().copied().find(|role| role.is_staff() && Some(*role) != waits_on);
    }
    // After its end a case waits on whomever a procedure waits on.
    let waits_on = waits_on.or_else(|| beside.iter().copied().find(|role| *role == Role::Applicant));
    body.standing.kind = state.map(|state| state.kind);
    body.standing.waits_on = signer.or_else(|| waits_on.map(|role| role.as_str().to_owned()));
    body.standing.deadline_at = deadline_at;
    body.standing.next_clock_at = if body.pending.is_some() { None } else { ringing };
}

/// One reminder; all that were due are counted as sent with it.
pub(crate) fn remind(world: &World<'_>, case: &Case, procedure: Option<Uuid>) -> Result<Step, Vec<Refusal>> {
    let mut after = case.clone();
    let deadline = match procedure {
        None => after.body.deadline.as_mut(),
        Some(id) => {
            let mut beside = after.body.procedures.iter_mut();
            beside.find(|beside| beside.id == id).and_then(|beside| beside.deadline.as_mut())
        }
    };
    let Some(deadline) = deadline else { return Err(vec![nothing_due()]) };
    deadline.remind.retain(|at| *at > world.now);
    let mail = deadline.reminder.clone();
    stand(world, &mut after);
    let facts = procedure.map_or_else(|| json!({}), |procedure| json!({ "procedure": procedure }));
    let event = event(world, case, Role::Clock, Uuid::nil(), REMIND, Stage::Reminded).with(facts).build();
    let mail = mail.map(|name| correspondence::mail(world, &after, procedure, &name, Audience::Applicant));
    Ok(Step { mails: mail.into_iter().collect(), ..Step::beside(case, after, event) })
}
