//! The `Journal` port on a disk.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::{Journal, JournalError, JournalStanding, Owed};

use crate::acknowledged::Acknowledged;
use crate::codec;
use crate::disk::{Disk, RealDisk, make_private_folder, open_private};
use crate::frame::{Found, Frame, look};
use crate::options::{OpenError, Opened, Options};
use crate::recover::{segments, set_aside};
use crate::refused::{Refused, frame_in};
use crate::segment::{Segment, Stretch, bytes_of};
use crate::spool::{NotWritten, Spool};
use crate::sync::{Syncer, lock};
use crate::words::Words;

const LOCK: &str = "lock";

/// A journal in a folder that no other process has. Let go when dropped.
#[derive(Debug)]
pub struct DiskJournal {
    spool: Arc<Mutex<Spool>>,
    syncer: Syncer,
    words: Words,
    refused: Refused,
    refused_entries: AtomicU64,
    opened: Opened,
    /// Held for its lock.
    _lock: File,
}

impl DiskJournal {
    /// Opens a journal, made when missing, and reads all that is there. Takes as long as reading it from the disk takes.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it, [`OpenError::Disk`] when it cannot be read and written.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(RealDisk), options)
    }

    /// Returns what was there when it was opened.
    pub const fn opened(&self) -> Opened {
        self.opened
    }

    /// Opens a journal on a disk of the caller's.
    pub(crate) fn open_on(disk: Arc<dyn Disk>, options: &Options) -> Result<Self, OpenError> {
        let folder = options.folder.clone();
        let failed = |source| OpenError::Disk { folder: folder.clone(), source };
        make_private_folder(&folder).map_err(failed)?;
        let held = open_private(&folder.join(LOCK)).map_err(failed)?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { folder }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut opened = Opened::default();
        let mut spool = recover(disk, options, &mut opened).map_err(failed)?;
        let refused = Refused::open(&folder).map_err(failed)?;
        let kept = take_back(&mut spool, &refused, &mut opened).map_err(failed)?;
        let spool = Arc::new(Mutex::new(spool));
        let syncer = Syncer::start(Arc::clone(&spool)).map_err(failed)?;
        let refused_entries = AtomicU64::new(kept);
        Ok(Self { spool, syncer, words: Words::default(), refused, refused_entries, opened, _lock: held })
    }

    /// Reads one stretch. Entries that cannot be read are put aside and left out.
    fn read_stretch(&self, stretch: &Stretch) -> Result<Vec<(u64, Owed)>, JournalError> {
        let mut bytes = vec![0; stretch.bytes];
        stretch.file.read_exact_at(&mut bytes, stretch.position).map_err(disk("read"))?;
        let mut entries = Vec::with_capacity(stretch.frames.len());
        for (index, &(number, at)) in stretch.frames.iter().enumerate() {
            let why = match look(&bytes, at, number..=number) {
                Found::Frame { payload, .. } => match codec::decode(payload, &self.words) {
                    Ok(entry) => {
                        entries.push((number, entry));
                        continue;
                    }
                    Err(unreadable) => io::Error::other(unreadable),
                },
                Found::Torn | Found::Damaged => io::Error::other("frame is damaged"),
            };
            tracing::error!(
                number,
                error = &why as &dyn std::error::Error,
                "an entry of the journal cannot be read"
            );
            let end = stretch.frames.get(index.saturating_add(1)).map_or(bytes.len(), |(_, next)| *next);
            let position = stretch.position.saturating_add(bytes_of(at));
            let folder = lock(&self.spool).folder.clone();
            set_aside(&folder, stretch.segment, position, bytes.get(at..end).unwrap_or_default())
                .map_err(disk("put a damaged entry aside"))?;
            lock(&self.spool).forget(stretch.segment, number);
        }
        Ok(entries)
    }
}

#[async_trait]
impl Journal for DiskJournal {
    fn append(&self, entry: &Owed) -> Result<u64, JournalError> {
        let mut frame = frame(entry)?;
        lock(&self.spool).append(&mut frame).map_err(|refusal| match refusal {
            NotWritten::Full => JournalError::Full,
            NotWritten::Disk(source) => JournalError::Disk { doing: "append", source },
        })
    }

    async fn sync(&self) -> Result<(), JournalError> {
        self.syncer.sync().await.map_err(disk("sync"))
    }

    fn read(&self, from: u64, most: usize) -> Result<Vec<(u64, Owed)>, JournalError> {
        let mut from = from;
        loop {
            let Some(stretch) = lock(&self.spool).stretch(from, most.max(1)) else {
                return Ok(Vec::new());
            };
            let entries = self.read_stretch(&stretch)?;
            if !entries.is_empty() {
                return Ok(entries);
            }
            // All of it was damaged; perhaps there is more behind it.
            from = stretch.frames.last().map_or(from, |(number, _)| number.saturating_add(1));
        }
    }

    fn acknowledge(&self, up_to: u64) -> Result<(), JournalError> {
        let (gone, written, store) = {
            let mut spool = lock(&self.spool);
            let (gone, written) = spool.acknowledge(up_to);
            (gone, written, Arc::clone(&spool.disk))
        };
        for segment in gone {
            if let Err(error) = store.remove(&segment.path) {
                // The next start removes it.
                tracing::warn!(path = %segment.path.display(), error = &error as &dyn std::error::Error, "a segment of the journal cannot be removed");
            }
        }
        written.map_err(disk("remember what is acknowledged"))
    }

    fn refuse(&self, number: u64, entry: &Owed) -> Result<(), JournalError> {
        let store = Arc::clone(&lock(&self.spool).disk);
        self.refused.keep(&*store, number, &mut frame(entry)?).map_err(disk("keep a refused entry"))?;
        self.refused_entries.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn standing(&self) -> JournalStanding {
        let spool = lock(&self.spool);
        JournalStanding {
            first_open: spool.first_open,
            last: spool.active.next().saturating_sub(1),
            bytes: spool.bytes,
            capacity: spool.capacity,
            refused: self.refused_entries.load(Ordering::Relaxed),
        }
    }
}

fn frame(entry: &Owed) -> Result<Frame, JournalError> {
    let bytes = codec::encode(entry).map_err(|error| disk("encode an entry")(io::Error::other(error)))?;
    Frame::of(bytes).ok_or_else(|| disk("encode an entry")(io::ErrorKind::FileTooLarge.into()))
}

fn disk(doing: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| JournalError::Disk { doing, source }
}

/// Reads what is there and returns the open journal.
fn recover(disk: Arc<dyn Disk>, options: &Options, opened: &mut Opened) -> io::Result<Spool> {
    let folder = &options.folder;
    let (acknowledged, last_acknowledged) = Acknowledged::open(&*disk, folder)?;
    let mut full: std::collections::VecDeque<Segment> = segments(&*disk, folder, opened)?.into();
    // Numbers go on behind both: a power failure may have kept either.
    let behind = last_acknowledged.saturating_add(1);
    let next = full.back().map_or(1, Segment::next).max(behind);
    while let Some(done) = full.pop_front_if(|segment| segment.next() <= behind) {
        if full.is_empty() && done.next() == next {
            full.push_front(done);
            break;
        }
        disk.remove(&done.path)?;
    }
    let has_room = |last: &Segment| last.len < options.segment_bytes() || last.first == next;
    let active = match full.pop_back_if(|last| last.next() == next && has_room(last)) {
        Some(last) => last,
        None => Segment::create(&*disk, folder, next)?,
    };
    let first_open = full.front().unwrap_or(&active).first.max(behind);
    let bytes = full.iter().chain([&active]).map(|segment| segment.len).fold(0, u64::saturating_add);
    opened.entries = next.saturating_sub(first_open);
    Ok(Spool {
        disk,
        folder: folder.clone(),
        capacity: options.capacity_bytes,
        segment_bytes: options.segment_bytes(),
        full,
        active,
        first_open,
        bytes,
        acknowledged,
        is_folder_dirty: true,
    })
}

/// Appends what the store had refused, to be tried again. Returns how many entries must stay where they are.
fn take_back(spool: &mut Spool, refused: &Refused, opened: &mut Opened) -> io::Result<u64> {
    let mut taken = Vec::new();
    let mut kept = 0_u64;
    for path in refused.files()? {
        match frame_in(&path)?.map(|mut frame| spool.append(&mut frame)) {
            Some(Ok(_)) => taken.push(path),
            Some(Err(NotWritten::Disk(error))) => return Err(error),
            Some(Err(NotWritten::Full)) => kept = kept.saturating_add(1),
            None => {
                kept = kept.saturating_add(1);
                tracing::error!(path = %path.display(), "a refused entry cannot be read");
            }
        }
    }
    if !taken.is_empty() {
        spool.take_dirty().files.iter().try_for_each(|(_, file)| file.sync_data())?;
        spool.disk.sync_folder(&spool.folder)?;
    }
    for path in &taken {
        spool.disk.remove(path)?;
    }
    opened.taken_back = bytes_of(taken.len());
    opened.entries = opened.entries.saturating_add(opened.taken_back);
    Ok(kept)
}
