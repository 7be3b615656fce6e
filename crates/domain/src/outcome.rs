//! What became of a call: exactly one of four outcomes.

use std::time::Duration;

use crate::Resource;

/// What became of an operation at its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider did it (or, for a read, answered).
    Executed(Resource),
    /// The provider said no, and changed nothing.
    Rejected(Rejection),
    /// Nothing reached the provider.
    NotSent(NotSent),
    /// Bytes were sent and no answer tells what happened. To be looked up, never guessed.
    Unknown(Unknown),
}

/// Why nothing reached the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotSent {
    /// No connection could be made.
    Unreachable,
    /// The circuit breaker is open.
    CircuitOpen,
    /// As many calls as the gateway allows are under way.
    Overloaded,
    /// The deadline passed before anything was sent.
    DeadlinePassed,
    /// The ledger did not say whether the operation was begun, and it was taken back.
    NotBegun,
    /// A look-up found no trace of an earlier attempt.
    NeverArrived,
}

impl NotSent {
    /// Returns the API's word for it: `provider_unreachable`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable | Self::DeadlinePassed | Self::NeverArrived => "provider_unreachable",
            Self::CircuitOpen => "circuit_open",
            Self::Overloaded => "overloaded",
            Self::NotBegun => "ledger_unavailable",
        }
    }
}

/// Why it is not known what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// No answer came in time.
    TimedOut,
    /// The connection broke after the request was sent.
    Disconnected,
    /// An answer came that says nothing: a 5xx, or not the provider's format.
    Unreadable {
        /// Its HTTP status.
        status: u16,
    },
}

/// A provider's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// What kind of no it is.
    pub class: RejectionClass,
    /// The gateway's word for it: `card_declined`.
    pub code: &'static str,
    /// A sentence for the caller.
    pub message: String,
    /// The request field that the provider names, in the gateway's words.
    pub param: Option<&'static str>,
    /// The provider's own code.
    pub provider_code: Option<String>,
    /// The provider's own words.
    pub provider_message: Option<String>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
}

impl Rejection {
    /// Returns a refusal without a word from a provider.
    pub fn new(class: RejectionClass, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            code,
            message: message.into(),
            param: None,
            provider_code: None,
            provider_message: None,
            retry_after: None,
        }
    }
}

/// What kind of no a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionClass {
    /// The request cannot be done as it stands, found before or by the provider.
    InvalidRequest,
    /// The provider has no such object.
    NotFound,
    /// The object is in no state for it.
    Conflict,
    /// The provider knows the idempotency key from a call that is not this one. What became of this one, that does not tell.
    KeyReused,
    /// The payer's means of payment was refused.
    Declined,
    /// A rule of the provider forbids it.
    Refused,
    /// The tenant's credentials were refused.
    Credentials,
    /// Too many requests for the provider.
    RateLimited,
    /// The provider is out of order and nothing was done.
    Unavailable,
}

impl RejectionClass {
    /// Returns whether it is about this moment and not about what was asked for: credentials, limits, a provider out of order. The
    /// same request may be taken another time, by this provider or another.
    pub const fn is_for_now(self) -> bool {
        match self {
            Self::Credentials | Self::RateLimited | Self::Unavailable => true,
            Self::InvalidRequest
            | Self::NotFound
            | Self::Conflict
            | Self::KeyReused
            | Self::Declined
            | Self::Refused => false,
        }
    }
}
