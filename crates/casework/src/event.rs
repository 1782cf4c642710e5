//! Writing the next event of a case.

use program::definition::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::act::World;
use crate::case::Case;
use crate::history::{Event, Stage};

/// A digest that says nothing about the values without the salt.
pub(crate) fn salted<T: serde::Serialize>(world: &World<'_>, values: &T) -> String {
    let mut bytes = world.salt.to_vec();
    bytes.extend(vocabulary::canonical_json(values).unwrap_or_default().into_bytes());
    vocabulary::digest(&bytes)
}

pub(crate) struct EventDraft(Event);

/// The next event of a case; its time never runs backward.
pub(crate) fn event(
    world: &World<'_>,
    before: &Case,
    role: Role,
    actor: Uuid,
    action: &str,
    stage: Stage,
) -> EventDraft {
    EventDraft(Event {
        id: world.event,
        application: before.id,
        sequence: before.head.sequence + 1,
        at: world.now.max(before.head.at),
        actor,
        role,
        action: action.to_owned(),
        stage,
        from: before.state.clone(),
        to: before.state.clone(),
        facts: json!({}),
        previous: before.head.hash.clone(),
        hash: String::new(),
        comment: None,
    })
}

impl EventDraft {
    pub fn to(mut self, state: &str) -> Self {
        state.clone_into(&mut self.0.to);
        self
    }

    pub fn with(mut self, facts: Value) -> Self {
        self.0.facts = facts;
        self
    }

    pub fn commented(mut self, world: &World<'_>, comment: Option<&str>) -> Self {
        if let (Some(comment), Value::Object(facts)) = (comment, &mut self.0.facts) {
            facts.insert("comment".to_owned(), json!(salted(world, &comment)));
            self.0.comment = Some(comment.to_owned());
        }
        self
    }

    pub fn build(self) -> Event {
        self.0
    }
}
