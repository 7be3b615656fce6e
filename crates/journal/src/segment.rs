//! A segment: one file of frames with consecutive numbers, and where each begins.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskFile, write_all_at};
use crate::recover::Scan;

/// How a segment begins: name and version of the format.
pub(crate) const MAGIC: [u8; 8] = *b"UGWJRNL1";
/// Places are kept as 32-bit numbers.
pub(crate) const MAX_SEGMENT_BYTES: u64 = 1 << 30;
/// Most bytes of one read; a longer frame is read alone.
const MAX_READ_BYTES: u64 = 4 << 20;
/// The place of an entry that cannot be read.
const HOLE: u32 = u32::MAX;

/// One file of the journal.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) len: u64,
    /// Whether something was written that no sync has covered.
    pub(crate) is_dirty: bool,
    places: Vec<u32>,
}

/// Frames that stand behind one another, to be read in one go.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) segment: u64,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) position: u64,
    pub(crate) bytes: usize,
    /// Each entry's number, and where its frame begins in the stretch.
    pub(crate) frames: Vec<(u64, usize)>,
}

impl Segment {
    /// Begins a segment whose first entry will have this number.
    pub(crate) fn create(disk: &dyn Disk, folder: &Path, first: u64) -> io::Result<Self> {
        let path = folder.join(format!("{first:020}.segment"));
        let file = disk.open(&path)?;
        let begun = file.set_len(0).and_then(|()| write_all_at(&*file, &MAGIC, 0));
        if let Err(error) = begun {
            // An empty file that stays is taken for one that was just begun.
            disk.remove(&path).ok();
            return Err(error);
        }
        let len = bytes_of(MAGIC.len());
        Ok(Self { first, path, file, len, is_dirty: true, places: Vec::new() })
    }

    /// Takes over a segment that was read through.
    pub(crate) fn found(first: u64, path: PathBuf, file: Arc<dyn DiskFile>, scan: &Scan) -> Self {
        let places = scan.places.iter().map(|place| place.map_or(HOLE, place_of)).collect();
        Self { first, path, file, len: bytes_of(scan.end), is_dirty: true, places }
    }

    /// Returns the number of the entry after its last one.
    pub(crate) fn next(&self) -> u64 {
        self.first.saturating_add(bytes_of(self.places.len()))
    }

    /// Writes the next frame. One that fails is cut off again.
    pub(crate) fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        if let Err(error) = write_all_at(&*self.file, frame, self.len) {
            // Where even this fails, the next frame is written over it, or the next start cuts it off.
            self.file.set_len(self.len).ok();
            return Err(error);
        }
        self.places.push(u32::try_from(self.len).unwrap_or(HOLE));
        self.len = self.len.saturating_add(bytes_of(frame.len()));
        self.is_dirty = true;
        Ok(())
    }

    /// Leaves an entry out from now on.
    pub(crate) fn forget(&mut self, number: u64) {
        let index = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if let Some(place) = self.places.get_mut(index) {
            *place = HOLE;
        }
    }

    /// Returns where up to `most` entries from number `from` on stand, or nothing when there is none.
    pub(crate) fn stretch(&self, from: u64, most: usize) -> Option<Stretch> {
        let skipped = usize::try_from(from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let mut rest = (self.first..).zip(&self.places).skip(skipped).filter(|(_, place)| **place != HOLE);
        let mut rest = rest.by_ref().map(|(number, place)| (number, u64::from(*place))).peekable();
        let (_, position) = *rest.peek()?;
        let mut frames = Vec::new();
        let mut end = position;
        while let Some((number, place)) = rest.next() {
            let next_end = rest.peek().map_or(self.len, |(_, next)| *next);
            let is_too_much = next_end.saturating_sub(position) > MAX_READ_BYTES;
            if frames.len() >= most || (is_too_much && !frames.is_empty()) {
                break;
            }
            frames.push((number, usize::try_from(place.saturating_sub(position)).ok()?));
            end = next_end;
        }
        let bytes = usize::try_from(end.saturating_sub(position)).ok()?;
        Some(Stretch { segment: self.first, file: Arc::clone(&self.file), position, bytes, frames })
    }
}

/// Returns a length as files count.
pub(crate) fn bytes_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn place_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(HOLE)
}
