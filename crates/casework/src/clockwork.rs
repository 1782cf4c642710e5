//! Deadlines: winding the clock of a state, reminding, and what the clock does when it rings.

use chrono::TimeDelta;
use program::definition::{Audience, Role};
use vocabulary::{Instant, day_in_japan, end_of_day, start_of_day};

use crate::act::{Act, Refusal, Step, World};
use crate::authority::{REMIND, nothing_due};
use crate::case::{Case, Deadline, Ring};
use crate::correspondence;
use crate::event::event;
use crate::facts::case_facts;
use crate::history::Stage;

/// Reminders go out at nine in the morning.
const REMINDER_HOUR: i64 = 9;

/// What the clock wants to do with the case now.
#[must_use]
pub fn clock_act(case: &Case, now: Instant) -> Option<Act> {
    let deadline = case.body.deadline.as_ref().filter(|_| case.body.pending.is_none())?;
    let action = match deadline.rings(now)? {
        Ring::Reminder => REMIND,
        Ring::Over(action) => action,
    };
    Some(Act { action: action.to_owned(), expected_version: case.version, ..Act::default() })
}

/// Sets the clock of the state the case is in now. A clock that has rung does not ring again in the same state, also
/// when the case comes back to it, unless the deadline itself moves.
pub(crate) fn wind(world: &World<'_>, before: &Case, after: &mut Case, rang: bool) {
    if let Some(deadline) = before.body.deadline.as_ref().filter(|_| rang) {
        after.body.rung.insert(before.state.clone(), deadline.day);
    }
    let calendar = &world.municipality.calendar;
    let today = day_in_japan(world.now);
    let entered = after.body.entered_on.unwrap_or(today);
    let facts = case_facts(world, after);
    let state = world.program.state(&after.state);
    let rule = state.and_then(|state| state.deadline.as_ref());
    let due = world.program.state_due(None, &after.state, entered, &facts, calendar);
    let same = before.state == after.state;
    after.body.deadline = rule.zip(due).map(|(rule, due)| {
        let previous = before.body.deadline.as_ref().filter(|old| same && old.day == due.last_day);
        let remind = due
            .reminders
            .iter()
            .map(|day| start_of_day(*day) + TimeDelta::hours(REMINDER_HOUR))
            .filter(|at| *at > world.now && rule.reminder.is_some())
            .collect();
        Deadline {
            day: due.last_day,
            due: end_of_day(due.last_day),
            remind: previous.map_or(remind, |old| old.remind.clone()),
            reminder: rule.reminder.clone(),
            then: rule.then.clone(),
            passed: after.body.rung.get(&after.state) == Some(&due.last_day),
        }
    });
}

/// Keeps what lists look for.
pub(crate) fn stand(world: &World<'_>, case: &mut Case) {
    let state = world.program.state(&case.state);
    let waits_on = state.and_then(|state| state.waits_on).map(|role| role.as_str().to_owned());
    let body = &mut case.body;
    let signer =
        body.pending.as_ref().and_then(|pending| pending.next()).map(|next| format!("position:{}", next.position));
    // A procedure beside the case waits on the office while the case itself waits on the applicant.
    let beside = body
        .procedures
        .iter()
        .filter(|open| open.open)
        .find_map(|open| world.program.procedure(&open.name)?.states.get(&open.state)?.waits_on);
    if body.attention.is_none() && beside != state.and_then(|state| state.waits_on) {
        body.attention = beside.filter(|role| role.is_staff());
    }
    body.standing.kind = state.map(|state| state.kind);
    body.standing.waits_on = signer.or(waits_on);
    body.standing.deadline_at = body.deadline.as_ref().map(|deadline| deadline.due);
    let ringing = body.deadline.as_ref().and_then(Deadline::next);
    body.standing.next_clock_at = if body.pending.is_some() { None } else { ringing };
}

/// One reminder; all that were due are counted as sent with it.
pub(crate) fn remind(world: &World<'_>, case: &Case) -> Result<Step, Vec<Refusal>> {
    let mut after = case.clone();
    let Some(deadline) = &mut after.body.deadline else { return Err(vec![nothing_due()]) };
    deadline.remind.retain(|at| *at > world.now);
    let mail = deadline.reminder.clone();
    stand(world, &mut after);
    let event = event(world, case, Role::Clock, uuid::Uuid::nil(), REMIND, Stage::Reminded).build();
    let mails = mail.map(|name| correspondence::mail(world, &after, &name, Audience::Applicant)).into_iter().collect();
    after.version += 1;
    Ok(Step {
        from: case.state.clone(),
        event,
        postings: Vec::new(),
        numbers: Vec::new(),
        letters: Vec::new(),
        mails,
        submission: None,
        payment: None,
        links: Vec::new(),
        places: 0,
        case: after,
    })
}
