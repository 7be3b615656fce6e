//! Disks that are full or fail.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use domain::ports::{Journal, JournalError};

use super::*;
use crate::disk::{Disk, DiskFile, RealDisk};

/// A disk with so much room, which can be made to fail.
#[derive(Debug, Default)]
struct SmallDisk {
    room: Arc<AtomicU64>,
    is_failing: Arc<AtomicBool>,
    syncs: Arc<AtomicU64>,
}

/// A file on it.
#[derive(Debug)]
struct SmallFile {
    file: Arc<dyn DiskFile>,
    room: Arc<AtomicU64>,
    is_failing: Arc<AtomicBool>,
    syncs: Arc<AtomicU64>,
}

impl Disk for SmallDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = RealDisk.open(path)?;
        let (room, syncs) = (Arc::clone(&self.room), Arc::clone(&self.syncs));
        Ok(Arc::new(SmallFile { file, room, is_failing: Arc::clone(&self.is_failing), syncs }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }
}

impl SmallFile {
    fn strike(&self) -> io::Result<()> {
        // 5 is EIO.
        if self.is_failing.load(Ordering::SeqCst) { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }
}

impl DiskFile for SmallFile {
    /// Takes what there is room for, as a disk that fills up does, and nothing after that.
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize> {
        self.strike()?;
        let room = usize::try_from(self.room.load(Ordering::SeqCst)).unwrap();
        let fits = bytes.get(..room.min(bytes.len())).unwrap();
        if fits.is_empty() && !bytes.is_empty() {
            // 28 is ENOSPC.
            return Err(io::Error::from_raw_os_error(28));
        }
        self.room.fetch_sub(u64::try_from(fits.len()).unwrap(), Ordering::SeqCst);
        self.file.write_at(fits, position)
    }

    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        self.strike()?;
        self.file.read_exact_at(buffer, position)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.strike()?;
        self.file.set_len(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        self.strike()?;
        self.file.sync_data()
    }
}

fn os_code(error: &JournalError) -> Option<i32> {
    match error {
        JournalError::Disk { source, .. } => source.raw_os_error(),
        JournalError::Full => None,
    }
}

#[test]
fn an_entry_that_a_full_disk_cut_short_leaves_no_trace_and_later_ones_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    for room in 100..600 {
        let disk = SmallDisk::default();
        disk.room.store(room, Ordering::SeqCst);
        let handle = Arc::clone(&disk.room);
        let Ok(journal) = DiskJournal::open_on(Arc::new(disk), &options(folder.path())) else { continue };
        let mut taken = Vec::new();
        let refusal = loop {
            match journal.append(&owed(1)) {
                Ok(number) => taken.push(number),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!(os_code(&refusal), Some(28), "{refusal:?}");
        assert!(journal.append(&owed(1)).is_err());
        handle.store(1 << 20, Ordering::SeqCst);
        let number = journal.append(&owed(1)).unwrap();
        taken.push(number);
        let numbers = |journal: &DiskJournal| {
            read_all(journal).into_iter().map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&journal), taken, "room for {room} bytes");
        drop(journal);
        let journal = open(folder.path());
        nothing_wrong(&journal);
        assert_eq!(numbers(&journal), taken, "room for {room} bytes");
        journal.acknowledge(number).unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_fails_says_so_and_the_journal_goes_on_when_it_is_well_again() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::default();
    disk.room.store(1 << 20, Ordering::SeqCst);
    let is_failing = Arc::clone(&disk.is_failing);
    let journal = DiskJournal::open_on(Arc::new(disk), &options(folder.path())).unwrap();
    for number in 1..=10 {
        journal.append(&owed(number)).unwrap();
    }
    is_failing.store(true, Ordering::SeqCst);
    assert_eq!(os_code(&journal.append(&owed(11)).unwrap_err()), Some(5));
    assert_eq!(os_code(&journal.read(1, 5).unwrap_err()), Some(5));
    assert_eq!(os_code(&journal.sync().await.unwrap_err()), Some(5));
    assert_eq!(os_code(&journal.refuse(1, &owed(1)).unwrap_err()), Some(5));
    is_failing.store(false, Ordering::SeqCst);
    assert_eq!(journal.append(&owed(11)).unwrap(), 11);
    journal.sync().await.unwrap();
    assert_eq!(read_all(&journal).len(), 11);
    assert_eq!(journal.standing().refused, 0);
    drop(journal);
    let journal = open(folder.path());
    nothing_wrong(&journal);
    assert_eq!(read_all(&journal).len(), 11);
}

#[tokio::test]
async fn callers_at_the_same_time_share_a_sync() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::default();
    disk.room.store(1 << 20, Ordering::SeqCst);
    let syncs = Arc::clone(&disk.syncs);
    let journal = Arc::new(DiskJournal::open_on(Arc::new(disk), &options(folder.path())).unwrap());
    journal.append(&owed(1)).unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let journal = Arc::clone(&journal);
        callers.spawn(async move { journal.sync().await });
    }
    assert!(callers.join_all().await.into_iter().all(|result| result.is_ok()));
    assert_eq!(syncs.load(Ordering::SeqCst), 1, "what is on the disk is not written again");
}
