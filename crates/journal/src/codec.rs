//! Entries as bytes: a version byte, then postcard of structs that mirror the domain's. Field order is the format: a change
//! of it is a new version with structs of its own, and the version before stays readable for one release. A kind of entry that is
//! added behind the others changes none of them.

use std::fmt;

use bytes::Bytes;
use domain::ports::{Owed, Record, Withdrawal};
use domain::{Environment, Id, OperationKind};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::frame::HEADER_BYTES;
use crate::ledger_row::{EntryV1, EntryV2};
use crate::log_row::{RecordV1, RecordV2};
use crate::words::Words;

const VERSION: u8 = 2;
/// The version before, which is read and no longer written.
const VERSION_BEFORE: u8 = 1;

/// Mirrors [`Owed`].
#[derive(Debug, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on the stack, for as long as it is written or read"
)]
enum OwedV2<'a> {
    #[serde(borrow)]
    Begun(EntryV2<'a>),
    #[serde(borrow)]
    Recorded(RecordV2<'a>),
    /// The last to come: those before it are written as they were.
    Withdrawn {
        #[serde(borrow)]
        row: EntryV2<'a>,
        is_begun: bool,
        #[serde(borrow)]
        record: RecordV2<'a>,
    },
}

/// What an entry was in version 1.
#[derive(Debug, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack, for as long as it is read")]
enum OwedV1<'a> {
    #[serde(borrow)]
    Begun(EntryV1<'a>),
    #[serde(borrow)]
    Recorded(RecordV1<'a>),
}

/// Why a payload is no entry, although its frame is whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// A later version wrote it.
    #[error("entry is of version {0}")]
    Version(u8),
    /// It is nothing that this version writes.
    #[error("entry cannot be decoded")]
    Shape(#[source] postcard::Error),
    /// It has a word that this version does not know.
    #[error("entry has an unknown word")]
    Word,
}

/// Returns an entry's payload behind [`HEADER_BYTES`] free bytes.
pub(crate) fn encode(entry: &Owed) -> Result<Vec<u8>, postcard::Error> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES.saturating_add(size_hint(entry)));
    bytes.resize(HEADER_BYTES, 0);
    bytes.push(VERSION);
    let mirror = match entry {
        Owed::Begun(entry) => OwedV2::Begun(EntryV2::of(entry)),
        Owed::Recorded(record) => OwedV2::Recorded(RecordV2::of(record)),
        Owed::Withdrawn(withdrawal) => OwedV2::Withdrawn {
            row: EntryV2::of(&withdrawal.row),
            is_begun: withdrawal.is_begun,
            record: RecordV2::of(&withdrawal.record),
        },
    };
    postcard::to_extend(&mirror, bytes)
}

/// Reads a payload.
pub(crate) fn decode(payload: &[u8], words: &Words) -> Result<Owed, Unreadable> {
    let (version, rest) = payload.split_first().ok_or(Unreadable::Version(0))?;
    match *version {
        VERSION => match postcard::from_bytes(rest).map_err(Unreadable::Shape)? {
            OwedV2::Begun(entry) => Ok(Owed::Begun(Box::new(entry.read()?))),
            OwedV2::Recorded(record) => Ok(Owed::Recorded(Box::new(record.read(words)?))),
            OwedV2::Withdrawn { row, is_begun, record } => {
                let withdrawal = Withdrawal { row: row.read()?, is_begun, record: record.read(words)? };
                Ok(Owed::Withdrawn(Box::new(withdrawal)))
            }
        },
        VERSION_BEFORE => match postcard::from_bytes(rest).map_err(Unreadable::Shape)? {
            OwedV1::Begun(entry) => Ok(Owed::Begun(Box::new(entry.read()?))),
            OwedV1::Recorded(record) => Ok(Owed::Recorded(Box::new(record.read(words)?))),
        },
        later => Err(Unreadable::Version(later)),
    }
}

/// Returns about how many bytes an entry takes.
fn size_hint(entry: &Owed) -> usize {
    const ROW: usize = 512;
    let payloads = match entry {
        Owed::Begun(entry) => entry.request.len(),
        Owed::Recorded(record) => payloads_of(record),
        Owed::Withdrawn(withdrawal) => {
            withdrawal.row.request.len().saturating_add(payloads_of(&withdrawal.record))
        }
    };
    payloads.saturating_add(ROW)
}

fn payloads_of(record: &Record) -> usize {
    let logged = record
        .transaction
        .as_ref()
        .map_or(0, |row| row.request_payload.len() + row.response_payload.len() + row.attempt_lines.len());
    let settled = match &record.settlement {
        Some((_, _, domain::Settlement::Settled { body, .. })) => body.len(),
        Some((_, _, domain::Settlement::Unknown(look_ups))) => look_ups.attempt_lines.len(),
        _ => 0,
    };
    let told = record.event.as_ref().map_or(0, |event| event.payload.len());
    logged.saturating_add(settled).saturating_add(told)
}

pub(crate) fn id<K: domain::IdKind>(value: u128) -> Id<K> {
    Id::from_u128(value)
}

pub(crate) fn blob(blob: Blob<'_>) -> Bytes {
    Bytes::copy_from_slice(blob.0)
}

pub(crate) fn environment(word: &str) -> Result<Environment, Unreadable> {
    word.parse().map_err(|_unknown| Unreadable::Word)
}

pub(crate) fn operation(word: &str) -> Result<OperationKind, Unreadable> {
    OperationKind::from_name(word).ok_or(Unreadable::Word)
}

/// Bytes that are written as one piece, not one by one as serde has slices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blob<'a>(pub(crate) &'a [u8]);

impl Serialize for Blob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Blob<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = &'de [u8];

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_bytes(Borrowed).map(Self)
    }
}
