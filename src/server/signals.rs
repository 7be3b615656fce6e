//! What the system tells the process.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::RunError;

/// The signals that stop the gateway, listened to from its start on: the first process of a container has no default for them.
#[derive(Debug)]
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    /// A terminal that closes. With TLS it means "read the certificate again", and is listened to there.
    hangup: Option<Signal>,
}

impl StopSignals {
    /// Listens.
    ///
    /// # Errors
    /// [`RunError::Output`] when the system lets nobody listen.
    pub(super) fn listen(is_hangup_taken: bool) -> Result<Self, RunError> {
        let on = |kind| signal(kind).map_err(RunError::Output);
        let hangup = if is_hangup_taken { None } else { Some(on(SignalKind::hangup())?) };
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())?, hangup })
    }

    /// Waits until the process is told to stop. Can be asked again for the next time.
    pub(super) async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = hung_up(self.hangup.as_mut()) => {}
        }
    }
}

/// Waits for a hangup; for ever where nobody listens to it.
pub(super) async fn hung_up(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
