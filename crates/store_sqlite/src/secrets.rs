//! The `InstanceSecrets` port: the instance's own sealed secrets by name.

use async_trait::async_trait;
use domain::ports::{InstanceSecrets, StoreError};
use rusqlite::params;

use crate::SqliteStore;
use crate::error::Task;

const GET_OR_INSERT: Task =
    Task { doing: "reading a secret of the instance", row: "a secret of the instance" };

#[async_trait]
impl InstanceSecrets for SqliteStore {
    async fn get_or_insert(&self, name: &str, sealed: Box<[u8]>) -> Result<Box<[u8]>, StoreError> {
        let name: Box<str> = name.into();
        // Through the writer, which does one job after the other: two callers at once get the same.
        self.write(GET_OR_INSERT, 1, move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO instance_secrets (name, sealed) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute(params![name, sealed])?;
            let kept = connection
                .prepare_cached("SELECT sealed FROM instance_secrets WHERE name = ?1")?
                .query_row([&name], |row| row.get(0))?;
            Ok(kept)
        })
        .await
    }
}
