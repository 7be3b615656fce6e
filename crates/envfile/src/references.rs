//! References of one variable to another: found in a value, and resolved within the file.

mod parse;
mod resolve;

use zeroize::Zeroizing;

pub(crate) use parse::{Backslash, parse};
pub(crate) use resolve::resolve;

/// A part of a value.
pub(crate) enum Piece {
    /// Text that stands for itself.
    Text(Zeroizing<String>),
    /// Another variable.
    Reference(Reference),
}

/// `${NAME}`, `${NAME:-default}` or `$NAME`.
pub(crate) struct Reference {
    /// The other variable.
    pub(crate) name: String,
    /// What it stands for when the file does not set the other variable.
    pub(crate) default: Option<Vec<Piece>>,
    /// The reference as written: what is left where it cannot be resolved.
    pub(crate) written: Zeroizing<String>,
    /// Whether it has braces. Without them a `$` is as likely part of a password.
    pub(crate) has_braces: bool,
}

impl Piece {
    /// Returns a piece that stands for itself.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(Zeroizing::new(text.to_owned()))
    }
}

/// Values are secret: a piece shows its kind only.
impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Reference(_) => "Reference(…)",
        })
    }
}

#[cfg(test)]
mod tests;
