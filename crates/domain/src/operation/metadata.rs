//! The caller's own words on an operation: metadata pairs.

/// Longest `reference` of a caller, in characters.
pub const MAX_REFERENCE_CHARS: usize = 40;

const MAX_PAIRS: usize = 50;
const MAX_KEY_CHARS: usize = 40;
const MAX_VALUE_CHARS: usize = 500;

/// String pairs that a caller attaches to an operation, in the order given: at most 50, keys of 1 to 40 characters,
/// values of at most 500.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(Box<[(Box<str>, Box<str>)]>);

/// Why pairs are not metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// More than 50 pairs.
    #[error("metadata has {0} pairs; at most 50 fit")]
    TooManyPairs(usize),
    /// A key is empty or longer than 40 characters.
    #[error("a metadata key has {0} characters; 1 to 40 fit")]
    Key(usize),
    /// A value is longer than 500 characters.
    #[error("the metadata value of {key} has {chars} characters; at most 500 fit")]
    Value {
        /// Its key.
        key: Box<str>,
        /// Its length.
        chars: usize,
    },
}

impl Metadata {
    /// Returns the pairs as metadata.
    ///
    /// # Errors
    /// [`MetadataError`] for what exceeds the limits.
    pub fn try_new(pairs: Vec<(Box<str>, Box<str>)>) -> Result<Self, MetadataError> {
        if pairs.len() > MAX_PAIRS {
            return Err(MetadataError::TooManyPairs(pairs.len()));
        }
        for (key, value) in &pairs {
            let key_chars = key.chars().count();
            if key_chars == 0 || key_chars > MAX_KEY_CHARS {
                return Err(MetadataError::Key(key_chars));
            }
            let chars = value.chars().count();
            if chars > MAX_VALUE_CHARS {
                return Err(MetadataError::Value { key: key.clone(), chars });
            }
        }
        Ok(Self(pairs.into_boxed_slice()))
    }

    /// Returns the pairs in the order given.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
