//! The whole product of state, pending approval, procedures beside the case and money, for every archetype with its options
//! on and off: whoever of good will does whatever is permitted, what the check of the definition promises holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use casework::{Act, Actor};
use program::definition::{Definition, Name};
use program::{Certainty, Program};

use crate::desk::{Desk, catalogue, programs};
use crate::money::replayed;
use crate::walks::people;

/// What tells two situations apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Situation {
    state: Name,
    /// The drafted action, and how many have signed.
    pending: Option<(Name, usize)>,
    /// Open ones, by name and state.
    procedures: Vec<(Name, Name)>,
    amounts: Vec<Name>,
    holds: Vec<treasury::Account>,
    /// The reminders that are still to come, and whether the deadline has passed.
    deadline: Option<(usize, bool)>,
    unlocked: bool,
}

impl Situation {
    fn of(desk: &Desk) -> Self {
        let body = &desk.case.body;
        let mut procedures: Vec<_> =
            body.procedures.iter().filter(|p| p.open).map(|p| (p.name.clone(), p.state.clone())).collect();
        procedures.sort();
        Self {
            state: desk.case.state.clone(),
            pending: body.pending.as_ref().map(|pending| {
                (pending.action.clone(), pending.route.iter().filter(|signing| signing.signed.is_some()).count())
            }),
            procedures,
            amounts: body.amounts.keys().cloned().collect(),
            holds: body.holdings.iter().map(|(account, _)| account).collect(),
            deadline: body.deadline.as_ref().map(|deadline| (deadline.remind.len(), deadline.passed)),
            unlocked: body.unlocked.is_some(),
        }
    }
}

/// More than these at once show nothing new.
const MOST_OPEN_PROCEDURES: usize = 2;

#[derive(Default)]
struct Explored {
    situations: BTreeSet<Situation>,
    moves: BTreeSet<(Situation, Situation)>,
    done: BTreeSet<Name>,
    refused: BTreeSet<String>,
    procedure_states: BTreeSet<(Name, Name)>,
}

fn explore(start: Desk, certainty: &Certainty) -> Explored {
    let mut explored = Explored::default();
    explored.situations.insert(Situation::of(&start));
    let mut open = VecDeque::from([start]);
    while let Some(desk) = open.pop_front() {
        let here = Situation::of(&desk);
        keeps_its_promises(&desk, certainty);
        for next in successors(&desk, &mut explored) {
            let there = Situation::of(&next);
            explored
                .procedure_states
                .extend(next.case.body.procedures.iter().map(|p| (p.name.clone(), p.state.clone())));
            explored.moves.insert((here.clone(), there.clone()));
            if explored.situations.insert(there) {
                open.push_back(next);
            }
        }
    }
    explored
}

/// Money balances, and what the check says is certain in a state is there.
fn keeps_its_promises(desk: &Desk, certainty: &Certainty) {
    replayed(desk);
    let body = &desk.case.body;
    let certain = certainty.in_state(None, &desk.case.state);
    for amount in &certain.amounts {
        assert!(body.amounts.contains_key(amount), "{amount} is not frozen in {}", desk.case.state);
    }
    for date in &certain.dates {
        assert!(body.dates.contains_key(date), "{date} is not there in {}", desk.case.state);
    }
}

/// The desks after everything that somebody of good will may do here, and after the clock has rung.
fn successors(desk: &Desk, explored: &mut Explored) -> Vec<Desk> {
    let actors = people(desk);
    let built_in = ["sign", "return_internally", "take_back"];
    let names: Vec<String> =
        desk.program.actions().map(|action| action.name).chain(built_in).map(str::to_owned).collect();
    let mut after = Vec::new();
    for name in &names {
        let Some(actor) = actors.iter().find(|actor| desk.barred(actor, name).is_empty()) else { continue };
        let (act, draft) = desk.guess(name);
        let act = Act { comment: Some("確認のため".to_owned()), ..act };
        let mut next = desk.clone();
        match next.take(actor, &act, Some(draft)) {
            Ok(step) => {
                explored.done.insert(step.event.action.clone());
                after.push(next);
            }
            Err(refusals) => explored.refused.extend(refusals.into_iter().map(|refusal| refusal.code)),
        }
    }
    if let Some(at) = desk.case.body.standing.next_clock_at {
        let mut next = desk.clone();
        next.now = next.now.max(at);
        if let Some(act) = casework::clock_act(&next.case, next.now) {
            let step = next.take(&Actor::Clock, &act, None).expect("what the clock wants is done");
            explored.done.insert(step.event.action.clone());
            after.push(next);
        }
    }
    after.retain(|desk| desk.case.body.procedures.iter().filter(|p| p.open).count() <= MOST_OPEN_PROCEDURES);
    after
}

/// Situations from which an end of the case can be reached, along the moves that were made.
fn ending(program: &Program, explored: &Explored) -> BTreeSet<Situation> {
    let is_end = |situation: &&Situation| program.state(&situation.state).is_some_and(|state| state.kind.is_end());
    let mut before: BTreeMap<&Situation, Vec<&Situation>> = BTreeMap::new();
    for (from, to) in &explored.moves {
        before.entry(to).or_default().push(from);
    }
    let mut open: Vec<&Situation> = explored.situations.iter().filter(is_end).collect();
    let mut seen: BTreeSet<Situation> = open.iter().copied().cloned().collect();
    while let Some(situation) = open.pop() {
        for from in before.get(situation).into_iter().flatten() {
            if seen.insert((*from).clone()) {
                open.push(from);
            }
        }
    }
    seen
}

/// The definition as it is, with all options on, with all off, and with each one turned.
fn variants(definition: &Definition) -> Vec<Definition> {
    let names: Vec<&Name> = definition.archetype.options.keys().collect();
    let with = |options: Vec<(&Name, bool)>| {
        let mut variant = definition.clone();
        variant.program.options.extend(options.into_iter().map(|(name, is_on)| (name.clone(), is_on)));
        variant
    };
    let is_on = |name: &Name| {
        let rule = &definition.archetype.options[name];
        definition.program.options.get(name).copied().unwrap_or(rule.default)
    };
    let mut variants = vec![definition.clone()];
    if names.len() > 1 {
        variants.extend([true, false].map(|on| with(names.iter().map(|name| (*name, on)).collect())));
    }
    variants.extend(names.iter().map(|name| with(vec![(name, !is_on(name))])));
    variants
}

fn agrees(program: &'static Program) {
    let (_, scenarios) = programs().find(|(found, _)| found.name() == program.name()).unwrap();
    let scenario = &scenarios.scenarios[0];
    let first_day = scenario.steps.iter().find_map(|step| step.on).expect("a scenario says its first day");
    let applicant = scenarios.applicant(scenario).expect("who applies");
    let explored = explore(Desk::new(program, applicant, first_day), &program.certainty());
    let what = format!("{} with {:?}", program.name(), program.definition().program.options);

    let ending = ending(program, &explored);
    let dead: Vec<_> = explored.situations.iter().filter(|situation| !ending.contains(situation)).collect();
    assert!(dead.is_empty(), "{what}: no end from {dead:#?}");

    let archetype = &program.definition().archetype;
    let reached: BTreeSet<&str> = explored.situations.iter().map(|situation| situation.state.as_str()).collect();
    let states: BTreeSet<&str> = archetype.states.keys().map(String::as_str).collect();
    assert_eq!(reached, states, "{what}: the states that are reached; refused: {:?}", explored.refused);
    for (name, procedure) in &archetype.procedures {
        for state in procedure.states.keys() {
            let is_reached = explored.procedure_states.contains(&(name.clone(), state.clone()));
            assert!(is_reached, "{what}: {name} never comes to {state}; refused: {:?}", explored.refused);
        }
    }
    let undone: Vec<&str> =
        program.actions().map(|action| action.name).filter(|name| !explored.done.contains(*name)).collect();
    assert!(undone.is_empty(), "{what}: never done: {undone:?}; refused: {:?}", explored.refused);
    for code in ["missing_amount", "negative_holding"] {
        assert!(!explored.refused.iter().any(|refused| refused.contains(code)), "{what}: {code}");
    }
}

#[test]
fn every_situation_of_every_archetype_can_end_and_holds_what_it_says() {
    let mut seen = BTreeSet::new();
    std::thread::scope(|threads| {
        for found in &catalogue().programs {
            let is_tried = found.scenarios.as_ref().is_some_and(|scenarios| !scenarios.scenarios.is_empty());
            if !is_tried || !seen.insert(&found.definition.archetype.archetype) {
                continue;
            }
            for (number, definition) in variants(&found.definition).into_iter().enumerate() {
                let (program, findings) = Program::check(definition);
                // An option may ask more of a program than this one says; then it is refused, and not a case.
                let Some(program) = program else {
                    assert_ne!(number, 0, "{}: {findings:#?}", found.path);
                    continue;
                };
                let program: &'static Program = Box::leak(Box::new(program));
                threads.spawn(move || agrees(program));
            }
        }
    });
    assert!(seen.len() > 1, "{seen:?}");
}
