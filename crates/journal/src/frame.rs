//! Frames: `length of payload (u32) | CRC-32 (u32) | number (u64) | payload`, little-endian. The CRC covers payload, then
//! number.

use std::ops::RangeInclusive;

use crc32fast::Hasher;

/// Bytes in front of the payload.
pub(crate) const HEADER_BYTES: usize = 16;
/// A longer payload is a damaged length. Requests and answers are bounded far below.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 256 << 20;

/// A frame that waits for its number.
#[derive(Debug)]
pub(crate) struct Frame {
    bytes: Vec<u8>,
    hasher: Hasher,
}

impl Frame {
    /// Frames a payload that stands behind [`HEADER_BYTES`] free bytes. Returns `None` when it is too long.
    pub(crate) fn of(mut bytes: Vec<u8>) -> Option<Self> {
        let payload = bytes.get(HEADER_BYTES..).filter(|payload| payload.len() <= MAX_PAYLOAD_BYTES)?;
        let mut hasher = Hasher::new();
        hasher.update(payload);
        let length = u32::try_from(payload.len()).ok()?;
        bytes.get_mut(..4)?.copy_from_slice(&length.to_le_bytes());
        Some(Self { bytes, hasher })
    }

    /// Returns its length in bytes.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    /// Writes the number in and returns the whole frame.
    pub(crate) fn numbered(&mut self, number: u64) -> &[u8] {
        let mut hasher = self.hasher.clone();
        hasher.update(&number.to_le_bytes());
        if let Some(slot) = self.bytes.get_mut(4..8) {
            slot.copy_from_slice(&hasher.finalize().to_le_bytes());
        }
        if let Some(slot) = self.bytes.get_mut(8..HEADER_BYTES) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        &self.bytes
    }
}

/// What stands at a place in a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A whole frame.
    Frame {
        /// Its number.
        number: u64,
        /// Its payload.
        payload: &'a [u8],
        /// Where the next one begins.
        end: usize,
    },
    /// The beginning of a frame that would go on past the end.
    Torn,
    /// No frame.
    Damaged,
}

/// Looks for a frame at a place, whose number must be one of these.
pub(crate) fn look(bytes: &[u8], at: usize, numbers: RangeInclusive<u64>) -> Found<'_> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some((header, rest)) = rest.split_first_chunk::<HEADER_BYTES>() else {
        return Found::Torn;
    };
    let [l0, l1, l2, l3, c0, c1, c2, c3, number @ ..] = *header;
    let (length, crc) = (u32::from_le_bytes([l0, l1, l2, l3]), u32::from_le_bytes([c0, c1, c2, c3]));
    let number = u64::from_le_bytes(number);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    // The cheap questions first: a search asks them at every byte.
    if length > MAX_PAYLOAD_BYTES || !numbers.contains(&number) {
        return Found::Damaged;
    }
    let Some(payload) = rest.get(..length) else {
        return Found::Torn;
    };
    let mut hasher = Hasher::new();
    hasher.update(payload);
    hasher.update(&number.to_le_bytes());
    if hasher.finalize() == crc {
        Found::Frame { number, payload, end: at.saturating_add(HEADER_BYTES).saturating_add(length) }
    } else {
        Found::Damaged
    }
}
