//! `schema`: the files that the program writes about itself.

use program::{SchemaKind, schema_of_files};
use store::Store;

use super::authors;
use crate::catalogue;
use crate::cli::{Backend, SchemaCommand};
use crate::outcome::{Failure, Outcome, say};

pub async fn run(command: SchemaCommand) -> Outcome {
    let text = match command {
        SchemaCommand::Graphql => graphql::sdl(),
        SchemaCommand::Program => json(SchemaKind::Program)?,
        SchemaCommand::Archetype => json(SchemaKind::Archetype)?,
        SchemaCommand::Municipality => json(SchemaKind::Municipality)?,
        SchemaCommand::MunicipalityFragment => json(SchemaKind::MunicipalityFragment)?,
        SchemaCommand::Calls => json(SchemaKind::Calls)?,
        SchemaCommand::Scenarios => json(SchemaKind::Scenarios)?,
        SchemaCommand::Catalogue => json(SchemaKind::Catalogue)?,
        SchemaCommand::Findings => findings()?,
        SchemaCommand::Language => program::language_page(),
        SchemaCommand::Archetypes => program::archetypes_page(&program::load(&catalogue::shipped()).programs),
        SchemaCommand::Database { backend } => database(backend).await?,
    };
    say(text.trim_end())
}

/// The page of findings, each with what the check says of its example.
fn findings() -> Outcome<String> {
    program::findings_page(|files| {
        let loaded = program::load_checking(files, service::check_texts);
        let untried = authors::untried(&loaded);
        loaded.findings.into_iter().chain(loaded.notes).chain(untried).collect()
    })
    .map_err(Failure::fault)
}

fn json(kind: SchemaKind) -> Outcome<String> {
    serde_json::to_string_pretty(&schema_of_files(kind)).map_err(|error| Failure::fault(error.to_string()))
}

/// Migrates an empty database and reads its schema back.
async fn database(backend: Backend) -> Outcome<String> {
    let folder = tempfile::tempdir().map_err(|error| Failure::fault(error.to_string()))?;
    let url = match backend {
        Backend::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("schema.db").display()),
        Backend::Postgres => std::env::var("TEST_DATABASE_URL")
            .ok()
            .filter(|url| !url.is_empty())
            .ok_or_else(|| Failure::misuse("give the address of an empty PostgreSQL database in TEST_DATABASE_URL"))?,
    };
    let store = Store::connect(&store::Settings { url, max_connections: 2 }).await?;
    store.migrate().await?;
    let text = store.schema_dump().await?;
    store.close().await?;
    Ok(text)
}
