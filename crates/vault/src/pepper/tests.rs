//! HMAC-SHA256 against RFC 4231, and what the pepper promises on top of it.

use std::collections::HashSet;

use domain::KeyId;

use super::*;
use crate::{OsEntropy, PlatformKey};

const TENANT: TenantId = TenantId::from_u128(7);
const KNOWN_KEY_HASH: &str = "7ef2c145cd3ea68bc4d870d077ab25e45129b2f964d2d6fb950c9f2c8e49b774";
const KNOWN_PROVIDER_KEY: &str = "ace61ab889322ae9c6f30a6a4340f6cc";

fn pepper(byte: u8) -> Pepper {
    Pepper::from_bytes(&[byte; PEPPER_BYTES]).unwrap()
}

#[track_caller]
fn check_hmac(key: &[u8], text: &[u8], expected: &str) {
    let mac = keyed_with(key).unwrap().chain_update(text).finalize().into_bytes();
    assert_eq!(hex::encode(mac), expected);
}

#[test]
fn the_vectors_of_rfc_4231_come_out() {
    // Test cases 1, 2, 3 and 6 of RFC 4231, section 4.
    check_hmac(&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    check_hmac(
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    check_hmac(&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    check_hmac(
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    );
}

#[test]
fn only_the_key_itself_matches_its_hash_and_only_under_the_same_pepper() {
    let id = KeyId::from_u128(1);
    let key = PlatformKey::generate(Environment::Test, id, &OsEntropy);
    let rotated = PlatformKey::generate(Environment::Test, id, &OsEntropy);
    let hash = pepper(1).hash_key(&key.present());
    assert!(pepper(1).matches(&key.present(), &hash));
    assert!(!pepper(1).matches(&rotated.present(), &hash));
    assert!(!pepper(2).matches(&key.present(), &hash));
}

#[test]
fn a_provider_key_is_the_same_each_time_and_another_for_every_other_call() {
    let (pepper, other_pepper) = (pepper(3), pepper(4));
    let key = |tenant, environment, route, caller| {
        pepper.provider_key(tenant, environment, route, (&["acct"], caller))
    };
    let first = key(TENANT, Environment::Test, "POST /v1/sms", "abc");
    assert_eq!(first, key(TENANT, Environment::Test, "POST /v1/sms", "abc"));
    assert_eq!(first.len(), 32);
    assert!(first.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{first}");
    let others = [
        first,
        key(TenantId::from_u128(8), Environment::Test, "POST /v1/sms", "abc"),
        key(TENANT, Environment::Live, "POST /v1/sms", "abc"),
        key(TENANT, Environment::Test, "POST /v1/sm", "sabc"),
        key(TENANT, Environment::Test, "POST /v1/smsa", "bc"),
        key(TENANT, Environment::Test, "POST /v1/sms", "abd"),
        key(TENANT, Environment::Test, "", "POST /v1/smsabc"),
        pepper.provider_key(TENANT, Environment::Test, "POST /v1/sms", (&["acc"], "tabc")),
        pepper.provider_key(TENANT, Environment::Test, "POST /v1/sms", (&[], "abc")),
        other_pepper.provider_key(TENANT, Environment::Test, "POST /v1/sms", (&["acct"], "abc")),
    ];
    assert_eq!(others.iter().collect::<HashSet<_>>().len(), others.len(), "{others:?}");
}

#[test]
fn a_stored_pepper_gives_the_same_hashes_for_ever() {
    // Computed apart with Python's hmac module; a change here makes every stored key unknown.
    let text = "unf_test_00000000000000000000000001";
    let key = PresentedKey::unchecked(Environment::Test, KeyId::from_u128(1), text);
    assert_eq!(hex::encode(pepper(5).hash_key(&key).0), KNOWN_KEY_HASH);
    assert_eq!(
        pepper(5).provider_key(TENANT, Environment::Live, "POST /v1/sms", (&[], "k")),
        KNOWN_PROVIDER_KEY
    );
}

#[test]
fn a_pepper_has_32_bytes_and_shows_none_of_them() {
    for length in [0, 31, 33] {
        assert_eq!(Pepper::from_bytes(&vec![0; length]).err(), Some(PepperLength));
    }
    let bytes = Pepper::generate_bytes(&OsEntropy);
    assert_ne!(*bytes, *Pepper::generate_bytes(&OsEntropy));
    assert_eq!(format!("{:?}", Pepper::from_bytes(bytes.as_slice()).unwrap()), "Pepper(…)");
}
