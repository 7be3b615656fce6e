//! A platform key reads back, and no typing error gets past the checksum.

use domain::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::OsEntropy;

const ID: KeyId = KeyId::from_u128(0x0199_1234_5678_9abc_def0_1234_5678_9abc);

fn key(environment: Environment) -> PlatformKey {
    PlatformKey::generate(environment, ID, &OsEntropy)
}

#[track_caller]
fn check_refused(text: &str, expected: KeyFormatError) {
    assert_eq!(PlatformKey::parse(text).err(), Some(expected), "{text}");
}

#[test]
fn a_key_reads_back_with_its_environment_and_id() {
    for environment in Environment::ALL {
        let key = key(environment);
        let text = key.text().expose();
        assert!(text.starts_with(&format!("unf_{environment}_")), "{text}");
        assert_eq!(text.len(), 9 + 26 + 32 + 6);
        let read = PlatformKey::parse(text).unwrap();
        assert_eq!((read.environment, read.id, read.text()), (environment, ID, text));
    }
}

#[test]
fn every_change_of_one_character_is_refused() {
    let key = key(Environment::Live);
    let text = key.text().expose();
    for place in 0..text.len() {
        for other in (0_u8..0x80).filter(|&byte| byte != text.as_bytes()[place]) {
            let mut changed = text.as_bytes().to_vec();
            changed[place] = other;
            let changed = String::from_utf8(changed).unwrap();
            assert!(PlatformKey::parse(&changed).is_err(), "{changed}");
        }
    }
}

#[test]
fn every_swap_of_two_neighbours_is_refused() {
    for _ in 0..50 {
        let key = key(Environment::Test);
        let text = key.text().expose();
        for place in 1..text.len() {
            let mut swapped = text.as_bytes().to_vec();
            swapped.swap(place - 1, place);
            let swapped = String::from_utf8(swapped).unwrap();
            assert!(swapped == text || PlatformKey::parse(&swapped).is_err(), "{swapped}");
        }
    }
}

#[test]
fn a_key_does_not_pass_for_the_other_environment() {
    let key = key(Environment::Test);
    check_refused(&key.text().expose().replace("unf_test_", "unf_live_"), KeyFormatError::Checksum);
}

#[test]
fn other_texts_are_refused_for_what_is_wrong_with_them() {
    let key = key(Environment::Test);
    let text = key.text().expose();
    for prefix in ["", "unf_", "unf_prod_", "UNF_TEST_", "sk_test_", " unf_test_", "ünf_test_"] {
        check_refused(&text.replace("unf_test_", prefix), KeyFormatError::Prefix);
    }
    for length in
        ["unf_test_", text.get(..text.len() - 1).unwrap(), &format!("{text}0"), &format!("{text}\n")]
    {
        check_refused(length, KeyFormatError::Length);
    }
    check_refused(&format!("unf_test_{}", "é".repeat(32)), KeyFormatError::Character);
    check_refused(
        &format!("unf_test_{}", text.trim_start_matches("unf_test_").to_uppercase()),
        KeyFormatError::Character,
    );
    check_refused(&format!("unf_test_{}", "0".repeat(64)), KeyFormatError::Checksum);
}

#[test]
fn an_id_of_more_than_128_bits_is_refused_even_with_a_right_checksum() {
    let values = [31; ID_CHARS + SECRET_CHARS];
    let start = Checksum::starting_with(environment_symbol(Environment::Test));
    let checksum = values.into_iter().fold(start, Checksum::with).symbols();
    let body: String = values.into_iter().chain(checksum).map(base32::symbol).collect();
    check_refused(&format!("unf_test_{body}"), KeyFormatError::Character);
}

#[test]
fn what_is_shown_of_a_key_is_its_environment_and_the_start_of_its_id() {
    let id = KeyId::generate(Timestamp::from_unix_ms(1_756_455_561_123), &OsEntropy);
    let key = PlatformKey::generate(Environment::Live, id, &OsEntropy);
    let shown = key.prefix();
    assert_eq!(shown.len(), "unf_live_".len() + 8);
    assert!(key.text().expose().starts_with(&shown));
    let secret = key.text().expose().get(9 + 26..).unwrap();
    for debug in [format!("{key:?}"), format!("{:?}", key.present()), format!("{:?}", key.text())] {
        assert!(!debug.contains(secret), "{debug}");
        assert!(!debug.contains(secret.get(..6).unwrap()), "{debug}");
    }
    assert_eq!(format!("{:?}", key.present()), format!("PresentedKey(live, {id}, …)"));
}

proptest! {
    #[test]
    fn any_error_in_up_to_four_characters_is_refused(
        places in proptest::collection::btree_map(9_usize..73, 1_u8..32, 1..=4),
    ) {
        let key = key(Environment::Test);
        let mut changed = key.text().expose().as_bytes().to_vec();
        for (place, difference) in places {
            let symbol = base32::value(changed[place]).unwrap() ^ difference;
            changed[place] = u8::try_from(u32::from(base32::symbol(symbol))).unwrap();
        }
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(PlatformKey::parse(&changed).err(), Some(KeyFormatError::Checksum));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(unf_(test|live)_)?\\PC{0,70}") {
        prop_assert!(PlatformKey::parse(&text).is_err());
    }

    #[test]
    fn every_id_survives(value: u128) {
        let key = PlatformKey::generate(Environment::Test, KeyId::from_u128(value), &OsEntropy);
        prop_assert_eq!(PlatformKey::parse(key.text().expose()).unwrap().id.as_u128(), value);
    }
}
