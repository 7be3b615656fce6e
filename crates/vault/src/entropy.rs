//! Randomness for production: `rand`'s thread generator.

use domain::Entropy;
use rand::Rng;

/// Fills with rand's thread generator: `ChaCha` seeded by the operating system, reseeded every 64 KiB.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}
