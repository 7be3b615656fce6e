//! Test or live: what a key opens and which of a provider's hosts is called.

use std::fmt;
use std::str::FromStr;

/// Whether money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Environment {
    /// The provider's sandbox.
    Test,
    /// Real money.
    Live,
}

/// The text is neither `test` nor `live`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("environment is neither test nor live")]
pub struct UnknownEnvironment;

impl Environment {
    /// Both environments.
    pub const ALL: [Self; 2] = [Self::Test, Self::Live];

    /// Returns `test` or `live`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        Self::ALL.into_iter().find(|environment| environment.as_str() == text).ok_or(UnknownEnvironment)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
