//! What the definition files say, as types. The JSON Schemas are generated from here, the files are checked against
//! those, so a thing that is not named here cannot be written.
//!
//! A [`Definition`] (archetype, its fragments merged, plus program) is what is stored, hashed and pinned. It holds
//! text only; [`crate::Program`] is the same thing understood: expressions typed, names looked up.

mod archetype;
mod catalogue;
mod fields;
mod municipality;
mod panel;
mod program;
mod scenarios;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

pub use archetype::*;
pub use catalogue::*;
pub use fields::*;
pub use municipality::*;
pub use panel::*;
pub use program::*;
pub use scenarios::*;

/// A word in lower case with underscores, e.g. `under_review`.
pub type Name = String;
/// The text of an expression; its language is [`crate::expression`].
pub type Source = String;

/// A program and the archetype it runs on, both complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub archetype: Archetype,
    pub program: ProgramText,
}

/// A condition, and what people are told when it does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// A condition that must hold.
    pub when: Source,
    /// What people are told when it does not.
    #[serde(rename = "else")]
    pub otherwise: Bilingual,
    /// Asked only where this option of the archetype is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<Name>,
}

/// A list that may be written without brackets when it has one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}
