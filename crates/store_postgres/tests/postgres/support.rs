//! A migrated database of a test's own, and how a node, or several at once, get into it.

use std::time::Duration;

use domain::Secret;
use store_postgres::{MigrateOptions, Options, PostgresStore, migrate};
use testkit::servers::Postgres;
use tokio::task::JoinSet;

/// Whom a node signs in as.
pub(crate) const LOGIN: &str = "gateway_node";

/// How many calls the rollups count.
pub(crate) const COUNTED_SQL: &str = "SELECT sum(calls) FROM usage_rollups";

/// How many tasks the nodes share.
pub(crate) const TASKS: usize = 8;

/// A migrated database.
pub(crate) struct Database<'a> {
    server: &'a Postgres,
    name: String,
}

impl Database<'static> {
    /// Makes one on the server that all tests share.
    pub(crate) async fn new() -> Self {
        Self::on(Postgres::shared()).await
    }
}

impl<'a> Database<'a> {
    /// Makes one on a server.
    pub(crate) async fn on(server: &'a Postgres) -> Self {
        Self::migrated(server, None).await
    }

    /// Makes one on a server with TLS.
    pub(crate) async fn on_encrypted(server: &'a Postgres) -> Self {
        Self::migrated(server, Some(server.ca_pem().as_bytes().into())).await
    }

    async fn migrated(server: &'a Postgres, ca_pem: Option<Box<[u8]>>) -> Self {
        let name = server.create_database();
        let options = MigrateOptions { login: Some(LOGIN.into()), ca_pem };
        migrate(&server.url("postgres", &name), options).await.unwrap();
        Self { server, name }
    }

    /// Makes the partitions of the days that the samples are of, so that their rows are copied in.
    pub(crate) fn with_partitions(self) -> Self {
        self.psql("SELECT ensure_partitions('2025-08-29', 3)");
        self
    }

    /// Returns its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs SQL as the superuser.
    #[track_caller]
    pub(crate) fn psql(&self, sql: &str) -> String {
        self.server.psql(&self.name, sql)
    }

    /// Opens a connection of the superuser, for transactions that stay open.
    #[expect(clippy::disallowed_methods, reason = "the connection ends with its client")]
    pub(crate) async fn superuser(&self) -> tokio_postgres::Client {
        let url = self.server.url("postgres", &self.name);
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Returns how many transactions the server had to end because they waited for each other. Waits until all nodes have gone:
    /// a connection may tell as late as at its end.
    pub(crate) async fn deadlocks(&self) -> String {
        let others = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        while self.psql(others) != "0" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.psql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    }

    /// Returns how a node reaches it. It is patient: a thousand callers on a busy machine wait for seconds, and nothing is wrong.
    pub(crate) fn options(&self) -> Options {
        Options {
            url: Secret::new(self.server.url(LOGIN, &self.name)),
            pool_size: 4,
            connect_timeout: Duration::from_secs(60),
            checkout_timeout: Duration::from_secs(60),
            statement_timeout: Duration::from_secs(60),
            max_lifetime: Duration::from_secs(600),
            prepared_statements: true,
            ca_pem: None,
            retention_days: 30,
        }
    }

    /// Opens a store of a node's own.
    pub(crate) fn open(&self) -> PostgresStore {
        PostgresStore::connect(&self.options()).unwrap()
    }

    /// Opens a store that soon gives up on a server that says nothing.
    pub(crate) fn open_impatient(&self) -> PostgresStore {
        let options = Options {
            connect_timeout: Duration::from_secs(2),
            checkout_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(3),
            ..self.options()
        };
        PostgresStore::connect(&options).unwrap()
    }
}

/// Returns three nodes.
pub(crate) fn nodes(database: &Database<'_>) -> [PostgresStore; 3] {
    [database.open(), database.open(), database.open()]
}

/// Starts a task on a node for each number.
pub(crate) fn on_nodes<F: Future<Output = T> + Send + 'static, T: Send + 'static>(
    nodes: &[PostgresStore; 3],
    task: impl Fn(usize, PostgresStore) -> F,
) -> JoinSet<T> {
    nodes.iter().cycle().take(TASKS).cloned().enumerate().map(|(number, node)| task(number, node)).collect()
}

/// Returns the numbers below `count` in an order of this task's own.
pub(crate) fn shuffled(count: usize, task: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |step| (step * (2 * task + 1) + task * 7) % count)
}
