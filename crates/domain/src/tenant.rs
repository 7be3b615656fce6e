//! A tenant: the company behind keys and credentials, and the person who signs in for it.

use crate::{PlanTier, TenantId, Timestamp};

/// A tenant as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// The e-mail address it signs in with, in lower case.
    pub email: Box<str>,
    /// The person's name.
    pub full_name: Option<Box<str>>,
    /// The company's name.
    pub company_name: Option<Box<str>>,
    /// What it may use.
    pub plan: PlanTier,
    /// Whether it is served at all.
    pub is_active: bool,
    /// How long a request without a key counts as its own repeat, in seconds; absent: never.
    pub implicit_idempotency_seconds: Option<u32>,
    /// When it signed up.
    pub created_at: Timestamp,
}
