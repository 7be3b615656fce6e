//! A Twilio message: its status follows from its age, its segments from its text.

use serde_json::{Value, json};

use crate::clock;

use super::chosen;

/// The first 128 characters of GSM 03.38, without its control characters; each counts once.
const GSM: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà\n\r";
/// Characters of the extension table; each counts twice.
const GSM_EXTENSION: &str = "^{}\\[~]|€";

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) sid: String,
    pub(super) account_sid: String,
    pub(super) to: String,
    pub(super) from: Option<String>,
    pub(super) service_sid: Option<String>,
    pub(super) body: String,
    /// The segments of the text as it was sent; redacting does not change them.
    pub(super) segments: usize,
    pub(super) media: usize,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    /// When a scheduled message is due, in Unix seconds.
    pub(super) send_at: Option<i64>,
    pub(super) is_canceled: bool,
    /// What a control call made of the message; time moves it no further then.
    pub(super) act: Option<Acted>,
    /// The word that a control call put in the status's place.
    pub(super) word: Option<String>,
}

/// Where an act left a message.
#[derive(Clone, Debug)]
pub(super) struct Acted {
    pub(super) status: Status,
    /// When the carrier got it, as far as that has happened.
    pub(super) sent_at: Option<i64>,
    /// The delivery code and text of a failure.
    pub(super) failure: Option<(u32, &'static str)>,
}

/// Where a message is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Scheduled,
    Accepted,
    Queued,
    Sending,
    Sent,
    Delivered,
    Undelivered,
    Failed,
    Canceled,
    Read,
}

impl Status {
    /// Returns Twilio's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Read => "read",
        }
    }
}

impl Message {
    /// Returns the status at a time: queued for a second, sending for a second, sent for two, then delivered or not.
    pub(super) fn status(&self, now: i64) -> Status {
        if self.is_canceled {
            return Status::Canceled;
        }
        if let Some(act) = &self.act {
            return act.status;
        }
        if self.send_at.is_some_and(|send_at| now < send_at) {
            return Status::Scheduled;
        }
        let has_failed = chosen::delivery_failure(&self.to).is_some();
        match now.saturating_sub(self.starts_at()) {
            ..=0 if self.service_sid.is_some() => Status::Accepted,
            ..=0 => Status::Queued,
            1 => Status::Sending,
            2 | 3 => Status::Sent,
            _ if has_failed => Status::Undelivered,
            _ => Status::Delivered,
        }
    }

    /// Returns when the message was handed to the carrier, as far as that has happened.
    pub(super) fn sent_at(&self, now: i64) -> Option<i64> {
        if let Some(act) = &self.act {
            return act.sent_at;
        }
        match self.status(now) {
            Status::Sent | Status::Delivered | Status::Undelivered | Status::Read => {
                Some(self.starts_at().saturating_add(2))
            }
            Status::Scheduled
            | Status::Accepted
            | Status::Queued
            | Status::Sending
            | Status::Failed
            | Status::Canceled => None,
        }
    }

    fn failure(&self, now: i64) -> Option<(u32, &'static str)> {
        match &self.act {
            Some(act) => act.failure,
            None if self.status(now) == Status::Undelivered => chosen::delivery_failure(&self.to),
            None => None,
        }
    }

    /// Returns the message as Twilio writes it.
    pub(super) fn to_json(&self, now: i64) -> Value {
        let status = self.status(now);
        let sent_at = self.sent_at(now);
        let failure = self.failure(now);
        // A service picks the sender and splits the text only when it sends.
        let is_known = self.service_sid.is_none() || sent_at.is_some();
        let from = self.from.clone().or_else(|| is_known.then(|| "+15005550006".to_owned()));
        // The price lags behind the delivery.
        let is_priced = sent_at.is_some_and(|sent_at| now.saturating_sub(sent_at) >= 4);
        let segments = if is_known { self.segments } else { 0 };
        let own = format!("/2010-04-01/Accounts/{}/Messages/{}", self.account_sid, self.sid);
        json!({
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": clock::rfc2822(self.created_at),
            "date_updated": clock::rfc2822(self.updated_at.max(sent_at.unwrap_or(0))),
            "date_sent": sent_at.map(clock::rfc2822),
            "direction": "outbound-api",
            "error_code": failure.map(|(code, _)| code),
            "error_message": failure.map(|(_, text)| text),
            "from": from,
            "to": self.to,
            "messaging_service_sid": self.service_sid,
            "num_media": self.media.to_string(),
            "num_segments": segments.to_string(),
            "price": is_priced.then(|| price(self.segments)),
            "price_unit": "USD",
            "status": self.word.as_deref().unwrap_or_else(|| status.name()),
            "subresource_uris": {"media": format!("{own}/Media.json")},
            "uri": format!("{own}.json"),
        })
    }

    fn starts_at(&self) -> i64 {
        self.send_at.unwrap_or(self.created_at)
    }
}

/// Returns the number of segments: 160 or 153 GSM-7 characters, 70 or 67 of UCS-2.
pub(super) fn segments(body: &str) -> usize {
    let is_gsm = |letter: char| letter.is_ascii_alphabetic() || GSM.contains(letter);
    let is_all_gsm = body.chars().all(|letter| is_gsm(letter) || GSM_EXTENSION.contains(letter));
    let (length, whole, part) = if is_all_gsm {
        let length: usize = body.chars().map(|letter| if is_gsm(letter) { 1 } else { 2 }).sum();
        (length, 160, 153)
    } else {
        (body.encode_utf16().count(), 70, 67)
    };
    if length <= whole { 1 } else { length.div_ceil(part) }
}

/// A segment costs 0.0075 dollars; prices are negative.
fn price(segments: usize) -> String {
    let hundred_thousandths = segments.saturating_mul(750);
    format!("-{}.{:05}", hundred_thousandths / 100_000, hundred_thousandths % 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_depend_on_the_alphabet() {
        for (body, expected) in [
            ("x".repeat(160), 1),
            ("x".repeat(161), 2),
            ("x".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ж".repeat(70), 1),
            ("ж".repeat(71), 2),
            ("😀".repeat(36), 2),
        ] {
            assert_eq!(segments(&body), expected, "{} characters", body.chars().count());
        }
    }

    #[test]
    fn prices_have_five_decimals() {
        assert_eq!(price(1), "-0.00750");
        assert_eq!(price(134), "-1.00500");
    }
}
