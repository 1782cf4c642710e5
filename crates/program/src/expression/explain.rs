//! How an expression came to its value, as applicants and letters show it.

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

/// A part of an expression with the value it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The part as it is written in the definition; a row is written `costs[1]`.
    pub text: String,
    /// Its value in words; for a comparison also both sides: いいえ(30,000円 > 50,000円).
    pub value: Bilingual,
    /// For a condition, whether it holds; missing when it could not be told, and for other values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Explanation>,
}
