//! How the database came to be what it is: one file a migration, in order, for SQLite and PostgreSQL.
//!
//! A migration that has run anywhere is never changed; a mistake is mended by the next one. Its text is SQL with a few
//! placeholder types, because what both engines enforce (checks, partial indexes, triggers) says itself best in SQL.
//! `store` runs them, all in one transaction under a lock, so a migration must not need to be outside of one.

mod types;

use sea_orm_migration::prelude::{ConnectionTrait as _, DbErr, SchemaManager};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, async_trait};

pub struct Migrator;

/// A file of statements; its name is what the database remembers.
struct Migration {
    name: &'static str,
    text: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        [$(Migration { name: $name, text: include_str!(concat!($name, ".sql")) }),+]
    };
}

/// A new one comes last.
const MIGRATIONS: [Migration; 19] = migrations![
    "m20260401_000001_initial",
    "m20261101_000002_partners_and_places",
    "m20261126_000003_procedures",
    "m20261126_000004_limits_and_seals",
    "m20261126_000005_versions",
    "m20261126_000006_judges",
    "m20261127_000007_lists",
    "m20261127_000008_definitions",
    "m20261127_000009_second_factor",
    "m20261127_000010_access_log",
    "m20261127_000011_draft_revisions",
    "m20261127_000012_identities",
    "m20261127_000013_sealed_secrets",
    "m20261127_000014_failed_sign_ins",
    "m20261127_000020_office",
    "m20261127_000021_passkeys",
    "m20261127_000022_running",
    "m20261127_000023_linking",
    "m20261127_000024_ends_of_numbers",
];

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        MIGRATIONS.into_iter().map(|migration| Box::new(migration) as Box<dyn MigrationTrait>).collect()
    }
}

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statements = types::statements(self.text, manager.get_database_backend());
        manager.get_connection().execute_unprepared(&statements).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
