//! The history of a case: a chain of events in which each carries the hash of the one before.
//!
//! An event holds no personal value, only salted digests, so that values can be erased and the chain stays whole.

use program::definition::{Name, Role};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use vocabulary::{Instant, canonical_json, digest};

use crate::case::Head;

/// Something that happened to a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: Uuid,
    pub application: Uuid,
    /// From 1.
    pub sequence: i64,
    pub at: Instant,
    /// Nil for a machine.
    pub actor: Uuid,
    pub role: Role,
    pub action: Name,
    pub stage: Stage,
    pub from: Name,
    pub to: Name,
    /// Numbers, dates, amounts, postings, digests of what was submitted and issued.
    pub facts: Value,
    /// SHA-256 of the event before; 64 zeros for the first.
    pub previous: String,
    /// SHA-256 of `previous` and the canonical form of everything above.
    pub hash: String,
    /// What the actor wrote; not part of the hash (its salted digest in `facts` is).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What kind of step an event was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The action took effect.
    Performed,
    /// 起案: a decision was drafted and waits for signatures.
    Drafted,
    /// A signature that was not the last.
    Signed,
    /// 差戻し
    ReturnedInternally,
    /// 引戻し
    TakenBack,
    /// A reminder of the clock.
    Reminded,
    /// The case went on to a newer version of its program.
    Migrated,
}

impl Stage {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Performed => "performed",
            Self::Drafted => "drafted",
            Self::Signed => "signed",
            Self::ReturnedInternally => "returned_internally",
            Self::TakenBack => "taken_back",
            Self::Reminded => "reminded",
            Self::Migrated => "migrated",
        }
    }
}

/// The `previous` of a first event.
pub const ROOT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Event {
    /// The hash that this event must carry.
    #[must_use]
    pub fn computed_hash(&self) -> String {
        let content = (
            (self.id, self.application, self.sequence, self.at.timestamp_micros()),
            (self.actor, self.role, &self.action, self.stage),
            (&self.from, &self.to, &self.facts),
        );
        // Every part is a struct, text or number, which always have a JSON form.
        let canonical = canonical_json(&content).unwrap_or_default();
        digest(format!("{}{canonical}", self.previous).as_bytes())
    }

    /// The event with its hash put in.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.hash = self.computed_hash();
        self
    }

    #[must_use]
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone(), at: self.at }
    }
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("application {application}: event {sequence} was changed: its hash is not that of its content")]
    Changed { application: Uuid, sequence: i64 },
    #[error("application {application}: event {sequence} does not follow the one before it")]
    Unlinked { application: Uuid, sequence: i64 },
    #[error("application {application}: event {sequence} is missing")]
    Missing { application: Uuid, sequence: i64 },
    #[error("application {application}: the chain ends at event {found}, but event {sealed} was sealed")]
    CutOff { application: Uuid, sealed: i64, found: i64 },
    #[error("application {application}: event {sequence} is not the one that was sealed: the chain was rebuilt")]
    Rebuilt { application: Uuid, sequence: i64 },
}

/// Checks one case's events, in order, against themselves and the heads that were sealed outside.
#[must_use]
pub fn verify(application: Uuid, events: &[Event], sealed: &[Head]) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut previous = ROOT.to_owned();
    for (event, expected) in events.iter().zip(1..) {
        let sequence = event.sequence;
        if sequence != expected {
            broken.push(Broken::Missing { application, sequence: expected });
            break;
        }
        if event.previous != previous {
            broken.push(Broken::Unlinked { application, sequence });
        }
        if event.application != application || event.computed_hash() != event.hash {
            broken.push(Broken::Changed { application, sequence });
        }
        previous.clone_from(&event.hash);
    }
    let found = events.last().map_or(0, |event| event.sequence);
    for head in sealed {
        match events.iter().find(|event| event.sequence == head.sequence) {
            None if head.sequence > found => {
                broken.push(Broken::CutOff { application, sealed: head.sequence, found });
            }
            Some(event) if event.hash != head.hash => {
                broken.push(Broken::Rebuilt { application, sequence: head.sequence });
            }
            _ => {}
        }
    }
    broken
}
