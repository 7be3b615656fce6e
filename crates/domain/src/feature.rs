//! Features: what a tenant switches on for a service, each a group of operations.

use std::fmt;
use std::str::FromStr;

/// A group of operations that is enabled and routed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Orders and what follows from them: captures, cancels, refunds.
    Payments,
    /// Charges that come again and again.
    Subscriptions,
    /// Addresses on which a payer pays.
    PaymentLinks,
    /// Money to others.
    Payouts,
    /// Text messages.
    Sms,
    /// Telephone calls.
    Calls,
    /// A provider's own API, through the gateway.
    Proxy,
}

/// The text names no feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown feature")]
pub struct UnknownFeature;

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 7] = [
        Self::Payments,
        Self::Subscriptions,
        Self::PaymentLinks,
        Self::Payouts,
        Self::Sms,
        Self::Calls,
        Self::Proxy,
    ];

    /// Returns the feature's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Subscriptions => "subscriptions",
            Self::PaymentLinks => "payment_links",
            Self::Payouts => "payouts",
            Self::Sms => "sms",
            Self::Calls => "calls",
            Self::Proxy => "proxy",
        }
    }
}

impl FromStr for Feature {
    type Err = UnknownFeature;

    fn from_str(text: &str) -> Result<Self, UnknownFeature> {
        Self::ALL.into_iter().find(|feature| feature.as_str() == text).ok_or(UnknownFeature)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
