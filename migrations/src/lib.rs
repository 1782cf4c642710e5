//! How the database came to be what it is: one file a migration, in order, for SQLite and PostgreSQL.
//!
//! A migration that has run anywhere is never changed; a mistake is mended by the next one. Its text is SQL with a few
//! placeholder types, because what both engines enforce (checks, partial indexes, triggers) says itself best in SQL.
//! `store` runs them, all in one transaction under a lock, so a migration must not need to be outside of one.

mod m20260401_000001_initial;
mod m20261101_000002_partners_and_places;
mod m20261126_000003_procedures;
mod m20261126_000004_limits_and_seals;
mod m20261126_000005_versions;
mod m20261126_000006_judges;
mod types;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20260401_000001_initial::Migration),
            Box::new(m20261101_000002_partners_and_places::Migration),
            Box::new(m20261126_000003_procedures::Migration),
            Box::new(m20261126_000004_limits_and_seals::Migration),
            Box::new(m20261126_000005_versions::Migration),
            Box::new(m20261126_000006_judges::Migration),
        ]
    }
}
