//! A gzip body of zeros that is a hundred and fifty times larger when unpacked, written by hand and never held whole.

use bytes::{Bytes, BytesMut};

/// Repeats of the 8-match pattern in the bomb: 6.8 MB on the wire, 1.08 GB unpacked.
const BOMB_REPEATS: usize = 524_288;
/// CRC-32 of the bomb's 1,082,130,433 zeros.
const BOMB_CRC: u32 = 0x83f7_e39b;
/// Repeats sent in one piece: 64 KiB.
const REPEATS_A_PIECE: usize = 4096;

/// gzip member header (RFC 1952, section 2.3): no name, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Deflate (RFC 1951, 3.2.6): last block, fixed codes, one literal zero; 3 bits of the next byte are used.
const START: [u8; 1] = [0x63];
/// Eight matches of length 258 at distance 1: 104 bits, so the 13 bytes repeat as they are.
const MATCHES: [u8; 13] = [0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x82, 0x51, 0x30, 0x0a, 0x46, 0xc1, 0x28];

/// Returns the pieces of the bomb in order.
pub(crate) fn bomb() -> impl Iterator<Item = Bytes> {
    zeros(BOMB_REPEATS, BOMB_CRC)
}

fn zeros(repeats: usize, crc: u32) -> impl Iterator<Item = Bytes> {
    let piece = Bytes::from(MATCHES.repeat(REPEATS_A_PIECE.min(repeats)));
    let whole = repeats / REPEATS_A_PIECE.min(repeats).max(1);
    let head = Bytes::from([HEADER.as_slice(), START.as_slice()].concat());
    std::iter::once(head).chain(std::iter::repeat_n(piece, whole)).chain(std::iter::once(tail(repeats, crc)))
}

fn tail(repeats: usize, crc: u32) -> Bytes {
    // One literal and 8 matches of 258 bytes a repeat; gzip keeps the size modulo 2^32.
    let size = u32::try_from(repeats).unwrap_or(u32::MAX).wrapping_mul(8 * 258).wrapping_add(1);
    let mut tail = BytesMut::with_capacity(10);
    // The end-of-block code and the filling of its byte, all zero bits.
    tail.extend_from_slice(&[0, 0]);
    tail.extend_from_slice(&crc.to_le_bytes());
    tail.extend_from_slice(&size.to_le_bytes());
    tail.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python's zlib unpacks to 4,129 zeros.
    const SIXTEEN_MATCHES: &str =
        "1f8b08000000000000ff631805a360148c8251300a46c1281805a360148c8251300a46c1280000f372fbab21100000";

    #[test]
    fn the_hand_written_gzip_is_what_a_real_library_reads() {
        let bytes: Vec<u8> = zeros(2, 0xabfb_72f3).flatten().collect();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, SIXTEEN_MATCHES);
    }

    #[test]
    fn the_bomb_grows_a_hundred_times() {
        let wire: usize = bomb().map(|piece| piece.len()).sum();
        assert!(wire * 100 < 1_082_130_433, "{wire} bytes on the wire");
    }
}
