//! Judges of panels (審査員): for which call, for how long, and which cases they keep away from.

use sea_orm_migration::prelude::*;

use crate::types::statements;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = manager.get_database_backend();
        connection.execute_unprepared(&statements(include_str!("m20261126_000006_judges.sql"), backend)).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
