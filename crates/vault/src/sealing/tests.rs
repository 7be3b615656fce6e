//! What is wrapped or sealed opens again under any live master key, at its own place, unchanged, and nowhere else.

use domain::Environment;
use proptest::prelude::*;

use super::*;
use crate::{Binding, OsEntropy};

const TENANT: TenantId = TenantId::from_u128(1);
const OTHER_TENANT: TenantId = TenantId::from_u128(2);
const OLD: &str = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "new:EBECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Has the old key's name but other bytes.
const FALSE_OLD: &str = "old:8BECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn vault(keys: &[&str]) -> Vault {
    Vault::new(Keyring::parse(&keys.join("\n")).unwrap(), Arc::new(OsEntropy))
}

const fn binding() -> Binding<'static> {
    Binding { tenant: TENANT, service: "razorpay", environment: Environment::Test, field: "key_secret" }
}

fn unknown(id: &str) -> OpenError {
    OpenError::UnknownMasterKey { id: id.parse().unwrap() }
}

#[test]
fn a_data_key_opens_what_it_sealed_after_it_was_wrapped_and_unwrapped() {
    let vault = vault(&[OLD]);
    let wrapped = vault.new_data_key(TENANT).unwrap();
    let sealed =
        vault.open_data_key(TENANT, &wrapped).unwrap().seal(&binding(), "s3cret", &OsEntropy).unwrap();
    let opened = vault.open_data_key(TENANT, &wrapped).unwrap().open(&binding(), &sealed).unwrap();
    assert_eq!(opened.expose(), "s3cret");
}

#[test]
fn every_tenant_has_a_data_key_of_its_own() {
    let vault = vault(&[OLD]);
    let wrapped = vault.new_data_key(TENANT).unwrap();
    assert_eq!(vault.open_data_key(OTHER_TENANT, &wrapped).err(), Some(OpenError::Tampered));
    let others = vault.open_data_key(OTHER_TENANT, &vault.new_data_key(OTHER_TENANT).unwrap()).unwrap();
    let sealed =
        vault.open_data_key(TENANT, &wrapped).unwrap().seal(&binding(), "s3cret", &OsEntropy).unwrap();
    assert_eq!(others.open(&binding(), &sealed), Err(OpenError::Tampered));
}

#[test]
fn every_flipped_bit_of_a_wrapped_data_key_is_refused() {
    let vault = vault(&[OLD]);
    let wrapped = vault.new_data_key(TENANT).unwrap();
    for bit in 0..wrapped.len() * 8 {
        let mut changed = wrapped.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(vault.open_data_key(TENANT, &changed).is_err(), "bit {bit}");
    }
    for length in 0..wrapped.len() {
        assert!(vault.open_data_key(TENANT, &wrapped[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn the_first_of_two_master_keys_seals_and_both_open() {
    let by_old = vault(&[OLD]).new_data_key(TENANT).unwrap();
    let both = vault(&[NEW, OLD]);
    let by_new = both.new_data_key(TENANT).unwrap();
    assert!(both.open_data_key(TENANT, &by_old).is_ok());
    assert!(both.open_data_key(TENANT, &by_new).is_ok());
    assert!(vault(&[NEW]).open_data_key(TENANT, &by_new).is_ok());
    assert_eq!(vault(&[OLD]).open_data_key(TENANT, &by_new).err(), Some(unknown("new")));
}

#[test]
fn rewrapping_keeps_the_data_key_and_frees_it_of_the_old_master_key() {
    let by_old = vault(&[OLD]).new_data_key(TENANT).unwrap();
    let sealed =
        vault(&[OLD]).open_data_key(TENANT, &by_old).unwrap().seal(&binding(), "s3cret", &OsEntropy).unwrap();
    let both = vault(&[NEW, OLD]);
    let by_new = both.rewrap(TENANT, &by_old).unwrap().unwrap();
    assert_eq!(both.rewrap(TENANT, &by_new), Ok(None));
    let key = vault(&[NEW]).open_data_key(TENANT, &by_new).unwrap();
    assert_eq!(key.open(&binding(), &sealed).unwrap().expose(), "s3cret");
}

#[test]
fn rewrapping_refuses_what_does_not_open() {
    let by_old = vault(&[OLD]).new_data_key(TENANT).unwrap();
    let both = vault(&[NEW, OLD]);
    assert_eq!(both.rewrap(OTHER_TENANT, &by_old), Err(OpenError::Tampered));
    assert_eq!(vault(&[NEW]).rewrap(TENANT, &by_old), Err(unknown("old")));
    assert_eq!(both.rewrap(TENANT, &[]), Err(OpenError::Malformed));
}

#[test]
fn a_master_key_of_the_right_name_but_other_bytes_opens_nothing() {
    let sealed = vault(&[OLD]).seal_instance("pepper", b"0123").unwrap();
    let wrapped = vault(&[OLD]).new_data_key(TENANT).unwrap();
    let wrong = vault(&[FALSE_OLD]);
    assert_eq!(wrong.open_instance("pepper", &sealed), Err(OpenError::Tampered));
    assert_eq!(wrong.open_data_key(TENANT, &wrapped).err(), Some(OpenError::Tampered));
}

#[test]
fn a_secret_of_the_instance_opens_under_its_own_name_only() {
    let vault = vault(&[OLD]);
    let sealed = vault.seal_instance("pepper", b"0123").unwrap();
    assert_eq!(vault.open_instance("pepper", &sealed).unwrap().as_slice(), b"0123");
    assert_eq!(vault.open_instance("jwt-key", &sealed), Err(OpenError::Tampered));
}

#[test]
fn a_secret_of_the_instance_does_not_pass_for_a_data_key() {
    let vault = vault(&[OLD]);
    let tenant_as_name = String::from_utf8(TENANT.as_u128().to_be_bytes().to_vec()).unwrap();
    let sealed = vault.seal_instance(&tenant_as_name, &[0; 32]).unwrap();
    assert_eq!(vault.open_data_key(TENANT, &sealed).err(), Some(OpenError::Tampered));
}

#[test]
fn resealing_moves_a_secret_of_the_instance_to_the_active_key() {
    let by_old = vault(&[OLD]).seal_instance("pepper", b"0123").unwrap();
    let both = vault(&[NEW, OLD]);
    let by_new = both.reseal_instance("pepper", &by_old).unwrap().unwrap();
    assert_eq!(both.reseal_instance("pepper", &by_new), Ok(None));
    assert_eq!(vault(&[NEW]).open_instance("pepper", &by_new).unwrap().as_slice(), b"0123");
    assert_eq!(vault(&[NEW]).reseal_instance("pepper", &by_old), Err(unknown("old")));
}

#[test]
fn texts_that_the_vault_never_wrote_are_malformed() {
    let vault = vault(&[OLD]);
    for bad in [
        &[] as &[u8],
        &[1],
        &[2, 3, b'o', b'l', b'd'],
        &[1, 0],
        &[1, 200, b'o'],
        &[1, 1, b'!'],
        &[1, 3, b'o', b'l', b'd', 0],
    ] {
        assert_eq!(vault.open_instance("pepper", bad), Err(OpenError::Malformed), "{bad:?}");
    }
}

#[test]
fn nothing_of_a_key_is_shown() {
    let vault = vault(&[OLD]);
    let key = vault.open_data_key(TENANT, &vault.new_data_key(TENANT).unwrap()).unwrap();
    assert_eq!(format!("{key:?}"), "DataKey(SymmetricKey(…))");
    assert_eq!(
        format!("{vault:?}"),
        "Vault { keyring: Keyring { active: MasterKey(old, …), older: [] }, entropy: OsEntropy }"
    );
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(plain: Vec<u8>, name in ".{0,40}") {
        let vault = vault(&[NEW, OLD]);
        let sealed = vault.seal_instance(&name, &plain).unwrap();
        prop_assert_eq!(&*vault.open_instance(&name, &sealed).unwrap(), &plain);
    }

    #[test]
    fn no_bytes_make_the_vault_panic(bytes: Vec<u8>) {
        let vault = vault(&[OLD]);
        prop_assert!(vault.open_data_key(TENANT, &bytes).is_err());
        prop_assert!(vault.open_instance("pepper", &bytes).is_err());
    }
}
