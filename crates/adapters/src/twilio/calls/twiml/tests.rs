//! Markup: escaped, bounded, and never somebody else's instructions.

use domain::RejectionClass;
use proptest::prelude::*;

use super::*;

#[track_caller]
fn check_refused(text: &str) {
    let refusal = say(text).unwrap_err();
    assert_eq!(
        (refusal.class, refusal.code, refusal.param),
        (RejectionClass::InvalidRequest, "invalid_field", Some("say"))
    );
    assert!(refusal.message.ends_with('.'));
}

#[test]
fn a_text_is_said() {
    assert_eq!(say("Your code is 1 2 3").unwrap(), "<Response><Say>Your code is 1 2 3</Say></Response>");
    assert_eq!(say("Zoë, 你好 😀\n").unwrap(), "<Response><Say>Zoë, 你好 😀\n</Say></Response>");
}

#[test]
fn a_text_cannot_bring_its_own_markup() {
    assert_eq!(
        say("</Say><Dial>+1999</Dial>&amp;").unwrap(),
        "<Response><Say>&lt;/Say&gt;&lt;Dial&gt;+1999&lt;/Dial&gt;&amp;amp;</Say></Response>"
    );
}

#[test]
fn the_markup_has_at_most_four_thousand_characters() {
    let room = 4_000 - "<Response><Say></Say></Response>".len();
    assert_eq!(say(&"é".repeat(room)).unwrap().chars().count(), 4_000);
    check_refused(&"é".repeat(room + 1));
    // An ampersand takes five.
    assert!(say(&"&".repeat(room / 5)).is_ok());
    check_refused(&"&".repeat(room / 5 + 1));
}

#[test]
fn what_xml_cannot_hold_is_refused() {
    for text in ["\0", "a\u{8}b", "\u{1b}[31m", "\u{FFFE}", "\u{FFFF}"] {
        check_refused(text);
    }
}

proptest! {
    #[test]
    fn whatever_the_text_there_is_one_verb(text in "\\PC{0,200}") {
        let markup = say(&text).unwrap();
        prop_assert_eq!(markup.matches('<').count(), 4);
        prop_assert_eq!(markup.matches('>').count(), 4);
        let inside = markup.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER)).unwrap();
        let back = inside.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        prop_assert_eq!(back, text);
    }
}
