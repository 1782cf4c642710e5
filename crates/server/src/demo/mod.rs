//! The demonstration: programs, people, cases and payments, made through the service like everybody else's, by
//! replaying the catalogue's scenarios under a moving clock.

mod cast;
mod replay;

use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use program::Loaded;
use program::definition::Municipality;
use serde::{Deserialize, Serialize};
use service::{Service, Worker};

use crate::adapters::{MovingClock, write_durably};
use crate::catalogue;
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

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

fn earlier(data: &Path) -> Option<Demonstration> {
    let text = std::fs::read_to_string(data.join(PEOPLE)).ok()?;
    serde_json::from_str(&text).ok()
}

/// The clock of the demonstration: where an earlier one left it, or standing at its first day.
pub fn clock(data: &Path) -> Outcome<Arc<MovingClock>> {
    Ok(Arc::new(match earlier(data) {
        Some(made) => MovingClock::ahead(TimeDelta::seconds(made.clock_ahead_seconds)),
        None => MovingClock::standing_at(casework::scenario::moment(cast::script()?.begins_on)),
    }))
}

/// What is said to a person who started it.
#[must_use]
pub fn described(made: &Demonstration, url: &str) -> String {
    let mut lines = vec![format!("hojokin is at {url}"), String::new(), "Sign in as:".to_owned()];
    lines.extend(
        made.accounts.iter().map(|account| format!("  {:<44} {}  {}", account.email, account.password, account.label)),
    );
    lines.push(String::new());
    lines.push("Cases, one for each state:".to_owned());
    lines.extend(made.applications.iter().map(|(number, shows)| format!("  {number:<24} {shows}")));
    lines.push(String::new());
    lines.extend(made.bank_file.iter().map(|file| format!("Bank file: {file}")));
    lines.push(format!("Sign in with one click: {url}/dev/sign-in"));
    lines.push(format!("Mails:                  {url}/dev/mail"));
    lines.push(format!("API console:            {url}/dev/graphiql"));
    lines.join("\n")
}

/// Makes the demonstration's data, unless it is there already.
///
/// # Errors
/// When something cannot be made.
pub async fn run(installation: &Installation, clock: &MovingClock) -> Outcome<Demonstration> {
    if let Some(made) = earlier(&installation.data) {
        return Ok(made);
    }
    let service = &installation.service;
    if !service.programs(None, None, 1, None).await?.items.is_empty() {
        return Err(Failure::refused(
            "this database is in use; the demonstration needs one of its own (--database, --data)",
        ));
    }
    let script = cast::script()?;
    let loaded = catalogue::read(&[])?;
    let places = publish(service, &loaded, &script.municipalities).await?;
    let cast = cast::Cast::hire(service, &script, &places).await?;
    let worker = Worker::new(service.clone(), installation.mail()?);
    let stage = replay::Stage {
        service,
        worker: &worker,
        clock,
        cast: &cast,
        begins: casework::scenario::moment(script.begins_on),
        ends: casework::scenario::moment(script.ends_on),
    };
    let applications = stage.play(&loaded, &places).await?;
    let mut bank_file = None;
    for place in &places {
        if let Some((name, bytes)) = stage.export_rest(&place.municipality).await? {
            let path = installation.data.join("bank").join(name);
            write_durably(&path, &bytes).map_err(|error| Failure::fault(format!("{}: {error}", path.display())))?;
            bank_file = bank_file.or_else(|| Some(path.display().to_string()));
        }
    }
    let ahead = clock.run();
    let made =
        Demonstration { accounts: cast.accounts, applications, bank_file, clock_ahead_seconds: ahead.num_seconds() };
    let text = serde_json::to_vec_pretty(&made).map_err(|error| Failure::fault(error.to_string()))?;
    let path = installation.data.join(PEOPLE);
    write_durably(&path, &text).map_err(|error| Failure::fault(format!("{}: {error}", path.display())))?;
    Ok(made)
}

/// The municipalities of the script with all their programs and calls.
async fn publish(service: &Service, loaded: &Loaded, names: &[String]) -> Outcome<Vec<Arc<Municipality>>> {
    let mut places = Vec::new();
    for place in loaded.municipalities.iter().filter(|place| names.contains(&place.municipality)) {
        service.import_municipality(place).await?;
        places.push(Arc::new(place.clone()));
        for found in &loaded.programs {
            let Some(program) = found.program.as_ref().filter(|p| p.municipality() == place.municipality) else {
                continue;
            };
            service.publish(program, &loaded.calls, found.scenarios.as_ref()).await?;
            let calls: Vec<_> = loaded.calls.iter().filter(|call| call.program == program.name()).cloned().collect();
            service.import_calls(&place.municipality, &calls).await?;
        }
    }
    Ok(places)
}
