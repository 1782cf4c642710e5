//! What a demonstration leaves in its data folder: who its people are, and how far its clock is from ours.

use std::path::Path;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::adapters::{MovingClock, write_durably};
use crate::outcome::{Failure, Outcome};

/// Where the demonstration keeps who its people are, and how far its clock is from ours.
const PEOPLE: &str = "demo.json";

/// Somebody to sign in as.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub email: String,
    pub password: String,
    pub name: String,
    /// What they are, e.g. `hino reviewer`, or the business they act for.
    pub label: String,
    /// A personal API token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// What a person needs to look around.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Demonstration {
    pub accounts: Vec<Account>,
    /// Numbers of applications worth looking at, with the state they show.
    pub applications: Vec<(String, String)>,
    /// Where the transfer file of the demonstration is.
    pub bank_file: Option<String>,
    /// Seconds that the demonstration's clock is ahead of this machine's.
    #[serde(default)]
    pub clock_ahead_seconds: i64,
}

/// The people of the demonstration in this data folder; none when there is no demonstration.
#[must_use]
pub fn accounts(data: &Path) -> Vec<Account> {
    earlier(data).map(|made| made.accounts).unwrap_or_default()
}

/// What an earlier run left in this data folder.
#[must_use]
pub fn earlier(data: &Path) -> Option<Demonstration> {
    let text = std::fs::read_to_string(data.join(PEOPLE)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Its clock, running where it was left.
#[must_use]
pub fn clock(data: &Path) -> Option<MovingClock> {
    earlier(data).map(|made| MovingClock::ahead(TimeDelta::seconds(made.clock_ahead_seconds)))
}

/// # Errors
/// When the folder cannot be written to.
pub fn keep(data: &Path, made: &Demonstration) -> Outcome {
    let text = serde_json::to_vec_pretty(made).map_err(|error| Failure::fault(error.to_string()))?;
    let path = data.join(PEOPLE);
    write_durably(&path, &text).map_err(|error| Failure::fault(format!("{}: {error}", path.display())))
}
