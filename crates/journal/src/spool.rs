//! The segments of an open journal: what is written where, what may go. Behind one short lock.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::acknowledged::Acknowledged;
use crate::disk::{Disk, DiskFile};
use crate::frame::Frame;
use crate::segment::{Segment, Stretch};

/// An open journal's segments.
#[derive(Debug)]
pub(crate) struct Spool {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) folder: PathBuf,
    pub(crate) capacity: u64,
    pub(crate) segment_bytes: u64,
    /// Segments that are full, oldest first.
    pub(crate) full: VecDeque<Segment>,
    /// The segment that is written to.
    pub(crate) active: Segment,
    pub(crate) first_open: u64,
    pub(crate) bytes: u64,
    pub(crate) acknowledged: Acknowledged,
    /// Whether a file was made whose name no sync has covered.
    pub(crate) is_folder_dirty: bool,
}

/// Why a frame was not written.
pub(crate) enum NotWritten {
    /// There is no room for it.
    Full,
    /// The disk refused.
    Disk(io::Error),
}

/// What a sync has to cover.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) files: Vec<(u64, Arc<dyn DiskFile>)>,
    pub(crate) is_folder_dirty: bool,
}

impl Spool {
    /// Writes a frame and returns its number.
    pub(crate) fn append(&mut self, frame: &mut Frame) -> Result<u64, NotWritten> {
        let bytes = frame.len();
        if self.bytes.saturating_add(bytes) > self.capacity {
            return Err(NotWritten::Full);
        }
        let number = self.active.next();
        if self.active.len.saturating_add(bytes) > self.segment_bytes && number > self.active.first {
            self.roll().map_err(NotWritten::Disk)?;
        }
        self.active.write(frame.numbered(number)).map_err(NotWritten::Disk)?;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(number)
    }

    /// Begins a new segment.
    fn roll(&mut self) -> io::Result<()> {
        let fresh = Segment::create(&*self.disk, &self.folder, self.active.next())?;
        self.bytes = self.bytes.saturating_add(fresh.len);
        self.full.push_back(std::mem::replace(&mut self.active, fresh));
        self.is_folder_dirty = true;
        Ok(())
    }

    /// Lets go of every entry up to this one. Returns the segments whose files may go.
    pub(crate) fn acknowledge(&mut self, up_to: u64) -> (Vec<Segment>, io::Result<()>) {
        let first_open = up_to.saturating_add(1).min(self.active.next());
        if first_open <= self.first_open {
            return (Vec::new(), Ok(()));
        }
        self.first_open = first_open;
        let is_all = first_open == self.active.next();
        if is_all && self.active.len > self.segment_bytes / 2 {
            // A new segment now, so that this one's disk comes back. If it cannot be, another time.
            self.roll().ok();
        }
        let mut gone = Vec::new();
        while let Some(oldest) = self.full.pop_front_if(|oldest| oldest.next() <= first_open) {
            self.bytes = self.bytes.saturating_sub(oldest.len);
            gone.push(oldest);
        }
        let written = self.acknowledged.write(first_open.saturating_sub(1));
        (gone, written)
    }

    /// Returns where up to `most` open entries from number `from` on stand, or nothing when there is none.
    pub(crate) fn stretch(&self, from: u64, most: usize) -> Option<Stretch> {
        let from = from.max(self.first_open);
        let behind = self.full.partition_point(|segment| segment.next() <= from);
        let segments = self.full.iter().skip(behind).chain([&self.active]);
        segments.filter_map(|segment| segment.stretch(from, most)).next()
    }

    /// Leaves an entry out from now on.
    pub(crate) fn forget(&mut self, segment: u64, number: u64) {
        let all = self.full.iter_mut().chain([&mut self.active]);
        if let Some(segment) = all.into_iter().find(|candidate| candidate.first == segment) {
            segment.forget(number);
        }
    }

    /// Returns what no sync has covered, and counts it as covered.
    pub(crate) fn take_dirty(&mut self) -> Dirty {
        let all = self.full.iter_mut().chain([&mut self.active]);
        let files = all
            .filter_map(|segment| {
                let is_dirty = std::mem::take(&mut segment.is_dirty);
                is_dirty.then(|| (segment.first, Arc::clone(&segment.file)))
            })
            .collect();
        Dirty { files, is_folder_dirty: std::mem::take(&mut self.is_folder_dirty) }
    }

    /// Counts as not covered what a sync failed to cover.
    pub(crate) fn give_back(&mut self, dirty: &Dirty) {
        self.is_folder_dirty |= dirty.is_folder_dirty;
        for segment in self.full.iter_mut().chain([&mut self.active]) {
            segment.is_dirty |= dirty.files.iter().any(|(first, _)| *first == segment.first);
        }
    }
}
