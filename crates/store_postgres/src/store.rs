//! The store: its pool of connections, and how a transaction goes through one of them.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bb8::{Pool, PooledConnection, RunError};
use domain::TenantId;
use futures_util::future::{join, join_all};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tokio_postgres::{Client, Row};

use crate::columns::Parameter;
use crate::error::Failure;
use crate::options::driver_config;
use crate::session::{Manager, Refusals, Session};
use crate::{ConnectError, Options, tls};

/// How often a transaction is tried that the server ended for another's sake.
pub(crate) const TRIES: u32 = 5;

/// Who works for tenants.
const APP_ROLE: &str = "gateway_app";

/// On whose behalf a transaction runs; the server's row-level security and grants follow it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope {
    /// One tenant's rows and no other's.
    Tenant(TenantId),
    /// The same, and all statements see one moment.
    Snapshot(TenantId),
    /// No tenant's rows: what may be asked before it is known whose work it is.
    App,
    /// A role that is made for one task.
    Role(&'static str),
}

/// A statement with its parameters, which always encode.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    sql: &'a str,
    parameters: Box<[Parameter<'a>]>,
}

impl<'a> Statement<'a> {
    pub(crate) fn new<const N: usize>(sql: &'a str, parameters: [Parameter<'a>; N]) -> Self {
        Self { sql, parameters: Box::new(parameters) }
    }
}

/// All storage ports on one PostgreSQL database. Clones are the same store.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    /// Gone once the store is closed.
    pool: Mutex<Option<Pool<Manager>>>,
    /// One permit a connection; closed with the store.
    permits: Semaphore,
    refusals: Refusals,
    pool_size: u32,
    checkout_timeout: Duration,
    statement_timeout: Duration,
    prepared_statements: bool,
    retention_days: u32,
    /// The day that the last batch was copied into, counted from 1970.
    day_with_partition: AtomicU64,
}

/// A connection for one piece of work. Back in the pool when dropped.
pub(crate) struct Checkout<'a> {
    session: PooledConnection<'static, Manager>,
    limit: Duration,
    _permit: SemaphorePermit<'a>,
}

impl PostgresStore {
    /// Returns the store for a server. Connections are made when they are needed: whether the server answers,
    /// [`domain::ports::StoreEngine::check`] tells. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`ConnectError`] says what is wrong with the options.
    pub fn connect(options: &Options) -> Result<Self, ConnectError> {
        let tls = tls::connector(options.ca_pem.as_deref())?;
        let manager = Manager::new(driver_config(options)?, tls, options.connect_timeout);
        let refusals = Refusals::new();
        let pool_size = options.pool_size.max(1);
        // Connections are not tested before use: that would cost a round trip each time. Broken ones are known to be.
        let pool = Pool::builder()
            .max_size(pool_size)
            .test_on_check_out(false)
            .max_lifetime(options.max_lifetime)
            .connection_timeout(options.checkout_timeout)
            .error_sink(Box::new(refusals.clone()))
            .build_unchecked(manager);
        Ok(Self(Arc::new(Inner {
            pool: Mutex::new(Some(pool)),
            permits: Semaphore::new(usize::try_from(pool_size).unwrap_or(1)),
            refusals,
            pool_size,
            checkout_timeout: options.checkout_timeout,
            statement_timeout: options.statement_timeout,
            prepared_statements: options.prepared_statements,
            retention_days: options.retention_days,
            day_with_partition: AtomicU64::new(u64::MAX),
        })))
    }

    /// Returns whether statements may outlive their transaction.
    pub(crate) fn may_prepare(&self) -> bool {
        self.0.prepared_statements
    }

    /// Returns whether a day, counted from 1970, is known to have a partition of the log.
    pub(crate) fn has_copied_into(&self, day: u64) -> bool {
        self.0.day_with_partition.load(Ordering::Relaxed) == day
    }

    /// Notes that a day has a partition of the log.
    pub(crate) fn note_copies_into(&self, day: u64) {
        self.0.day_with_partition.store(day, Ordering::Relaxed);
    }

    /// Returns for how many days log rows are kept.
    pub(crate) fn retention_days(&self) -> u32 {
        self.0.retention_days
    }

    /// Runs one statement in a transaction of its own, in one round trip.
    pub(crate) async fn query<const N: usize>(
        &self,
        scope: Scope,
        sql: &str,
        parameters: [Parameter<'_>; N],
    ) -> Result<Vec<Row>, Failure> {
        let mut answers = self.transact(scope, &[Statement::new(sql, parameters)]).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// Runs statements in one transaction, in one round trip: all are done or none. Each gives its rows.
    pub(crate) async fn transact(
        &self,
        scope: Scope,
        statements: &[Statement<'_>],
    ) -> Result<Vec<Vec<Row>>, Failure> {
        let opening = self.opening(scope);
        for _ in 0..TRIES {
            match self.transact_once(&opening, statements).await {
                Err(failure) if failure.is_contention() => {
                    tracing::debug!(%failure, "trying a transaction again");
                }
                outcome => return outcome,
            }
        }
        Err(Failure::Contended)
    }

    async fn transact_once(
        &self,
        opening: &str,
        statements: &[Statement<'_>],
    ) -> Result<Vec<Vec<Row>>, Failure> {
        let session = self.checkout().await?;
        session.within(pipeline(session.client(), opening, statements)).await
    }

    /// Returns what opens a transaction. Nothing of it outlives the transaction, so that a pooler may give the next one to
    /// another connection.
    pub(crate) fn opening(&self, scope: Scope) -> String {
        let limit_ms = self.0.statement_timeout.as_millis();
        let limits = format!(
            "set_config('statement_timeout', '{limit_ms}', true),
            set_config('idle_in_transaction_session_timeout', '{limit_ms}', true)"
        );
        let (isolation, role, tenant) = match scope {
            Scope::Tenant(tenant) => ("READ COMMITTED", APP_ROLE, Some(tenant)),
            Scope::Snapshot(tenant) => ("REPEATABLE READ READ ONLY", APP_ROLE, Some(tenant)),
            Scope::App => ("READ COMMITTED", APP_ROLE, None),
            Scope::Role(role) => ("READ COMMITTED", role, None),
        };
        let user_id = tenant.map_or(String::new(), |tenant| format!("{:032x}", tenant.as_u128()));
        format!(
            "BEGIN ISOLATION LEVEL {isolation};
            SELECT set_config('role', '{role}', true), set_config('app.user_id', '{user_id}', true), {limits}"
        )
    }

    /// Returns a connection that is not known to be broken.
    pub(crate) async fn checkout(&self) -> Result<Checkout<'_>, Failure> {
        timeout(self.0.checkout_timeout, self.wait_for_connection())
            .await
            .unwrap_or(Err(Failure::CheckoutTimedOut))
    }

    async fn wait_for_connection(&self) -> Result<Checkout<'_>, Failure> {
        let permit = self.0.permits.acquire().await.or(Err(Failure::Closed))?;
        let pool = self.pool().ok_or(Failure::Closed)?;
        let mut refusals = self.0.refusals.subscribe();
        let mut session = pin!(open_session(&pool));
        loop {
            tokio::select! {
                biased;
                session = &mut session => {
                    return Ok(Checkout { session: session?, limit: self.0.statement_timeout, _permit: permit });
                }
                Ok(()) = refusals.changed() => {
                    let refusal = refusals.borrow_and_update().clone();
                    // While others have connections, one of theirs may come free.
                    if let Some(refusal) = refusal && pool.state().connections == 0 {
                        return Err(Failure::NoConnection(refusal));
                    }
                }
            }
        }
    }

    fn pool(&self) -> Option<Pool<Manager>> {
        self.0.pool.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the work in hand, each piece for as long as it may take, and lets go of all connections.
    pub(crate) async fn shut(&self) {
        // The permits are given in the order in which they were asked for: who comes later finds them closed.
        let all = self.0.permits.acquire_many(self.0.pool_size).await;
        self.0.permits.close();
        drop(all);
        drop(self.0.pool.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Returns a connection, past those that broke while they were idle.
async fn open_session(pool: &Pool<Manager>) -> Result<PooledConnection<'static, Manager>, Failure> {
    loop {
        let session = pool.get_owned().await.map_err(|error| match error {
            RunError::User(failure) => Failure::NoConnection(Arc::new(failure)),
            RunError::TimedOut => Failure::CheckoutTimedOut,
        })?;
        if !session.is_spoilt() {
            return Ok(session);
        }
    }
}

impl Checkout<'_> {
    /// Waits for work on the connection as [`Session::within`] does, for as long as one piece may take.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.session.within(self.limit, work).await
    }
}

impl std::ops::DerefMut for Checkout<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl std::ops::Deref for Checkout<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

/// Sends a whole transaction and then reads its answers. When a statement fails, the server skips the rest, and the commit
/// ends the transaction without a trace; the first failure is returned.
pub(crate) async fn pipeline(
    client: &Client,
    opening: &str,
    statements: &[Statement<'_>],
) -> Result<Vec<Vec<Row>>, Failure> {
    // The driver sends when a future is polled for the first time, and these are polled in order.
    let ((opened, answers), committed) =
        join(join(client.batch_execute(opening), run(client, statements)), client.batch_execute("COMMIT"))
            .await;
    opened?;
    let answers = answers?;
    committed?;
    Ok(answers)
}

/// Sends statements and then reads their answers; the first failure is returned.
pub(crate) async fn run(client: &Client, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
    let queries = statements.iter().map(|statement| client.query_typed(statement.sql, &statement.parameters));
    Ok(join_all(queries).await.into_iter().collect::<Result<_, _>>()?)
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("pool_size", &self.0.pool_size).finish_non_exhaustive()
    }
}
