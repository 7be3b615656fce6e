//! What calls tell a breaker: who made them, and what they showed.

use domain::TenantId;

/// Whose call it was, as far as a breaker needs to know: enough to tell two tenants apart, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness(u64);

impl Witness {
    /// Returns the witness that this tenant is.
    pub const fn new(tenant: TenantId) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = tenant.as_u128().to_be_bytes();
        // Ids made in the same millisecond differ in the second half, those of different nodes in both.
        let (first, second) = ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]);
        Self(u64::from_be_bytes(first).rotate_left(32) ^ u64::from_be_bytes(second))
    }
}

/// What a call showed about its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The provider works. A refusal that the caller earned is one, too.
    Success,
    /// It does not work, in this way.
    Failure(Fault),
    /// Nothing: the call never got as far, or its caller went away.
    Ignored,
}

/// How a call failed that speaks against its provider, or against the credentials it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No connection could be made.
    Unreachable,
    /// No answer came in time.
    TimedOut,
    /// The connection broke before the answer was through.
    Disconnected,
    /// The provider answered with its own fault.
    ProviderError,
    /// The answer is none that anybody could read.
    Unreadable,
    /// The provider refused the tenant's credentials.
    CredentialsRefused,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 6] = [
        Self::Unreachable,
        Self::TimedOut,
        Self::Disconnected,
        Self::ProviderError,
        Self::Unreadable,
        Self::CredentialsRefused,
    ];

    /// Returns the word for it, in the API and in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Disconnected => "disconnected",
            Self::ProviderError => "provider_error",
            Self::Unreadable => "unreadable",
            Self::CredentialsRefused => "credentials_refused",
        }
    }
}

/// Of whom something is known: nobody, one tenant, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Nobody.
    Nobody,
    /// This one only.
    One(Witness),
    /// At least two.
    Several,
}

impl Who {
    /// Returns these and that one.
    pub(super) fn with(self, witness: Witness) -> Self {
        match self {
            Self::Nobody => Self::One(witness),
            Self::One(known) if known == witness => self,
            Self::One(_) | Self::Several => Self::Several,
        }
    }

    /// Returns all of both.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, known) | (known, Self::Nobody) => known,
            (Self::One(witness), known) => known.with(witness),
            (Self::Several, _) => Self::Several,
        }
    }

    /// Returns whether it is one tenant, and another one than this.
    pub(super) fn is_only_another_than(self, witness: Witness) -> bool {
        matches!(self, Self::One(known) if known != witness)
    }
}
