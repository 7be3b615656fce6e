//! Telephone calls as their providers tell them.

/// A call as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The provider's id.
    pub provider_call_id: String,
    /// Who is called.
    pub to: String,
    /// From whom; absent where the provider does not tell.
    pub from: Option<String>,
    /// How long it was talked; absent until it is over, and when nobody answered.
    pub duration_seconds: Option<u32>,
    /// How far it is.
    pub status: CallStatus,
    /// The provider's own word for that.
    pub provider_status: Option<String>,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallStatus {
    /// Waits at the provider.
    Queued,
    /// Is being dialed.
    Initiated,
    /// Rings.
    Ringing,
    /// Somebody has answered, and it goes on.
    Answered,
    /// Somebody had answered, and it is over.
    Completed,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// It could not be made.
    Failed,
    /// Called off before somebody answered.
    Canceled,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl CallStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }
}
