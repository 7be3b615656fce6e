//! Text messages as their providers tell them.

/// A text message as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// The provider's id.
    pub provider_message_id: String,
    /// To whom.
    pub to: String,
    /// From whom; absent while a pool of senders has not chosen.
    pub from: Option<String>,
    /// How many segments it is sent in; absent while not known.
    pub segments: Option<u32>,
    /// How far it is.
    pub status: SmsStatus,
    /// The provider's own word for that.
    pub provider_status: Option<String>,
    /// Why it was not delivered, in the provider's code.
    pub failure_code: Option<String>,
}

/// How far a text message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SmsStatus {
    /// Waits at the provider.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// The carrier has it.
    Sent,
    /// The handset has it.
    Delivered,
    /// The carrier could not deliver it.
    Undelivered,
    /// The provider could not send it.
    Failed,
    /// Called off before it was sent.
    Canceled,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl SmsStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }
}
