//! What became of something whose answer was lost: Twilio's list of what was made for the same number is searched for it.
//! A reply that is no list leaves it unknown: nothing is settled by it, least of all a second message or call.

use std::time::Duration;

use domain::{Credentials, NotSent, Outcome, Reply, Resource, Timestamp, Unknown};
use http::uri::PathAndQuery;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::account;
use crate::form::Form;
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// How far Twilio's clock may be behind the gateway's.
const CLOCK_SLACK: Duration = Duration::from_secs(5);

/// How long after its beginning a call may reach Twilio: its time limit, with room for another one than the usual.
const LONGEST_WAY: Duration = Duration::from_mins(2);

const PAGE_SIZE: &str = "100";

/// Most pages that are read. A list that is longer leaves it unknown.
const MAX_PAGES: u8 = 10;

/// Something that was asked for and whose answer was lost.
pub(super) trait Lost: Send {
    /// What the list holds.
    type Listed: DeserializeOwned;

    /// The list's name in the path: `Messages`.
    const COLLECTION: &'static str;

    /// Returns what the list is asked for. Never a day on which it was sent or begun: what still waits has none, and would
    /// not be in the list.
    fn query(&self, credentials: &Credentials) -> Form;

    /// Judges one of the list, which was made before the answer was lost when it was made before `earliest`.
    fn judge(&self, listed: Self::Listed, earliest: Timestamp) -> Verdict;
}

/// What one of the list is.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It cannot be the one whose answer was lost.
    Another,
    /// It is the one, unless an earlier one is.
    It {
        /// When it was made, where Twilio tells.
        created_at: Option<Timestamp>,
        /// What Twilio tells of it.
        resource: Resource,
    },
    /// It may be the one, and a later look-up will tell: until then it is not known what happened.
    Perhaps,
}

/// Returns an exchange that searches the list. Of several that can be the one, the first one made is taken: the later ones
/// have transactions of their own.
pub(super) fn search(lost: impl Lost + 'static) -> Box<dyn Exchange> {
    Box::new(Search { lost, pages: 0, found: None, is_open: false })
}

struct Search<L> {
    lost: L,
    pages: u8,
    found: Option<Found>,
    is_open: bool,
}

struct Found {
    created_at: Option<Timestamp>,
    resource: Resource,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    #[serde(alias = "messages", alias = "calls")]
    items: Vec<T>,
    #[serde(default, deserialize_with = "json::lenient")]
    next_page_uri: Option<String>,
}

impl<L: Lost> Exchange for Search<L> {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        self.pages = 0;
        self.found = None;
        self.is_open = false;
        let Ok(path) = account::collection_path(context.credentials, L::COLLECTION) else {
            // As Twilio would answer without an account.
            return Step::Done(Outcome::Unknown(Unknown::Unreadable { status: 401 }));
        };
        let query = self.lost.query(context.credentials).field("PageSize", PAGE_SIZE).finish();
        let query = String::from_utf8_lossy(&query);
        Step::Call(Box::new(request::get(format!("{path}.json?{query}"))))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        self.pages = self.pages.saturating_add(1);
        if !replies::is_success(reply) {
            return not_told(reply);
        }
        let Some(page) = json::read::<Page<L::Listed>>(reply) else {
            return not_told(reply);
        };
        let (earliest, latest) = (earliest(context), context.started_at.after(LONGEST_WAY));
        for listed in page.items {
            let verdict = match self.lost.judge(listed, earliest) {
                // Of the same text, and perhaps of another transaction.
                Verdict::It { created_at: Some(at), .. } if at > latest => Verdict::Perhaps,
                verdict => verdict,
            };
            self.weigh(verdict);
        }
        match page.next_page_uri.filter(|uri| !uri.is_empty()) {
            Some(uri) if self.pages < MAX_PAGES && is_page_of_list(&uri, L::COLLECTION, context) => {
                Step::Call(Box::new(request::get(uri)))
            }
            Some(_) if self.found.is_none() => not_told(reply),
            Some(_) | None => self.conclude(reply),
        }
    }
}

impl<L: Lost> Search<L> {
    fn weigh(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Another => {}
            Verdict::Perhaps => self.is_open = true,
            Verdict::It { created_at, resource } => {
                let is_first = self.found.as_ref().is_none_or(|found| {
                    let unknown_last = |at: Option<Timestamp>| (at.is_none(), at);
                    unknown_last(created_at) < unknown_last(found.created_at)
                });
                if is_first {
                    self.found = Some(Found { created_at, resource });
                }
            }
        }
    }

    fn conclude(&mut self, reply: &Reply) -> Step {
        match self.found.take() {
            Some(found) => Step::Done(Outcome::Executed(found.resource)),
            None if self.is_open => not_told(reply),
            None => Step::Done(Outcome::NotSent(NotSent::NeverArrived)),
        }
    }
}

/// Returns a moment as Twilio writes it: `Tue, 14 Nov 2023 22:13:20 +0000`.
pub(super) fn moment(text: Option<&str>) -> Option<Timestamp> {
    let moment = OffsetDateTime::parse(text?, &Rfc2822).ok()?;
    u64::try_from(moment.unix_timestamp()).ok().map(Timestamp::from_unix_seconds)
}

/// Returns the earliest moment at which it can have reached Twilio.
fn earliest(context: &Context<'_>) -> Timestamp {
    let slack_ms = u64::try_from(CLOCK_SLACK.as_millis()).unwrap_or_default();
    // Twilio tells whole seconds.
    let started_ms = context.started_at.unix_seconds().saturating_mul(1000);
    Timestamp::from_unix_ms(started_ms.saturating_sub(slack_ms))
}

/// Returns whether an address is a page of the list: nothing else is read with the tenant's credentials.
fn is_page_of_list(uri: &str, collection: &str, context: &Context<'_>) -> bool {
    let is_of_list = account::collection_path(context.credentials, collection)
        .is_ok_and(|path| uri.strip_prefix(&path).is_some_and(|rest| rest.starts_with(".json?")));
    is_of_list && uri.parse::<PathAndQuery>().is_ok()
}

fn not_told(reply: &Reply) -> Step {
    Step::Done(Outcome::Unknown(replies::unreadable(reply)))
}
