//! Entries that the store refuses for good: a file each, until the journal is opened the next time and tries them again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, make_private_folder, write_all_at};
use crate::frame::{Found, Frame, HEADER_BYTES, look};

const FOLDER: &str = "refused";
const SUFFIX: &str = "frame";

/// The folder of refused entries.
#[derive(Debug)]
pub(crate) struct Refused(PathBuf);

impl Refused {
    /// Opens the folder, made when missing.
    pub(crate) fn open(journal: &Path) -> io::Result<Self> {
        let folder = journal.join(FOLDER);
        make_private_folder(&folder)?;
        Ok(Self(folder))
    }

    /// Keeps a frame. Durable when it returns.
    pub(crate) fn keep(&self, disk: &dyn Disk, number: u64, frame: &mut Frame) -> io::Result<()> {
        let path = self.0.join(format!("{number:020}.{SUFFIX}"));
        let file = disk.open(&path)?;
        let kept = file
            .set_len(0)
            .and_then(|()| write_all_at(&*file, frame.numbered(number), 0))
            .and_then(|()| file.sync_data())
            .and_then(|()| disk.sync_folder(&self.0));
        if kept.is_err() {
            // Half of it is worth nothing, and the journal still has the whole.
            disk.remove(&path).ok();
        }
        kept
    }

    /// Returns the files that are kept, oldest first.
    pub(crate) fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for file in fs::read_dir(&self.0)? {
            let path = file?.path();
            if path.extension().is_some_and(|suffix| suffix == SUFFIX) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

/// Returns the frame in a file, without its number, or nothing when the file is damaged.
pub(crate) fn frame_in(path: &Path) -> io::Result<Option<Frame>> {
    let bytes = fs::read(path)?;
    Ok(match look(&bytes, 0, 1..=u64::MAX) {
        Found::Frame { end, .. } if end == bytes.len() => {
            debug_assert!(end >= HEADER_BYTES, "a frame has a header");
            Frame::of(bytes)
        }
        Found::Frame { .. } | Found::Torn | Found::Damaged => None,
    })
}
