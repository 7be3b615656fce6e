//! What can go wrong: when the store is opened, and inside a job.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ports::StoreError;
use rusqlite::ErrorCode;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another store of this one, has the folder open.
    #[error("data folder {} is in use by another process", .folder.display())]
    FolderInUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be made, or nothing can be written to it.
    #[error("data folder {} cannot be written to", .folder.display())]
    FolderNotWritable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A newer version of the gateway has changed the schema.
    #[error("database {} has schema {found}, and this version knows only up to {known}", .path.display())]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its schema's version.
        found: u32,
        /// The newest version that this binary knows.
        known: u32,
    },
    /// A migration that was applied is not the one that this binary has under its number.
    #[error("migration {name} of database {} was changed after it was applied", .path.display())]
    ChangedMigration {
        /// The database.
        path: PathBuf,
        /// The migration.
        name: &'static str,
    },
    /// The file is no database, or a damaged one.
    #[error("database {} is damaged", .path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        #[source]
        source: rusqlite::Error,
    },
    /// The folder's file system cannot do what a write-ahead log needs.
    #[error("database {} cannot have a write-ahead log where it is", .path.display())]
    NoWriteAheadLog {
        /// The database.
        path: PathBuf,
    },
    /// The database refused.
    #[error("database {} cannot be opened", .path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The operating system gives no thread.
    #[error("no thread can be started for the store")]
    Thread(#[source] io::Error),
}

impl OpenError {
    /// Returns the error for what `SQLite` said about a file.
    pub(crate) fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, source },
            _ => Self::Database { path, source },
        }
    }
}

/// What a job does, for its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    /// What is being done: `beginning ledger entries`.
    pub(crate) doing: &'static str,
    /// What it reads: `a ledger row`.
    pub(crate) row: &'static str,
}

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It is there already.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// A row that must be there is not, or makes no sense.
    #[error("{0} cannot be read back")]
    Corrupt(&'static str),
    /// `SQLite` refused.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// `SQLite` refused the transaction that the job shared with others.
    #[error(transparent)]
    Group(Arc<rusqlite::Error>),
    /// The job has a bug.
    #[error("the job panicked")]
    Panicked,
    /// The store was closed before.
    #[error("the store is closed")]
    Closed,
}

impl Failure {
    /// Returns the failure for an insert or update, a broken uniqueness as the conflict on `what`.
    pub(crate) fn of_unique(error: rusqlite::Error, what: &'static str) -> Self {
        let extended = error.sqlite_error().map(|code| code.extended_code);
        match extended {
            Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
                Self::Conflict(what)
            }
            _ => Self::Sqlite(error),
        }
    }

    /// Returns what the port tells its caller.
    pub(crate) fn into_store_error(self, task: Task) -> StoreError {
        match self {
            Self::Conflict(what) => StoreError::Conflict(what),
            Self::Corrupt(what) => StoreError::Corrupt(what),
            Self::Sqlite(error) if is_unreadable(&error) => StoreError::Corrupt(task.row),
            // What fails or panics is rolled back by then. Of a writer that is gone nobody knows how far it came, nor of a commit
            // that the disk did not confirm: the next start may find it.
            Self::Sqlite(_) | Self::Group(_) | Self::Panicked | Self::Closed => {
                let may_be_done = match &self {
                    Self::Closed => true,
                    Self::Group(error) => error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure),
                    _ => false,
                };
                StoreError::Unavailable { doing: task.doing, may_be_done, source: Box::new(self) }
            }
        }
    }
}

/// Returns whether `SQLite` gave a value that the column's type does not take.
fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}
