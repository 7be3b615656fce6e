//! A message as Twilio tells it, and what that means in the gateway's words. Source: `twilio_api_v2010`, 2026-04-14.

use domain::{Sms, SmsStatus};
use serde::Deserialize;

use crate::json;

/// A message on the wire. Numbers are texts, and everything may be null.
#[derive(Debug, Deserialize)]
pub(super) struct WireMessage {
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) sid: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) to: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    from: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    num_segments: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) body: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) direction: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) date_created: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    error_code: Option<u32>,
}

impl WireMessage {
    /// Tells the message in the gateway's words, `None` when it has no id. `to` stands in where Twilio does not repeat it.
    pub(super) fn tell(self, to: &str) -> Option<Sms> {
        let provider_message_id = self.sid.filter(|sid| !sid.is_empty())?;
        // "0" while a pool of senders has not chosen one.
        let segments =
            self.num_segments.and_then(|segments| segments.parse().ok()).filter(|segments| *segments > 0);
        Some(Sms {
            provider_message_id,
            to: self.to.unwrap_or_else(|| to.to_owned()),
            from: self.from.filter(|from| !from.is_empty()),
            segments,
            status: status(self.status.as_deref()),
            provider_status: self.status,
            failure_code: self.error_code.map(|code| code.to_string()),
        })
    }
}

/// `receiving` and `received` are about messages to the tenant, which the gateway never sent.
fn status(word: Option<&str>) -> SmsStatus {
    match word {
        Some("accepted" | "scheduled" | "queued") => SmsStatus::Queued,
        Some("sending") => SmsStatus::Sending,
        Some("sent") => SmsStatus::Sent,
        Some("delivered" | "partially_delivered" | "read") => SmsStatus::Delivered,
        Some("undelivered") => SmsStatus::Undelivered,
        Some("failed") => SmsStatus::Failed,
        Some("canceled") => SmsStatus::Canceled,
        _ => SmsStatus::Unknown,
    }
}

#[cfg(test)]
mod tests;
