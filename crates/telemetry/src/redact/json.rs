//! Masks fields of a JSON payload in one pass over its strings: nothing is parsed, and nothing copied unless masked.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::names::{self, Mask};
use super::{MASK, patterns, text};

/// Returns the payload with its sensitive values masked.
pub(super) fn redact<'a>(body: &'a [u8], extra: &[&str]) -> Cow<'a, [u8]> {
    let mut pass = Pass { body, at: 0, copied: 0, masked: None, prose_until: 0 };
    while let Some(offset) = memchr(b'"', pass.rest()) {
        pass.string(pass.at + offset, extra);
    }
    match pass.masked {
        None => Cow::Borrowed(body),
        Some(mut masked) => {
            masked.extend_from_slice(body.get(pass.copied..).unwrap_or_default());
            Cow::Owned(masked)
        }
    }
}

struct Pass<'a> {
    body: &'a [u8],
    /// Everything before was looked at.
    at: usize,
    /// Everything before is in `masked`.
    copied: usize,
    masked: Option<Vec<u8>>,
    /// Until here the payload is an error, whose message is ours or a provider's and not a person's.
    prose_until: usize,
}

impl<'a> Pass<'a> {
    fn rest(&self) -> &'a [u8] {
        self.body.get(self.at..).unwrap_or_default()
    }

    /// Deals with the string whose opening quote is at `open`: a name with its value, or a value.
    fn string(&mut self, open: usize, extra: &[&str]) {
        let close = string_close(self.body, open);
        let content = self.body.get(open + 1..close).unwrap_or_default();
        let after = skip_whitespace(self.body, close + 1);
        if self.body.get(after) != Some(&b':') {
            self.at = close + 1;
            self.mask_by_looks(open + 1, content);
            return;
        }
        let value = skip_whitespace(self.body, after + 1);
        self.at = value;
        let name = unescape(content);
        if &*name == b"error" && value >= self.prose_until {
            self.prose_until = value_end(self.body, value);
        }
        let mask = names::mask_of(&name)
            .or_else(|| extra.iter().any(|extra| extra.as_bytes() == &*name).then_some(Mask::Whole));
        if let Some(mask) = mask {
            self.mask_value(value, mask);
        }
    }

    fn mask_value(&mut self, start: usize, mask: Mask) {
        let is_nested = matches!(self.body.get(start), Some(b'{' | b'['));
        if (mask == Mask::Tail && is_nested) || (mask == Mask::Length && start < self.prose_until) {
            return;
        }
        let end = value_end(self.body, start);
        let value = self.body.get(start..end).unwrap_or_default();
        if matches!(value, b"" | b"\"\"" | b"null" | b"true" | b"false") {
            return;
        }
        let shown = match mask {
            Mask::Whole => None,
            Mask::Tail => tail(value),
            Mask::Length => length(value),
        };
        let shown = shown.unwrap_or_else(|| format!("\"{MASK}\""));
        self.replace(start, end, shown.as_bytes());
        self.at = end;
    }

    fn mask_by_looks(&mut self, start: usize, content: &[u8]) {
        if !patterns::may_hold_secret(content) {
            return;
        }
        // What is not UTF-8 is no JSON either; its bytes are replaced along with the secret.
        if let Cow::Owned(masked) = text::redact(&String::from_utf8_lossy(content), true) {
            self.replace(start, start + content.len(), masked.as_bytes());
        }
    }

    fn replace(&mut self, start: usize, end: usize, by: &[u8]) {
        let masked = self.masked.get_or_insert_with(|| Vec::with_capacity(self.body.len()));
        masked.extend_from_slice(self.body.get(self.copied..start).unwrap_or_default());
        masked.extend_from_slice(by);
        self.copied = end;
    }
}

/// Returns the place of the quote that closes the string opened at `open`, the body's end when none does.
fn string_close(body: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(offset) = memchr2(b'"', b'\\', body.get(at..).unwrap_or_default()) {
        at += offset;
        if body.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    body.len()
}

/// Returns where the value that starts at `start` ends; the body's end when it is cut off.
fn value_end(body: &[u8], start: usize) -> usize {
    match body.get(start) {
        Some(b'"') => (string_close(body, start) + 1).min(body.len()),
        Some(b'{' | b'[') => nested_end(body, start),
        _ => {
            let rest = body.get(start..).unwrap_or_default();
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
            start + rest.iter().position(is_end).unwrap_or(rest.len())
        }
    }
}

fn nested_end(body: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => at = string_close(body, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(body.len())
}

fn skip_whitespace(body: &[u8], from: usize) -> usize {
    let rest = body.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Returns a string's or number's last four characters behind a mask; `None` for a value too short, or too strange.
fn tail(value: &[u8]) -> Option<String> {
    const SHOWN: usize = 4;
    let text = std::str::from_utf8(value).ok()?.trim_matches('"');
    let is_plain =
        text.len() > 2 * SHOWN && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let last = text.len().checked_sub(SHOWN).and_then(|from| text.get(from..))?;
    is_plain.then(|| format!("\"***{last}\""))
}

/// Returns a string's length in words; `None` for what is not a string.
fn length(value: &[u8]) -> Option<String> {
    let content = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut characters = 0_usize;
    let mut bytes = content.iter();
    while let Some(byte) = bytes.next() {
        let is_continuation = byte & 0b1100_0000 == 0b1000_0000;
        characters += usize::from(!is_continuation);
        if *byte == b'\\' && bytes.next() == Some(&b'u') {
            bytes.nth(3);
        }
    }
    Some(format!("\"[{characters} characters]\""))
}

/// Returns a name as it reads, so that `pass\u0077ord` is no way around the mask. Characters beyond ASCII are in no
/// sensitive name and may come out wrong.
fn unescape(name: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\\', name).is_none() {
        return Cow::Borrowed(name);
    }
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'\\' {
            plain.push(*byte);
            continue;
        }
        let Some((kind, tail)) = rest.split_first() else { break };
        rest = tail;
        if *kind == b'u' {
            let (digits, tail) = rest.split_at(rest.len().min(4));
            let code =
                std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
            plain.push(code.unwrap_or(b'?'));
            rest = tail;
        } else {
            plain.push(*kind);
        }
    }
    Cow::Owned(plain)
}
