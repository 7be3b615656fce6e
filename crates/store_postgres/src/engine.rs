//! The `StoreEngine` port: the store as a whole.

use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use domain::ports::{StoreEngine, StoreError};
use tokio::time::timeout;

use crate::error::{Failure, Task};
use crate::{PostgresStore, partitions};

const CHECK: Task = Task { doing: "checking the database", row: "a number" };
const TEND: Task = Task { doing: "making room for the days to come", row: "a number of partitions" };

/// Dropping a year of days takes longer than any caller's work may.
const TEND_LIMIT: Duration = Duration::from_secs(60);

#[async_trait]
impl StoreEngine for PostgresStore {
    async fn check(&self) -> Result<(), StoreError> {
        let check = async {
            let session = self.checkout().await?;
            session.within(async { Ok(session.client().batch_execute("SELECT 1").await?) }).await
        };
        check.await.map_err(|failure: Failure| failure.into_store_error(CHECK))
    }

    async fn tend(&self, now: Timestamp) -> Result<(), StoreError> {
        tend(self, now).await.map_err(|failure| failure.into_store_error(TEND))
    }

    async fn close(&self) {
        self.shut().await;
    }
}

async fn tend(store: &PostgresStore, now: Timestamp) -> Result<(), Failure> {
    let mut session = store.checkout().await?;
    // Not used again unless it is brought to its end.
    session.begin();
    let tending = partitions::tend(session.client_mut(), now, store.retention_days());
    let outcome = timeout(TEND_LIMIT, tending).await.or(Err(Failure::TimedOut))?;
    session.end();
    Ok(outcome?)
}
