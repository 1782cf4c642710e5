//! What is known of a case, as the expressions of its program read it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vocabulary::{FiscalYear, Yen};

use crate::definition::{ApplicantFacts, Name};

/// Everything that rules may look at. What is not there yet is simply absent: a rule that reads it is blocked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseFacts {
    pub applicant: ApplicantFacts,
    /// By the names that the archetype declares, which may be dotted: `decision.notice_date`.
    pub dates: BTreeMap<String, NaiveDate>,
    /// The clean values of the newest submission of each form.
    pub forms: BTreeMap<Name, Map<String, Json>>,
    /// Frozen amounts.
    pub amounts: BTreeMap<Name, Yen>,
    /// Granted to this business by this program in the same fiscal year, without this case.
    pub granted_this_year: Yen,
    /// Granted to this business by this program ever, without this case.
    pub granted_before: Yen,
    pub today: NaiveDate,
    pub award_fiscal_year: FiscalYear,
}
