//! What this node owes the store, on its own disk: numbered entries in append-only segments. Knows no store and no order of
//! writing; who drains it stands in `actors`.
//!
//! An entry is in the page cache when [`domain::ports::Journal::append`] returns, so the process may be killed; it is on the
//! disk when [`domain::ports::Journal::sync`] returns. A frame that was cut off by either is cut off at the next start; a
//! frame that the disk spoilt is copied to a `.damaged` file, told, and skipped.

mod acknowledged;
mod codec;
mod disk;
mod frame;
mod journal;
mod ledger_row;
mod log_row;
mod options;
mod recover;
mod refused;
mod segment;
mod spool;
mod sync;
mod words;

#[cfg(test)]
mod tests;

pub use journal::DiskJournal;
pub use options::{OpenError, Opened, Options};
