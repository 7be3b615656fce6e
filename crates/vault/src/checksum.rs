//! The checksum of platform keys: bech32's code over 32 symbols, which finds every error of up to four of them.

/// The generator of BIP-173's code (github.com/bitcoin/bips, bip-0173): any error in at most 4 of at most 89 symbols is
/// found for certain, and a change of one character or a swap of two neighbours is such an error.
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];

/// Symbols of a checksum.
pub(crate) const SYMBOLS: usize = 6;

/// What a text with its checksum comes to.
const VALID: u32 = 1;

/// A checksum under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checksum(u32);

impl Checksum {
    /// Starts with a symbol that is not in the text but must be right as well.
    pub(crate) fn starting_with(symbol: u8) -> Self {
        Self(1).with(symbol)
    }

    /// Takes one more symbol, 0 to 31.
    pub(crate) fn with(self, symbol: u8) -> Self {
        let [first, second, third, fourth, fifth] = GENERATOR;
        let top = self.0 >> 25;
        // `mask` is all ones where the bit of `top` is set: no branch depends on a secret.
        let next = (self.0 & 0x01ff_ffff) << 5
            ^ u32::from(symbol & 31)
            ^ first & mask(top)
            ^ second & mask(top >> 1)
            ^ third & mask(top >> 2)
            ^ fourth & mask(top >> 3)
            ^ fifth & mask(top >> 4);
        Self(next)
    }

    /// Returns whether the text ended in its own checksum.
    pub(crate) const fn is_valid(self) -> bool {
        self.0 == VALID
    }

    /// Returns the symbols to add to the text, first one first.
    pub(crate) fn symbols(self) -> [u8; SYMBOLS] {
        let rest = [0; SYMBOLS].into_iter().fold(self, Self::with).0 ^ VALID;
        [25, 20, 15, 10, 5, 0].map(|shift| u8::try_from(rest >> shift & 31).unwrap_or(0))
    }
}

const fn mask(bit: u32) -> u32 {
    0_u32.wrapping_sub(bit & 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_of_bip_173_come_out() {
        // The valid bech32 string "A12UEL5L": human-readable part "a", no data, checksum "2uel5l".
        let bech32_values: [u8; SYMBOLS] = [10, 28, 25, 31, 20, 31];
        let text = [3, 0, 1].into_iter().fold(Checksum(1), Checksum::with);
        assert_eq!(text.symbols(), bech32_values);
        assert!(bech32_values.into_iter().fold(text, Checksum::with).is_valid());
    }
}
