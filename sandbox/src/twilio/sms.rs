//! Twilio messages: send, get, list, cancel or redact, delete.

use serde_json::{Value, json};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use crate::{credentials, desk::Change, routes::Route};

use super::{
    Call, Done, Handler,
    message::{self, Message, Status},
    numbers,
    refusal::Refusal,
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
/// The most messages on one page.
const LARGEST_PAGE: usize = 1000;
/// Messages on a page unless `PageSize` says otherwise.
const DEFAULT_PAGE: usize = 50;

fn first<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

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
    report(call, "sms.send", &sid);
    call.account.messages.insert(&sid, message);
    Ok(Done::Created(answer))
}

fn read_body(pairs: &[(String, String)], media: usize) -> Result<String, Refusal> {
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

fn check_callback(pairs: &[(String, String)]) -> Result<(), Refusal> {
    let Some(url) = first(pairs, "StatusCallback") else { return Ok(()) };
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    if host.is_empty() || host.contains(['_', ' ']) {
        return Err(Refusal::new(21609, format!("The 'StatusCallback' URL {url} is not a valid URL.")));
    }
    Ok(())
}

fn read_schedule(pairs: &[(String, String)], has_service: bool, now: i64) -> Result<Option<i64>, Refusal> {
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

fn report(call: &mut Call<'_>, operation: &'static str, sid: &str) {
    call.desk.report(Change {
        operation,
        merchant: &call.account.sid,
        id: sid,
        amount: Value::Null,
        currency: None,
        reference: None,
    });
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
    let sid = call.id;
    report(call, operation, sid);
    Ok(Done::Shown(shown))
}

fn delete(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    call.account.messages.remove(call.id);
    let sid = call.id;
    report(call, "sms.delete", sid);
    Ok(Done::Deleted)
}

/// What a list asks for.
struct Wanted<'p> {
    to: Option<&'p str>,
    from: Option<&'p str>,
    /// Sent on this day or later, and before this time, in Unix seconds.
    since: i64,
    before: i64,
}

impl Wanted<'_> {
    fn fits(&self, message: &Message, now: i64) -> bool {
        // A message that has not been sent yet is dated by its creation, so that a look-up right after sending finds it.
        let date = message.sent_at(now).unwrap_or(message.created_at);
        self.to.is_none_or(|to| to == message.to)
            && self.from.is_none_or(|from| Some(from) == message.from.as_deref())
            && date >= self.since
            && date < self.before
    }
}

fn list(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let pairs = call.incoming.query_pairs();
    let now = call.desk.now();
    let wanted = read_wanted(&pairs)?;
    let size = match first(&pairs, "PageSize").map(str::parse::<usize>) {
        None => DEFAULT_PAGE,
        Some(Ok(size)) if size >= 1 => size.min(LARGEST_PAGE),
        Some(_) => return Err(Refusal::new(20001, "PageSize must be a number of at least 1")),
    };
    let page = first(&pairs, "Page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(0);
    let fitting: Vec<&Message> =
        call.account.messages.newest().filter(|message| wanted.fits(message, now)).collect();
    // The token names the last message of the page before, so that newer ones do not shift the pages.
    let start = first(&pairs, "PageToken")
        .and_then(|token| token.strip_prefix("PA"))
        .and_then(|sid| fitting.iter().position(|message| message.sid == sid))
        .map_or_else(|| page.saturating_mul(size), |position| position.saturating_add(1));
    let shown: Vec<&Message> = fitting.iter().skip(start).take(size).copied().collect();
    let end = start.saturating_add(shown.len());
    let uri =
        |page: usize, token: Option<&str>| page_uri(call.incoming.path.as_str(), &pairs, (page, size, token));
    let next = (end < fitting.len())
        .then(|| uri(page.saturating_add(1), shown.last().map(|message| message.sid.as_str())));
    let previous = (page > 0).then(|| uri(page.saturating_sub(1), None));
    Ok(Done::Shown(json!({
        "messages": shown.iter().map(|message| message.to_json(now)).collect::<Vec<Value>>(),
        "page": page,
        "page_size": size,
        "start": start,
        "end": end.saturating_sub(1).max(start),
        "uri": uri(page, None),
        "first_page_uri": uri(0, None),
        "next_page_uri": next,
        "previous_page_uri": previous,
    })))
}

fn page_uri(
    path: &str,
    pairs: &[(String, String)],
    (page, size, token): (usize, usize, Option<&str>),
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if !["Page", "PageSize", "PageToken"].contains(&name.as_str()) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
    if let Some(sid) = token {
        query.append_pair("PageToken", &format!("PA{sid}"));
    }
    format!("{path}?{}", query.finish())
}

fn read_wanted(pairs: &[(String, String)]) -> Result<Wanted<'_>, Refusal> {
    let mut wanted =
        Wanted { to: first(pairs, "To"), from: first(pairs, "From"), since: i64::MIN, before: i64::MAX };
    // `DateSent>=2026-01-05` arrives as the name `DateSent>` with its own equals sign.
    if let Some((start, end)) = read_day(first(pairs, "DateSent"))? {
        wanted.since = start;
        wanted.before = end;
    }
    if let Some((start, _)) = read_day(first(pairs, "DateSent>"))? {
        wanted.since = wanted.since.max(start);
    }
    if let Some((_, end)) = read_day(first(pairs, "DateSent<"))? {
        wanted.before = wanted.before.min(end);
    }
    Ok(wanted)
}

/// Returns the first second of the named day or moment, and the first second after it.
fn read_day(text: Option<&str>) -> Result<Option<(i64, i64)>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(day) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        let start = day.midnight().assume_utc().unix_timestamp();
        return Ok(Some((start, start.saturating_add(24 * 60 * 60))));
    }
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(moment) => {
            let second = moment.unix_timestamp();
            Ok(Some((second, second.saturating_add(1))))
        }
        Err(_) => Err(Refusal::new(20001, format!("DateSent {text} is not a date"))),
    }
}
