//! A value as written becomes text and references.

use std::str::Chars;

use zeroize::Zeroizing;

use super::{Piece, Reference};

/// Defaults within defaults are followed this deep; what is deeper stays as written.
const MAX_DEPTH: u8 = 8;

/// Closing braces further away than this many bytes are not looked for: it bounds the work on a file full of `${`.
const MAX_REFERENCE_BYTES: usize = 1024;

/// What a backslash does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backslash {
    /// It begins an escape, as between double quotes.
    Escapes,
    /// It only keeps a `$` from being a reference, as without quotes: Windows paths stay what they are.
    BeforeDollar,
}

/// Splits a value into text and references.
pub(crate) fn parse(value: &str, backslash: Backslash) -> Vec<Piece> {
    parse_to_depth(value, backslash, 0)
}

fn parse_to_depth(value: &str, backslash: Backslash, depth: u8) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = Zeroizing::new(String::with_capacity(value.len()));
    let mut rest = value.chars();
    while let Some(char) = rest.next() {
        match char {
            '\\' => unescape(&mut rest, backslash, &mut text),
            '$' if depth < MAX_DEPTH => match read_reference(rest.as_str(), backslash, depth) {
                Some((reference, behind)) => {
                    if !text.is_empty() {
                        pieces.push(Piece::text(&text));
                        text.clear();
                    }
                    pieces.push(Piece::Reference(reference));
                    rest = behind.chars();
                }
                None => text.push('$'),
            },
            _ => text.push(char),
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// Writes what a backslash and the character after it mean.
fn unescape(rest: &mut Chars<'_>, backslash: Backslash, text: &mut String) {
    let mut ahead = rest.clone();
    let meaning = match (ahead.next(), backslash) {
        (Some('$'), _) => "$",
        (Some('n'), Backslash::Escapes) => "\n",
        (Some('r'), Backslash::Escapes) => "\r",
        (Some('t'), Backslash::Escapes) => "\t",
        (Some('"'), Backslash::Escapes) => "\"",
        (Some('\''), Backslash::Escapes) => "'",
        (Some('`'), Backslash::Escapes) => "`",
        (Some('\\'), Backslash::Escapes) => "\\",
        _ => {
            text.push('\\');
            return;
        }
    };
    text.push_str(meaning);
    *rest = ahead;
}

/// Reads a reference from what stands behind a `$`. Returns it and what stands behind it.
fn read_reference(behind_dollar: &str, backslash: Backslash, depth: u8) -> Option<(Reference, &str)> {
    let Some(braced) = behind_dollar.strip_prefix('{') else {
        let (name, behind) = split_name(behind_dollar)?;
        let written = Zeroizing::new(format!("${name}"));
        return Some((
            Reference { name: name.to_owned(), default: None, written, has_braces: false },
            behind,
        ));
    };
    let (inside, behind) = split_at_closing_brace(braced)?;
    let (name, modifier) = split_name(inside)?;
    let default = modifier.strip_prefix(":-").or_else(|| modifier.strip_prefix('-'));
    // `:?`, `?`, `:+` and the like say what to do without a value; there is none to take from them.
    if !(modifier.is_empty() || modifier.starts_with([':', '-', '?', '+', '='])) {
        return None;
    }
    let reference = Reference {
        name: name.to_owned(),
        default: default.map(|default| parse_to_depth(default, backslash, depth.saturating_add(1))),
        written: Zeroizing::new(format!("${{{inside}}}")),
        has_braces: true,
    };
    Some((reference, behind))
}

fn split_name(text: &str) -> Option<(&str, &str)> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let end = text.find(|char| !is_part(char)).unwrap_or(text.len());
    let (name, behind) = text.split_at_checked(end)?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    is_name.then_some((name, behind))
}

fn split_at_closing_brace(text: &str) -> Option<(&str, &str)> {
    let mut open: usize = 1;
    for (at, char) in text.char_indices() {
        match char {
            '{' => open = open.saturating_add(1),
            '}' => open = open.saturating_sub(1),
            '\n' => return None,
            _ if at > MAX_REFERENCE_BYTES => return None,
            _ => {}
        }
        if open == 0 {
            let behind = text.get(at..)?.strip_prefix('}')?;
            return Some((text.get(..at)?, behind));
        }
    }
    None
}
