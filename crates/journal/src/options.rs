//! What a journal is opened with, what was found then, and why it could not be opened.

use std::io;
use std::path::PathBuf;

use crate::segment::MAX_SEGMENT_BYTES;

/// Where a journal lives and how large it may grow.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its folder. Made when missing; nobody but its owner may look into it from then on.
    pub folder: PathBuf,
    /// Most bytes on the disk. At least a few segments; entries that the store refused and what was damaged count extra.
    pub capacity_bytes: u64,
    /// Bytes after which a new segment is begun; at most a quarter of the capacity, and 1 GiB. Disk is given back by whole
    /// segments.
    pub segment_bytes: u64,
}

impl Options {
    /// Returns the segment's size within its bounds.
    pub(crate) fn segment_bytes(&self) -> u64 {
        self.segment_bytes.min(self.capacity_bytes / 4).clamp(1, MAX_SEGMENT_BYTES)
    }
}

/// What a journal held when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opened {
    /// Entries that were not acknowledged; some of them the store may have all the same.
    pub entries: u64,
    /// Bytes of an entry cut short by the end of the last process: its append had not returned.
    pub torn_bytes: u64,
    /// Bytes that the disk spoilt, now in `.damaged` files. Someone must look at them.
    pub damaged_bytes: u64,
    /// Entries that the store had refused, appended again.
    pub taken_back: u64,
}

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("journal in {} is in use by another process", folder.display())]
    InUse {
        /// Its folder.
        folder: PathBuf,
    },
    /// The disk refused.
    #[error("journal in {} cannot be opened", folder.display())]
    Disk {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}
