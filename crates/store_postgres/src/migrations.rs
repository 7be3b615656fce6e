//! Brings the schema up to date: numbered SQL files, applied once each, in order, never back.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Transaction};

use crate::options::read_url;
use crate::{ConnectError, tls};

/// A step of the schema.
struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 9] = [
    Migration {
        version: 1,
        name: "0001_roles",
        sql: include_str!("../../../migrations/postgres/0001_roles.sql"),
    },
    Migration {
        version: 2,
        name: "0002_tenants",
        sql: include_str!("../../../migrations/postgres/0002_tenants.sql"),
    },
    Migration {
        version: 3,
        name: "0003_partitions",
        sql: include_str!("../../../migrations/postgres/0003_partitions.sql"),
    },
    Migration {
        version: 4,
        name: "0004_ledger",
        sql: include_str!("../../../migrations/postgres/0004_ledger.sql"),
    },
    Migration {
        version: 5,
        name: "0005_transaction_logs",
        sql: include_str!("../../../migrations/postgres/0005_transaction_logs.sql"),
    },
    Migration {
        version: 6,
        name: "0006_webhook_events",
        sql: include_str!("../../../migrations/postgres/0006_webhook_events.sql"),
    },
    Migration {
        version: 7,
        name: "0007_usage_rollups",
        sql: include_str!("../../../migrations/postgres/0007_usage_rollups.sql"),
    },
    Migration {
        version: 8,
        name: "0008_audit_log",
        sql: include_str!("../../../migrations/postgres/0008_audit_log.sql"),
    },
    Migration {
        version: 9,
        name: "0009_look_ups",
        sql: include_str!("../../../migrations/postgres/0009_look_ups.sql"),
    },
];

/// Held until the transaction ends: of two nodes that migrate at once, the second finds the work done. No setting of the server
/// or the role may end it half-way.
const BEGIN_SQL: &str = "SET LOCAL search_path = public;
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL client_min_messages = warning;
    SELECT pg_advisory_xact_lock(hashtextextended('unified-gateway migrations', 0));
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version integer NOT NULL PRIMARY KEY,
        name text NOT NULL,
        checksum bytea NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )";

const LOGIN_SQL: &str = include_str!("../../../migrations/postgres/login.sql");

/// A server of this version has all that the schema needs.
const OLDEST_SERVER: i32 = 15;

/// The days that get their partitions at once. More are made from time to time while a node runs.
const FIRST_DAYS: i32 = 3;

/// What to do beside bringing the schema up to date.
#[derive(Debug, Clone, Default)]
pub struct MigrateOptions {
    /// The role that nodes sign in as: it gets the rights that they need, and is made without a password when it is missing.
    pub login: Option<Box<str>>,
    /// The certificate authorities that may have signed the server's certificate, as PEM, instead of the system's.
    pub ca_pem: Option<Box<[u8]>>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrateReport {
    /// The migrations that were applied, in order; empty: the schema was up to date.
    pub applied: Vec<&'static str>,
    /// The schema's version now.
    pub version: u32,
}

/// Why the schema was not brought up to date. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The address or the certificate authorities cannot be used.
    #[error("cannot connect to PostgreSQL with these settings")]
    Settings(#[from] ConnectError),
    /// The server cannot be reached, or does not let this role in.
    #[error("cannot sign in to PostgreSQL to migrate its schema")]
    Connect(#[source] tokio_postgres::Error),
    /// The connection ended before the work did.
    #[error("PostgreSQL ended the connection while its schema was migrated")]
    Ended,
    /// The server is too old.
    #[error("the server is PostgreSQL {found}; {OLDEST_SERVER} or newer is needed")]
    OldServer {
        /// The server's major version.
        found: i32,
    },
    /// A newer version of the gateway has been here.
    #[error(
        "the schema is version {found} and this program knows {known}: use the newer program that migrated it"
    )]
    NewerSchema {
        /// The schema's version.
        found: i32,
        /// This program's.
        known: i32,
    },
    /// A migration is not what was applied.
    #[error("migration {name} is not the one that was applied to this database: it was changed afterwards")]
    ChangedMigration {
        /// Its name.
        name: &'static str,
    },
    /// A migration cannot be applied.
    #[error("migration {name} cannot be applied")]
    Refused {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The role that nodes sign in as cannot be given its rights, or has rights that it must not have.
    #[error("the role {login} cannot be a node's")]
    Login {
        /// The role.
        login: Box<str>,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// Something else was refused.
    #[error("cannot {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
}

/// Brings the schema of a database up to date, all in one commit. `url` is that of the role that owns the tables. Safe to run
/// again, and at several places at once.
///
/// # Errors
/// [`MigrateError`]; the database is as it was before.
pub async fn migrate(url: &str, options: MigrateOptions) -> Result<MigrateReport, MigrateError> {
    let tls = tls::connector(options.ca_pem.as_deref())?;
    let (mut client, connection) = read_url(url)?.connect(tls).await.map_err(MigrateError::Connect)?;
    let work = std::pin::pin!(migrate_with(&mut client, options));
    tokio::select! {
        report = work => report,
        ended = connection => Err(ended.map_or_else(MigrateError::Connect, |()| MigrateError::Ended)),
    }
}

/// Brings the schema up to date over a connection of the role that owns the tables.
pub(crate) async fn migrate_with(
    client: &mut Client,
    options: MigrateOptions,
) -> Result<MigrateReport, MigrateError> {
    refuse_old_server(client).await?;
    let transaction = client.transaction().await.map_err(during("begin migrating"))?;
    transaction.batch_execute(BEGIN_SQL).await.map_err(during("make the list of migrations"))?;
    let missing = missing(&transaction).await?;
    for migration in &missing {
        apply(&transaction, migration).await?;
    }
    let days = transaction.query_one("SELECT ensure_partitions(now(), $1)", &[&FIRST_DAYS]).await;
    days.map_err(during("make the partitions of the first days"))?;
    if let Some(login) = options.login {
        let granted = grant(&transaction, &login).await;
        granted.map_err(|source| MigrateError::Login { login, source })?;
    }
    transaction.commit().await.map_err(during("commit the migrations"))?;
    Ok(MigrateReport {
        applied: missing.iter().map(|migration| migration.name).collect(),
        version: u32::try_from(known_version()).unwrap_or(0),
    })
}

/// Returns the version of the schema that this program was written for.
pub(crate) fn known_version() -> i32 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

async fn refuse_old_server(client: &Client) -> Result<(), MigrateError> {
    let row = client
        .query_one("SELECT current_setting('server_version_num')::integer / 10000", &[])
        .await
        .map_err(during("ask for the server's version"))?;
    let found: i32 = row.try_get(0).map_err(during("read the server's version"))?;
    if found < OLDEST_SERVER {
        return Err(MigrateError::OldServer { found });
    }
    Ok(())
}

/// Returns what is to be applied. A database that a newer version has changed, or a migration that was changed since, is
/// refused before anything is done.
async fn missing(transaction: &Transaction<'_>) -> Result<Vec<&'static Migration>, MigrateError> {
    let doing = "read which migrations were applied";
    let rows = transaction
        .query("SELECT version, checksum FROM schema_migrations", &[])
        .await
        .map_err(during(doing))?;
    let mut applied: BTreeMap<i32, Vec<u8>> = BTreeMap::new();
    for row in &rows {
        applied.insert(row.try_get(0).map_err(during(doing))?, row.try_get(1).map_err(during(doing))?);
    }
    let known = known_version();
    if let Some((&found, _)) = applied.last_key_value()
        && found > known
    {
        return Err(MigrateError::NewerSchema { found, known });
    }
    let mut missing = Vec::new();
    for migration in &MIGRATIONS {
        match applied.get(&migration.version) {
            None => missing.push(migration),
            Some(checksum) if *checksum == checksum_of(migration.sql) => {}
            Some(_) => return Err(MigrateError::ChangedMigration { name: migration.name }),
        }
    }
    Ok(missing)
}

async fn apply(transaction: &Transaction<'_>, migration: &Migration) -> Result<(), MigrateError> {
    let Migration { version, name, sql } = migration;
    let refused = |source| MigrateError::Refused { name, source };
    transaction.batch_execute(sql).await.map_err(refused)?;
    let checksum = checksum_of(sql);
    transaction
        .execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            &[version, name, &checksum],
        )
        .await
        .map_err(refused)?;
    Ok(())
}

async fn grant(transaction: &Transaction<'_>, login: &str) -> Result<(), tokio_postgres::Error> {
    transaction.query_one("SELECT set_config('gateway.login', $1, true)", &[&login]).await?;
    transaction.batch_execute(LOGIN_SQL).await
}

fn checksum_of(sql: &str) -> Vec<u8> {
    Sha256::digest(sql.as_bytes()).to_vec()
}

fn during(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> MigrateError {
    move |source| MigrateError::Database { doing, source }
}
