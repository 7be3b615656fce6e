//! AES-256-GCM against the vectors of the GCM specification (appendix B, test cases 13, 14 and 16).

use super::*;

/// Gives out fixed bytes, as the vectors' nonces ask.
#[derive(Debug)]
struct Fixed([u8; NONCE_BYTES]);

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

struct Vector {
    key: &'static str,
    nonce: &'static str,
    additional: &'static str,
    plain: &'static str,
    ciphertext_and_tag: &'static str,
}

#[track_caller]
fn check(vector: &Vector) {
    let bytes = |text: &str| hex::decode(text).unwrap();
    let key = SymmetricKey::from_slice(&bytes(vector.key)).unwrap();
    let nonce = Fixed(bytes(vector.nonce).try_into().unwrap());
    let (additional, plain) = (bytes(vector.additional), bytes(vector.plain));
    let sealed = key.seal(&additional, &plain, &nonce).unwrap();
    assert_eq!(hex::encode(&sealed), format!("{}{}", vector.nonce, vector.ciphertext_and_tag));
    assert_eq!(*key.open(&additional, &sealed).unwrap(), plain);
}

const ZERO_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn the_published_vectors_come_out() {
    check(&Vector {
        key: ZERO_KEY,
        nonce: "000000000000000000000000",
        additional: "",
        plain: "",
        ciphertext_and_tag: "530f8afbc74536b9a963b4f1c4cb738b",
    });
    check(&Vector {
        key: ZERO_KEY,
        nonce: "000000000000000000000000",
        additional: "",
        plain: "00000000000000000000000000000000",
        ciphertext_and_tag: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
    });
    check(&Vector {
        key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        ciphertext_and_tag: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
                             76fc6ece0f4e1768cddf8853bb2d551b",
    });
}

#[test]
fn what_is_too_short_to_hold_nonce_and_tag_is_malformed() {
    let key = SymmetricKey::from_slice(&[7; KEY_BYTES]).unwrap();
    for length in 0..NONCE_BYTES + TAG_BYTES {
        assert_eq!(key.open(b"", &vec![0; length]), Err(OpenError::Malformed), "{length} bytes");
    }
    assert_eq!(key.open(b"", &[0; NONCE_BYTES + TAG_BYTES]), Err(OpenError::Tampered));
}

#[test]
fn a_key_has_32_bytes_and_shows_none_of_them() {
    assert!(SymmetricKey::from_slice(&[7; KEY_BYTES - 1]).is_none());
    assert!(SymmetricKey::from_slice(&[7; KEY_BYTES + 1]).is_none());
    assert_eq!(format!("{:?}", SymmetricKey::from_slice(&[7; KEY_BYTES]).unwrap()), "SymmetricKey(…)");
}
