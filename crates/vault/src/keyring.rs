//! Master keys and the file they stand in: one line a key, `id:base64`, the first one seals, all of them open.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Entropy;
use zeroize::Zeroizing;

use crate::aead::SymmetricKey;
use crate::base32;

const MAX_ID_CHARS: usize = 16;
/// Written above the keys, for whoever opens the file.
const FILE_COMMENT: &str = "# Master keys, one a line. The first seals, all open. Without this file nothing opens: keep a copy elsewhere.\n";

/// The name of a master key: 1 to 16 of `a` to `z`, `0` to `9`, `_` and `-`. No secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MasterKeyId(Box<str>);

/// The text cannot name a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("master key id is not 1 to 16 of a-z, 0-9, _ and -")]
pub struct InvalidMasterKeyId;

impl MasterKeyId {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MasterKeyId {
    type Err = InvalidMasterKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidMasterKeyId> {
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidMasterKeyId)
        }
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key that wraps data keys.
pub struct MasterKey {
    /// Its name; stands in everything sealed under it.
    pub id: MasterKeyId,
    bytes: SymmetricKey,
}

impl MasterKey {
    pub(crate) const fn key(&self) -> &SymmetricKey {
        &self.bytes
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, …)", self.id)
    }
}

/// The master keys that are live: the active one, which seals, and older ones, which still open.
#[derive(Debug)]
pub struct Keyring {
    active: MasterKey,
    older: Vec<MasterKey>,
}

/// Why a text is not a keyring. Names lines, never what stands in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// No line holds a key.
    #[error("keyring holds no key")]
    Empty,
    /// The line is not `id:base64`.
    #[error("line {line} of the keyring is not id:base64")]
    Separator {
        /// The line, counted from 1.
        line: usize,
    },
    /// What stands before the colon cannot name a master key.
    #[error("line {line} of the keyring: id is not 1 to 16 of a-z, 0-9, _ and -")]
    Id {
        /// The line, counted from 1.
        line: usize,
    },
    /// What stands after the colon is not 32 bytes in base 64.
    #[error("line {line} of the keyring: key is not 32 bytes in base64")]
    Key {
        /// The line, counted from 1.
        line: usize,
    },
    /// A key above has the same id.
    #[error("line {line} of the keyring: id is used twice")]
    Duplicate {
        /// The line, counted from 1.
        line: usize,
    },
}

impl Keyring {
    /// Returns a keyring of one new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let active = MasterKey { id: new_id(&[], entropy), bytes: SymmetricKey::generate(entropy) };
        Self { active, older: Vec::new() }
    }

    /// Reads a keyring's file. Empty lines and lines that start with `#` are skipped.
    ///
    /// # Errors
    /// Every variant of [`KeyringError`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let key = parse_line(content, line)?;
            if keys.iter().any(|earlier| earlier.id == key.id) {
                return Err(KeyringError::Duplicate { line });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or(KeyringError::Empty)?;
        Ok(Self { active, older: keys.collect() })
    }

    /// Returns the keyring's file. Whoever writes it keeps it from other users' eyes.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Room for all of it from the start: a text that grows leaves copies behind. A line has at most 16 + 1 + 44 + 1.
        let room = FILE_COMMENT.len() + 64 * (self.older.len() + 1);
        let mut text = Zeroizing::new(String::with_capacity(room));
        text.push_str(FILE_COMMENT);
        for key in self.keys() {
            text.push_str(key.id.as_str());
            text.push(':');
            STANDARD.encode_string(key.bytes.expose(), &mut text);
            text.push('\n');
        }
        text
    }

    /// Returns the keyring with a new key that seals from now on; those before still open.
    #[must_use]
    pub fn with_new_active(self, entropy: &dyn Entropy) -> Self {
        let mut older = Vec::with_capacity(self.older.len() + 1);
        older.push(self.active);
        older.extend(self.older);
        let active = MasterKey { id: new_id(&older, entropy), bytes: SymmetricKey::generate(entropy) };
        Self { active, older }
    }

    /// Returns the key that seals.
    pub const fn active(&self) -> &MasterKey {
        &self.active
    }

    /// Returns all keys, the active one first.
    pub fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.active).chain(&self.older)
    }

    pub(crate) fn find(&self, id: &MasterKeyId) -> Option<&MasterKey> {
        self.keys().find(|key| key.id == *id)
    }
}

fn parse_line(content: &str, line: usize) -> Result<MasterKey, KeyringError> {
    let (id, key) = content.split_once(':').ok_or(KeyringError::Separator { line })?;
    let id = id.trim_end().parse().or(Err(KeyringError::Id { line }))?;
    // The decoder wants room for whole groups; a key fills 32 of these bytes.
    let mut buffer = Zeroizing::new([0_u8; 48]);
    let decoded = STANDARD.decode_slice(key.trim_start(), buffer.as_mut_slice());
    let bytes = decoded
        .ok()
        .and_then(|length| buffer.get(..length))
        .and_then(SymmetricKey::from_slice)
        .ok_or(KeyringError::Key { line })?;
    Ok(MasterKey { id, bytes })
}

/// Returns a random id that none of `taken` has.
fn new_id(taken: &[MasterKey], entropy: &dyn Entropy) -> MasterKeyId {
    let mut random = [0; 8];
    entropy.fill(&mut random);
    let mut number = u64::from_be_bytes(random);
    loop {
        let id = MasterKeyId(id_text(number).into());
        if taken.iter().all(|key| key.id != id) {
            return id;
        }
        // Counting on ends even when the entropy gives the same bytes each time.
        number = number.wrapping_add(1);
    }
}

/// Writes the lowest 40 bits as `mk_` and eight symbols of base 32.
fn id_text(number: u64) -> String {
    let symbols = [35, 30, 25, 20, 15, 10, 5, 0].map(|shift| u8::try_from(number >> shift & 31).unwrap_or(0));
    let mut text = String::from("mk_");
    text.extend(symbols.map(base32::symbol));
    text
}

#[cfg(test)]
mod tests;
