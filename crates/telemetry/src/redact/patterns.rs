//! Secrets that give themselves away by how they look.

use std::ops::Range;

use memchr::{memchr, memmem};

/// How secrets begin that end where their word does. Razorpay's key ids are public, but halves of a pair all the same.
const PREFIXES: [&str; 8] =
    ["unf_", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "rzp_live_", "rzp_test_"];
/// Fewer characters after a prefix make a word that only talks about the prefix.
const FEWEST_AFTER_PREFIX: usize = 8;
/// Objects of Stripe whose id with `_secret_…` behind it opens them to a browser.
const CLIENT_SECRETS: [&str; 4] = ["pi_", "seti_", "cs_", "src_"];
/// How `PayPal`'s access tokens begin.
const PAYPAL_TOKEN: &str = "A21AA";
const FEWEST_OF_PAYPAL_TOKEN: usize = 40;
/// How every JSON Web Token begins: `{"` in base 64.
const WEB_TOKEN: &str = "eyJ";

/// Returns whether a byte is part of a word.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Returns whether a byte can be part of a bearer or basic credential (`token68` of RFC 9110).
pub(super) const fn is_credential(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=')
}

/// Returns where the word at `word` holds a secret; the secret may reach beyond the word.
pub(super) fn find_in_word(text: &str, word: Range<usize>) -> Option<Range<usize>> {
    let letters = text.get(word.clone())?;
    if letters.len() < FEWEST_AFTER_PREFIX {
        return None;
    }
    if letters.starts_with(WEB_TOKEN) {
        let rest = text.as_bytes().get(word.end..).unwrap_or_default();
        let dotted = rest.iter().take_while(|byte| is_word(**byte) || **byte == b'.').count();
        return (rest.first() == Some(&b'.')).then_some(word.start..word.end + dotted);
    }
    if letters.starts_with(PAYPAL_TOKEN) && letters.len() >= FEWEST_OF_PAYPAL_TOKEN {
        return Some(word);
    }
    memchr(b'_', letters.as_bytes())?;
    for prefix in PREFIXES {
        let found = memmem::find(letters.as_bytes(), prefix.as_bytes());
        if let Some(at) = found.filter(|at| letters.len() >= at + prefix.len() + FEWEST_AFTER_PREFIX) {
            return Some(word.start + at..word.end);
        }
    }
    let opens_to_browsers =
        CLIENT_SECRETS.iter().any(|prefix| letters.starts_with(prefix)) && letters.contains("_secret_");
    opens_to_browsers.then_some(word)
}

/// Returns whether a value could hold a secret at all, by pairs of neighbours that every secret has one of. The usual short
/// value is answered without a search; `every_kind_of_secret_is_masked_by_its_looks` fails when a kind is added and not here.
pub(super) fn may_hold_secret(value: &[u8]) -> bool {
    const SHORTEST: usize = 8;
    value.len() >= SHORTEST
        && value.windows(2).any(|pair| match pair {
            // An escape, or a name and its value: `password=`, `token:`; but not the colons of a time.
            [_, b'=' | b'\\'] | [b'\\', _] => true,
            [b':', next] => !next.is_ascii_digit(),
            // How prefixes end: `unf_`, `_live_`, `_test_`, `whsec_`, `_secret_`.
            [b'f' | b'e' | b't' | b'c', b'_'] => true,
            // `Bearer `, `Basic `, `-----BEGIN `.
            [b'r' | b'R' | b'c' | b'C' | b'N', b' '] => true,
            // `eyJ`, `A21AA`.
            [b'y', b'J'] | [b'A', b'A'] => true,
            _ => false,
        })
}

/// Returns the private key in PEM that begins at `start`, to its end line, its closing quote or the text's end.
pub(super) fn find_private_key(text: &str, start: usize) -> Option<Range<usize>> {
    const LONGEST_LABEL: usize = 40;
    let rest = text.get(start..)?;
    let head = rest.strip_prefix("-----BEGIN ")?;
    let label_ends = memmem::find(head.as_bytes(), b"-----").filter(|end| *end <= LONGEST_LABEL)?;
    if !head.get(..label_ends)?.ends_with("PRIVATE KEY") {
        return None;
    }
    let until_end_line = memmem::find(rest.as_bytes(), b"-----END ");
    let until_quote = memchr(b'"', rest.as_bytes()).map(|quote| {
        let before = rest.as_bytes().get(..quote).unwrap_or_default();
        quote - before.iter().rev().take_while(|byte| **byte == b'\\').count()
    });
    let length = [until_end_line, until_quote].into_iter().flatten().min().unwrap_or(rest.len());
    Some(start..start + length)
}
