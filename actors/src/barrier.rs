//! What may stand between a call and its provider, and what is told to whoever is stopped.

use std::time::Duration;

use domain::NotSent;

/// What stops a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Barrier {
    /// The provider has been failing at this operation, for all tenants.
    ProviderCircuit,
    /// The provider has been refusing this tenant's credentials.
    CredentialsCircuit,
    /// As many calls to the provider are under way as this node makes, for all tenants.
    ProviderFull,
    /// The tenant has as many calls to this provider under way as one tenant may.
    ServiceFull,
    /// The tenant has as many calls under way as one may, at all providers together.
    TenantFull,
}

/// The call must not be made; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("call is not admitted for {} ms: {barrier:?}", retry_after.as_millis())]
pub struct NotAdmitted {
    /// Why not.
    pub barrier: Barrier,
    /// When to try again.
    pub retry_after: Duration,
}

/// How long to wait when all places are taken. A guess: nobody knows when the next call ends.
const RETRY_WHEN_FULL: Duration = Duration::from_secs(1);

impl NotAdmitted {
    /// All places are taken.
    pub(crate) const fn full(barrier: Barrier) -> Self {
        Self { barrier, retry_after: RETRY_WHEN_FULL }
    }
}

impl Barrier {
    /// Returns the closed set's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderCircuit => "provider_circuit",
            Self::CredentialsCircuit => "credentials_circuit",
            Self::ProviderFull => "provider_full",
            Self::ServiceFull => "service_full",
            Self::TenantFull => "tenant_full",
        }
    }

    /// Returns what it means for the operation.
    pub const fn not_sent(self) -> NotSent {
        match self {
            Self::ProviderCircuit | Self::CredentialsCircuit => NotSent::CircuitOpen,
            Self::ProviderFull | Self::ServiceFull | Self::TenantFull => NotSent::Overloaded,
        }
    }
}
