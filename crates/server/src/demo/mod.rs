//! The demonstration: programs, people, cases and payments, made through the service like everybody else's, by
//! replaying the catalogue's scenarios under a moving clock.

mod cast;
mod replay;

use std::path::Path;
use std::sync::Arc;

use program::Loaded;
use program::definition::Municipality;
use service::{Service, Worker};
use vocabulary::Ids as _;

use crate::adapters::{MovingClock, write_durably};
use crate::catalogue;
use crate::demonstration::{self, Demonstration};
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

/// The clock of the demonstration: where an earlier one left it, or standing at its first day.
pub fn clock(data: &Path) -> Outcome<Arc<MovingClock>> {
    match demonstration::clock(data) {
        Some(clock) => Ok(Arc::new(clock)),
        None => Ok(Arc::new(MovingClock::standing_at(casework::scenario::moment(cast::script()?.begins_on)))),
    }
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
    if let Some(made) = demonstration::earlier(&installation.data) {
        return Ok(made);
    }
    let service = &installation.service;
    prepare(installation).await?;
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
    demonstration::keep(&installation.data, &made)?;
    installation.store.finish_demonstration().await?;
    Ok(made)
}

/// An empty database, marked as a demonstration that is being made. One that was left half-made begins anew.
async fn prepare(installation: &Installation) -> Outcome {
    let store = &installation.store;
    if store.demonstration().await? == Some(store::Demonstration::Begun) {
        tracing::warn!("the demonstration was interrupted the last time; it is made anew");
        store.clear_begun_demonstration().await?;
        store.migrate().await?;
    }
    if !installation.service.programs(None, None, 1, None).await?.items.is_empty() {
        return Err(Failure::refused(
            "this database is in use; the demonstration needs one of its own (--database, --data)",
        ));
    }
    Ok(store.begin_demonstration(installation.ids.next()).await?)
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
            service.publish(program, &loaded.calls, found.scenarios.as_ref(), &loaded.sources(found), None).await?;
            let calls: Vec<_> = loaded.calls.iter().filter(|call| call.program == program.name()).cloned().collect();
            service.import_calls(&place.municipality, &calls).await?;
        }
    }
    Ok(places)
}
