//! The `InstanceSecrets` port: the instance's own sealed secrets by name.

use async_trait::async_trait;
use domain::ports::{InstanceSecrets, StoreError};
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::columns::{Text, plain};
use crate::error::{Failure, Task};
use crate::store::{Scope, Statement};

const ROW: &str = "a secret of the instance";
const GET_OR_INSERT: Task = Task { doing: "reading a secret of the instance", row: ROW };

/// Waits for another node that inserts the same at this moment; the look-up after it sees what that one committed.
const INSERT_SQL: &str = "INSERT INTO instance_secrets (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const FIND_SQL: &str = "SELECT sealed FROM instance_secrets WHERE name = $1";

#[async_trait]
impl InstanceSecrets for PostgresStore {
    async fn get_or_insert(&self, name: &str, sealed: Box<[u8]>) -> Result<Box<[u8]>, StoreError> {
        get_or_insert(self, name, &sealed).await.map_err(|failure| failure.into_store_error(GET_OR_INSERT))
    }
}

async fn get_or_insert(store: &PostgresStore, name: &str, sealed: &[u8]) -> Result<Box<[u8]>, Failure> {
    let name = Text(name);
    let answers = store
        .transact(
            Scope::App,
            &[
                Statement::new(INSERT_SQL, [(&name, Type::TEXT), (&sealed, Type::BYTEA)]),
                Statement::new(FIND_SQL, [(&name, Type::TEXT)]),
            ],
        )
        .await?;
    let kept = answers.last().and_then(|rows| rows.first()).ok_or(Failure::Corrupt(ROW))?;
    Ok(plain::<&[u8]>(kept, "sealed")?.into())
}
