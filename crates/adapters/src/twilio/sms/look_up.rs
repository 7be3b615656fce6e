//! What became of a message whose answer was lost: the list of messages to its recipient is searched for its text.
//! A reply that is no list leaves it unknown: nothing is settled by it, least of all a second message.

use std::time::Duration;

use domain::{NotSent, Outcome, Reply, Resource, SendSms, Sms, Timestamp, Unknown};
use http::uri::PathAndQuery;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::message::WireMessage;
use crate::form::Form;
use crate::twilio::account::{self, Sender};
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// How far Twilio's clock may be behind the gateway's.
const CLOCK_SLACK: Duration = Duration::from_secs(5);

const PAGE_SIZE: &str = "100";

/// Most pages that are read. A list that is longer leaves it unknown.
const MAX_PAGES: u8 = 10;

/// What trial accounts find in front of their texts.
const TRIAL_PREFIX: &str = "Sent from your Twilio trial account - ";

/// Looks for a message by recipient, sender, age and text.
pub(super) fn sent(sms: &SendSms) -> Box<dyn Exchange> {
    Box::new(FindSent { sms: sms.clone(), pages: 0, found: None })
}

struct FindSent {
    sms: SendSms,
    pages: u8,
    found: Option<Found>,
}

/// A message that can be the one whose answer was lost. Of several the first one made is taken: the later ones have
/// transactions of their own.
struct Found {
    created_at: Option<Timestamp>,
    sms: Sms,
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<WireMessage>,
    #[serde(default, deserialize_with = "json::lenient")]
    next_page_uri: Option<String>,
}

impl Exchange for FindSent {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        self.pages = 0;
        self.found = None;
        let Ok(path) = account::messages_path(context.credentials) else {
            // As Twilio would answer without an account.
            return Step::Done(Outcome::Unknown(Unknown::Unreadable { status: 401 }));
        };
        let from = match account::sender(self.sms.from.as_deref(), context.credentials) {
            Some(Sender::From(from)) => Some(from),
            Some(Sender::MessagingService(_)) | None => None,
        };
        let query = Form::new()
            .field("To", &self.sms.to)
            .optional("From", from)
            // Not by `DateSent`: a message that waits to be sent has none, and would not be in the list.
            .field("PageSize", PAGE_SIZE)
            .finish();
        let query = String::from_utf8_lossy(&query);
        Step::Call(Box::new(request::get(format!("{path}.json?{query}"))))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        self.pages = self.pages.saturating_add(1);
        if !replies::is_success(reply) {
            return not_told(reply);
        }
        let Some(page) = json::read::<Page>(reply) else {
            return not_told(reply);
        };
        let earliest = earliest(context);
        for message in page.messages {
            self.consider(message, earliest);
        }
        match page.next_page_uri.filter(|uri| !uri.is_empty()) {
            Some(uri) if self.pages < MAX_PAGES && is_page_of_list(&uri, context) => {
                Step::Call(Box::new(request::get(uri)))
            }
            Some(_) if self.found.is_none() => not_told(reply),
            Some(_) | None => self.conclude(),
        }
    }
}

impl FindSent {
    fn consider(&mut self, message: WireMessage, earliest: Timestamp) {
        let is_outbound = message.direction.as_deref().is_none_or(|direction| direction == "outbound-api");
        let is_same_text = message.body.as_deref().is_some_and(|body| {
            // Blanks at the ends need not survive the way.
            let text = self.sms.message.trim();
            body.trim() == text || body.strip_prefix(TRIAL_PREFIX).map(str::trim) == Some(text)
        });
        let created_at = message.created_at();
        // A message of unknown age might be it; to send it again would be worse than to take it for the one.
        let is_too_old = created_at.is_some_and(|created_at| created_at < earliest);
        if !is_outbound || !is_same_text || is_too_old {
            return;
        }
        let is_first = self.found.as_ref().is_none_or(|found| {
            let unknown_last = |at: Option<Timestamp>| (at.is_none(), at);
            unknown_last(created_at) < unknown_last(found.created_at)
        });
        if let Some(sms) = message.tell(&self.sms.to).filter(|_| is_first) {
            self.found = Some(Found { created_at, sms });
        }
    }

    fn conclude(&mut self) -> Step {
        Step::Done(match self.found.take() {
            Some(found) => Outcome::Executed(Resource::Sms(found.sms)),
            None => Outcome::NotSent(NotSent::NeverArrived),
        })
    }
}

/// Returns the earliest moment at which the message can have reached Twilio.
fn earliest(context: &Context<'_>) -> Timestamp {
    let slack_ms = u64::try_from(CLOCK_SLACK.as_millis()).unwrap_or_default();
    // Twilio tells whole seconds.
    let started_ms = context.started_at.unix_seconds().saturating_mul(1000);
    Timestamp::from_unix_ms(started_ms.saturating_sub(slack_ms))
}

impl WireMessage {
    /// Returns when the message was made, as Twilio writes it: `Tue, 14 Nov 2023 22:13:20 +0000`.
    fn created_at(&self) -> Option<Timestamp> {
        let moment = OffsetDateTime::parse(self.date_created.as_deref()?, &Rfc2822).ok()?;
        u64::try_from(moment.unix_timestamp()).ok().map(Timestamp::from_unix_seconds)
    }
}

/// Returns whether an address is a page of the list: nothing else is read with the tenant's credentials.
fn is_page_of_list(uri: &str, context: &Context<'_>) -> bool {
    let is_of_list = account::messages_path(context.credentials)
        .is_ok_and(|path| uri.strip_prefix(&path).is_some_and(|rest| rest.starts_with(".json?")));
    is_of_list && uri.parse::<PathAndQuery>().is_ok()
}

fn not_told(reply: &Reply) -> Step {
    Step::Done(Outcome::Unknown(replies::unreadable(reply)))
}

#[cfg(test)]
mod tests;
