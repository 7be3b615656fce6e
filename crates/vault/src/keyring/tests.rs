//! The keyring's file reads back, and every other text is refused with its line.

use super::*;
use crate::OsEntropy;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Gives the same bytes each time.
#[derive(Debug)]
struct Constant;

impl Entropy for Constant {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(9);
    }
}

fn ids(keyring: &Keyring) -> Vec<&str> {
    keyring.keys().map(|key| key.id.as_str()).collect()
}

#[track_caller]
fn check_refused(text: &str, expected: KeyringError) {
    assert_eq!(Keyring::parse(text).err(), Some(expected), "{text}");
}

#[test]
fn a_keyring_reads_back_from_its_own_file() {
    let keyring = Keyring::generate(&OsEntropy).with_new_active(&OsEntropy).with_new_active(&OsEntropy);
    let text = keyring.to_text();
    let read = Keyring::parse(&text).unwrap();
    assert_eq!(ids(&read), ids(&keyring));
    assert_eq!(*read.to_text(), *text);
    for (left, right) in read.keys().zip(keyring.keys()) {
        assert_eq!(left.key().expose(), right.key().expose());
    }
}

#[test]
fn the_file_is_written_without_growing() {
    let keyring = Keyring::parse(&format!("abcdefghijklmnop:{KEY}\n0123456789-_abcd:{KEY}")).unwrap();
    let text = keyring.to_text();
    assert!(text.len() <= FILE_COMMENT.len() + 2 * 64);
    assert!(text.ends_with(&format!("abcdefghijklmnop:{KEY}\n0123456789-_abcd:{KEY}\n")));
}

#[test]
fn the_first_key_is_active_and_comments_are_skipped() {
    let text = format!("# ours\r\n\r\n  new : {KEY}\r\n# the old one\nold:{KEY}\n");
    let keyring = Keyring::parse(&text).unwrap();
    assert_eq!(ids(&keyring), ["new", "old"]);
    assert_eq!(keyring.active().id.as_str(), "new");
    assert_eq!(keyring.active().key().expose()[..4], [0, 1, 2, 3]);
}

#[test]
fn a_new_active_key_goes_first_and_takes_an_id_of_its_own() {
    let keyring = Keyring::generate(&Constant).with_new_active(&Constant).with_new_active(&Constant);
    let mut unique = ids(&keyring);
    assert_eq!(unique.len(), 3);
    assert_eq!(unique[0], keyring.active().id.as_str());
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 3);
}

#[test]
fn texts_that_are_no_keyring_are_refused_with_their_line() {
    check_refused("", KeyringError::Empty);
    check_refused("# nothing here\n\n", KeyringError::Empty);
    check_refused(KEY, KeyringError::Separator { line: 1 });
    for id in ["", "Upper", "with space", "seventeen-letters", "ä"] {
        check_refused(&format!("\n{id}:{KEY}"), KeyringError::Id { line: 2 });
    }
    let (short, long) = ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "A".repeat(1000));
    for key in ["", "%%%", short, KEY.strip_suffix('=').unwrap(), &format!("{KEY}{KEY}"), &long] {
        check_refused(&format!("one:{KEY}\ntwo:{key}"), KeyringError::Key { line: 2 });
    }
    check_refused(&format!("one:{KEY}\n#\none:{KEY}"), KeyringError::Duplicate { line: 3 });
}

#[test]
fn no_key_is_shown() {
    let keyring = Keyring::parse(&format!("main:{KEY}\nold:{KEY}")).unwrap();
    assert_eq!(format!("{keyring:?}"), "Keyring { active: MasterKey(main, …), older: [MasterKey(old, …)] }");
    let error = Keyring::parse(&format!("{KEY} 3f")).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("AAEC"));
}
