//! Threads that take messages from one bounded queue, and how they end.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

/// Threads with one queue. Dropping them closes the queue and waits until what is in it is done.
#[derive(Debug)]
pub(crate) struct Workers<M> {
    sender: Mutex<Option<mpsc::Sender<M>>>,
    threads: Mutex<Vec<Worker>>,
}

#[derive(Debug)]
struct Worker {
    handle: JoinHandle<()>,
    /// Told, by being dropped, that the thread is through.
    ended: oneshot::Receiver<()>,
}

/// The receiving end that the threads share.
#[derive(Debug)]
pub(crate) struct Inbox<M>(Arc<Mutex<mpsc::Receiver<M>>>);

impl<M> Inbox<M> {
    /// Waits for the next message; `None` when the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<M> {
        lock(&self.0).blocking_recv()
    }

    /// Returns the next message if one waits.
    pub(crate) fn next_waiting(&self) -> Option<M> {
        lock(&self.0).try_recv().ok()
    }
}

impl<M: Send + 'static> Workers<M> {
    /// Starts a thread for each body; they share a queue of `queue` messages (at least one).
    pub(crate) fn start<B>(name: &str, queue: usize, bodies: Vec<B>) -> io::Result<Self>
    where
        B: FnOnce(&Inbox<M>) + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let workers =
            Self { sender: Mutex::new(Some(sender)), threads: Mutex::new(Vec::with_capacity(bodies.len())) };
        for body in bodies {
            let inbox = Inbox(Arc::clone(&receiver));
            let (running, ended) = oneshot::channel();
            let handle = thread::Builder::new().name(name.into()).spawn(move || {
                body(&inbox);
                drop(running);
            })?;
            lock(&workers.threads).push(Worker { handle, ended });
        }
        Ok(workers)
    }
}

impl<M> Workers<M> {
    /// Puts a message into the queue, waiting while it is full; gives it back when the queue is closed.
    pub(crate) async fn send(&self, message: M) -> Result<(), M> {
        let sender = lock(&self.sender).clone();
        match sender {
            Some(sender) => sender.send(message).await.map_err(|refused| refused.0),
            None => Err(message),
        }
    }

    /// Closes the queue and waits until what is in it is done and the threads are through.
    pub(crate) async fn close(&self) {
        drop(lock(&self.sender).take());
        let threads = std::mem::take(&mut *lock(&self.threads));
        for worker in threads {
            worker.ended.await.ok(); // an error is what tells the end
        }
    }
}

impl<M> Drop for Workers<M> {
    fn drop(&mut self) {
        drop(lock(&self.sender).take());
        for worker in lock(&self.threads).drain(..) {
            worker.handle.join().ok(); // the thread's panic was told by the panic hook
        }
    }
}

/// Takes a lock. None of those here is held while foreign code runs, so a poisoned one guards nothing broken.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
