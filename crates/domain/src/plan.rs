//! Plans: what a tenant may use.

use std::str::FromStr;

use crate::RateLimits;

/// A tenant's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PlanTier {
    /// For trying out.
    #[default]
    Free,
    /// For companies.
    Pro,
    /// By contract.
    Enterprise,
}

impl PlanTier {
    /// Every plan.
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Enterprise];

    /// Returns the plan's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// Returns the most that a key of this plan may be allowed; also what it gets when nothing else is asked for.
    pub const fn key_limits(self) -> RateLimits {
        match self {
            Self::Free => RateLimits { per_minute: 600, per_day: 10_000 },
            Self::Pro => RateLimits { per_minute: 6_000, per_day: 1_000_000 },
            Self::Enterprise => RateLimits { per_minute: 600_000, per_day: 500_000_000 },
        }
    }

    /// Returns how many active keys the plan allows.
    pub const fn max_keys(self) -> usize {
        match self {
            Self::Free => 20,
            Self::Pro => 100,
            Self::Enterprise => 1_000,
        }
    }
}

impl FromStr for PlanTier {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text).ok_or(())
    }
}
