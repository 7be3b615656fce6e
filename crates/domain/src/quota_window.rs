//! The windows that a platform key's requests are counted in.

use std::time::Duration;

/// Which of a key's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaWindow {
    /// 60 seconds.
    Minute,
    /// 86,400 seconds.
    Day,
}

impl QuotaWindow {
    /// Returns `minute` or `day`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }

    /// Returns the window's length.
    pub const fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_secs(60),
            Self::Day => Duration::from_secs(86_400),
        }
    }
}
