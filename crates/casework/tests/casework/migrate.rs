//! Running cases that go on to the next version of their program.

use casework::{Prospect, Refusal, Step, migrate, prospect};
use program::Program;
use program::definition::{Definition, HoldingAccount, Scenario, StateKind};
use serde_json::json;

use crate::desk::{Desk, codes, play, programs};

/// With a correction, a change beside the case, an inspection, and payments.
const OF_PROGRAMS: [&str; 3] = ["hino/sales-channel", "mizuho/dx-promotion", "mizuho/trade-show"];

/// The version after this one, for as long as the tests run.
fn next(program: &Program, change: impl FnOnce(&mut Definition)) -> &'static Program {
    let mut definition = program.definition().clone();
    change(&mut definition);
    let found = Program::compile(definition);
    Box::leak(Box::new(found.unwrap_or_else(|findings| panic!("{}: {findings:#?}", program.name()))))
}

fn looked_at(desk: &Desk, next: &'static Program) -> Result<Prospect, Vec<Refusal>> {
    let mut there = desk.clone();
    there.program = next;
    there.world(None, |world| prospect(world, &desk.case, &[desk.program, next]))
}

fn moved(desk: &Desk, next: &'static Program, by: &str) -> Result<Step, Vec<Refusal>> {
    let mut there = desk.clone();
    there.program = next;
    there.world(None, |world| migrate(world, &desk.case, &[desk.program, next], &desk.actor(by)))
}

#[test]
fn a_version_in_other_words_changes_nothing_of_a_case() {
    for (program, scenarios) in programs().filter(|(program, _)| OF_PROGRAMS.contains(&program.name())) {
        let next = next(program, |definition| definition.program.title.en.push('!'));
        for scenario in &scenarios.scenarios {
            play(program, scenarios, scenario, |desk| {
                let body = &desk.case.body;
                let place = format!("{} in {}: {}", program.name(), desk.case.state, scenario.name.en);
                if body.standing.received_at.is_none() {
                    return;
                }
                let done = moved(desk, next, "program_officer");
                if body.standing.kind.is_some_and(StateKind::is_end) {
                    assert!(codes(&done.unwrap_err()).contains(&"migrate.ended"), "{place}");
                    return;
                }
                if body.pending.is_some() {
                    assert_eq!(codes(&done.unwrap_err()), ["migrate.pending"], "{place}");
                    return;
                }
                let step = done.unwrap_or_else(|refusals| panic!("{place}: {refusals:#?}"));
                assert_eq!(step.case.body, *body, "{place}");
                assert_eq!((&step.case.state, step.case.version), (&desk.case.state, desk.case.version + 1), "{place}");
                assert_eq!(step.case.program_hash, next.hash());
                assert!(step.postings.is_empty() && step.letters.is_empty() && step.mails.is_empty(), "{place}");
                assert_eq!(codes(&moved(desk, next, "clerk").unwrap_err()), ["action.forbidden"], "{place}");
            });
        }
    }
}

#[test]
fn a_version_that_holds_other_money_is_not_gone_on_to() {
    let desk = Desk::in_state("hino/sales-channel", "granted");
    let next = next(desk.program, |definition| {
        let holds = &mut definition.archetype.states.get_mut("granted").unwrap().holds;
        holds.insert(HoldingAccount::Committed, "award + request".to_owned());
    });
    assert_eq!(codes(&looked_at(&desk, next).unwrap_err()), ["migrate.money"]);
}

#[test]
fn a_deadline_that_was_told_stays_and_a_dropped_one_is_told() {
    let desk = Desk::in_state("hino/sales-channel", "granted");
    let told = desk.case.body.deadline.clone().unwrap();
    let later = next(desk.program, |definition| {
        let clock = definition.archetype.states.get_mut("granted").unwrap().deadline.as_mut().unwrap();
        (clock.at, clock.within, clock.reminder) = (None, Some("400 days".to_owned()), None);
        clock.remind.clear();
    });
    let found = looked_at(&desk, later).unwrap();
    let kept = found.case.body.deadline.unwrap();
    assert_eq!((kept.day, kept.due, kept.reminder), (told.day, told.due, None));
    assert_eq!(found.case.body.standing.deadline_at, Some(told.due));
}

#[test]
fn what_was_typed_beside_the_case_for_a_field_that_is_gone_is_kept() {
    let (program, scenarios) = programs().find(|(program, _)| program.name() == "toda/dx-promotion").unwrap();
    let reports = |scenario: &&Scenario| {
        scenario.steps.iter().any(|step| step.action.as_deref() == Some("report_incident"))
            && !scenario.steps.iter().any(|step| step.action.as_deref() == Some("approve_succession"))
    };
    let scenario = scenarios.scenarios.iter().find(reports).unwrap();
    let mut found = None;
    play(program, scenarios, scenario, |desk| {
        let runs = desk.case.body.pending.is_none() && !desk.case.body.standing.kind.is_some_and(StateKind::is_end);
        let open = desk.case.body.procedures.iter().any(|beside| beside.open && !beside.forms.is_empty());
        if found.is_none() && runs && open {
            found = Some(desk.clone());
        }
    });
    let mut desk = found.unwrap();
    let now = desk.program;
    let at = desk.case.body.procedures.iter().position(|beside| beside.open && !beside.forms.is_empty()).unwrap();
    let beside = &mut desk.case.body.procedures[at];
    let form = beside.forms.keys().next().unwrap().clone();
    desk.program = next(now, |definition| {
        let aside = json!({ "type": "text", "label": { "ja": "備考", "en": "Remarks" } });
        let fields = &mut definition.archetype.procedures[&beside.name].forms[&form].fields;
        fields.insert("aside".to_owned(), serde_json::from_value(aside).unwrap());
    });
    beside.forms.get_mut(&form).unwrap().values.insert("aside".to_owned(), json!("別途"));
    let found = looked_at(&desk, now).unwrap();
    let body = &found.case.body;
    assert_eq!(body.kept[&form].get("aside"), Some(&json!("別途")));
    assert_eq!(body.procedures[at].forms[&form].values.get("aside"), None);
    assert!(found.notes.iter().any(|note| note.en.contains("aside")), "{:?}", found.notes);
    assert_eq!(body.procedures[at].deadline, desk.case.body.procedures[at].deadline);
}
