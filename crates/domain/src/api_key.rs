//! Platform keys as the store keeps them: never the secret, only its keyed hash.

use std::net::IpAddr;
use std::str::FromStr;

use crate::{Environment, KeyId, TenantId, Timestamp};

/// HMAC-SHA256 of a key's text under the vault's pepper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

/// What a platform key may do, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public id; also part of the key's text.
    pub id: KeyId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The tenant's name for it.
    pub name: Box<str>,
    /// What it opens.
    pub environment: Environment,
    /// The present secret.
    pub hash: KeyHash,
    /// The secret before the last rotation, while its grace lasts.
    pub retired: Option<RetiredSecret>,
    /// What it may do; empty means everything.
    pub scopes: Box<[Scope]>,
    /// How often.
    pub limits: RateLimits,
    /// From which addresses; empty means from anywhere. Each with the length of its network prefix.
    pub allowed_ips: Box<[(IpAddr, u8)]>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
}

/// A secret that a rotation replaced and that still works for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetiredSecret {
    /// Its hash.
    pub hash: KeyHash,
    /// When it stops working.
    pub works_until: Timestamp,
}

/// How many requests a key may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateLimits {
    /// In a minute; at least 1.
    pub per_minute: u32,
    /// In a day; at least 1.
    pub per_day: u32,
}

/// A right of a key: a noun, and reading or writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Create, capture, cancel and refund orders.
    PaymentsWrite,
    /// Read orders and refunds.
    PaymentsRead,
    /// Create and cancel subscriptions.
    SubscriptionsWrite,
    /// Read subscriptions.
    SubscriptionsRead,
    /// Create payment links.
    PaymentLinksWrite,
    /// Read payment links.
    PaymentLinksRead,
    /// Make payouts.
    PayoutsWrite,
    /// Read payouts.
    PayoutsRead,
    /// Send messages.
    SmsWrite,
    /// Read messages.
    SmsRead,
    /// Place calls.
    CallsWrite,
    /// Read calls.
    CallsRead,
    /// Read the transaction log.
    TransactionsRead,
    /// Call a provider's own API with anything but GET.
    ProxyWrite,
    /// Call a provider's own API with GET.
    ProxyRead,
}

/// The text names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope")]
pub struct UnknownScope;

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 15] = [
        Self::PaymentsWrite,
        Self::PaymentsRead,
        Self::SubscriptionsWrite,
        Self::SubscriptionsRead,
        Self::PaymentLinksWrite,
        Self::PaymentLinksRead,
        Self::PayoutsWrite,
        Self::PayoutsRead,
        Self::SmsWrite,
        Self::SmsRead,
        Self::CallsWrite,
        Self::CallsRead,
        Self::TransactionsRead,
        Self::ProxyWrite,
        Self::ProxyRead,
    ];

    /// Returns the scope's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentsWrite => "payments:write",
            Self::PaymentsRead => "payments:read",
            Self::SubscriptionsWrite => "subscriptions:write",
            Self::SubscriptionsRead => "subscriptions:read",
            Self::PaymentLinksWrite => "payment_links:write",
            Self::PaymentLinksRead => "payment_links:read",
            Self::PayoutsWrite => "payouts:write",
            Self::PayoutsRead => "payouts:read",
            Self::SmsWrite => "sms:write",
            Self::SmsRead => "sms:read",
            Self::CallsWrite => "calls:write",
            Self::CallsRead => "calls:read",
            Self::TransactionsRead => "transactions:read",
            Self::ProxyWrite => "proxy:write",
            Self::ProxyRead => "proxy:read",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

impl ApiKey {
    /// Returns whether the key may do what `scope` names.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.is_empty() || self.scopes.contains(&scope)
    }
}
