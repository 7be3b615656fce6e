//! Passwords: argon2id, off the request threads.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use domain::Secret;

/// A password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
#[error("password cannot be processed")]
pub(crate) struct PasswordError;

/// Hashes a password with argon2id and its standard parameters; takes tens of milliseconds on a thread for such work.
///
/// # Errors
/// [`PasswordError`] when the thread pool is gone.
pub(crate) async fn hash_password(password: Secret) -> Result<Box<str>, PasswordError> {
    tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.expose().as_bytes())
            .map(|hash| hash.to_string().into_boxed_str())
            .or(Err(PasswordError))
    })
    .await
    .or(Err(PasswordError))?
}

/// Returns whether a password is the one behind a hash. A missing hash takes as long as a wrong password, so that the
/// time does not tell who has an account.
///
/// # Errors
/// [`PasswordError`] when the thread pool is gone.
pub(crate) async fn verify_password(password: Secret, hash: Option<Box<str>>) -> Result<bool, PasswordError> {
    tokio::task::spawn_blocking(move || match hash {
        Some(hash) => {
            let parsed = PasswordHash::new(&hash).or(Err(PasswordError))?;
            Ok(Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok())
        }
        None => {
            Argon2::default().hash_password(password.expose().as_bytes()).or(Err(PasswordError))?;
            Ok(false)
        }
    })
    .await
    .or(Err(PasswordError))?
}
