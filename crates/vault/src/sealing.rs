//! The vault: wraps data keys and seals the instance's own secrets under the active master key, opens them under any.

use std::sync::Arc;

use domain::{Entropy, TenantId};
use zeroize::Zeroizing;

use crate::aead::SymmetricKey;
use crate::binding::{data_key_additional_data, instance_additional_data};
use crate::{DataKey, Keyring, MasterKey, MasterKeyId, OpenError, SealError};

/// The format's version; the first byte of what is sealed under a master key. Then follow the length of the key's id in one
/// byte, the id, the nonce, ciphertext and tag.
const VERSION: u8 = 1;

/// Seals with the keyring's active master key and opens with all of them.
#[derive(Debug)]
pub struct Vault {
    keyring: Keyring,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    /// Returns a vault with these master keys.
    pub fn new(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        Self { keyring, entropy }
    }

    /// Returns a new data key for a tenant, wrapped: nothing but this vault, for this tenant, opens it.
    ///
    /// # Errors
    /// None that can happen to 32 bytes; [`SealError`] is the cipher's.
    pub fn new_data_key(&self, tenant: TenantId) -> Result<Box<[u8]>, SealError> {
        self.wrap(tenant, &SymmetricKey::generate(self.entropy.as_ref()))
    }

    /// Unwraps a tenant's data key.
    ///
    /// # Errors
    /// Every variant of [`OpenError`].
    pub fn open_data_key(&self, tenant: TenantId, wrapped: &[u8]) -> Result<DataKey, OpenError> {
        self.unwrap_key(tenant, wrapped).map(|(_, key)| DataKey::new(key))
    }

    /// Returns the tenant's data key wrapped under the active master key, `None` when it already is.
    ///
    /// # Errors
    /// Every variant of [`OpenError`]: what does not open is not wrapped again.
    pub fn rewrap(&self, tenant: TenantId, wrapped: &[u8]) -> Result<Option<Box<[u8]>>, OpenError> {
        let (id, key) = self.unwrap_key(tenant, wrapped)?;
        if id == self.keyring.active().id {
            return Ok(None);
        }
        // Sealing 32 bytes cannot be too long.
        self.wrap(tenant, &key).map(Some).or(Err(OpenError::Malformed))
    }

    /// Seals a secret of the instance (the pepper, a signing key) under its name.
    ///
    /// # Errors
    /// [`SealError::TooLong`] beyond 64 GiB.
    pub fn seal_instance(&self, name: &str, plain: &[u8]) -> Result<Box<[u8]>, SealError> {
        let active = self.keyring.active();
        let header = header_for(active);
        let sealed =
            active.key().seal(&instance_additional_data(name, &header), plain, self.entropy.as_ref())?;
        Ok([header, sealed].concat().into())
    }

    /// Opens a secret of the instance.
    ///
    /// # Errors
    /// Every variant of [`OpenError`].
    pub fn open_instance(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let envelope = Envelope::read(sealed)?;
        let master = self.master(&envelope)?;
        master.key().open(&instance_additional_data(name, envelope.header), envelope.body)
    }

    /// Returns a secret of the instance sealed under the active master key, `None` when it already is.
    ///
    /// # Errors
    /// Every variant of [`OpenError`]: what does not open is not sealed again.
    pub fn reseal_instance(&self, name: &str, sealed: &[u8]) -> Result<Option<Box<[u8]>>, OpenError> {
        let plain = self.open_instance(name, sealed)?;
        if Envelope::read(sealed)?.master == self.keyring.active().id {
            return Ok(None);
        }
        self.seal_instance(name, &plain).map(Some).or(Err(OpenError::Malformed))
    }

    fn wrap(&self, tenant: TenantId, key: &SymmetricKey) -> Result<Box<[u8]>, SealError> {
        let active = self.keyring.active();
        let header = header_for(active);
        let additional = data_key_additional_data(tenant, &header);
        let sealed = active.key().seal(&additional, key.expose(), self.entropy.as_ref())?;
        Ok([header, sealed].concat().into())
    }

    fn unwrap_key(&self, tenant: TenantId, wrapped: &[u8]) -> Result<(MasterKeyId, SymmetricKey), OpenError> {
        let envelope = Envelope::read(wrapped)?;
        let master = self.master(&envelope)?;
        let plain = master.key().open(&data_key_additional_data(tenant, envelope.header), envelope.body)?;
        let key = SymmetricKey::from_slice(&plain).ok_or(OpenError::Malformed)?;
        Ok((envelope.master, key))
    }

    fn master(&self, envelope: &Envelope<'_>) -> Result<&MasterKey, OpenError> {
        self.keyring
            .find(&envelope.master)
            .ok_or_else(|| OpenError::UnknownMasterKey { id: envelope.master.clone() })
    }
}

/// What stands before the nonce: the version and which master key it was.
fn header_for(master: &MasterKey) -> Vec<u8> {
    let id = master.id.as_str().as_bytes();
    // An id has at most 16 characters.
    let length = u8::try_from(id.len()).unwrap_or(u8::MAX);
    [&[VERSION, length], id].concat()
}

/// Something sealed under a master key, taken apart.
struct Envelope<'a> {
    header: &'a [u8],
    master: MasterKeyId,
    body: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn read(sealed: &'a [u8]) -> Result<Self, OpenError> {
        let Some((&[VERSION, length], _)) = sealed.split_first_chunk::<2>() else {
            return Err(OpenError::Malformed);
        };
        let header_bytes = usize::from(length) + 2;
        let (header, body) = sealed.split_at_checked(header_bytes).ok_or(OpenError::Malformed)?;
        let id = header.get(2..).and_then(|id| std::str::from_utf8(id).ok()).ok_or(OpenError::Malformed)?;
        let master = id.parse().or(Err(OpenError::Malformed))?;
        Ok(Self { header, master, body })
    }
}

#[cfg(test)]
mod tests;
