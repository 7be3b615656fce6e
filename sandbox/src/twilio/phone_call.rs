//! A telephone call: how far it is follows from its age, until somebody picks up, hangs up or turns away.

use serde_json::{Value, json};

use crate::clock;

use super::{chosen, pages::Listed};

/// How long a call waits, and how long it is talked when nobody hangs up, in seconds.
const QUEUED_SECONDS: i64 = 1;
const RINGING_SECONDS: i64 = 3;
const TALKED_SECONDS: i64 = 10;
/// The price of a call follows this many seconds after its end.
const PRICE_LAG_SECONDS: i64 = 2;

/// A call.
#[derive(Debug)]
pub(super) struct PhoneCall {
    pub(super) sid: String,
    pub(super) account_sid: String,
    pub(super) number_sid: String,
    pub(super) to: String,
    pub(super) from: String,
    /// How long it rings before nobody has answered, in seconds.
    pub(super) timeout: i64,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    /// Where an act left it; time moves it no further then.
    pub(super) act: Option<Progress>,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    Ringing,
    InProgress,
    Completed,
    Busy,
    NoAnswer,
    Failed,
    Canceled,
}

impl Status {
    /// Returns Twilio's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

/// How far a call is, with the moments that brought it there, in Unix seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) status: Status,
    pub(super) dialed_at: Option<i64>,
    pub(super) answered_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
}

impl Progress {
    /// Returns where the call is after it became `status`; none where it cannot become so from here: no call goes back, and
    /// only a call that was not answered can be turned away.
    pub(super) fn next(self, status: Status, now: i64) -> Option<Self> {
        let is_waiting = matches!(self.status, Status::Queued | Status::Ringing);
        let is_open = is_waiting || self.status == Status::InProgress;
        match status {
            Status::InProgress if is_waiting => Some(Self {
                status,
                dialed_at: self.dialed_at.or(Some(now)),
                answered_at: Some(now),
                ended_at: None,
            }),
            Status::Completed if is_open => Some(Self { status, ended_at: Some(now), ..self }),
            Status::Busy | Status::NoAnswer | Status::Failed if is_waiting => {
                Some(Self { status, dialed_at: self.dialed_at.or(Some(now)), ..self })
            }
            Status::Canceled if is_waiting => Some(Self { status, ..self }),
            _ => None,
        }
    }

    fn duration(self) -> Option<i64> {
        let ended_at = self.ended_at?;
        Some(ended_at.saturating_sub(self.answered_at.unwrap_or(ended_at)))
    }

    /// Returns when the call was answered, or dialed as long as it is not.
    pub(super) fn started_at(self) -> Option<i64> {
        self.answered_at.or(self.dialed_at)
    }
}

impl PhoneCall {
    /// Returns how far the call is: queued for a second, ringing for three, talked for ten and completed, unless its number
    /// stands for another end.
    pub(super) fn progress(&self, now: i64) -> Progress {
        if let Some(act) = self.act {
            return act;
        }
        let dialed_at = self.created_at.saturating_add(QUEUED_SECONDS);
        let queued = Progress { status: Status::Queued, dialed_at: None, answered_at: None, ended_at: None };
        if now < dialed_at {
            return queued;
        }
        let ringing = Progress { status: Status::Ringing, dialed_at: Some(dialed_at), ..queued };
        let ending = chosen::call_ending(&self.to);
        let rings = if ending == Some(Status::NoAnswer) { self.timeout } else { RINGING_SECONDS };
        let rung_at = dialed_at.saturating_add(rings);
        if now < rung_at {
            return ringing;
        }
        if let Some(status) = ending {
            return Progress { status, ..ringing };
        }
        let answered = Progress { status: Status::InProgress, answered_at: Some(rung_at), ..ringing };
        let ended_at = rung_at.saturating_add(TALKED_SECONDS);
        if now < ended_at {
            return answered;
        }
        Progress { status: Status::Completed, ended_at: Some(ended_at), ..answered }
    }

    /// Returns the call as Twilio answers its creation: its dates are not known yet.
    pub(super) fn to_created_json(&self, now: i64) -> Value {
        let mut created = self.to_json(now);
        for field in ["date_created", "date_updated"] {
            if let Some(date) = created.get_mut(field) {
                *date = Value::Null;
            }
        }
        created
    }
}

impl Listed for PhoneCall {
    const NAME: &'static str = "calls";

    fn sid(&self) -> &str {
        &self.sid
    }

    fn to_json(&self, now: i64) -> Value {
        let progress = self.progress(now);
        let latest = [Some(self.updated_at), progress.started_at(), progress.ended_at];
        let updated_at = latest.into_iter().flatten().max().unwrap_or(self.updated_at);
        let is_priced =
            progress.ended_at.is_some_and(|ended_at| now.saturating_sub(ended_at) >= PRICE_LAG_SECONDS);
        let own = format!("/2010-04-01/Accounts/{}/Calls/{}", self.account_sid, self.sid);
        let below = |name: &str| format!("{own}/{name}.json");
        json!({
            "sid": self.sid,
            "account_sid": self.account_sid,
            "answered_by": null,
            "api_version": "2010-04-01",
            "caller_name": null,
            "date_created": clock::rfc2822(self.created_at),
            "date_updated": clock::rfc2822(updated_at),
            "direction": "outbound-api",
            "duration": progress.duration().map(|seconds| seconds.to_string()),
            "end_time": progress.ended_at.map(clock::rfc2822),
            "forwarded_from": null,
            "from": self.from,
            "from_formatted": formatted(&self.from),
            "group_sid": null,
            "parent_call_sid": null,
            "phone_number_sid": self.number_sid,
            "price": if is_priced { progress.duration().map(price) } else { None },
            "price_unit": "USD",
            "queue_time": "0",
            "start_time": progress.started_at().map(clock::rfc2822),
            "status": progress.status.name(),
            "subresource_uris": {
                "events": below("Events"),
                "notifications": below("Notifications"),
                "recordings": below("Recordings"),
            },
            "to": self.to,
            "to_formatted": formatted(&self.to),
            "trunk_sid": null,
            "uri": format!("{own}.json"),
        })
    }
}

/// Writes a North American number as it is displayed there, and every other as it is.
fn formatted(number: &str) -> String {
    let ten = number.strip_prefix("+1").filter(|digits| digits.len() == 10);
    let parts = ten.and_then(|digits| Some((digits.get(..3)?, digits.get(3..6)?, digits.get(6..)?)));
    match parts {
        Some((area, exchange, line)) => format!("({area}) {exchange}-{line}"),
        None => number.to_owned(),
    }
}

/// A begun minute costs 0.014 dollars; prices are negative.
fn price(seconds: i64) -> String {
    let minutes = seconds.max(0).saturating_add(59) / 60;
    let thousandths = minutes.saturating_mul(14);
    format!("-{}.{:03}00", thousandths / 1000, thousandths % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_north_america_does() {
        assert_eq!(formatted("+14158675308"), "(415) 867-5308");
        assert_eq!(formatted("+442071838750"), "+442071838750");
        assert_eq!(formatted("client:joey"), "client:joey");
    }

    #[test]
    fn a_begun_minute_is_paid() {
        for (seconds, expected) in [(0, "-0.00000"), (1, "-0.01400"), (60, "-0.01400"), (61, "-0.02800")] {
            assert_eq!(price(seconds), expected, "{seconds}");
        }
        assert_eq!(price(6000), "-1.40000");
    }
}
