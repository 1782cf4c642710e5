//! What the scenarios of every shipped program try, and random lives of each.

use casework::coverage::{Evidence, Part, PartKind, coverage};
use casework::{scenario, simulation};
use program::{LoadedProgram, Program};

use crate::desk::{catalogue, place_of, programs};

/// Where a panel chooses, nothing is granted before it has scored: a need says so.
fn is_ruled_out(program: &Program, part: &Part) -> bool {
    program.definition().program.panel.is_some() && part.label.en == "Grant (under_review → granted)"
}

#[test]
fn every_transition_of_every_program_is_tried_by_scenarios() {
    let loaded = catalogue();
    let mut untried = Vec::new();
    for found in &loaded.programs {
        let (Some(program), Some(scenarios)) = (&found.program, &found.scenarios) else { continue };
        let mut evidence = Evidence::default();
        for result in scenario::run(program, place_of(program), &loaded.calls, scenarios) {
            evidence.merge(&result.evidence);
        }
        let parts = coverage(program, &evidence);
        let asked = |kind| [PartKind::Action, PartKind::Transition].contains(&kind);
        let missing = parts.iter().filter(|part| asked(part.kind) && !part.tried && !is_ruled_out(program, part));
        untried.extend(missing.map(|part| format!("{}: {}", program.name(), loaded.placed(found, part.untried()))));
    }
    assert!(untried.is_empty(), "{}", untried.join("\n"));
}

#[test]
fn what_no_scenario_tries_is_said_with_its_place() {
    let loaded = catalogue();
    for found in &loaded.programs {
        let Some(program) = &found.program else { continue };
        let parts = coverage(program, &Evidence::default());
        assert!(parts.iter().all(|part| !part.tried));
        for part in parts {
            let finding = loaded.placed(found, part.untried());
            assert!(finding.file.is_some() && finding.line.is_some(), "{}: {}", part.path, program.name());
        }
    }
}

#[test]
fn random_lives_keep_every_promise() {
    let loaded = catalogue();
    let (mut ends, mut broken) = (0, Vec::new());
    for (program, scenarios) in programs() {
        let summary = simulation::simulate(program, place_of(program), &loaded.calls, scenarios, 4, 7);
        broken.extend(summary.broken.iter().map(|what| format!("{}: {what}", program.name())));
        ends += summary.ends.values().sum::<u32>();
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(ends > 0);
}

#[test]
fn the_same_seed_gives_the_same_lives() {
    let (program, scenarios) = programs().next().unwrap();
    let live = |seed| simulation::simulate(program, place_of(program), &catalogue().calls, scenarios, 4, seed);
    assert_eq!(live(3), live(3));
    assert_ne!(live(3), live(4));
}

#[test]
fn a_deadline_that_was_over_when_its_state_began_rings_in_a_life_too() {
    let named = |found: &&LoadedProgram| found.definition.program.program == "mizuho/business-attraction";
    let found = catalogue().programs.iter().find(named).unwrap();
    let (program, scenarios) = (found.program.as_ref().unwrap(), found.scenarios.as_ref().unwrap());
    let summary = simulation::simulate(program, place_of(program), &catalogue().calls, scenarios, 8, 1);
    assert_eq!(summary.broken, Vec::<String>::new());
}
