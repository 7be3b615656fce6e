//! The `StoreEngine` port: the store as a whole.

use async_trait::async_trait;
use domain::Timestamp;
use domain::ports::{StoreEngine, StoreError};

use crate::SqliteStore;
use crate::error::Task;

const CHECK: Task = Task { doing: "checking the database", row: "the schema's version" };

#[async_trait]
impl StoreEngine for SqliteStore {
    async fn check(&self) -> Result<(), StoreError> {
        self.read(CHECK, |connection| {
            let mut statement = connection.prepare_cached("SELECT max(version) FROM schema_migrations")?;
            statement.query_row((), |row| row.get::<_, u32>(0))?;
            Ok(())
        })
        .await
    }

    /// There is nothing to do: one table holds every day.
    async fn tend(&self, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    /// Commits what was asked for, folds the write-ahead log into the database and lets go of the folder.
    async fn close(&self) {
        self.finish().await;
    }
}
