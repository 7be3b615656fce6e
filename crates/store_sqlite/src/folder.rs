//! The data folder: made when missing, readable by its owner only, and held by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::OpenError;

const DATABASE: &str = "gateway.db";
const LOCK: &str = "gateway.lock";

/// Names of the files that a store keeps in its folder.
pub const FILES: [&str; 4] = [DATABASE, "gateway.db-wal", "gateway.db-shm", LOCK];

/// Returns whether a folder holds a store's data already.
pub fn exists(folder: &Path) -> bool {
    folder.join(DATABASE).exists()
}

/// A data folder that no other process has. Let go when dropped, also by the end of the process.
#[derive(Debug)]
pub(crate) struct DataFolder {
    database: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder and its database file where they are missing, and takes the lock.
    pub(crate) fn take(folder: &Path) -> Result<Self, OpenError> {
        let not_writable = |source| OpenError::FolderNotWritable { folder: folder.to_path_buf(), source };
        make_folder(folder).map_err(not_writable)?;
        let lock = open_private(&folder.join(LOCK)).map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::FolderInUse { folder: folder.to_path_buf() });
            }
            Err(TryLockError::Error(source)) => return Err(not_writable(source)),
        }
        let database = folder.join(DATABASE);
        open_private(&database).and_then(|file| file.sync_all()).map_err(not_writable)?;
        sync_folder(folder).map_err(not_writable)?;
        Ok(Self { database, _lock: lock })
    }

    /// Returns where the database is.
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Opens a file for writing. `SQLite` gives the write-ahead log the permissions of the database.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Makes the new files' names last: a database whose name is lost in a power cut is lost.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
