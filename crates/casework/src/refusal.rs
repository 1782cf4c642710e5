//! The domain's answer when something is not possible.

use program::{Explanation, Fault};
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

/// A domain answer: why not, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable.
    pub code: String,
    /// The field, e.g. `costs[0].net`.
    #[serde(default)]
    pub path: Option<String>,
    pub message: Bilingual,
    #[serde(default)]
    pub explanation: Option<Explanation>,
}

impl Refusal {
    #[must_use]
    pub fn new(code: impl Into<String>, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code: code.into(), path: None, message: Bilingual::new(ja, en), explanation: None }
    }

    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code,
            path: (!fault.path.is_empty()).then_some(fault.path),
            message: fault.message,
            explanation: fault.explanation,
        }
    }
}
