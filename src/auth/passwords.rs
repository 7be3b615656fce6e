//! Passwords: argon2id, off the request threads, and never more at once than the machine has cores.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use domain::Secret;
use tokio::sync::Semaphore;

/// How long a password waits for its turn: some hundred others on two cores.
const PATIENCE: Duration = Duration::from_secs(3);

/// A password could not be hashed or checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Too many others were before it. Nobody has looked at it.
    #[error("too many passwords are being processed")]
    Busy,
    /// It cannot be done.
    #[error("password cannot be processed")]
    Failed,
}

/// Hashes and checks passwords. Anybody may send them, and each takes a core for tens of milliseconds, and 19 MiB.
#[derive(Debug)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Passwords {
    /// Returns one with a place for each core.
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::with(cores, PATIENCE)
    }

    fn with(places: usize, patience: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), patience }
    }

    /// Hashes a password with argon2id and its standard parameters.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] after three seconds without a place; [`PasswordError::Failed`] when the thread pool is gone.
    pub(crate) async fn hash(&self, password: Secret) -> Result<Box<str>, PasswordError> {
        self.work(move || {
            Argon2::default()
                .hash_password(password.expose().as_bytes())
                .map(|hash| hash.to_string().into_boxed_str())
                .or(Err(PasswordError::Failed))
        })
        .await
    }

    /// Returns whether a password is the one behind a hash. A missing hash takes as long as a wrong password, so that the
    /// time does not tell who has an account.
    ///
    /// # Errors
    /// As [`Passwords::hash`].
    pub(crate) async fn verify(
        &self,
        password: Secret,
        hash: Option<Box<str>>,
    ) -> Result<bool, PasswordError> {
        self.work(move || match hash {
            Some(hash) => {
                let parsed = PasswordHash::new(&hash).or(Err(PasswordError::Failed))?;
                Ok(Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok())
            }
            None => {
                let hashed = Argon2::default().hash_password(password.expose().as_bytes());
                hashed.map(|_hash| false).or(Err(PasswordError::Failed))
            }
        })
        .await
    }

    /// Waits for a place, and works on a thread for such work.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = tokio::time::timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.or(Err(PasswordError::Busy))?.or(Err(PasswordError::Failed))?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            // Not before: the work goes on when nobody waits for it any more.
            drop(place);
            done
        });
        working.await.or(Err(PasswordError::Failed))?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt;

    use super::*;

    fn password() -> Secret {
        Secret::new("correct horse battery")
    }

    #[tokio::test]
    async fn a_password_that_finds_no_place_in_time_is_not_looked_at() {
        let passwords = Passwords::with(1, Duration::from_millis(20));
        let place = Arc::clone(&passwords.places).try_acquire_owned().unwrap();
        assert_eq!(passwords.hash(password()).await, Err(PasswordError::Busy));
        assert_eq!(passwords.verify(password(), None).await, Err(PasswordError::Busy));
        drop(place);
        let hash = passwords.hash(password()).await.unwrap();
        assert_eq!(passwords.verify(password(), Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.verify(Secret::new("guess"), Some(hash)).await, Ok(false));
        assert_eq!(passwords.verify(password(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn whoever_goes_leaves_the_place_taken_until_the_work_is_done() {
        let passwords = Passwords::with(1, Duration::from_secs(60));
        let (finish, finished) = mpsc::channel::<()>();
        let gone = passwords.work(move || finished.recv().or(Err(PasswordError::Failed)));
        assert_eq!(gone.now_or_never(), None);
        assert_eq!(passwords.places.available_permits(), 0);
        finish.send(()).unwrap();
        assert_eq!(passwords.work(|| Ok(1)).await, Ok(1));
    }
}
