//! Bytes that differ each time and are the same in each run.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::Entropy;

/// Fills with a counter.
#[derive(Debug, Default)]
pub struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut counter = self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        for byte in bytes.iter_mut().rev() {
            *byte = u8::try_from(counter & 0xff).unwrap();
            counter >>= 8;
        }
    }
}
