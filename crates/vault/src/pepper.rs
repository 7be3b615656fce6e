//! The pepper: keyed hashes of platform keys, and the idempotency keys that providers see. Both on the hot path.

use std::fmt;

use domain::{Entropy, Environment, KeyHash, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::PresentedKey;
use crate::binding::length_prefix;

/// Bytes of a pepper.
const PEPPER_BYTES: usize = 32;
/// Bytes of the digest that a provider's idempotency key carries: 128 bits.
const PROVIDER_KEY_BYTES: usize = 16;

type HmacSha256 = Hmac<Sha256>;

/// A secret of the instance without which a stolen table of key hashes tells nothing.
///
/// Holds an HMAC state for each of its two uses, prepared once. Each is keyed with a subkey of its own, so that no output of
/// one use is ever an output of the other.
#[derive(Clone)]
pub struct Pepper {
    keys: HmacSha256,
    provider_keys: HmacSha256,
}

/// The bytes are not a pepper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("pepper does not have 32 bytes")]
pub struct PepperLength;

impl Pepper {
    /// Returns the pepper with these bytes.
    ///
    /// # Errors
    /// [`PepperLength`] when there are not 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PepperLength> {
        if bytes.len() != PEPPER_BYTES {
            return Err(PepperLength);
        }
        let root = keyed_with(bytes)?;
        Ok(Self {
            keys: subkey(&root, b"unf platform key hash v1")?,
            provider_keys: subkey(&root, b"unf provider idempotency key v1")?,
        })
    }

    /// Returns the bytes of a new pepper, to be sealed and kept: another pepper makes every platform key unknown.
    pub fn generate_bytes(entropy: &dyn Entropy) -> Zeroizing<[u8; PEPPER_BYTES]> {
        let mut bytes = Zeroizing::new([0; PEPPER_BYTES]);
        entropy.fill(bytes.as_mut_slice());
        bytes
    }

    /// Returns the hash under which the store knows the key.
    pub fn hash_key(&self, key: &PresentedKey<'_>) -> KeyHash {
        KeyHash(self.keys.clone().chain_update(key.text()).finalize().into_bytes().into())
    }

    /// Returns whether this is the key with this hash, in a time that does not tell where they differ.
    pub fn matches(&self, key: &PresentedKey<'_>, hash: &KeyHash) -> bool {
        self.hash_key(key).0.ct_eq(&hash.0).into()
    }

    /// Returns the idempotency key that a provider is given for a caller's: 32 lower-case hexadecimal digits.
    ///
    /// The same each time for the same tenant, environment, route, account at the provider and caller's key, also after the
    /// gateway lost its memory; tells the provider nothing about any of them.
    pub fn provider_key(
        &self,
        tenant: TenantId,
        environment: Environment,
        route: &str,
        (account, caller_key): (&[&str], &str),
    ) -> String {
        let mut mac = self.provider_keys.clone();
        mac.update(&tenant.as_u128().to_be_bytes());
        let parts = [environment.as_str(), route].into_iter().chain(account.iter().copied());
        for part in parts.chain([caller_key]) {
            mac.update(&length_prefix(part.as_bytes()));
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let nibbles = digest.iter().take(PROVIDER_KEY_BYTES).flat_map(|&byte| [byte >> 4, byte & 15]);
        let mut key = String::with_capacity(2 * PROVIDER_KEY_BYTES);
        key.extend(nibbles.filter_map(|nibble| char::from_digit(u32::from(nibble), 16)));
        key
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// HMAC takes keys of any length; the error is the trait's.
fn keyed_with(key: &[u8]) -> Result<HmacSha256, PepperLength> {
    HmacSha256::new_from_slice(key).or(Err(PepperLength))
}

fn subkey(root: &HmacSha256, purpose: &[u8]) -> Result<HmacSha256, PepperLength> {
    let key: Zeroizing<[u8; PEPPER_BYTES]> =
        Zeroizing::new(root.clone().chain_update(purpose).finalize().into_bytes().into());
    keyed_with(key.as_slice())
}

#[cfg(test)]
mod tests;
