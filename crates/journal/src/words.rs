//! Words of the program's own that a row borrows for ever: routes, statuses, currencies. Read back, each is kept once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Most words; the program knows a few hundred. What is beyond comes from no program of ours.
const MAX_WORDS: usize = 4096;
/// Longest word in bytes.
const MAX_WORD_BYTES: usize = 256;

/// The words met so far. They are never given back, which is why they are counted.
#[derive(Debug, Default)]
pub(crate) struct Words(Mutex<HashSet<&'static str>>);

impl Words {
    /// Returns the word for good, or nothing when there are too many.
    pub(crate) fn keep(&self, word: &str) -> Option<&'static str> {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = words.get(word) {
            return Some(kept);
        }
        if words.len() >= MAX_WORDS || word.len() > MAX_WORD_BYTES {
            return None;
        }
        let kept: &'static str = Box::leak(Box::from(word));
        words.insert(kept);
        Some(kept)
    }
}
