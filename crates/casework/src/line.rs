//! What a case shares with the others of its call: places, money, the line of those who wait, the ranking.

use program::CallFacts;
use program::definition::{Effect, Name, Role};
use program::{ActionRef, Program};
use vocabulary::{Instant, Yen};

use crate::act::{Refusal, World};
use crate::case::Case;

/// Whether the act has to know how the call stands.
pub(crate) fn asks(program: &Program, case: &Case, action: &ActionRef<'_>) -> bool {
    let takes = |state: &Name| program.state(state).is_some_and(|state| state.takes_place);
    let in_line = program.state(&case.state).is_some_and(|state| state.in_line.is_some());
    action.rule.or_wait.is_some()
        || in_line
        || action.rule.to.as_ref().is_some_and(takes)
        || action.needs.iter().any(|need| need.when.names().contains("call"))
}

/// Where the action leads: on, or into the line when there is no room or others wait already.
pub(crate) fn destination<'w>(
    world: &World<'w>,
    before: &Case,
    after: &Case,
    action: &ActionRef<'w>,
) -> Result<Option<&'w Name>, Vec<Refusal>> {
    let to = action.rule.to.as_ref();
    if action.procedure.is_some() {
        return Ok(to);
    }
    let promotes =
        world.program.state(&before.state).is_some_and(|state| state.in_line.as_deref() == Some(action.name));
    if action.rule.or_wait.is_none() && !promotes {
        return Ok(to);
    }
    let first = world.call.waiting == 0;
    match (to, &action.rule.or_wait) {
        (Some(to), _) if first && has_room(world, before, after, to) => Ok(Some(to)),
        (_, Some(wait)) => Ok(Some(wait)),
        _ => Err(vec![Refusal::new(
            "line.no_room",
            "定員又は予算に空きがないか、先に待っている申請があります",
            "There is no place or not enough money free, or others wait before this case",
        )]),
    }
}

fn has_room(world: &World<'_>, before: &Case, after: &Case, to: &str) -> bool {
    let takes = |state: &str| world.program.state(state).is_some_and(|state| state.takes_place);
    let place = !takes(to) || takes(&before.state) || world.call.places_left.is_none_or(|left| left > 0);
    let amounts = after.body.amounts.iter().map(|(name, frozen)| (name.clone(), frozen.yen)).collect();
    // What cannot be computed is refused later, where it is said why.
    let wanted = world.program.holdings(None, to, &amounts).map(|held| held.values().copied().sum::<Yen>());
    let held = before.body.holdings.total().unwrap_or(Yen::ZERO);
    let more = wanted.ok().and_then(|wanted| wanted.minus(held).ok()).unwrap_or(Yen::ZERO);
    place && (more <= Yen::ZERO || world.call.budget_left.is_none_or(|left| more <= left))
}

/// Since when the case waits in line, and what it does to the places of its call.
pub(crate) fn settle(world: &World<'_>, before: &Case, after: &mut Case) -> i64 {
    let state = |name: &str| world.program.state(name);
    let waits = state(&after.state).is_some_and(|state| state.in_line.is_some());
    let since: Option<Instant> = before.body.in_line_since.or(after.body.ranked_at).or(Some(world.now));
    after.body.in_line_since = since.filter(|_| waits);
    let takes = |name: &str| i64::from(state(name).is_some_and(|state| state.takes_place));
    takes(&after.state) - takes(&before.state)
}

/// The act by which the clock takes on the first of the line.
#[must_use]
pub fn promotion(program: &Program, case: &Case) -> Option<crate::act::Act> {
    let action = program.state(&case.state)?.in_line.clone()?;
    Some(crate::act::Act { action, expected_version: case.version, ..Default::default() })
}

/// Nobody takes a rank by itself.
pub(crate) fn ranked_alone(world: &World<'_>, action: &ActionRef<'_>) -> Option<Refusal> {
    let ranks = action.rule.effects.contains(&Effect::Rank);
    (ranks && world.call.placing.is_none()).then(|| {
        Refusal::new(
            "rank.by_call",
            "順位は募集の全件について一度に決めます。募集の画面から順位を確定してください",
            "Ranks are given to all cases of a call at once; rank the call",
        )
    })
}

/// What rules read of all this.
pub(crate) fn facts(world: &World<'_>, case: &Case) -> CallFacts {
    let panel = case.body.panel.as_ref();
    CallFacts {
        places_left: world.call.places_left,
        budget_left: world.call.budget_left,
        waiting: Some(world.call.waiting),
        rank: case.body.placing.map(|placing| (placing.place, placing.within)),
        score: panel.and_then(|panel| panel.outcome.as_ref()).map(|outcome| (outcome.mean, outcome.passed)),
    }
}

/// The action with which a program officer ranks a case from where it stands, if its program has one.
#[must_use]
pub fn ranking_action<'p>(program: &'p Program, case: &Case) -> Option<&'p str> {
    let from_here = program.actions().filter(|action| action.rule.from.as_slice().contains(&case.state));
    let ranks = |action: &ActionRef<'_>| {
        action.rule.effects.contains(&Effect::Rank) && action.rule.by.as_slice().contains(&Role::ProgramOfficer)
    };
    from_here.filter(ranks).map(|action| action.name).next()
}
