//! What several servers share: limits on guessing, the version of what a municipality says of itself, the chain of seals;
//! and the mark of a demonstration.

use sea_orm_migration::prelude::*;

use crate::types::statements;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = manager.get_database_backend();
        connection
            .execute_unprepared(&statements(include_str!("m20261126_000004_limits_and_seals.sql"), backend))
            .await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
