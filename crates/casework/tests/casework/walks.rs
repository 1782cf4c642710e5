//! Random walks over the catalogue: whoever does whatever with whichever values, the promises hold.

use std::cell::RefCell;
use std::collections::BTreeSet;

use casework::scenario::step_values;
use casework::{Act, Actor, DocumentRef, Draft, FieldMark, Person, history};
use program::definition::{FieldType, Role};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use crate::desk::{Desk, attached, holder, machines, play, programs, staff};
use crate::money::replayed;

/// One try: who, what, how wild the values are, and how many hours later.
#[derive(Clone, Debug)]
pub struct Try {
    who: prop::sample::Index,
    what: prop::sample::Index,
    /// Whether only what is permitted is tried, which leads further.
    permitted: bool,
    sample: prop::sample::Index,
    mutated: Option<(prop::sample::Index, Wild)>,
    hours: i64,
    documents: bool,
    comment: bool,
}

#[derive(Clone, Debug)]
enum Wild {
    Gone,
    Number(i64),
    Text(String),
    Deep,
}

impl Wild {
    fn value(&self) -> Value {
        match self {
            Self::Gone => Value::Null,
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::Deep => json!([{ "category": "booth_fee", "net": [[{}]] }, 3, null]),
        }
    }
}

fn wild() -> impl Strategy<Value = Wild> {
    prop_oneof![
        Just(Wild::Gone),
        Just(Wild::Deep),
        prop_oneof![any::<i64>(), Just(0), Just(-1), Just(i64::MAX), 0..2_000_000i64].prop_map(Wild::Number),
        prop_oneof![
            ".{0,12}".prop_map(Wild::Text),
            Just(Wild::Text("9999-12-31".to_owned())),
            Just(Wild::Text("0000-01-01".to_owned())),
        ],
    ]
}

pub fn a_try() -> impl Strategy<Value = Try> {
    (
        any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
        prop::bool::weighted(0.8),
        prop::option::weighted(0.2, (any::<prop::sample::Index>(), wild())),
        prop_oneof![4 => 0..48i64, 1 => 0..1_500i64],
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.7),
    )
        .prop_map(|((who, what, sample), permitted, mutated, hours, documents, comment)| Try {
            who,
            what,
            permitted,
            sample,
            mutated,
            hours,
            documents,
            comment,
        })
}

pub fn people(desk: &Desk) -> Vec<Actor> {
    let here = &desk.case.municipality;
    let mut actors = vec![desk.actor("applicant"), Actor::Treasury, Actor::Clock];
    actors.extend(Role::STAFF.map(|role| Actor::Person(staff(here, role))));
    actors.extend(desk.place.positions.keys().map(|position| Actor::Person(holder(here, position))));
    actors.extend(["panelist:first", "panelist:second", "panelist:third"].map(|judge| desk.actor(judge)));
    actors.extend(desk.case.body.partners.keys().map(|partner| desk.actor(&format!("partner:{partner}"))));
    actors.push(Actor::Person(Person::default()));
    actors
}

/// Values that the action could mean: those of a scenario's step, or made up by the kinds of its inputs.
fn guess(desk: &Desk, action: &str, pick: &prop::sample::Index) -> (Map<String, Value>, Vec<FieldMark>) {
    let (_, scenarios) = programs().find(|(program, _)| program.name() == desk.program.name()).unwrap();
    let steps: Vec<_> = scenarios.scenarios.iter().flat_map(|scenario| &scenario.steps).collect();
    let steps: Vec<_> = steps.into_iter().filter(|step| step.action.as_deref() == Some(action)).collect();
    if !steps.is_empty() {
        let step = pick.get(&steps);
        return (step_values(scenarios, step), casework::scenario::step_marks(step));
    }
    let inputs = desk.program.action(action).into_iter().flat_map(|action| action.rule.input.iter());
    let made_up = inputs.filter_map(|(name, field)| match field.kind {
        FieldType::Text | FieldType::LongText => Some((name.clone(), json!("理由"))),
        FieldType::Date => Some((name.clone(), json!("2026-06-01"))),
        _ => None,
    });
    (made_up.collect(), Vec::new())
}

pub fn attempt(desk: &mut Desk, tried: &Try) {
    desk.now += chrono::TimeDelta::hours(tried.hours);
    if let Some(act) = casework::clock_act(&desk.case, desk.now) {
        desk.take(&Actor::Clock, &act, None).expect("what the clock wants is done");
        return;
    }
    let actors = people(desk);
    let names: Vec<&str> = desk
        .program
        .actions()
        .map(|action| action.name)
        .chain(["sign", "return_internally", "take_back", "remind"])
        .collect();
    let mut pairs: Vec<(&Actor, &str)> = Vec::new();
    for actor in &actors {
        for name in &names {
            if !tried.permitted || desk.barred(actor, name).is_empty() {
                pairs.push((actor, name));
            }
        }
    }
    if pairs.is_empty() {
        return;
    }
    let (actor, action) = if tried.permitted {
        // By action first, so that many signers do not crowd out the rest.
        let mut known: Vec<&str> = pairs.iter().map(|(_, name)| *name).collect();
        known.dedup();
        known.sort_unstable();
        known.dedup();
        let action = *tried.what.get(&known);
        let actors: Vec<_> = pairs.iter().filter(|(_, name)| *name == action).collect();
        (tried.who.get(&actors).0, action)
    } else {
        *tried.what.get(&pairs)
    };
    let (mut values, marks) = guess(desk, action, &tried.sample);
    if let (Some((at, wild)), false) = (&tried.mutated, values.is_empty()) {
        let keys: Vec<String> = values.keys().cloned().collect();
        values.insert(at.get(&keys).clone(), wild.value());
    }
    let form = desk.program.action(action).and_then(|action| action.rule.form.clone());
    let slots: Vec<String> = form
        .and_then(|form| {
            desk.world(None, |world| {
                let facts = casework::case_facts(world, &desk.case);
                let (_, documents) = desk.program.asked(&form, &values, &facts);
                Some(documents.into_iter().map(|document| document.name.clone()).collect())
            })
        })
        .unwrap_or_default();
    let draft = if tried.documents {
        attached(&slots)
    } else {
        Draft {
            values: Map::new(),
            documents: [(
                "plan".to_owned(),
                vec![DocumentRef { file: actor.id(), name: "x".into(), sha256: String::new() }],
            )]
            .into(),
        }
    };
    let act = Act {
        action: action.to_owned(),
        expected_version: desk.case.version,
        values,
        marks,
        comment: tried.comment.then(|| "ご確認ください".to_owned()),
        procedure: None,
    };
    let before = desk.case.clone();
    let (steps, entries) = (desk.events.len(), desk.postings.len());
    let actor = actor.clone();
    match desk.take(&actor, &act, Some(draft)) {
        Err(refusals) => {
            assert!(!refusals.is_empty(), "{action} was refused without a reason");
            assert_eq!(desk.case, before);
            assert_eq!((desk.events.len(), desk.postings.len()), (steps, entries));
        }
        Ok(step) => {
            assert_eq!(desk.case.version, before.version + 1);
            assert_eq!(step.from, before.state);
            assert_eq!(step.event.from, before.state);
            assert_eq!(step.event.to, desk.case.state);
            assert_eq!(step.event.sequence, before.head.sequence + 1);
            assert!(step.event.at >= before.head.at);
            assert_eq!(desk.case.head.hash, step.event.hash);
            assert_eq!(step.event.stage == history::Stage::Performed, step.event.facts.get("postings").is_some());
        }
    }
}

/// What holds of a case at any time.
pub fn stands(desk: &Desk) {
    assert_eq!(i64::try_from(desk.events.len()).unwrap(), desk.case.version);
    let state = desk.program.state(&desk.case.state).expect("a state of the program");
    let body = &desk.case.body;
    assert_eq!(body.standing.kind, (desk.case.version > 0).then_some(state.kind));
    // A procedure that is open after the end has decisions and clocks of its own.
    if state.kind.is_end() && body.procedures.iter().all(|procedure| !procedure.open) {
        // What is decided after the end, a refund for one, starts from the end.
        let from_here = |drafted: &str| {
            desk.program
                .action(drafted)
                .is_some_and(|found| found.procedure.is_some() || found.rule.from.as_slice().contains(&desk.case.state))
        };
        let pending = body.pending.as_ref().map(|pending| &pending.action).filter(|drafted| !from_here(drafted));
        let left = (pending, &body.unlocked, body.standing.next_clock_at);
        assert_eq!(left, (None, &None, None), "{} in {}", desk.program.name(), desk.case.state);
    }
    let stored: casework::Body = serde_json::from_value(serde_json::to_value(body).unwrap()).unwrap();
    assert_eq!(&stored, body, "what is stored is what was decided");
}

#[test]
fn whatever_is_tried_the_promises_hold() {
    std::thread::scope(|threads| {
        for (program, _) in machines() {
            threads.spawn(|| walk(program.name()));
        }
    });
}

/// Walks that begin anywhere on the way of any scenario.
fn walk(name: &str) {
    let (program, scenarios) = programs().find(|(found, _)| found.name() == name).unwrap();
    let mut starts: Vec<Desk> = Vec::new();
    for scenario in &scenarios.scenarios {
        play(program, scenarios, scenario, |desk| starts.push(desk.clone()));
    }
    // The same walks every time: a failure is found again by running again.
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let walks = (any::<prop::sample::Index>(), prop::collection::vec(a_try(), 5..25));
    let reached = RefCell::new(BTreeSet::new());
    let walked = TestRunner::new_with_rng(config, random).run(&walks, |(start, tries)| {
        let mut desk = start.get(&starts).clone();
        for tried in &tries {
            attempt(&mut desk, tried);
            stands(&desk);
            reached.borrow_mut().insert(desk.case.state.clone());
        }
        replayed(&desk);
        assert_eq!(history::verify(desk.case.id, &desk.events, &[desk.case.head.clone()]), []);
        Ok(())
    });
    walked.unwrap_or_else(|error| panic!("{name}: {error}"));
    let reached = reached.into_inner();
    assert!(reached.len() * 3 >= program.definition().archetype.states.len() * 2, "{name}: only {reached:?}");
}
