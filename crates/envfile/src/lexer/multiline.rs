//! Blocks that people paste without quotes: a JSON document, a PEM key. Any other unquoted value ends with its line.

use zeroize::Zeroizing;

use super::line::Value;
use crate::references::Piece;

/// Blocks longer than this many lines are not looked for: it bounds the work on a file full of opening brackets.
const MAX_BLOCK_LINES: usize = 512;

/// Returns the value when it is the first line of a block that ends within the lines that follow it.
pub(super) fn read(first: &str, following: &[&str]) -> Option<Value> {
    let further_lines = if first.starts_with("-----BEGIN ") {
        pem_lines(first, following)?
    } else if first.starts_with(['{', '[']) {
        json_lines(first, following)?
    } else {
        return None;
    };
    let mut text = Zeroizing::new(first.trim_end().to_owned());
    for line in following.iter().take(further_lines) {
        text.push('\n');
        text.push_str(line.trim_end());
    }
    let remark = Some("The value goes over several lines without quotes; it is taken whole.");
    Some(Value { pieces: vec![Piece::text(&text)], further_lines, remark })
}

fn pem_lines(first: &str, following: &[&str]) -> Option<usize> {
    if first.contains("-----END ") {
        return None;
    }
    for (index, line) in following.iter().enumerate().take(MAX_BLOCK_LINES) {
        if line.trim_start().starts_with("-----END ") {
            return Some(index.saturating_add(1));
        }
        if !line.chars().all(|char| char.is_ascii_alphanumeric() || "+/= \t:,-".contains(char)) {
            return None;
        }
    }
    None
}

fn json_lines(first: &str, following: &[&str]) -> Option<usize> {
    let mut brackets = Brackets::default();
    if brackets.are_closed_after(first) {
        return None;
    }
    for (index, line) in following.iter().enumerate().take(MAX_BLOCK_LINES) {
        if begins_an_assignment(line) {
            return None;
        }
        if brackets.are_closed_after(line) {
            return Some(index.saturating_add(1));
        }
    }
    None
}

/// A line of JSON starts with a quote, a bracket or a value; `NAME=` is the next variable.
fn begins_an_assignment(line: &str) -> bool {
    line.trim_start().strip_prefix("export ").unwrap_or(line).split_once('=').is_some_and(|(name, _)| {
        let name = name.trim();
        !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
    })
}

/// How many brackets are open, those in strings not counted.
#[derive(Default)]
struct Brackets {
    open: usize,
    is_in_string: bool,
}

impl Brackets {
    fn are_closed_after(&mut self, line: &str) -> bool {
        let mut is_escaped = false;
        for char in line.chars() {
            match char {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => self.is_in_string = !self.is_in_string,
                '{' | '[' if !self.is_in_string => self.open = self.open.saturating_add(1),
                '}' | ']' if !self.is_in_string => self.open = self.open.saturating_sub(1),
                _ => {}
            }
        }
        self.open == 0 && !self.is_in_string
    }
}
