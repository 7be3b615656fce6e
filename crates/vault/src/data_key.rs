//! A tenant's data key: seals its credentials one by one, each bound to its place.

use domain::{Entropy, Secret};

use crate::aead::SymmetricKey;
use crate::{Binding, OpenError, SealError};

/// The format's version; the first byte of what is sealed. Followed by nonce, ciphertext and tag. No key is named: the data
/// key stays the same for a tenant's life, and what a rotation of the master key changes is its wrapping.
const VERSION: u8 = 1;

/// A tenant's key, unwrapped: 32 bytes, wiped when dropped.
#[derive(Debug, Clone)]
pub struct DataKey(SymmetricKey);

impl DataKey {
    pub(crate) const fn new(key: SymmetricKey) -> Self {
        Self(key)
    }

    /// Returns the text sealed for this place, and for no other.
    ///
    /// # Errors
    /// [`SealError::TooLong`] beyond 64 GiB.
    pub fn seal(
        &self,
        binding: &Binding<'_>,
        plain: &str,
        entropy: &dyn Entropy,
    ) -> Result<Box<[u8]>, SealError> {
        let sealed = self.0.seal(&binding.additional_data(&[VERSION]), plain.as_bytes(), entropy)?;
        Ok([&[VERSION], sealed.as_slice()].concat().into())
    }

    /// Returns the text that was sealed for this place.
    ///
    /// # Errors
    /// [`OpenError::Tampered`] when it was sealed by another tenant's key or for another place, or was changed;
    /// [`OpenError::Malformed`] when it is of no known version.
    pub fn open(&self, binding: &Binding<'_>, sealed: &[u8]) -> Result<Secret, OpenError> {
        let Some((&VERSION, rest)) = sealed.split_first() else {
            return Err(OpenError::Malformed);
        };
        let plain = self.0.open(&binding.additional_data(&[VERSION]), rest)?;
        // Copied rather than converted: shrinking the buffer to a boxed text could leave a copy in freed memory.
        let text = std::str::from_utf8(&plain).or(Err(OpenError::Malformed))?;
        Ok(Secret::new(text))
    }
}

#[cfg(test)]
mod tests;
