//! Metadata on the wire: an object of strings, in the order given.

use std::fmt;

use domain::ports::StoredTransaction;
use domain::{Metadata, MetadataError};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::http::error::ApiError;

/// String pairs of the caller.
#[derive(Debug, Default, Clone)]
pub(super) struct MetadataBody(Vec<(Box<str>, Box<str>)>);

impl MetadataBody {
    /// Returns the pairs as metadata.
    ///
    /// # Errors
    /// `invalid_field` with `param` `metadata`.
    pub(super) fn read(self) -> Result<Metadata, ApiError> {
        Metadata::try_new(self.0).map_err(|error| {
            let message = match error {
                MetadataError::TooManyPairs(pairs) => {
                    format!("Metadata has at most 50 pairs; this has {pairs}.")
                }
                MetadataError::Key(chars) => {
                    format!("A metadata key has 1 to 40 characters; one has {chars}.")
                }
                MetadataError::Value { key, chars } => {
                    format!("A metadata value has at most 500 characters; that of `{key}` has {chars}.")
                }
            };
            ApiError::field("invalid_field", "metadata", message)
        })
    }
}

impl<'de> Deserialize<'de> for MetadataBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = MetadataBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MetadataBody, A::Error> {
                let mut pairs: Vec<(Box<str>, Box<str>)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<Box<str>, Box<str>>()? {
                    if pairs.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom("a key is there twice, expected each key once"));
                    }
                    pairs.push((key, value));
                }
                Ok(MetadataBody(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Metadata as it is written.
#[derive(Debug)]
pub(super) enum MetadataView<'a> {
    /// Of this request.
    Own(&'a Metadata),
    /// Of an earlier answer, as it was written.
    Stored(&'a RawValue),
    /// None.
    Empty,
}

impl Serialize for MetadataView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own(metadata) => serializer.collect_map(metadata.pairs()),
            Self::Stored(raw) => raw.serialize(serializer),
            Self::Empty => serializer.serialize_map(Some(0))?.end(),
        }
    }
}

/// Returns the metadata that an object was created with.
pub(crate) fn stored_metadata(created: Option<&StoredTransaction>) -> MetadataView<'_> {
    #[derive(Deserialize)]
    struct Stored<'a> {
        #[serde(borrow)]
        metadata: &'a RawValue,
    }
    created
        .and_then(|created| serde_json::from_slice::<Stored<'_>>(&created.response_payload).ok())
        .map_or(MetadataView::Empty, |stored| MetadataView::Stored(stored.metadata))
}
