//! The store: opening and closing it, and handing work to its threads.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ports::StoreError;
use rusqlite::Connection;

use crate::error::{Failure, Task};
use crate::folder::DataFolder;
use crate::reader::{self, ReadJob};
use crate::workers::{Inbox, Workers};
use crate::writer::{self, Durability, Job};
use crate::{OpenError, connection, migrations};

/// How to open the store.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that has the database; made when missing.
    pub folder: PathBuf,
    /// Threads that read; at least 1.
    pub readers: usize,
    /// Jobs that may wait, for the writer and for the readers each; at least 1. Past it callers wait for a place.
    pub queue: usize,
}

/// All storage ports on one `SQLite` file. Clones are the same store. Dropping the last one waits until what was asked for is
/// committed; better close it.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

/// In the order in which they end: the writer's connection is the last one, and folds the write-ahead log away.
struct Inner {
    readers: Workers<ReadJob>,
    writer: Workers<Box<dyn Job>>,
    folder: Mutex<Option<DataFolder>>,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens the store and brings its schema up to date. Blocks; for the start of a process.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the folder or the database; nothing was changed, unless by a migration that
    /// succeeded.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options { folder, readers, queue } = options;
        let folder = DataFolder::take(&folder)?;
        let path = folder.database().to_path_buf();
        let mut connection = connection::open_writer(&path)?;
        migrations::migrate(&mut connection, &path)?;
        let mut reading = Vec::new();
        for _ in 0..readers.max(1) {
            let connection = connection::open_reader(&path)?;
            reading.push(move |inbox: &Inbox<ReadJob>| reader::run(&connection, inbox));
        }
        let writing = vec![move |inbox: &Inbox<Box<dyn Job>>| writer::run(&connection, inbox)];
        let writer = Workers::start("store-writer", queue, writing).map_err(OpenError::Thread)?;
        let readers = Workers::start("store-reader", queue, reading).map_err(OpenError::Thread)?;
        Ok(Self(Arc::new(Inner { readers, writer, folder: Mutex::new(Some(folder)), path })))
    }

    /// Ends the threads and lets go of the folder.
    pub(crate) async fn finish(&self) {
        self.0.readers.close().await;
        self.0.writer.close().await;
        drop(self.0.folder.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Does `work`, which writes about `rows` rows, in a transaction shared with others. Returns after the commit. `work`
    /// may be run more than once; of all runs but one nothing is left.
    pub(crate) async fn write<T, F>(&self, task: Task, rows: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.submit(task, rows, Durability::BeforeAnswer, work).await
    }

    /// Does `work` as [`Self::write`] does, but returns before it is sure to survive a power failure.
    pub(crate) async fn write_soon<T, F>(&self, task: Task, rows: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.submit(task, rows, Durability::Soon, work).await
    }

    async fn submit<T, F>(
        &self,
        task: Task,
        rows: usize,
        durability: Durability,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (job, answer) = writer::job(task, rows, durability, work);
        let closed = || Failure::Closed.into_store_error(task);
        self.0.writer.send(job).await.map_err(|_refused| closed())?;
        answer.await.unwrap_or_else(|_gone| Err(closed()))
    }

    /// Looks something up. Sees everything that was answered before.
    pub(crate) async fn read<T, F>(&self, task: Task, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (job, answer) = reader::job(task, work);
        let sent = self.0.readers.send(job).await.or(Err(Failure::Closed));
        let outcome = match sent {
            Ok(()) => answer.await.unwrap_or(Err(Failure::Closed)),
            Err(closed) => Err(closed),
        };
        outcome.map_err(|failure| failure.into_store_error(task))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.0.path).finish_non_exhaustive()
    }
}
