//! Twilio calls: place, get, list, hang up or redirect, delete; and what the called person does.

use crate::{
    act::{Act, Acted},
    desk::Desk,
    payer::PayerRefusal,
    routes::Route,
};

use super::{
    Account, Call, Done, Handler, numbers,
    pages::{self, Listed},
    parameters::{Pairs, Span, check_callback, first, is_url},
    phone_call::{PhoneCall, Status},
    refusal::Refusal,
    report, report_made,
};

/// The routes of this noun; the account has been cut off in front.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/Calls.json", operation: "calls.create", handler: create },
    Route { method: "GET", path: "/Calls.json", operation: "calls.list", handler: list },
    Route { method: "GET", path: "/Calls/{id}.json", operation: "calls.get", handler: get },
    Route { method: "POST", path: "/Calls/{id}.json", operation: "calls.update", handler: update },
    Route { method: "DELETE", path: "/Calls/{id}.json", operation: "calls.delete", handler: delete },
];

/// The longest inline markup, in characters.
const LONGEST_TWIML: usize = 4000;
/// The most digits that `SendDigits` dials.
const MOST_DIGITS: usize = 32;
/// Seconds of ringing: unless `Timeout` says otherwise, and at most.
const DEFAULT_TIMEOUT: i64 = 60;
const LONGEST_TIMEOUT: i64 = 600;
/// What `StatusCallbackEvent` can be.
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];
/// Every act, as the control route spells it.
const ACTS: [&str; 6] = ["answer", "complete", "busy", "no_answer", "fail", "cancel"];

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let pairs = call.incoming.form_pairs();
    let now = call.desk.now();
    let to = first(&pairs, "To").unwrap_or_default();
    let from = first(&pairs, "From").unwrap_or_default();
    numbers::check_called(to)?;
    numbers::check_caller(from)?;
    check_content(&pairs)?;
    check_callback(&pairs)?;
    check_options(&pairs)?;
    let phone_call = PhoneCall {
        sid: format!("CA{}", call.desk.random.hex(32)),
        account_sid: call.account.sid.clone(),
        number_sid: format!("PN{}", call.desk.random.hex(32)),
        to: to.to_owned(),
        from: from.to_owned(),
        timeout: read_timeout(&pairs)?,
        created_at: now,
        updated_at: now,
        act: None,
    };
    let sid = phone_call.sid.clone();
    let answer = phone_call.to_created_json(now);
    report_made(call.desk, &call.account.sid, ("calls.create", &sid), to);
    call.account.calls.insert(&sid, phone_call);
    Ok(Done::Created(answer))
}

/// Checks what the call is to say: an address, markup, or an application; with an address the markup is ignored.
fn check_content(pairs: &Pairs) -> Result<(), Refusal> {
    match (first(pairs, "Url"), first(pairs, "Twiml"), first(pairs, "ApplicationSid")) {
        (None, None, None) => Err(Refusal::new(21205, "Url parameter is required.")),
        (Some(url), ..) if !is_url(url) => Err(Refusal::new(21205, format!("Url is not a valid URL: {url}"))),
        (None, Some(twiml), _) if twiml.chars().count() > LONGEST_TWIML => {
            Err(Refusal::new(20001, format!("Twiml must have at most {LONGEST_TWIML} characters")))
        }
        _ => Ok(()),
    }
}

fn check_options(pairs: &Pairs) -> Result<(), Refusal> {
    let mut events = pairs.iter().filter(|(name, value)| name == "StatusCallbackEvent" && !value.is_empty());
    if let Some((_, event)) = events.find(|(_, event)| !EVENTS.contains(&event.as_str())) {
        return Err(Refusal::new(21626, format!("Invalid StatusCallbackEvent {event}")));
    }
    for name in ["Method", "FallbackMethod", "StatusCallbackMethod"] {
        if let Some(method) = first(pairs, name).filter(|method| !["GET", "POST"].contains(method)) {
            return Err(Refusal::new(20001, format!("{name} {method} is not valid; GET and POST are")));
        }
    }
    if first(pairs, "SendDigits").is_some_and(|digits| digits.chars().count() > MOST_DIGITS) {
        return Err(Refusal::new(20001, format!("SendDigits must have at most {MOST_DIGITS} characters")));
    }
    Ok(())
}

fn read_timeout(pairs: &Pairs) -> Result<i64, Refusal> {
    let Some(text) = first(pairs, "Timeout") else { return Ok(DEFAULT_TIMEOUT) };
    text.parse().ok().filter(|seconds| (1..=LONGEST_TIMEOUT).contains(seconds)).ok_or_else(|| {
        Refusal::new(20001, format!("Timeout must be a number of seconds from 1 to {LONGEST_TIMEOUT}"))
    })
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut PhoneCall, Refusal> {
    let path = &call.incoming.path;
    call.account.calls.get_mut(call.id).ok_or_else(|| Refusal::not_found(path))
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    find(call).map(|phone_call| Done::Shown(phone_call.to_json(now)))
}

fn update(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    let pairs = call.incoming.form_pairs();
    let has_content = first(&pairs, "Url").is_some() || first(&pairs, "Twiml").is_some();
    let status = first(&pairs, "Status");
    let phone_call = find(call)?;
    let progress = phone_call.progress(now);
    let operation = match status {
        Some("canceled" | "completed") => {
            let (status, operation) = match status {
                Some("canceled") => (Status::Canceled, "calls.cancel"),
                _ => (Status::Completed, "calls.complete"),
            };
            let next = progress.next(status, now);
            phone_call.act = Some(next.ok_or_else(|| Refusal::new(21220, "Invalid call state"))?);
            operation
        }
        Some(other) => {
            let message = format!("Status {other} is not valid; canceled and completed are");
            return Err(Refusal::new(20001, message));
        }
        None if has_content => {
            check_content(&pairs)?;
            if progress.status != Status::InProgress {
                return Err(Refusal::new(21220, "Call is not in-progress. Cannot redirect."));
            }
            "calls.redirect"
        }
        None => return Ok(Done::Shown(phone_call.to_json(now))),
    };
    phone_call.updated_at = now;
    let shown = phone_call.to_json(now);
    report(call.desk, &call.account.sid, (operation, call.id));
    Ok(Done::Shown(shown))
}

fn delete(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    call.account.calls.remove(call.id);
    report(call.desk, &call.account.sid, ("calls.delete", call.id));
    Ok(Done::Deleted)
}

fn list(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let pairs = call.incoming.query_pairs();
    let now = call.desk.now();
    let (to, from) = (first(&pairs, "To"), first(&pairs, "From"));
    let status = first(&pairs, "Status");
    let (started, ended) = (Span::read(&pairs, "StartTime")?, Span::read(&pairs, "EndTime")?);
    let lies_in = |span: &Option<Span>, moment: Option<i64>| match (span, moment) {
        (Some(span), Some(moment)) => span.contains(moment),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let fits = |phone_call: &&PhoneCall| {
        let progress = phone_call.progress(now);
        to.is_none_or(|to| to == phone_call.to)
            && from.is_none_or(|from| from == phone_call.from)
            && status.is_none_or(|status| status == progress.status.name())
            // What has not been dialed has not started, and is in no list by its start.
            && lies_in(&started, progress.started_at())
            && lies_in(&ended, progress.ended_at)
    };
    // No call here is another's child.
    let has_parent = first(&pairs, "ParentCallSid").is_some();
    let fitting: Vec<&PhoneCall> = call.account.calls.newest().filter(fits).filter(|_| !has_parent).collect();
    pages::page(&call.incoming.path, &pairs, &fitting, now).map(Done::Shown)
}

/// Acts on a call of any account.
pub(super) fn act<'a>(
    desk: &mut Desk,
    mut accounts: impl Iterator<Item = &'a mut Account>,
    act: &Act<'_>,
) -> Result<Acted, PayerRefusal> {
    let (account_sid, phone_call) = accounts
        .find_map(|account| Some((&account.sid, account.calls.get_mut(act.id)?)))
        .ok_or(PayerRefusal::UnknownOrder)?;
    let (operation, status) = match act.name {
        "answer" => ("calls.answer", Status::InProgress),
        "complete" => ("calls.complete", Status::Completed),
        "busy" => ("calls.busy", Status::Busy),
        "no_answer" => ("calls.no_answer", Status::NoAnswer),
        "fail" => ("calls.fail", Status::Failed),
        "cancel" => ("calls.cancel", Status::Canceled),
        _ => return Err(act.unknown(&ACTS)),
    };
    act.only(&[])?;
    let now = desk.now();
    let progress = phone_call.progress(now);
    // Nobody hangs up what nobody has picked up; the caller can, over the API.
    let is_early = status == Status::Completed && progress.status != Status::InProgress;
    let next = progress.next(status, now).filter(|_| !is_early).ok_or_else(|| {
        let (before, after) = (progress.status.name(), status.name());
        PayerRefusal::action(format!("a call that is {before} cannot become {after}"))
    })?;
    phone_call.act = Some(next);
    phone_call.updated_at = now;
    report(desk, account_sid, (operation, act.id));
    Ok(Acted { status: status.name().to_owned(), object: phone_call.to_json(now) })
}
