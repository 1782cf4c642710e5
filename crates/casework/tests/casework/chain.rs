//! The history: whatever is changed in it is found, and nothing personal is in it.

use std::collections::BTreeSet;

use casework::history::{Broken, Event, ROOT, Stage, verify};
use casework::{Act, Head};
use program::definition::{FieldType, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{Desk, play, programs};

/// The longest history of the catalogue.
fn history() -> Vec<Event> {
    let mut longest: Vec<Event> = Vec::new();
    for (program, scenarios) in programs() {
        for scenario in &scenarios.scenarios {
            let desk = play(program, scenarios, scenario, |_| ());
            if desk.events.len() > longest.len() {
                longest = desk.events;
            }
        }
    }
    assert!(longest.len() > 30);
    longest
}

fn application() -> Uuid {
    Uuid::from_u128(1)
}

fn heads(events: &[Event]) -> Vec<Head> {
    events.iter().map(Event::head).collect()
}

/// Makes the chain good again, from this position on, as somebody with the database in hand could.
fn rebuilt(mut events: Vec<Event>, from: usize) -> Vec<Event> {
    for i in from..events.len() {
        events[i].previous = if i == 0 { ROOT.to_owned() } else { events[i - 1].hash.clone() };
        events[i].sequence = i64::try_from(i + 1).unwrap();
        events[i] = events[i].clone().sealed();
    }
    events
}

/// Every other text that differs in one byte somewhere near its ends or its middle, and numbers off by one.
fn altered(value: &Value, change: &mut dyn FnMut(Value)) {
    match value {
        Value::String(text) => {
            let chars: Vec<char> = text.chars().collect();
            for at in BTreeSet::from([0, chars.len() / 2, chars.len().saturating_sub(1)]) {
                let mut other = chars.clone();
                if let Some(c) = other.get_mut(at) {
                    *c = match *c {
                        '0' => '1',
                        c if c.is_ascii_digit() => '0',
                        'a' => 'b',
                        _ => 'a',
                    };
                }
                change(json!(other.into_iter().collect::<String>()));
            }
            change(json!(format!("{text}x")));
        }
        Value::Number(number) => change(json!(number.as_i64().unwrap() + 1)),
        Value::Bool(flag) => change(json!(!flag)),
        Value::Null => change(json!(0)),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                altered(item, &mut |other| {
                    let mut items = items.clone();
                    items[i] = other;
                    change(Value::Array(items));
                });
            }
            if !items.is_empty() {
                change(Value::Array(items[1..].to_vec()));
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                altered(item, &mut |other| {
                    let mut entries = entries.clone();
                    entries.insert(key.clone(), other);
                    change(Value::Object(entries));
                });
            }
            if let Some((key, _)) = entries.iter().next() {
                let mut fewer = entries.clone();
                fewer.shift_remove(key);
                change(Value::Object(fewer));
            }
        }
    }
}

#[test]
fn a_whole_history_verifies() {
    let events = history();
    assert_eq!(verify(application(), &events, &heads(&events)), []);
    assert_eq!(verify(application(), &[], &[]), []);
}

#[test]
fn one_changed_byte_is_found_where_it_is() {
    let events = history();
    let mut tried = 0;
    for (i, event) in events.iter().enumerate() {
        let sequence = event.sequence;
        let stored = serde_json::to_value(event).unwrap();
        altered(&stored, &mut |other| {
            let Ok(forged) = serde_json::from_value::<Event>(other) else { return };
            let comment_only = Event { comment: event.comment.clone(), ..forged.clone() } == *event;
            if comment_only {
                return;
            }
            tried += 1;
            let moved = forged.sequence != sequence;
            let mut chain = events[..events.len().min(i + 2)].to_vec();
            chain[i] = forged;
            let broken = verify(application(), &chain, &[]);
            let located = broken.iter().any(|broken| match broken {
                Broken::Changed { sequence: at, .. } | Broken::Unlinked { sequence: at, .. } => *at == sequence,
                Broken::Missing { sequence: at, .. } => moved && *at == sequence,
                _ => false,
            });
            assert!(located, "event {sequence}: {broken:?}");
        });
        for (role, stage) in [(Role::Auditor, event.stage), (event.role, Stage::TakenBack)] {
            let mut chain = events.clone();
            chain[i] = Event { role, stage, ..event.clone() };
            if chain[i] != *event {
                let broken = verify(application(), &chain, &[]);
                assert_eq!(broken, [Broken::Changed { application: application(), sequence }]);
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn an_event_of_another_case_does_not_fit() {
    let events = history();
    let other = Uuid::from_u128(99);
    assert_eq!(verify(other, &events, &[]).len(), events.len());
}

#[test]
fn swapped_deleted_doubled_and_inserted_events_are_found() {
    let events = history();
    for i in 0..events.len() {
        let sequence = events[i].sequence;
        let mut fewer = events.clone();
        fewer.remove(i);
        let broken = verify(application(), &fewer, &[]);
        if i + 1 == events.len() {
            assert_eq!(broken, [], "a cut tail is not seen from inside");
        } else {
            assert_eq!(broken, [Broken::Missing { application: application(), sequence }]);
            let renumbered: Vec<Event> =
                fewer.into_iter().zip(1..).map(|(event, sequence)| Event { sequence, ..event }).collect();
            assert!(
                verify(application(), &renumbered, &[])
                    .contains(&Broken::Unlinked { application: application(), sequence })
            );
        }
        let mut doubled = events.clone();
        doubled.insert(i, events[i].clone());
        assert!(!verify(application(), &doubled, &[]).is_empty());
        if i > 0 {
            let mut swapped = events.clone();
            swapped.swap(i - 1, i);
            let found = verify(application(), &swapped, &[]);
            assert_eq!(found[0], Broken::Missing { application: application(), sequence: sequence - 1 });
        }
    }
}

#[test]
fn a_cut_tail_is_found_by_the_seals() {
    let events = history();
    let sealed = heads(&events);
    for left in 0..events.len() {
        let found = i64::try_from(left).unwrap();
        let broken = verify(application(), &events[..left], &sealed);
        assert_eq!(broken.len(), events.len() - left);
        assert_eq!(broken[0], Broken::CutOff { application: application(), sealed: found + 1, found });
    }
}

#[test]
fn a_rebuilt_chain_is_found_by_the_seals() {
    let events = history();
    let sealed = heads(&events);
    for i in 0..events.len() {
        let mut forged = events.clone();
        forged[i].facts = json!({ "amounts": { "award": 999 } });
        let forged = rebuilt(forged, i);
        assert_eq!(verify(application(), &forged, &[]), [], "without seals it looks whole");
        let broken = verify(application(), &forged, &sealed);
        let first = Broken::Rebuilt { application: application(), sequence: events[i].sequence };
        assert_eq!(broken.first(), Some(&first));
        assert_eq!(broken.len(), events.len() - i);

        let mut fewer = events.clone();
        fewer.remove(i);
        assert!(!verify(application(), &rebuilt(fewer, i), &sealed).is_empty());
    }
}

/// Texts inside a value that say something about somebody.
fn words(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        // Shorter ones, such as a bank's code, could be in a hash by chance.
        Value::String(text) if text.len() > 6 => _ = into.insert(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| words(item, into)),
        Value::Object(entries) => entries.values().for_each(|item| words(item, into)),
        _ => {}
    }
}

#[test]
fn no_personal_value_is_in_the_history() {
    for (program, scenarios) in programs() {
        let personal: BTreeSet<&str> = program
            .forms()
            .flat_map(|form| &form.fields)
            .filter(|(_, field)| field.rule.personal || field.rule.kind == FieldType::BankAccount)
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(personal.len() >= 2, "{}: {personal:?}", program.name());
        for scenario in &scenarios.scenarios {
            let desk = play(program, scenarios, scenario, |_| ());
            let mut secrets = BTreeSet::new();
            let business = &desk.case.business;
            secrets.extend(
                [&business.name, &business.name_kana, &business.address, &business.representative].map(Clone::clone),
            );
            let given = scenarios.samples.values().chain(scenario.steps.iter().map(|step| &step.values));
            for (name, value) in given.flatten() {
                if personal.contains(name.as_str()) || name == "reason" || name == "message" {
                    words(value, &mut secrets);
                }
            }
            let told: String = desk.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
            for secret in &secrets {
                assert!(!told.contains(secret.as_str()), "{}: the history tells {secret}", program.name());
            }
        }
    }
}

#[test]
fn digests_of_the_same_values_differ_by_salt() {
    let desk = Desk::in_state("hino/sales-channel", "under_review");
    let act = Act { comment: Some("了解".to_owned()), ..desk.an_act("grant", json!({ "conditions": "x" })) };
    let facts = |salt: u8| {
        desk.world(None, |world| {
            let world = casework::World {
                salt: [salt; 32],
                holders: world.holders.clone(),
                granted: world.granted.clone(),
                draft: None,
                lines: world.lines.clone(),
                successor: None,
                recusals: world.recusals.clone(),
                ..*world
            };
            casework::decide(&world, &desk.case, &desk.actor("reviewer"), &act).unwrap().event.facts
        })
    };
    let (one, other) = (facts(1), facts(2));
    for key in ["digest", "comment"] {
        assert_ne!(one[key], other[key], "{key}");
    }
    assert_eq!(one["amount"], other["amount"]);
}

#[test]
fn time_in_the_history_never_runs_backward() {
    let mut desk = Desk::in_state("hino/sales-channel", "submitted");
    let last = desk.case.head.at;
    desk.now = last - chrono::TimeDelta::hours(5);
    let step = desk.act("clerk", "receive", json!({})).unwrap();
    assert_eq!(step.event.at, last);
}
