//! AES-256-GCM over bytes: one key, one additional data, a fresh random nonce. What is sealed with which data is not here.

use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use domain::Entropy;
use zeroize::Zeroizing;

use crate::MasterKeyId;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes of the tag at the end.
pub(crate) const TAG_BYTES: usize = 16;

/// Why nothing was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is beyond what one nonce may cover (64 GiB).
    #[error("text is too long to seal")]
    TooLong,
}

/// Why something sealed does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed under a master key that the keyring does not have.
    #[error("no master key {id} in the keyring")]
    UnknownMasterKey {
        /// The key it names.
        id: MasterKeyId,
    },
    /// The key is another one, or what was sealed was changed or moved to another place.
    #[error("sealed under another key, changed, or moved")]
    Tampered,
    /// It is not in the vault's format, or of a version this one does not know.
    #[error("not in the vault's format")]
    Malformed,
}

/// A 256-bit key: one copy on the heap, wiped when dropped, never shown.
#[derive(Clone)]
pub(crate) struct SymmetricKey(Box<Zeroizing<[u8; KEY_BYTES]>>);

impl SymmetricKey {
    /// Returns a new random key.
    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        // Filled where it will stay: a key built on the stack and moved leaves a copy behind.
        let mut bytes = Box::new(Zeroizing::new([0; KEY_BYTES]));
        entropy.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Returns the key with these bytes, `None` when there are not 32 of them.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Box::new(Zeroizing::new([0; KEY_BYTES]));
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// Returns the bytes themselves.
    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Returns `nonce | ciphertext | tag`.
    ///
    /// Nonces are random: one key may seal 2^32 texts before a repeat is worth a thought (NIST SP 800-38D, 8.3). A data
    /// key seals a tenant's few credentials, a master key one data key per tenant.
    pub(crate) fn seal(
        &self,
        additional: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let ciphertext = self
            .cipher()
            .encrypt(&nonce.into(), Payload { msg: plain, aad: additional })
            .or(Err(SealError::TooLong))?;
        Ok([nonce.as_slice(), &ciphertext].concat())
    }

    /// Returns what was sealed as `nonce | ciphertext | tag`.
    pub(crate) fn open(&self, additional: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Malformed)?;
        if ciphertext.len() < TAG_BYTES {
            return Err(OpenError::Malformed);
        }
        self.cipher()
            .decrypt(&(*nonce).into(), Payload { msg: ciphertext, aad: additional })
            .map(Zeroizing::new)
            .or(Err(OpenError::Tampered))
    }

    /// Expands the key. Done per use: an expanded key is eight times as large, and opening is rare.
    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.expose().into())
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SymmetricKey(…)")
    }
}

#[cfg(test)]
mod tests;
