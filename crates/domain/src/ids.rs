//! Public ids: a prefix and a sortable 128-bit value in Crockford base 32.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use crate::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a 128-bit value in base 32.
const ENCODED_CHARS: usize = 26;
const RANDOM_BITS: u32 = 80;

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills `bytes` with unpredictable values.
    fn fill(&self, bytes: &mut [u8]);
}

/// What an [`Id`] names; gives it its prefix.
pub trait IdKind: 'static {
    /// The letters before the underscore.
    const PREFIX: &'static str;
}

/// The kinds of id there are.
pub mod kind {
    use super::IdKind;

    /// A transaction: `txn_…`.
    #[derive(Debug)]
    pub enum Transaction {}
    impl IdKind for Transaction {
        const PREFIX: &'static str = "txn";
    }

    /// A platform key: `key_…`.
    #[derive(Debug)]
    pub enum Key {}
    impl IdKind for Key {
        const PREFIX: &'static str = "key";
    }

    /// An event: `evt_…`.
    #[derive(Debug)]
    pub enum Event {}
    impl IdKind for Event {
        const PREFIX: &'static str = "evt";
    }

    /// A request: `req_…`.
    #[derive(Debug)]
    pub enum Request {}
    impl IdKind for Request {
        const PREFIX: &'static str = "req";
    }

    /// A tenant, who is a user of the dashboard: `usr_…`.
    #[derive(Debug)]
    pub enum Tenant {}
    impl IdKind for Tenant {
        const PREFIX: &'static str = "usr";
    }
}

/// The id of a transaction.
pub type TransactionId = Id<kind::Transaction>;
/// The id of an event.
pub type EventId = Id<kind::Event>;
/// The id of a request.
pub type RequestId = Id<kind::Request>;
/// The id of a platform key.
pub type KeyId = Id<kind::Key>;
/// The id of a tenant.
pub type TenantId = Id<kind::Tenant>;

/// A public id: 48 bits of milliseconds since 1970, then 80 random bits, so that ids sort by age.
pub struct Id<K> {
    value: u128,
    kind: PhantomData<fn() -> K>,
}

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text does not start with the kind's prefix and an underscore.
    #[error("id does not start with {0}_")]
    Prefix(&'static str),
    /// What follows the prefix is not 26 characters of lower-case Crockford base 32.
    #[error("id is not 26 characters of Crockford base 32")]
    Encoding,
}

impl<K: IdKind> Id<K> {
    /// Returns a new id that carries the time `now`.
    pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0_u8; 16];
        if let Some(random) = bytes.get_mut(6..) {
            entropy.fill(random);
        }
        let random = u128::from_be_bytes(bytes);
        Self::from_u128((u128::from(now.unix_ms()) << RANDOM_BITS) | random)
    }

    /// Returns the id with this value.
    pub const fn from_u128(value: u128) -> Self {
        Self { value, kind: PhantomData }
    }

    /// Returns the 128-bit value.
    pub const fn as_u128(self) -> u128 {
        self.value
    }

    /// Returns when the id was made.
    pub fn created_at(self) -> Timestamp {
        Timestamp::from_unix_ms(u64::try_from(self.value >> RANDOM_BITS).unwrap_or(u64::MAX))
    }

    /// Returns the 26 characters after the prefix.
    pub fn encoded(self) -> [u8; ENCODED_CHARS] {
        let mut text = [b'0'; ENCODED_CHARS];
        let mut rest = self.value;
        for slot in text.iter_mut().rev() {
            let digit = usize::try_from(rest & 31).unwrap_or(0);
            *slot = ALPHABET.get(digit).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        text
    }

    /// Reads the 26 characters that follow a prefix.
    ///
    /// # Errors
    /// [`IdError::Encoding`] for any other text, upper case included: one id has one spelling.
    pub fn decode(text: &str) -> Result<Self, IdError> {
        if text.len() != ENCODED_CHARS {
            return Err(IdError::Encoding);
        }
        let mut value: u128 = 0;
        for byte in text.bytes() {
            let digit = ALPHABET.iter().position(|&letter| letter == byte).ok_or(IdError::Encoding)?;
            if value >> (u128::BITS - 5) != 0 {
                return Err(IdError::Encoding);
            }
            value = (value << 5) | u128::try_from(digit).or(Err(IdError::Encoding))?;
        }
        Ok(Self::from_u128(value))
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = self.encoded();
        write!(f, "{}_{}", K::PREFIX, std::str::from_utf8(&encoded).unwrap_or_default())
    }
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let encoded = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or(IdError::Prefix(K::PREFIX))?;
        Self::decode(encoded)
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

#[cfg(test)]
mod tests;
