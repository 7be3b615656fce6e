//! A door in a double at which calls can be held, counted, and made to fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::ports::StoreError;
use tokio::sync::watch;

/// Holds calls while it is closed.
#[derive(Debug)]
pub(crate) struct Hold {
    is_closed: watch::Sender<bool>,
    arrived: watch::Sender<usize>,
}

impl Default for Hold {
    fn default() -> Self {
        Self { is_closed: watch::Sender::new(false), arrived: watch::Sender::new(0) }
    }
}

impl Hold {
    /// Holds calls from now on.
    pub(crate) fn close(&self) {
        self.is_closed.send_replace(true);
    }

    /// Lets all calls pass.
    pub(crate) fn open(&self) {
        self.is_closed.send_replace(false);
    }

    /// Waits until this many calls have come, held or passed.
    pub(crate) async fn arrived(&self, calls: usize) {
        self.arrived.subscribe().wait_for(|arrived| *arrived >= calls).await.unwrap();
    }

    /// Returns how many calls have come.
    pub(crate) fn count(&self) -> usize {
        *self.arrived.borrow()
    }

    /// What a double's call does first.
    pub(crate) async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        self.is_closed.subscribe().wait_for(|is_closed| !is_closed).await.unwrap();
    }
}

/// What is wrong with a double.
#[derive(Debug, Default)]
pub(crate) struct Fault {
    panics_left: AtomicUsize,
    is_away: Mutex<bool>,
}

impl Fault {
    /// Panics in this many calls.
    pub(crate) fn panic_times(&self, times: usize) {
        self.panics_left.store(times, Ordering::SeqCst);
    }

    /// Goes away, or comes back.
    pub(crate) fn set_away(&self, is_away: bool) {
        *self.is_away.lock().unwrap() = is_away;
    }

    /// Fails or panics, as was set.
    pub(crate) fn strike(&self, doing: &'static str) -> Result<(), StoreError> {
        let must_panic = self
            .panics_left
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        assert!(!must_panic, "scripted panic while {doing}");
        if *self.is_away.lock().unwrap() {
            return Err(StoreError::Unavailable { doing, may_be_done: false, source: "scripted".into() });
        }
        Ok(())
    }
}
