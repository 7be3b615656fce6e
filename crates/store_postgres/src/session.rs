//! A connection and the pool's way of making and judging it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bb8::{ErrorSink, ManageConnection};
use bb8_postgres::PostgresConnectionManager;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;
use tokio_postgres::{Client, Config, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Failure;

/// A connection. One piece of work has it at a time.
pub(crate) struct Session {
    client: Client,
    /// The statement that copies a day's log rows in, prepared once a connection and day.
    copy: Mutex<Option<(String, Statement)>>,
    /// Whether work on it was begun and not brought to its end: nobody knows what the server has in hand.
    is_amid: AtomicBool,
    /// Whether the driver has lost its place in what the server says.
    is_lost: AtomicBool,
}

impl Session {
    /// Returns the driver's handle.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the statement of this text. The last one is kept: there are no others but one a day.
    pub(crate) async fn copy_statement(&self, sql: &str) -> Result<Statement, Failure> {
        let mut kept = self.copy.lock().await;
        if let Some((text, statement)) = &*kept
            && text == sql
        {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        *kept = Some((sql.to_owned(), statement.clone()));
        Ok(statement)
    }

    /// Waits for work on the connection, which leaves no transaction open, for at most `limit`. When it takes longer, or the
    /// caller goes away, the connection is not used again.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.begin();
        let outcome = timeout(limit, work).await.or(Err(Failure::TimedOut))?;
        self.end();
        outcome.inspect_err(|failure| {
            if failure.is_of_connection() {
                self.spoil();
            }
        })
    }

    /// Says that work begins on the connection; without [`Self::end`] it is not used again.
    pub(crate) fn begin(&self) {
        self.is_amid.store(true, Ordering::Relaxed);
    }

    /// Says that the connection is not to be used again, whatever [`Self::within`] finds.
    pub(crate) fn spoil(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    /// Says that the work is done, and no transaction open.
    pub(crate) fn end(&self) {
        self.is_amid.store(false, Ordering::Relaxed);
    }

    /// Returns the driver's handle, to be used with [`Self::begin`] and [`Self::end`].
    pub(crate) const fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Returns whether nothing more can be done on it.
    pub(crate) fn is_spoilt(&self) -> bool {
        self.client.is_closed()
            || self.is_amid.load(Ordering::Relaxed)
            || self.is_lost.load(Ordering::Relaxed)
    }
}

/// Makes connections.
pub(crate) struct Manager {
    postgres: PostgresConnectionManager<MakeRustlsConnect>,
    connect_timeout: Duration,
}

impl Manager {
    /// Returns what makes connections with these settings, each within `connect_timeout`.
    pub(crate) fn new(config: Config, tls: MakeRustlsConnect, connect_timeout: Duration) -> Self {
        Self { postgres: PostgresConnectionManager::new(config, tls), connect_timeout }
    }
}

impl ManageConnection for Manager {
    type Connection = Session;
    type Error = Failure;

    async fn connect(&self) -> Result<Session, Failure> {
        // The driver's own limit is for the socket only: a server that stands still takes connections and says nothing.
        let client = timeout(self.connect_timeout, self.postgres.connect())
            .await
            .or(Err(Failure::ConnectTimedOut))??;
        Ok(Session {
            client,
            copy: Mutex::new(None),
            is_amid: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
        })
    }

    async fn is_valid(&self, session: &mut Session) -> Result<(), Failure> {
        Ok(session.client.batch_execute("").await?)
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.is_spoilt()
    }
}

/// Tells those who wait for a connection why none can be made.
#[derive(Debug, Clone)]
pub(crate) struct Refusals(watch::Sender<Option<Arc<Failure>>>);

impl Refusals {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Returns where refusals from now on are told.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<Arc<Failure>>> {
        self.0.subscribe()
    }
}

impl ErrorSink<Failure> for Refusals {
    fn sink(&self, failure: Failure) {
        tracing::warn!(error = %chain(&failure), "no connection to PostgreSQL can be made");
        self.0.send_replace(Some(Arc::new(failure)));
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<Failure>> {
        Box::new(self.clone())
    }
}

/// Returns an error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_amid", &self.is_amid).finish_non_exhaustive()
    }
}
