//! What each command does.

mod audit;
mod authors;
mod calls;
mod cases;
mod doctor;
mod outbox;
mod payments;
mod people;
mod practice;
mod preview;
mod programs;
mod schema;
mod serve;
mod versions;

use serde::Serialize;

use crate::cli::{BusinessCommand, Cli, Command, Common};
use crate::outcome::{Failure, Outcome, say};
use crate::startup::Installation;

/// # Errors
/// As [`Failure`] says.
pub async fn run(cli: &Cli) -> Outcome {
    let common = &cli.common;
    match &cli.command {
        Command::Demo(args) => serve::demo(common, args).await,
        Command::Serve(args) => serve::serve(common, args).await,
        Command::Worker(args) => serve::worker(common, args).await,
        Command::Migrate => migrate(common).await,
        Command::Practice { day } => practice::run(common, *day).await,
        Command::Schema(command) => schema::run(*command).await,
        Command::User(command) => people::user(common, command).await,
        Command::Token(command) => people::token(common, command).await,
        Command::Doctor(site) => doctor::run(common, site).await,
        Command::Program(command) => programs::run(common, command).await,
        Command::Business(BusinessCommand::Add(args)) => people::add_business(common, args).await,
        Command::Apply(args) => cases::apply(common, args).await,
        Command::Act(args) => cases::act(common, args).await,
        Command::Calls(command) => calls::run(common, command).await,
        Command::Payments(command) => payments::run(common, command).await,
        Command::Audit(command) => audit::run(common, command).await,
        Command::Outbox(command) => outbox::run(common, command).await,
        Command::Preview { media_type, page } => preview::run(media_type, *page),
    }
}

async fn migrate(common: &Common) -> Outcome {
    let installation = Installation::for_migration(common).await?;
    let pending = installation.store.pending_migrations().await?;
    installation.store.migrate().await?;
    tell(common, &serde_json::json!({ "migrated": pending }), || match pending.len() {
        0 => "the database is up to date".to_owned(),
        count => format!("{count} migrations done: {}", pending.join(", ")),
    })
}

/// Prints the answer: JSON for machines, text for people.
fn tell(common: &Common, machine: &impl Serialize, person: impl FnOnce() -> String) -> Outcome {
    if common.json {
        let text = serde_json::to_string_pretty(machine).map_err(|error| Failure::fault(error.to_string()))?;
        say(&text)
    } else {
        say(&person())
    }
}
