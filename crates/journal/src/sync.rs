//! Group sync: a thread that covers, with one round of `fdatasync`, all who asked while the round before it ran.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::spool::Spool;

/// Those who wait for a sync.
#[derive(Debug, Default)]
pub(crate) struct Syncs {
    state: Mutex<State>,
    asked: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<oneshot::Sender<Result<(), Refusal>>>,
    is_closed: bool,
}

/// What the disk said, for each of several callers.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    kind: io::ErrorKind,
    os_code: Option<i32>,
}

impl From<&io::Error> for Refusal {
    fn from(error: &io::Error) -> Self {
        Self { kind: error.kind(), os_code: error.raw_os_error() }
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        refusal.os_code.map_or_else(|| refusal.kind.into(), Self::from_raw_os_error)
    }
}

/// The thread that syncs. Ends when dropped, after the round under way.
#[derive(Debug)]
pub(crate) struct Syncer {
    syncs: Arc<Syncs>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts the thread.
    pub(crate) fn start(spool: Arc<Mutex<Spool>>) -> io::Result<Self> {
        let syncs = Arc::new(Syncs::default());
        let shared = Arc::clone(&syncs);
        let thread = std::thread::Builder::new()
            .name("journal-sync".to_owned())
            .spawn(move || while serve(&spool, &shared) {})?;
        Ok(Self { syncs, thread: Some(thread) })
    }

    /// Returns when a round that began after this call is over.
    pub(crate) async fn sync(&self) -> io::Result<()> {
        let (answer, answered) = oneshot::channel();
        lock(&self.syncs.state).waiting.push(answer);
        self.syncs.asked.notify_one();
        match answered.await {
            Ok(result) => result.map_err(Into::into),
            Err(_gone) => Err(io::Error::other("journal is closed")),
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        lock(&self.syncs.state).is_closed = true;
        self.syncs.asked.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's sync thread ended in a panic");
        }
    }
}

/// Waits for callers and serves them together. Returns false when the journal is closed.
fn serve(spool: &Mutex<Spool>, syncs: &Syncs) -> bool {
    let waiting = {
        let state = lock(&syncs.state);
        let idle = |state: &mut State| state.waiting.is_empty() && !state.is_closed;
        let mut state = syncs.asked.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.waiting)
    };
    if waiting.is_empty() {
        return false;
    }
    let result = sync_all(spool);
    if let Err(error) = &result {
        tracing::error!(error = error as &dyn std::error::Error, "the journal's disk cannot sync");
    }
    let answer = result.as_ref().copied().map_err(Refusal::from);
    for waiting in waiting {
        // Whoever has gone wants no answer.
        waiting.send(answer.clone()).ok();
    }
    true
}

/// Syncs what was written. Nothing is locked meanwhile.
fn sync_all(spool: &Mutex<Spool>) -> io::Result<()> {
    let (dirty, disk, folder) = {
        let mut spool = lock(spool);
        (spool.take_dirty(), Arc::clone(&spool.disk), spool.folder.clone())
    };
    let files = || dirty.files.iter().try_for_each(|(_, file)| file.sync_data());
    let names = || if dirty.is_folder_dirty { disk.sync_folder(&folder) } else { Ok(()) };
    files().and_then(|()| names()).inspect_err(|_| lock(spool).give_back(&dirty))
}

/// Locks, whether or not a holder has panicked: what is guarded is valid between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
