//! A credential opens at its own place, unchanged, and nowhere else.

use domain::{Environment, TenantId};
use proptest::prelude::*;

use super::*;
use crate::OsEntropy;

fn key() -> DataKey {
    DataKey::new(SymmetricKey::from_slice(&[3; 32]).unwrap())
}

const HERE: Binding<'_> = Binding {
    tenant: TenantId::from_u128(1),
    service: "stripe",
    environment: Environment::Test,
    field: "secret_key",
};

#[test]
fn a_credential_opens_at_its_place() {
    let sealed = key().seal(&HERE, "sk_test_ü", &OsEntropy).unwrap();
    assert_eq!(key().open(&HERE, &sealed).unwrap().expose(), "sk_test_ü");
    assert_eq!(sealed.len(), 1 + 12 + "sk_test_ü".len() + 16);
}

#[test]
fn a_credential_opens_at_no_other_place() {
    let sealed = key().seal(&HERE, "sk_test", &OsEntropy).unwrap();
    let elsewhere = [
        Binding { tenant: TenantId::from_u128(2), ..HERE },
        Binding { service: "paypal", ..HERE },
        Binding { environment: Environment::Live, ..HERE },
        Binding { field: "webhook_secret", ..HERE },
        // The same letters, cut elsewhere.
        Binding { service: "stripes", field: "ecret_key", ..HERE },
        Binding { service: "stripetest", field: "secret_key", ..HERE },
        Binding { service: "", field: "stripesecret_key", ..HERE },
    ];
    for place in elsewhere {
        assert_eq!(key().open(&place, &sealed), Err(OpenError::Tampered), "{place:?}");
    }
}

#[test]
fn every_flipped_bit_of_a_credential_is_refused() {
    let sealed = key().seal(&HERE, "sk_test", &OsEntropy).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit < 8 { OpenError::Malformed } else { OpenError::Tampered };
        assert_eq!(key().open(&HERE, &changed), Err(expected), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(key().open(&HERE, &sealed[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn another_data_key_opens_nothing() {
    let sealed = key().seal(&HERE, "sk_test", &OsEntropy).unwrap();
    let other = DataKey::new(SymmetricKey::from_slice(&[4; 32]).unwrap());
    assert_eq!(other.open(&HERE, &sealed), Err(OpenError::Tampered));
}

#[test]
fn the_same_text_is_sealed_differently_each_time() {
    let first = key().seal(&HERE, "sk_test", &OsEntropy).unwrap();
    let second = key().seal(&HERE, "sk_test", &OsEntropy).unwrap();
    assert_ne!(first[1..13], second[1..13]);
    assert_ne!(first[13..], second[13..]);
}

proptest! {
    #[test]
    fn every_text_opens_again(plain in "\\PC{0,200}", service in "\\PC{0,20}", field in "\\PC{0,20}", tenant: u128) {
        let place = Binding { tenant: TenantId::from_u128(tenant), service: &service, field: &field, ..HERE };
        let sealed = key().seal(&place, &plain, &OsEntropy).unwrap();
        let opened = key().open(&place, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), plain);
    }

    #[test]
    fn two_places_share_nothing(first in "[ab]{0,3}", second in "[ab]{0,3}", third in "[ab]{0,3}", fourth in "[ab]{0,3}") {
        let left = Binding { service: &first, field: &second, ..HERE };
        let right = Binding { service: &third, field: &fourth, ..HERE };
        let sealed = key().seal(&left, "x", &OsEntropy).unwrap();
        prop_assert_eq!(key().open(&right, &sealed).is_ok(), left == right);
    }
}
