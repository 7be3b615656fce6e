//! Crockford's base 32 in lower case, symbol by symbol.

/// The symbols by value.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Returns the value of a symbol, 0 to 31; `None` for upper case and for `i`, `l`, `o` and `u`: one key has one spelling.
pub(crate) const fn value(symbol: u8) -> Option<u8> {
    match symbol {
        b'0'..=b'9' => Some(symbol - b'0'),
        b'a'..=b'h' => Some(symbol - b'a' + 10),
        b'j' | b'k' => Some(symbol - b'j' + 18),
        b'm' | b'n' => Some(symbol - b'm' + 20),
        b'p'..=b't' => Some(symbol - b'p' + 22),
        b'v'..=b'z' => Some(symbol - b'v' + 27),
        _ => None,
    }
}

/// Returns the symbol of the value's lowest five bits.
pub(crate) fn symbol(value: u8) -> char {
    ALPHABET.get(usize::from(value & 31)).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_symbols_are_each_others_inverse() {
        let known: Vec<u8> = (0..=u8::MAX).filter(|&byte| value(byte).is_some()).collect();
        assert_eq!(known, ALPHABET);
        for expected in 0..32 {
            assert_eq!(u32::from(symbol(expected)), u32::from(ALPHABET[usize::from(expected)]));
            assert_eq!(value(ALPHABET[usize::from(expected)]), Some(expected));
        }
    }
}
