//! Programs that nobody wrote: any machine of the catalogue with any of its options and a few faults. Whatever passes the
//! check keeps the promises, sound or not: no walk panics, gets stuck, unbalances the ledger, or replays to anything else.

use std::cell::Cell;
use std::collections::BTreeMap;

use casework::Actor;
use program::Program;
use program::definition::{Definition, Scenarios, StateKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::desk::{Desk, catalogue, programs};
use crate::money::replayed;
use crate::mutants::{faults, with_fault};
use crate::walks::{Try, a_try, attempt, people, stands};

/// A definition as it is written, and what its scenarios know of applicants.
fn written() -> Vec<(&'static Definition, &'static Scenarios)> {
    let mut by_archetype = BTreeMap::new();
    for (program, scenarios) in programs().filter(|(_, scenarios)| !scenarios.scenarios.is_empty()) {
        let found = catalogue().programs.iter().find(|found| found.definition.program.program == program.name());
        let definition = &found.expect("a program has a definition").definition;
        by_archetype.entry(&definition.archetype.archetype).or_insert((definition, scenarios));
    }
    by_archetype.into_values().collect()
}

#[derive(Clone, Debug)]
struct Made {
    base: prop::sample::Index,
    options: Vec<bool>,
    faults: Vec<prop::sample::Index>,
}

fn made() -> impl Strategy<Value = Made> {
    (
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<bool>(), 24),
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    )
        .prop_map(|(base, options, faults)| Made { base, options, faults })
}

impl Made {
    /// The program, when it passes the check.
    fn program(&self) -> Option<(&'static Program, &'static Scenarios)> {
        let written = written();
        let (definition, scenarios) = self.base.get(&written);
        let mut definition = (*definition).clone();
        for (name, is_on) in definition.archetype.options.keys().zip(&self.options) {
            definition.program.options.insert(name.clone(), *is_on);
        }
        let (resolved, _) = Program::check(definition);
        let mut program = resolved?;
        for fault in &self.faults {
            let faults = faults(program.definition());
            // One that the check notices is left out, so that the others lead further.
            let (with, _) = Program::check(with_fault(program.definition(), fault.get(&faults)));
            program = with.unwrap_or(program);
        }
        Some((Box::leak(Box::new(program)), scenarios))
    }
}

/// Everything that took effect, once more from the beginning, comes to the same.
fn comes_to_the_same(desk: &Desk, start: &Desk) {
    let mut again = start.clone();
    for (actor, act, draft, at) in &desk.taken {
        again.now = *at;
        // A link is another one each time.
        let actor = match actor {
            Actor::Partner(partner) => again.actor(&format!("partner:{}", partner.partner)),
            actor => actor.clone(),
        };
        again.take(&actor, act, draft.clone()).expect("what took effect once takes effect again");
    }
    let (was, is) = (&desk.case, &again.case);
    assert_eq!((&was.state, was.version), (&is.state, is.version));
    assert_eq!((&was.body.amounts, &was.body.dates), (&is.body.amounts, &is.body.dates));
    assert_eq!((&was.body.holdings, &was.body.elsewhere), (&is.body.holdings, &is.body.elsewhere));
    assert_eq!(desk.postings, again.postings);
}

/// Somebody can do something, or the clock will; otherwise it is over.
fn goes_on(desk: &Desk) {
    let state = desk.program.state(&desk.case.state).expect("a state of the program");
    // A draft waits for nothing; once its call is closed it is only kept.
    let is_draft = state.kind == StateKind::Drafting;
    if is_draft || state.kind.is_end() || desk.case.body.standing.next_clock_at.is_some() {
        return;
    }
    let built_in = ["sign", "return_internally", "take_back"];
    let names: Vec<&str> = desk.program.actions().map(|action| action.name).chain(built_in).collect();
    let actors = people(desk);
    let can = |name: &&str| actors.iter().any(|actor| desk.barred(actor, name).is_empty());
    assert!(names.iter().any(can), "nobody can do anything in {}", desk.case.state);
}

#[test]
fn whatever_passes_the_check_keeps_the_promises() {
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
    let walks = (made(), prop::collection::vec(a_try(), 10..40));
    let (walked, moves) = (Cell::new(0), Cell::new(0));
    let walk = |(made, tries): (Made, Vec<Try>)| {
        let Some((program, scenarios)) = made.program() else { return Ok(()) };
        let scenario = &scenarios.scenarios[0];
        let first_day = scenario.steps.iter().find_map(|step| step.on).expect("a scenario says its first day");
        let applicant = scenarios.applicant(scenario).expect("who applies");
        let start = Desk::new(program, applicant, first_day);
        let mut desk = start.clone();
        for tried in &tries {
            attempt(&mut desk, tried);
            stands(&desk);
            goes_on(&desk);
        }
        replayed(&desk);
        comes_to_the_same(&desk, &start);
        walked.set(walked.get() + 1);
        moves.set(moves.get() + desk.taken.len());
        Ok(())
    };
    TestRunner::new_with_rng(config, random).run(&walks, walk).unwrap_or_else(|error| panic!("{error}"));
    assert!(walked.get() >= 100 && moves.get() >= 400, "only {} programs and {} moves", walked.get(), moves.get());
}
