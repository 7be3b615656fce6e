//! From bytes to variables: what is a line, a name and a value. A broken line costs itself and a warning, never the file.

mod line;
mod multiline;
mod quoted;

use std::collections::HashMap;

use domain::Secret;
use zeroize::Zeroizing;

use crate::file::{EnvFile, FileError, MAX_FILE_BYTES, MAX_VARIABLES, Variable, Warning};
use crate::name::looks_like_a_secret;
use crate::references::{Piece, resolve};
use line::{Assignment, Line};

/// Warnings beyond this many are counted, not listed: a file that is not a `.env` at all has one a line.
const MAX_WARNINGS: usize = 200;

/// A variable whose references are not resolved yet.
pub(crate) struct RawVariable<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The line it starts on.
    pub(crate) line: u32,
    /// Its value.
    pub(crate) pieces: Vec<Piece>,
}

/// Reads a file.
///
/// Takes `export`, `set`, `$env:` and YAML's `NAME: value`; single quotes and back ticks (literal), double quotes
/// (`\n \r \t \\ \" \$` and references), values over several lines in quotes, and unquoted JSON and PEM blocks; comments
/// after ` #`; `\n`, `\r\n` and `\r`; a byte order mark. Of several variables of one name the last counts.
/// `${OTHER}` and `$OTHER` mean other variables of the same file, wherever they stand, and never the process's own.
///
/// # Errors
/// [`FileError`] when the file is too large, sets too many variables, or is UTF-16 or binary.
pub fn lex(file: &[u8]) -> Result<EnvFile, FileError> {
    if file.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge { bytes: file.len() });
    }
    if let Some(at) = first_foreign_byte(file) {
        return Err(FileError::NotText { at });
    }
    let is_damaged = std::str::from_utf8(file).is_err();
    let text = normalize(file);
    let lines: Vec<&str> = text.split('\n').collect();
    let (variables, mut warnings) = read_lines(&lines, is_damaged)?;
    let variables = keep_last(variables, &mut warnings);
    let values = resolve(&variables, &mut warnings);
    warnings.sort_by_key(|warning| warning.line);
    limit(&mut warnings);
    let variables = variables
        .iter()
        .zip(values)
        .map(|(raw, value)| Variable {
            name: raw.name.to_owned(),
            value: Secret::new(value.as_str()),
            line: raw.line,
        })
        .collect();
    Ok(EnvFile { variables, warnings })
}

/// Returns where a file stops being text in an encoding that contains ASCII: a UTF-16 mark, or a zero byte.
fn first_foreign_byte(file: &[u8]) -> Option<usize> {
    if file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) {
        return Some(0);
    }
    file.iter().position(|byte| *byte == 0)
}

/// Returns the text without its byte order mark, with `\n` for every line end and U+FFFD for what is not UTF-8.
fn normalize(file: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(file).into_owned());
    let text_without_mark = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut normal = Zeroizing::new(String::with_capacity(text_without_mark.len()));
    let mut chars = text_without_mark.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\r' {
            if chars.peek() == Some(&'\n') {
                chars.next();
            }
            normal.push('\n');
        } else {
            normal.push(char);
        }
    }
    normal
}

fn read_lines<'a>(
    lines: &[&'a str],
    is_damaged: bool,
) -> Result<(Vec<RawVariable<'a>>, Vec<Warning>), FileError> {
    let mut variables = Vec::new();
    let mut warnings = Vec::new();
    let mut rest = lines;
    let mut number: u32 = 0;
    while let Some((first, following)) = rest.split_first() {
        number = number.saturating_add(1);
        let mut used = 0;
        match line::read(first, following) {
            Line::Blank => {}
            Line::Broken(reason) => warnings.push(Warning::new(number, format!("Left out: {reason}."))),
            Line::Assignment(assignment) => {
                used = assignment.further_lines;
                let taken = std::iter::once(*first).chain(following.iter().take(used).copied());
                if is_damaged && taken.into_iter().any(|line| line.contains('\u{fffd}')) {
                    warnings.push(Warning::new(number, "Left out: it is not UTF-8."));
                } else if looks_like_a_secret(assignment.name) {
                    warnings.push(Warning::new(number, "Left out: what stands before the `=` is no name."));
                } else {
                    warnings.extend(assignment.remarks.iter().map(|remark| Warning::new(number, *remark)));
                    let Assignment { name, pieces, .. } = assignment;
                    variables.push(RawVariable { name, line: number, pieces });
                }
            }
        }
        if variables.len() > MAX_VARIABLES {
            return Err(FileError::TooManyVariables);
        }
        number = number.saturating_add(u32::try_from(used).unwrap_or(u32::MAX));
        rest = following.get(used..).unwrap_or_default();
    }
    Ok((variables, warnings))
}

/// Keeps the last of each name, and says so.
fn keep_last<'a>(variables: Vec<RawVariable<'a>>, warnings: &mut Vec<Warning>) -> Vec<RawVariable<'a>> {
    let mut last_lines: HashMap<&str, u32> = HashMap::with_capacity(variables.len());
    for variable in &variables {
        if let Some(earlier) = last_lines.insert(variable.name, variable.line) {
            let message = format!(
                "{} is set on line {earlier} and again on line {}; the last one counts.",
                variable.name, variable.line
            );
            warnings.push(Warning::new(variable.line, message));
        }
    }
    variables.into_iter().filter(|variable| last_lines.get(variable.name) == Some(&variable.line)).collect()
}

fn limit(warnings: &mut Vec<Warning>) {
    let beyond = warnings.len().saturating_sub(MAX_WARNINGS);
    if beyond > 0 {
        warnings.truncate(MAX_WARNINGS);
        warnings.insert(0, Warning::new(0, format!("{beyond} more warnings are not shown.")));
    }
}

#[cfg(test)]
mod tests;
