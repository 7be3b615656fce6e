//! Text messages.

use crate::Metadata;

/// What can be done with text messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsOperation {
    /// Send one.
    Send(SendSms),
    /// Read one.
    Get(GetSms),
}

/// A text message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendSms {
    /// To whom: E.164, with the plus.
    pub to: Box<str>,
    /// 1 to 1,600 characters.
    pub message: Box<str>,
    /// From whom; the tenant's configured sender when absent.
    pub from: Option<Box<str>>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's own pairs.
    pub metadata: Metadata,
}

/// A text message to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetSms {
    /// The provider's id of the message.
    pub provider_message_id: Box<str>,
}
