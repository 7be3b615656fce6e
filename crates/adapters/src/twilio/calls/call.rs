//! A call as Twilio tells it, and what that means in the gateway's words. Source: `twilio_api_v2010`, 2026-04-14.

use domain::{Call, CallStatus};
use serde::Deserialize;

use crate::json;

/// A call on the wire. Numbers are texts, and everything may be null.
#[derive(Debug, Deserialize)]
pub(super) struct WireCall {
    #[serde(default, deserialize_with = "json::lenient")]
    sid: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    to: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    from: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    duration: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) direction: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) date_created: Option<String>,
}

impl WireCall {
    /// Tells the call in the gateway's words, `None` when it has no id. `to` stands in where Twilio does not repeat it.
    pub(super) fn tell(self, to: &str) -> Option<Call> {
        let provider_call_id = self.sid.filter(|sid| !sid.is_empty())?;
        Some(Call {
            provider_call_id,
            to: self.to.unwrap_or_else(|| to.to_owned()),
            from: self.from.filter(|from| !from.is_empty()),
            duration_seconds: self.duration.and_then(|seconds| seconds.parse().ok()),
            status: status(self.status.as_deref()),
            provider_status: self.status,
        })
    }
}

/// `initiated` stands in callbacks only; should a call be told so, it means the same.
fn status(word: Option<&str>) -> CallStatus {
    match word {
        Some("queued") => CallStatus::Queued,
        Some("initiated") => CallStatus::Initiated,
        Some("ringing") => CallStatus::Ringing,
        Some("in-progress") => CallStatus::Answered,
        Some("completed") => CallStatus::Completed,
        Some("busy") => CallStatus::Busy,
        Some("no-answer") => CallStatus::NoAnswer,
        Some("failed") => CallStatus::Failed,
        Some("canceled") => CallStatus::Canceled,
        _ => CallStatus::Unknown,
    }
}

#[cfg(test)]
mod tests;
