//! Values in quotes, over one line or many.

use zeroize::Zeroizing;

use super::line::Value;
use crate::references::{Backslash, Piece, parse};

const UNCLOSED: &str = "its opening quote is never closed";
const TRAILING: &str = "What stands after the closing quote is left out.";

/// Reads a value in double quotes, from the character after the first one: escapes count, and references are resolved.
pub(super) fn double(first: &str, following: &[&str]) -> Result<Value, &'static str> {
    let quoted = find_end('"', Escapes::Counted, first, following)?;
    Ok(Value {
        pieces: parse(&quoted.text, Backslash::Escapes),
        further_lines: quoted.further_lines,
        remark: quoted.remark,
    })
}

/// Reads a value between quotes that take everything literally.
pub(super) fn literal(quote: char, first: &str, following: &[&str]) -> Result<Value, &'static str> {
    let quoted = find_end(quote, Escapes::Literal, first, following)?;
    Ok(Value {
        pieces: vec![Piece::text(&quoted.text)],
        further_lines: quoted.further_lines,
        remark: quoted.remark,
    })
}

/// Reads a value between the quotes of a word processor, on one line.
pub(super) fn typographic(first: &str, closing: [char; 3]) -> Result<Value, &'static str> {
    let (text, _) = first.split_once(closing).ok_or(UNCLOSED)?;
    Ok(Value {
        remark: Some("The quotes are typographic ones; they are taken as plain quotes."),
        ..Value::of_text(text)
    })
}

/// Whether a backslash keeps a quote from closing the value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Counted,
    Literal,
}

/// What stands between two quotes.
struct Quoted {
    /// As written, escapes included.
    text: Zeroizing<String>,
    further_lines: usize,
    remark: Option<&'static str>,
}

/// Finds the closing quote. One on a later line with more text behind it opens the value of another variable in truth:
/// then this value was never closed, and only its first line is lost.
fn find_end(quote: char, escapes: Escapes, first: &str, following: &[&str]) -> Result<Quoted, &'static str> {
    let mut text = Zeroizing::new(String::with_capacity(first.len()));
    let mut is_escaped = false;
    for (further_lines, line) in std::iter::once(&first).chain(following).enumerate() {
        if further_lines > 0 {
            text.push('\n');
            // A backslash before a line end escapes the line end, not what comes first on the next line.
            is_escaped = false;
        }
        let mut rest = line.chars();
        while let Some(char) = rest.next() {
            if char == quote && !is_escaped {
                let behind = rest.as_str().trim();
                let is_clean = behind.is_empty() || behind.starts_with(['#', ';']);
                if further_lines > 0 && !is_clean {
                    return Err(UNCLOSED);
                }
                let remark = (!is_clean).then_some(TRAILING);
                return Ok(Quoted { text, further_lines, remark });
            }
            is_escaped = escapes == Escapes::Counted && char == '\\' && !is_escaped;
            text.push(char);
        }
    }
    Err(UNCLOSED)
}
