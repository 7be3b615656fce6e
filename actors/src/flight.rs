//! A flight: one answer that many wait for. Whoever lands it may die; the waiting learn that, too.

use tokio::sync::watch;

/// Returns a flight and the duty to land it.
pub(crate) fn depart<T>() -> (Landing<T>, Flight<T>) {
    let (sender, receiver) = watch::channel(None);
    (Landing(sender), Flight(receiver))
}

/// The duty to answer. Dropped without an answer, it tells the waiting that the answer is lost.
#[derive(Debug)]
pub(crate) struct Landing<T>(watch::Sender<Option<T>>);

impl<T> Landing<T> {
    /// Answers all who wait.
    pub(crate) fn land(self, answer: T) {
        self.0.send_replace(Some(answer));
    }
}

/// Waits for the answer; cheap to clone.
#[derive(Debug)]
pub(crate) struct Flight<T>(watch::Receiver<Option<T>>);

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Whoever was to answer died first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

impl<T: Clone> Flight<T> {
    /// Waits for the answer.
    pub(crate) async fn wait(mut self) -> Result<T, Lost> {
        match self.0.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone().ok_or(Lost),
            Err(_) => Err(Lost),
        }
    }

    /// Returns whether nobody is under way any more: joining it would bring nothing new.
    pub(crate) fn is_over(&self) -> bool {
        self.0.has_changed().is_err() || self.0.borrow().is_some()
    }
}
