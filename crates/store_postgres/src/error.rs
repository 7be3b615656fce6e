//! What can go wrong: when the store is set up, and inside a piece of work. Nothing here tells what a row holds.

use std::sync::Arc;

use domain::ports::StoreError;
use tokio_postgres::error::{Severity, SqlState};

/// Why the store could not be set up. Whether the server answers shows later.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is no connection string of PostgreSQL. Why is not said: it may hold a password.
    #[error("the database's address is not a valid connection string")]
    Url,
    /// The address asks for TLS in a way that is not known.
    #[error("the database's address has an unknown sslmode")]
    SslMode,
    /// The certificate authority for the server cannot be used.
    #[error("the certificate authority for the database cannot be read")]
    Authority(#[source] Option<rustls::pki_types::pem::Error>),
    /// The TLS settings are refused.
    #[error("TLS for the database cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// What a piece of work does, for its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    /// What is being done: `beginning ledger entries`.
    pub(crate) doing: &'static str,
    /// What it reads: `a ledger row`.
    pub(crate) row: &'static str,
}

/// Why a piece of work failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It is there already.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// A row that must be there is not, or makes no sense.
    #[error("{0} cannot be read back")]
    Corrupt(&'static str),
    /// A column holds what this version cannot read.
    #[error("column {0} cannot be read")]
    Unreadable(&'static str),
    /// A value is of the wrong type for its column, or too large for a message.
    #[error("a value cannot be sent to PostgreSQL")]
    Unencodable,
    /// The server refused. Its details are left out: they quote rows.
    #[error("PostgreSQL refused with {}: {message}", .code.code())]
    Refused {
        /// The SQLSTATE.
        code: SqlState,
        /// Whether the connection goes on: else the server, or a pooler in front of it, may have said so after a commit.
        is_of_the_work: bool,
        /// The server's sentence.
        message: Box<str>,
    },
    /// The connection broke, or, inside [`Self::NoConnection`], was not made.
    #[error("the connection to PostgreSQL failed")]
    Connection(#[source] tokio_postgres::Error),
    /// The last attempt to connect failed, for whoever waits for a connection.
    #[error("no connection to PostgreSQL can be made")]
    NoConnection(#[source] Arc<Failure>),
    /// No connection was made in time.
    #[error("PostgreSQL let no connection be made in time")]
    ConnectTimedOut,
    /// All connections are in use.
    #[error("no connection to PostgreSQL was free in time")]
    CheckoutTimedOut,
    /// The work was not done in time. Whether it was done at all is not known.
    #[error("PostgreSQL did not answer in time")]
    TimedOut,
    /// It failed after a part of it was committed.
    #[error("it was done in part")]
    InPart(#[source] Box<Failure>),
    /// Others were in the way each time it was tried.
    #[error("others changed the same rows each time")]
    Contended,
    /// The store was closed before.
    #[error("the store is closed")]
    Closed,
}

impl Failure {
    /// Returns the failure with a broken uniqueness as the conflict on `what`.
    pub(crate) fn or_conflict(self, what: &'static str) -> Self {
        if self.is_conflict() { Self::Conflict(what) } else { self }
    }

    /// Returns whether a row with the same key is there already.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == SqlState::UNIQUE_VIOLATION)
    }

    /// Returns whether the server ended the transaction for another's sake, and the same may be tried at once.
    pub(crate) fn is_contention(&self) -> bool {
        matches!(self, Self::Refused { code, .. }
            if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE)
    }

    /// Returns whether a table, or a part of one, is not there.
    pub(crate) fn is_missing_table(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == SqlState::UNDEFINED_TABLE)
    }

    /// Returns whether another connection may lead to a server that does what this one does not: it shuts down, or has become
    /// a replica.
    pub(crate) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Refused { code, .. }
            if *code == SqlState::READ_ONLY_SQL_TRANSACTION
                || *code == SqlState::ADMIN_SHUTDOWN
                || *code == SqlState::CRASH_SHUTDOWN
                || *code == SqlState::CANNOT_CONNECT_NOW)
    }

    /// Returns whether nothing is committed: there was no connection to do it on, or the server said no to it.
    fn is_undone(&self) -> bool {
        /// Classes of codes by which a server that goes on tells of a connection behind it, or of a commit that it lost.
        const UNCERTAIN: [&str; 2] = ["08", "40003"];
        match self {
            Self::Refused { code, is_of_the_work, .. } => {
                *is_of_the_work && !UNCERTAIN.iter().any(|class| code.code().starts_with(class))
            }
            Self::Conflict(_)
            | Self::NoConnection(_)
            | Self::ConnectTimedOut
            | Self::CheckoutTimedOut
            | Self::Unencodable
            | Self::Contended
            | Self::Closed => true,
            Self::Corrupt(_)
            | Self::Unreadable(_)
            | Self::Connection(_)
            | Self::TimedOut
            | Self::InPart(_) => false,
        }
    }

    /// Returns what the port tells its caller.
    pub(crate) fn into_store_error(self, task: Task) -> StoreError {
        match self {
            Self::Conflict(what) => StoreError::Conflict(what),
            Self::Corrupt(what) => StoreError::Corrupt(what),
            Self::Unreadable(_) => StoreError::Corrupt(task.row),
            // The store is there; what it has is not to be read.
            Self::InPart(failure) if matches!(*failure, Self::Corrupt(_) | Self::Unreadable(_)) => {
                StoreError::Corrupt(task.row)
            }
            other => {
                let may_be_done = !other.is_undone();
                StoreError::Unavailable { doing: task.doing, may_be_done, source: Box::new(other) }
            }
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        // A refusal to connect is one of the server's, too.
        match error.as_db_error() {
            Some(refusal) => {
                let is_of_the_work = refusal.parsed_severity() == Some(Severity::Error);
                Self::Refused {
                    code: refusal.code().clone(),
                    is_of_the_work,
                    message: refusal.message().into(),
                }
            }
            None => Self::Connection(error),
        }
    }
}

/// A column's value that this version has no meaning for.
#[derive(Debug, thiserror::Error)]
#[error("column holds what this version cannot read")]
pub(crate) struct WrongColumn;
