//! Asking the database, inside a transaction or outside.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbBackend, QueryResult, Statement,
    Value,
};

use crate::error::Result;

/// Asks the database; inside a transaction ([`Tx`] derefs to it) it sees what the transaction has written.
#[derive(Debug)]
pub struct Reader(pub(crate) Handle);

#[derive(Debug)]
pub(crate) enum Handle {
    Pool(DatabaseConnection),
    Transaction(DatabaseTransaction),
}

impl Reader {
    pub(crate) fn pool(pool: DatabaseConnection) -> Self {
        Self(Handle::Pool(pool))
    }

    pub(crate) fn as_pool(&self) -> Option<&DatabaseConnection> {
        match &self.0 {
            Handle::Pool(pool) => Some(pool),
            Handle::Transaction(_) => None,
        }
    }

    pub(crate) fn db(&self) -> DatabaseExecutor<'_> {
        match &self.0 {
            Handle::Pool(pool) => pool.into(),
            Handle::Transaction(transaction) => transaction.into(),
        }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        match &self.0 {
            Handle::Pool(pool) => pool.get_database_backend(),
            Handle::Transaction(transaction) => transaction.get_database_backend(),
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    pub(crate) async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>> {
        Ok(self.db().query_one_raw(Statement::from_sql_and_values(self.backend(), sql, values)).await?)
    }

    pub(crate) async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        Ok(self.db().query_all_raw(Statement::from_sql_and_values(self.backend(), sql, values)).await?)
    }

    /// Returns the number of rows that were changed.
    pub(crate) async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        Ok(self.db().execute_raw(statement).await?.rows_affected())
    }
}
