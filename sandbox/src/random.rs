//! Random text for ids: a small generator of our own, so that a seed gives the same ids in every version of every library.

use std::hash::{BuildHasher, Hasher, RandomState};

const BASE_62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE_36: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Without what can be mistaken for one another, as PayPal's account ids are.
const BASE_31: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const BASE_16: &[u8] = b"0123456789abcdef";

/// A `SplitMix64` generator; good enough for ids in a simulation, never for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// Returns a generator from the seed, or from the system's entropy where there is none.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        // The standard library's hash keys are the one source of entropy that needs no further crate.
        Self { state: seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()) }
    }

    /// Returns letters of both cases and digits.
    pub(crate) fn base62(&mut self, length: usize) -> String {
        self.text(BASE_62, length)
    }

    /// Returns capital letters and digits.
    pub(crate) fn base36(&mut self, length: usize) -> String {
        self.text(BASE_36, length)
    }

    /// Returns lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(BASE_16, length)
    }

    /// Decides with the given probability (0 to 1).
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        let drawn = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(drawn) < probability * 4_294_967_296.0
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let size = u64::try_from(alphabet.len()).unwrap_or(1);
        let mut text = String::with_capacity(length);
        let mut pool = 0_u64;
        for position in 0..length {
            // Ten characters of at most 6 bits come out of one draw.
            if position % 10 == 0 {
                pool = self.next();
            }
            let index = usize::try_from(pool % size).unwrap_or(0);
            pool /= size;
            text.push(alphabet.get(index).map_or('0', |&byte| char::from(byte)));
        }
        text
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Returns capital letters and digits that are always the same for one name, such as a merchant's account number.
pub(crate) fn named(name: &str, length: usize) -> String {
    // FNV-1a: stable between versions, unlike the standard hasher.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    Random::new(Some(hash)).text(BASE_31, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut one, mut two) = (Random::new(Some(7)), Random::new(Some(7)));
        assert_eq!(one.base62(14), two.base62(14));
        assert_eq!(one.hex(32), two.hex(32));
        assert_ne!(one.base36(17), two.base36(16));
    }

    #[test]
    fn probability_zero_never_and_one_always_happens() {
        let mut random = Random::new(Some(1));
        assert!((0..1000).all(|_| !random.happens(0.0)));
        assert!((0..1000).all(|_| random.happens(1.0)));
    }
}
