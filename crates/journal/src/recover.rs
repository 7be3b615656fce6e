//! Reading a journal again: every whole frame is found, what the end of the process cut short is cut off, and what the disk
//! spoilt is copied aside and told.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, open_private, write_all_at};
use crate::frame::{Found, HEADER_BYTES, look};
use crate::options::Opened;
use crate::segment::{MAGIC, Segment, bytes_of};

const SUFFIX: &str = "segment";

/// What a segment's bytes hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Where each entry's frame begins, from the segment's first number on; nothing for one that is spoilt.
    pub(crate) places: Vec<Option<usize>>,
    /// Where the last whole frame ends.
    pub(crate) end: usize,
    /// Bytes that are no frame, although frames stand behind them or they are long enough to have been one.
    pub(crate) damaged: Vec<Range<usize>>,
    /// Bytes at the end that are the beginning of a frame.
    pub(crate) torn: Range<usize>,
}

/// Looks through a segment's bytes.
pub(crate) fn scan(bytes: &[u8], first: u64) -> Scan {
    let mut scan = Scan { end: MAGIC.len(), ..Scan::default() };
    let mut at = MAGIC.len();
    let mut next = first;
    while at < bytes.len() {
        // As many numbers may be missing as frames fit into what was damaged in front of this one.
        let missing = bytes_of(at.saturating_sub(scan.end) / HEADER_BYTES);
        match look(bytes, at, next..=next.saturating_add(missing)) {
            Found::Frame { number, end, .. } => {
                if at > scan.end {
                    scan.damaged.push(scan.end..at);
                }
                while next < number {
                    scan.places.push(None);
                    next = next.saturating_add(1);
                }
                scan.places.push(Some(at));
                (at, scan.end, next) = (end, end, next.saturating_add(1));
            }
            Found::Torn | Found::Damaged => at = at.saturating_add(1),
        }
    }
    let tail = scan.end..bytes.len();
    match look(bytes, scan.end, next..=next) {
        Found::Torn => scan.torn = tail,
        Found::Damaged | Found::Frame { .. } if !tail.is_empty() => scan.damaged.push(tail),
        Found::Damaged | Found::Frame { .. } => {}
    }
    scan
}

/// Reads all segments of a folder, in order.
pub(crate) fn segments(disk: &dyn Disk, folder: &Path, opened: &mut Opened) -> io::Result<Vec<Segment>> {
    let mut files = segment_files(folder)?;
    files.sort();
    let mut segments = Vec::with_capacity(files.len());
    let last = files.last().map(|(first, _)| *first);
    for (first, path) in files {
        let bytes = fs::read(&path)?;
        let is_last = Some(first) == last;
        if !bytes.starts_with(&MAGIC) {
            give_up(disk, folder, (first, &path), &bytes, (is_last, &mut *opened))?;
            continue;
        }
        let scan = scan(&bytes, first);
        for range in &scan.damaged {
            report(folder, first, range, &bytes, opened)?;
        }
        let file = disk.open(&path)?;
        if scan.end < bytes.len() && is_last {
            if !scan.torn.is_empty() {
                opened.torn_bytes = opened.torn_bytes.saturating_add(bytes_of(scan.torn.len()));
                tracing::warn!(path = %path.display(), bytes = scan.torn.len(), "cut an unfinished entry off the journal");
            }
            file.set_len(bytes_of(scan.end))?;
        } else if !scan.torn.is_empty() {
            report(folder, first, &scan.torn, &bytes, opened)?;
        }
        segments.push(Segment::found(first, path, file, &scan));
    }
    Ok(segments)
}

/// Puts a file away that does not begin as a segment does.
fn give_up(
    disk: &dyn Disk,
    folder: &Path,
    (first, path): (u64, &Path),
    bytes: &[u8],
    (is_last, opened): (bool, &mut Opened),
) -> io::Result<()> {
    let is_just_begun = is_last && MAGIC.starts_with(bytes);
    if !is_just_begun {
        report(folder, first, &(0..bytes.len()), bytes, opened)?;
    }
    disk.remove(path)
}

fn segment_files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let first = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(first) = first
            && path.extension().is_some_and(|suffix| suffix == SUFFIX)
        {
            files.push((first, path));
        }
    }
    Ok(files)
}

fn report(
    folder: &Path,
    segment: u64,
    range: &Range<usize>,
    bytes: &[u8],
    opened: &mut Opened,
) -> io::Result<()> {
    opened.damaged_bytes = opened.damaged_bytes.saturating_add(bytes_of(range.len()));
    set_aside(folder, segment, bytes_of(range.start), bytes.get(range.clone()).unwrap_or_default())
}

/// Copies bytes that cannot be read to a file of their own, and tells.
pub(crate) fn set_aside(folder: &Path, segment: u64, position: u64, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(format!("{segment:020}-{position}.damaged"));
    let file = open_private(&path)?;
    file.set_len(0)?;
    write_all_at(&file, bytes, 0)?;
    file.sync_data()?;
    tracing::error!(path = %path.display(), bytes = bytes.len(), "the journal's disk spoilt what stands in this file; it is left out");
    Ok(())
}
