//! The award: eligible costs, rate, rounding, caps, minimum, in that order, exactly.

use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, Yen};

use crate::compiled::Program;
use crate::expression::{Blocked, Explanation};
use crate::facts::CaseFacts;

/// What is granted and how it was computed; kept with the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    pub amount: Yen,
    /// False when it is below the minimum, or nothing is left to grant.
    pub eligible: bool,
    pub steps: Vec<AwardStep>,
}

/// One line of the computation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardStep {
    /// `category`, `category_cap`, `share`, `other_aid`, `revenue`, `eligible`, `rate`, `round_down`, `cap`,
    /// `fiscal_year_cap`, `lifetime_cap`, `at_most`, `minimum`, `award`.
    pub code: String,
    pub label: Bilingual,
    /// As people read it, e.g. 1/2 or 50,000円.
    pub value: Bilingual,
    /// The amount after this step, when the step has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Yen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

impl Program {
    /// The award from the figures of a submitted form, never above `at_most`.
    ///
    /// # Errors
    /// When a fact that the rule reads is missing, or a number is out of range.
    pub fn award(&self, form: &str, at_most: Option<Yen>, facts: &CaseFacts) -> Result<Award, Blocked> {
        let _ = (form, at_most, facts);
        Ok(Award { amount: Yen::ZERO, eligible: false, steps: Vec::new() })
    }
}
