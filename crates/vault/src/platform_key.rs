//! Platform keys as their owners hold them: making one, and reading one that a caller presents. Hashes are the pepper's.

use std::fmt;

use domain::{Entropy, Environment, KeyId, Secret};
use zeroize::Zeroizing;

use crate::base32;
use crate::checksum::{self, Checksum};

/// Characters of the public id.
const ID_CHARS: usize = 26;
/// Characters of the secret, 5 bits each: 160 bits.
const SECRET_CHARS: usize = 32;
/// Characters after `unf_test_` or `unf_live_`.
const BODY_CHARS: usize = ID_CHARS + SECRET_CHARS + checksum::SYMBOLS;
/// Characters of the id that are shown to tell keys apart.
const SHOWN_ID_CHARS: usize = 8;

/// A new platform key: `unf_test_` or `unf_live_`, the public id, the secret, the checksum. Shown to its owner once.
pub struct PlatformKey {
    /// What it opens.
    pub environment: Environment,
    /// Its public id.
    pub id: KeyId,
    text: Secret,
}

/// A platform key that a caller presents, with a right checksum. Says nothing yet about whether it exists.
#[derive(Clone, Copy)]
pub struct PresentedKey<'a> {
    /// What it says it opens.
    pub environment: Environment,
    /// Its public id.
    pub id: KeyId,
    text: &'a str,
}

/// Why a text is not a platform key. Never repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFormatError {
    /// It does not start with `unf_test_` or `unf_live_`.
    #[error("key does not start with unf_test_ or unf_live_")]
    Prefix,
    /// It is too short or too long.
    #[error("key does not have 64 characters after its prefix")]
    Length,
    /// A character is not a lower-case letter or digit that keys are made of.
    #[error("key has a character that keys are not made of")]
    Character,
    /// A typing error: some characters are not those the key was made with.
    #[error("key is mistyped: its checksum does not match")]
    Checksum,
}

impl PlatformKey {
    /// Returns a new key with 160 random bits.
    pub fn generate(environment: Environment, id: KeyId, entropy: &dyn Entropy) -> Self {
        let mut random = Zeroizing::new([0; SECRET_CHARS]);
        entropy.fill(random.as_mut_slice());
        let encoded = id.encoded();
        // Each secret symbol takes five bits of its own random byte.
        let symbols = encoded.iter().filter_map(|&byte| base32::value(byte)).chain(random.iter().copied());
        let mut checksum = Checksum::starting_with(environment_symbol(environment));
        let mut text = Zeroizing::new(String::with_capacity(lead(environment).len() + BODY_CHARS));
        text.push_str(lead(environment));
        for symbol in symbols {
            text.push(base32::symbol(symbol));
            checksum = checksum.with(symbol);
        }
        text.extend(checksum.symbols().map(base32::symbol));
        Self { environment, id, text: Secret::new(text.as_str()) }
    }

    /// Reads a key that a caller presents. A mistyped one is refused here, without a look-up; nothing is allocated.
    ///
    /// # Errors
    /// Every variant of [`KeyFormatError`].
    pub fn parse(text: &str) -> Result<PresentedKey<'_>, KeyFormatError> {
        let (environment, body) = Environment::ALL
            .into_iter()
            .find_map(|environment| Some((environment, text.strip_prefix(lead(environment))?)))
            .ok_or(KeyFormatError::Prefix)?;
        if body.len() != BODY_CHARS {
            return Err(KeyFormatError::Length);
        }
        let mut checksum = Checksum::starting_with(environment_symbol(environment));
        for byte in body.bytes() {
            checksum = checksum.with(base32::value(byte).ok_or(KeyFormatError::Character)?);
        }
        if !checksum.is_valid() {
            return Err(KeyFormatError::Checksum);
        }
        // Only ASCII is left, so that any place is a character's border. 26 symbols can exceed 128 bits.
        let id = body.get(..ID_CHARS).ok_or(KeyFormatError::Length)?;
        let id = KeyId::decode(id).or(Err(KeyFormatError::Character))?;
        Ok(PresentedKey { environment, id, text })
    }

    /// Returns the key's text, for its owner.
    pub const fn text(&self) -> &Secret {
        &self.text
    }

    /// Returns the key as the caller will present it.
    pub fn present(&self) -> PresentedKey<'_> {
        PresentedKey { environment: self.environment, id: self.id, text: self.text.expose() }
    }

    /// Returns what is shown of the key to tell it from others.
    pub fn prefix(&self) -> String {
        Self::prefix_of(self.environment, self.id)
    }

    /// Returns what is shown of the key with this environment and id: `unf_test_` and the id's first eight characters.
    pub fn prefix_of(environment: Environment, id: KeyId) -> String {
        let mut shown = String::from(lead(environment));
        shown.extend(id.encoded().into_iter().take(SHOWN_ID_CHARS).map(char::from));
        shown
    }
}

impl PresentedKey<'_> {
    /// Returns the whole text, for the pepper only.
    pub(crate) const fn text(&self) -> &str {
        self.text
    }
}

#[cfg(test)]
impl<'a> PresentedKey<'a> {
    /// Returns a key whose checksum nobody looked at, for vectors that were computed elsewhere.
    pub(crate) const fn unchecked(environment: Environment, id: KeyId, text: &'a str) -> Self {
        Self { environment, id, text }
    }
}

impl fmt::Debug for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlatformKey({}, {}, …)", self.environment, self.id)
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedKey({}, {}, …)", self.environment, self.id)
    }
}

/// What a key's text starts with.
const fn lead(environment: Environment) -> &'static str {
    match environment {
        Environment::Test => "unf_test_",
        Environment::Live => "unf_live_",
    }
}

/// Stands for the environment in the checksum, so that a key does not pass with the other one before it.
const fn environment_symbol(environment: Environment) -> u8 {
    match environment {
        Environment::Test => 1,
        Environment::Live => 2,
    }
}

#[cfg(test)]
mod tests;
