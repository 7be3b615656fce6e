//! Masks secrets in running text and log lines, word by word. A line of JSON stays one: no quote and no escape is cut.

use std::borrow::Cow;
use std::ops::Range;

use super::{MASK, names, patterns};

/// A token after `Bearer` or `Basic` has at least this many characters.
const FEWEST_OF_CREDENTIAL: usize = 8;

/// Returns the text with its secrets masked. `is_escaped` says that quotes end the text's own strings, as in a line of JSON.
pub(super) fn redact(text: &str, is_escaped: bool) -> Cow<'_, str> {
    let mut pass = Pass { text, bytes: text.as_bytes(), is_escaped, at: 0, copied: 0, masked: None };
    let mut previous = 0..0;
    while let Some(word) = pass.next_word() {
        pass.at = word.end;
        if !pass.look_at(&previous, &word) {
            previous = word;
        }
    }
    match pass.masked {
        None => Cow::Borrowed(text),
        Some(mut masked) => {
            masked.push_str(text.get(pass.copied..).unwrap_or_default());
            Cow::Owned(masked)
        }
    }
}

/// The quote around a name or a value. JSON within JSON escapes its quotes once more at each level: `"`, `\"`, `\\\"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double { level: u32 },
}

/// Deeper levels than this are not told apart.
const DEEPEST: u32 = 3;

impl Quote {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Single => "'",
            Self::Double { level: 0 } => "\"",
            Self::Double { level: 1 } => "\\\"",
            Self::Double { level: 2 } => "\\\\\\\"",
            Self::Double { .. } => "\\\\\\\\\\\\\\\"",
        }
    }
}

/// Returns the level that a `"` behind this many backslashes closes, if it closes `level` or one outside of it. Inside, it
/// is the string's own.
const fn closed_level(backslashes: usize, level: u32) -> Option<u32> {
    let (mut backslashes, mut outer) = (backslashes, 0);
    while outer <= level {
        if backslashes.is_multiple_of(2) {
            return Some(outer);
        }
        backslashes /= 2;
        outer += 1;
    }
    None
}

struct Pass<'a> {
    text: &'a str,
    bytes: &'a [u8],
    is_escaped: bool,
    /// Everything before was looked at.
    at: usize,
    /// Everything before is in `masked`.
    copied: usize,
    masked: Option<String>,
}

impl Pass<'_> {
    fn next_word(&self) -> Option<Range<usize>> {
        let rest = self.bytes.get(self.at..)?;
        let start = self.at + rest.iter().position(|byte| patterns::is_word(*byte))?;
        Some(start..start + self.run(start, patterns::is_word))
    }

    /// Returns how many bytes from `start` on are of a kind.
    fn run(&self, start: usize, is_of_kind: fn(u8) -> bool) -> usize {
        self.bytes.get(start..).unwrap_or_default().iter().take_while(|byte| is_of_kind(**byte)).count()
    }

    /// Masks what begins at this word, if it is a secret or names one. Returns whether anything was masked.
    fn look_at(&mut self, previous: &Range<usize>, word: &Range<usize>) -> bool {
        let found = patterns::find_in_word(self.text, word.clone())
            .or_else(|| patterns::find_private_key(self.text, word.start))
            .or_else(|| self.credential(previous, word))
            .or_else(|| self.password_in_address(word));
        if let Some(secret) = found {
            self.mask(&secret, Quote::None);
            return true;
        }
        match self.named_value(word) {
            Some((secret, quote)) => {
                self.mask(&secret, quote);
                true
            }
            None => false,
        }
    }

    /// `Bearer …` and `Basic …`. A word without capital or digit after it is prose: "basic authentication".
    fn credential(&self, previous: &Range<usize>, word: &Range<usize>) -> Option<Range<usize>> {
        let scheme = self.bytes.get(previous.clone())?;
        if !(scheme.eq_ignore_ascii_case(b"bearer") || scheme.eq_ignore_ascii_case(b"basic")) {
            return None;
        }
        let gap = self.bytes.get(previous.end..word.start)?;
        if !gap.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'+' | b'/' | b'.')) {
            return None;
        }
        let end = word.start + self.run(word.start, patterns::is_credential);
        let token = self.bytes.get(word.start..end)?;
        let is_token = token.len() >= FEWEST_OF_CREDENTIAL
            && token.iter().any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        is_token.then_some(word.start..end)
    }

    /// `scheme://name:password@host`.
    fn password_in_address(&self, word: &Range<usize>) -> Option<Range<usize>> {
        if !self.bytes.get(..word.start)?.ends_with(b"://") {
            return None;
        }
        let is_authority = |byte: u8| {
            !byte.is_ascii_whitespace()
                && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'\\' | b'<' | b'>')
        };
        let authority = self.bytes.get(word.start..word.start + self.run(word.start, is_authority))?;
        let at = authority.iter().rposition(|byte| *byte == b'@')?;
        let colon = authority.get(..at)?.iter().position(|byte| *byte == b':')?;
        Some(word.start + colon + 1..word.start + at)
    }

    /// `password=…`, `"token":"…"`, `secret: Some("…")`: the value, and the quotes its mask needs.
    fn named_value(&self, name: &Range<usize>) -> Option<(Range<usize>, Quote)> {
        let separator = self.bytes.get(name.end..)?.first()?;
        if !matches!(separator, b'"' | b'\\' | b'\'' | b' ' | b'=' | b':')
            || !names::is_secret_in_text(self.bytes.get(name.clone())?)
        {
            return None;
        }
        let (name_quote, at) = self.quote(name.end);
        let at = at + self.run(at, |byte| byte == b' ');
        let is_path = self.bytes.get(at..)?.starts_with(b"::");
        if is_path || !matches!(self.bytes.get(at)?, b'=' | b':') {
            return None;
        }
        let (value_quote, start) = self.quote(at + 1 + self.run(at + 1, |byte| byte == b' '));
        let ends_a_string = self.is_escaped
            && value_quote == Quote::Double { level: 0 }
            && name_quote != Quote::Double { level: 0 };
        if ends_a_string {
            return None;
        }
        let end = if value_quote == Quote::None {
            self.bare_end(start)
        } else {
            self.quoted_end(start, value_quote)
        };
        let value = self.text.get(start..end)?;
        let is_known = matches!(value, "" | "null" | "true" | "false" | "None" | MASK)
            || value.starts_with(['{', '[', '(', '<']);
        let mask_quote = if value_quote == Quote::None { name_quote } else { Quote::None };
        (!is_known).then_some((start..end, mask_quote))
    }

    fn backslashes(&self, at: usize) -> usize {
        self.run(at, |byte| byte == b'\\')
    }

    /// Returns the quote at `at`, and where it ends.
    fn quote(&self, at: usize) -> (Quote, usize) {
        if self.bytes.get(at) == Some(&b'\'') {
            return (Quote::Single, at + 1);
        }
        let backslashes = self.backslashes(at);
        let end = at + backslashes + 1;
        let level = (0..=DEEPEST).find(|level| 2_usize.pow(*level) == backslashes + 1);
        match level {
            Some(level) if self.bytes.get(end - 1) == Some(&b'"') => (Quote::Double { level }, end),
            _ => (Quote::None, at),
        }
    }

    /// Returns where a value ends that began after `quote`: before its closing quote, or before one further outside, lest
    /// the mask swallow the end of a JSON string.
    fn quoted_end(&self, start: usize, quote: Quote) -> usize {
        let level = if let Quote::Double { level } = quote { level } else { 0 };
        let mut at = start;
        loop {
            let backslashes = self.backslashes(at);
            at += backslashes;
            match self.bytes.get(at) {
                None => return at,
                Some(b'\'') if quote == Quote::Single => return at - backslashes,
                Some(b'"') => {
                    if let Some(closed) = closed_level(backslashes, level) {
                        return at + 1 - 2_usize.pow(closed);
                    }
                }
                Some(_) => {}
            }
            at += 1;
        }
    }

    /// Returns where a value without quotes ends. `Some("…")` is such a value, and so is `Bearer …`.
    fn bare_end(&self, start: usize) -> usize {
        let end = self.bare_run(start);
        let value = self.bytes.get(start..end).unwrap_or_default();
        if value.eq_ignore_ascii_case(b"bearer") || value.eq_ignore_ascii_case(b"basic") {
            return self.bare_run(end + self.run(end, |byte| byte == b' '));
        }
        let (quote, inside) = self.quote(end);
        let ends_a_string = self.is_escaped && quote == Quote::Double { level: 0 };
        if quote == Quote::None || ends_a_string || !value.ends_with(b"(") {
            return end;
        }
        let close = self.quoted_end(inside, quote);
        match self.quote(close) {
            (same, after) if same == quote => after,
            _ => close,
        }
    }

    fn bare_run(&self, start: usize) -> usize {
        let mut at = start;
        loop {
            let backslashes = self.backslashes(at);
            let is_odd = !backslashes.is_multiple_of(2);
            match self.bytes.get(at + backslashes) {
                None | Some(b'"' | b'\'' | b',' | b';' | b'&' | b'}' | b')' | b']') => return at,
                Some(b'n' | b'r' | b't') if self.is_escaped && is_odd => return at,
                Some(byte) if byte.is_ascii_whitespace() => return at,
                Some(_) => at += backslashes + 1,
            }
        }
    }

    fn mask(&mut self, secret: &Range<usize>, quote: Quote) {
        let masked = self.masked.get_or_insert_with(|| String::with_capacity(self.text.len()));
        masked.push_str(self.text.get(self.copied..secret.start).unwrap_or_default());
        masked.push_str(quote.as_str());
        masked.push_str(MASK);
        masked.push_str(quote.as_str());
        self.copied = secret.end;
        self.at = secret.end;
    }
}
