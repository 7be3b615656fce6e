//! One assignment: where its name ends and its value begins, and which kind of value it is.

use super::{multiline, quoted};
use crate::references::{Backslash, Piece, parse};

/// What a line is.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// Empty, or a comment.
    Blank,
    /// Nothing that can be read, for this reason.
    Broken(&'static str),
    /// A variable.
    Assignment(Assignment<'a>),
}

/// A variable as written.
#[derive(Debug)]
pub(super) struct Assignment<'a> {
    /// The name.
    pub(super) name: &'a str,
    /// The value.
    pub(super) pieces: Vec<Piece>,
    /// How many lines after the first belong to it.
    pub(super) further_lines: usize,
    /// What is odd about it.
    pub(super) remarks: Vec<&'static str>,
}

/// A value, and the lines it took.
#[derive(Debug)]
pub(super) struct Value {
    /// Its text and references.
    pub(super) pieces: Vec<Piece>,
    /// How many lines after the first belong to it.
    pub(super) further_lines: usize,
    /// What is odd about it.
    pub(super) remark: Option<&'static str>,
}

impl Value {
    pub(super) fn of_text(text: &str) -> Self {
        Self { pieces: vec![Piece::text(text)], further_lines: 0, remark: None }
    }
}

/// Reads a line, and of the lines that follow it those that belong to its value.
pub(super) fn read<'a>(line: &'a str, following: &[&'a str]) -> Line<'a> {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with(['#', ';']) {
        return Line::Blank;
    }
    let (name, value) = match split(without_keyword(line)) {
        Ok(parts) => parts,
        Err(reason) => return Line::Broken(reason),
    };
    match read_value(value, following) {
        Ok(Value { pieces, further_lines, remark }) => {
            let remarks = remark.into_iter().collect();
            Line::Assignment(Assignment { name, pieces, further_lines, remarks })
        }
        Err(reason) => Line::Broken(reason),
    }
}

/// Takes off what shells, Compose files and PowerShell write before a name.
fn without_keyword(line: &str) -> &str {
    for keyword in ["export", "set", "SET", "-"] {
        if let Some(rest) = line.strip_prefix(keyword)
            && rest.starts_with([' ', '\t'])
            && !rest.trim_start().starts_with(['=', ':'])
        {
            return rest.trim_start();
        }
    }
    line.strip_prefix("$env:").unwrap_or(line)
}

/// Splits a line into its name, and its value with the space before it.
fn split(line: &str) -> Result<(&str, &str), &'static str> {
    let equals = line.find('=');
    let colon = line.find(": ").filter(|at| equals.is_none_or(|equals| *at < equals));
    let Some(at) = colon.or(equals) else {
        return Err("there is no `=` on this line");
    };
    let (name, value) = line.split_at_checked(at).unwrap_or((line, ""));
    let name = name.trim_end();
    if name.is_empty() {
        return Err("there is no name before the `=`");
    }
    if !is_name(name) {
        return Err("the name before the `=` has characters that no name has");
    }
    let mut rest = value.chars();
    rest.next();
    Ok((name, rest.as_str()))
}

/// Names of most applications, and those of .NET (`Stripe:SecretKey`), Java (`stripe.secret-key`) and the like.
fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | ':'))
        && name.chars().any(|char| char.is_ascii_alphabetic() || char == '_')
}

fn read_value(written: &str, following: &[&str]) -> Result<Value, &'static str> {
    let value = written.trim_start();
    let mut rest = value.chars();
    match rest.next() {
        Some('"') => quoted::double(rest.as_str(), following),
        Some('\'') => quoted::literal('\'', rest.as_str(), following),
        Some('`') => quoted::literal('`', rest.as_str(), following),
        Some('“' | '”' | '„') => quoted::typographic(rest.as_str(), ['”', '“', '"']),
        Some('‘' | '’') => quoted::typographic(rest.as_str(), ['’', '‘', '\'']),
        _ => Ok(multiline::read(value, following).unwrap_or_else(|| bare(written))),
    }
}

/// An unquoted value: to the end of the line, or to a `#` after a space.
fn bare(written: &str) -> Value {
    let mut previous = None;
    let mut end = written.len();
    for (at, char) in written.char_indices() {
        if char == '#' && previous.is_some_and(char::is_whitespace) {
            end = at;
            break;
        }
        previous = Some(char);
    }
    let value = written.get(..end).unwrap_or(written).trim();
    Value { pieces: parse(value, Backslash::BeforeDollar), further_lines: 0, remark: None }
}
