//! How far the store has everything: a number and its CRC in a file of twelve bytes, written in place. A write that was cut
//! short is seen by the CRC; then everything that is still there counts as open, and a repeat is harmless.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::disk::{Disk, DiskFile, write_all_at};

const FILE: &str = "acknowledged";
const BYTES: usize = 12;

/// The file that remembers the last acknowledged number.
#[derive(Debug)]
pub(crate) struct Acknowledged(Arc<dyn DiskFile>);

impl Acknowledged {
    /// Opens it and returns the number that it holds; 0 when it holds none.
    pub(crate) fn open(disk: &dyn Disk, folder: &Path) -> io::Result<(Self, u64)> {
        let file = disk.open(&folder.join(FILE))?;
        let mut bytes = [0; BYTES];
        let number = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => number_in(bytes).unwrap_or(0),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        Ok((Self(file), number))
    }

    /// Writes a number.
    pub(crate) fn write(&self, number: u64) -> io::Result<()> {
        let number = number.to_le_bytes();
        let crc = crc32fast::hash(&number).to_le_bytes();
        let mut bytes = [0; BYTES];
        for (slot, byte) in bytes.iter_mut().zip(number.into_iter().chain(crc)) {
            *slot = byte;
        }
        write_all_at(&*self.0, &bytes, 0)
    }
}

fn number_in(bytes: [u8; BYTES]) -> Option<u64> {
    let (number, crc) = bytes.split_first_chunk::<8>()?;
    let crc = u32::from_le_bytes(*crc.first_chunk()?);
    (crc32fast::hash(number) == crc).then(|| u64::from_le_bytes(*number))
}
