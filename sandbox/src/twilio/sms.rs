//! Twilio messages: send, get, list, cancel or redact, delete.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{credentials, routes::Route};

use super::{
    Call, Done, Handler,
    message::{self, Message, Status},
    numbers,
    pages::{self, Listed},
    parameters::{Pairs, Span, check_callback, first},
    refusal::Refusal,
    report, report_made,
};

/// The routes of this noun; the account has been cut off in front.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/Messages.json", operation: "sms.send", handler: send },
    Route { method: "GET", path: "/Messages.json", operation: "sms.list", handler: list },
    Route { method: "GET", path: "/Messages/{id}.json", operation: "sms.get", handler: get },
    Route { method: "POST", path: "/Messages/{id}.json", operation: "sms.update", handler: update },
    Route { method: "DELETE", path: "/Messages/{id}.json", operation: "sms.delete", handler: delete },
];

/// The longest text, in characters.
const LONGEST_BODY: usize = 1600;

fn send(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let pairs = call.incoming.form_pairs();
    let now = call.desk.now();
    let to = first(&pairs, "To").unwrap_or_default();
    let from = first(&pairs, "From");
    let service = first(&pairs, "MessagingServiceSid");
    numbers::check_to(to)?;
    match (from, service) {
        (None, None) => return Err(Refusal::new(21603, "A 'From' phone number is required.")),
        (_, Some(service)) if !credentials::is_sid(service, "MG") => {
            return Err(Refusal::new(21701, "The Messaging Service does not exist"));
        }
        (Some(from), _) => numbers::check_from(from, to)?,
        (None, Some(_)) => {}
    }
    let media = pairs.iter().filter(|(name, value)| name == "MediaUrl" && !value.is_empty()).count();
    let body = read_body(&pairs, media)?;
    check_callback(&pairs)?;
    let send_at = read_schedule(&pairs, service.is_some(), now)?;
    let prefix = if media > 0 { "MM" } else { "SM" };
    let message = Message {
        sid: format!("{prefix}{}", call.desk.random.hex(32)),
        account_sid: call.account.sid.clone(),
        to: to.to_owned(),
        from: from.map(str::to_owned),
        service_sid: service.map(str::to_owned),
        segments: message::segments(&body),
        body,
        media,
        created_at: now,
        updated_at: now,
        send_at,
        is_canceled: false,
        act: None,
        word: None,
    };
    let sid = message.sid.clone();
    let answer = message.to_json(now);
    report_made(call.desk, &call.account.sid, ("sms.send", &sid), to);
    call.account.messages.insert(&sid, message);
    Ok(Done::Created(answer))
}

fn read_body(pairs: &Pairs, media: usize) -> Result<String, Refusal> {
    let body = first(pairs, "Body").unwrap_or_default();
    if body.is_empty() && media == 0 && first(pairs, "ContentSid").is_none() {
        let was_sent = pairs.iter().any(|(name, _)| name == "Body");
        return Err(if was_sent {
            Refusal::new(21602, "Message body is required.")
        } else {
            Refusal::new(21619, "A text message body or media urls must be specified.")
        });
    }
    if body.chars().count() > LONGEST_BODY {
        return Err(Refusal::new(21617, "The concatenated message body exceeds the 1600 character limit."));
    }
    Ok(body.to_owned())
}

fn read_schedule(pairs: &Pairs, has_service: bool, now: i64) -> Result<Option<i64>, Refusal> {
    if let Some(period) = first(pairs, "ValidityPeriod")
        && !period.parse::<u32>().is_ok_and(|seconds| (1..=36_000).contains(&seconds))
    {
        return Err(Refusal::new(20001, "ValidityPeriod must be between 1 and 36000"));
    }
    let Some(kind) = first(pairs, "ScheduleType") else { return Ok(None) };
    if kind != "fixed" || !has_service {
        return Err(Refusal::new(20001, "ScheduleType must be fixed, with a MessagingServiceSid"));
    }
    let wrong = || Refusal::new(20001, "SendAt must be a time in ISO 8601 in the future");
    let send_at = first(pairs, "SendAt").ok_or_else(wrong)?;
    let send_at = OffsetDateTime::parse(send_at, &Rfc3339).ok().ok_or_else(wrong)?.unix_timestamp();
    if send_at <= now { Err(wrong()) } else { Ok(Some(send_at)) }
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Message, Refusal> {
    let path = &call.incoming.path;
    call.account.messages.get_mut(call.id).ok_or_else(|| Refusal::not_found(path))
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    find(call).map(|message| Done::Shown(message.to_json(now)))
}

fn update(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    let pairs = call.incoming.form_pairs();
    let status = pairs.iter().find(|(name, _)| name == "Status").map(|(_, value)| value.as_str());
    let body = pairs.iter().find(|(name, _)| name == "Body").map(|(_, value)| value.as_str());
    let message = find(call)?;
    let operation = match (status, body) {
        (Some("canceled"), _) if message.status(now) == Status::Scheduled => {
            message.is_canceled = true;
            "sms.cancel"
        }
        (Some("canceled"), _) => {
            return Err(Refusal::new(30409, "Message cannot be canceled: it is not in the scheduled state"));
        }
        (Some(other), _) => {
            return Err(Refusal::new(20001, format!("Status {other} is not valid; only canceled is")));
        }
        (None, Some("")) => {
            message.body.clear();
            "sms.redact"
        }
        (None, Some(_)) => {
            return Err(Refusal::new(20001, "Body can be emptied only; a sent text cannot be changed"));
        }
        (None, None) => return Ok(Done::Shown(message.to_json(now))),
    };
    message.updated_at = now;
    let shown = message.to_json(now);
    report(call.desk, &call.account.sid, (operation, call.id));
    Ok(Done::Shown(shown))
}

fn delete(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    call.account.messages.remove(call.id);
    report(call.desk, &call.account.sid, ("sms.delete", call.id));
    Ok(Done::Deleted)
}

impl Listed for Message {
    const NAME: &'static str = "messages";

    fn sid(&self) -> &str {
        &self.sid
    }

    fn to_json(&self, now: i64) -> Value {
        Self::to_json(self, now)
    }
}

fn list(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let pairs = call.incoming.query_pairs();
    let now = call.desk.now();
    let (to, from) = (first(&pairs, "To"), first(&pairs, "From"));
    let sent = Span::read(&pairs, "DateSent")?;
    let fits = |message: &&Message| {
        // A message that has not been sent yet is dated by its creation, so that a look-up right after sending finds it.
        let date = message.sent_at(now).unwrap_or(message.created_at);
        to.is_none_or(|to| to == message.to)
            && from.is_none_or(|from| Some(from) == message.from.as_deref())
            && sent.as_ref().is_none_or(|sent| sent.contains(date))
    };
    let fitting: Vec<&Message> = call.account.messages.newest().filter(fits).collect();
    pages::page(&call.incoming.path, &pairs, &fitting, now).map(Done::Shown)
}
