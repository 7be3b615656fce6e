//! A `.env` file that has been read: its variables, what was odd about it, and why it may be refused.

use domain::Secret;

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// The most variables a file may set, repeats counted.
pub const MAX_VARIABLES: usize = 2_000;

/// Why a file is refused as a whole. Everything else is a [`Warning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {bytes} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It sets more than [`MAX_VARIABLES`] variables.
    #[error("the file sets more than {MAX_VARIABLES} variables")]
    TooManyVariables,
    /// It is UTF-16 or binary.
    #[error("the file is not UTF-8 text: see byte {at}; save it as UTF-8")]
    NotText {
        /// The offset of the first byte that no text has.
        at: usize,
    },
}

/// A variable of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name as the file spells it.
    pub name: String,
    /// Its value: quotes taken off, escapes and references resolved.
    pub value: Secret,
    /// The line it starts on, counted from 1.
    pub line: u32,
}

/// Something odd about the file. Never contains a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The line it is about, counted from 1; 0 means the whole file.
    pub line: u32,
    /// One or two sentences.
    pub message: String,
}

impl Warning {
    pub(crate) fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// A file that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// Its variables in the order of their lines, each name once: of several the last.
    pub variables: Vec<Variable>,
    /// What was odd, by line.
    pub warnings: Vec<Warning>,
}
