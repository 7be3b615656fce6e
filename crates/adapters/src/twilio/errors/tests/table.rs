//! The table of Twilio's refusals: every code that is documented for what the gateway asks, with what it means.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::*;

const TABLE: &str = include_str!("../../../../fixtures/twilio/errors.json");

/// The fixture file.
#[derive(Deserialize)]
struct Table {
    /// The codes that Twilio documents for what the gateway asks.
    codes: Vec<u32>,
    errors: Vec<Entry>,
}

/// A reply with an error, and what it means.
#[derive(Deserialize)]
struct Entry {
    asked: String,
    status: u16,
    body: Value,
    /// Absent, like the code, where it is open what happened.
    class: Option<String>,
    code: Option<String>,
    param: Option<String>,
    /// Whether Twilio may have done it all the same: to be looked up, and never repeated blindly.
    may_have_been_done: bool,
    /// What Twilio asks to wait, in a header.
    retry_after_seconds: Option<u64>,
}

impl Entry {
    fn asked(&self) -> Asked {
        match self.asked.as_str() {
            "send" => Asked::Send,
            "message" => Asked::Message,
            "place" => Asked::Place,
            "call" => Asked::Call,
            "account" => Asked::Account,
            other => panic!("nobody asks for {other}"),
        }
    }

    fn reply(&self) -> Reply {
        let mut reply = reply(self.status, &self.body.to_string());
        if let Some(seconds) = self.retry_after_seconds {
            reply.headers.insert(http::header::RETRY_AFTER, seconds.into());
        }
        reply
    }

    fn provider_code(&self) -> u32 {
        self.body["code"].as_u64().and_then(|code| u32::try_from(code).ok()).unwrap()
    }

    /// Checks the outcome of the reply against the entry.
    #[track_caller]
    fn check(&self) {
        let provider_code = self.provider_code();
        let refusal = match outcome(self.asked(), &self.reply()) {
            Outcome::Unknown(_) => {
                assert!(self.may_have_been_done, "{provider_code}: it is told what happened");
                assert!(self.class.is_none() && self.code.is_none(), "{provider_code}");
                return;
            }
            Outcome::Rejected(refusal) => refusal,
            other => panic!("{provider_code}: {other:?}"),
        };
        assert!(!self.may_have_been_done, "{provider_code}: {refusal:?}");
        assert_eq!(
            (Some(class_name(refusal.class)), Some(refusal.code), refusal.param),
            (self.class.as_deref(), self.code.as_deref(), self.param.as_deref()),
            "{provider_code}"
        );
        assert_eq!(refusal.provider_code, Some(provider_code.to_string()));
        assert_eq!(refusal.provider_message.as_deref(), self.body["message"].as_str());
        assert_eq!(refusal.retry_after, self.retry_after_seconds.map(Duration::from_secs), "{provider_code}");
        assert!(refusal.message.ends_with('.'), "{}", refusal.message);
    }
}

fn class_name(class: RejectionClass) -> &'static str {
    match class {
        RejectionClass::InvalidRequest => "invalid_request",
        RejectionClass::NotFound => "not_found",
        RejectionClass::Conflict => "conflict",
        RejectionClass::KeyReused => "idempotency",
        RejectionClass::Declined => "declined",
        RejectionClass::Refused => "refused",
        RejectionClass::Credentials => "credentials",
        RejectionClass::RateLimited => "rate_limited",
        RejectionClass::Unavailable => "unavailable",
    }
}

fn table() -> Table {
    serde_json::from_str(TABLE).unwrap()
}

#[test]
fn every_refusal_of_the_table_means_what_the_table_says() {
    for entry in table().errors {
        entry.check();
    }
}

#[test]
fn every_documented_code_is_in_the_table() {
    let table = table();
    let documented: BTreeSet<u32> = table.codes.iter().copied().collect();
    assert_eq!((documented.len(), table.codes.len()), (55, 55));
    let listed: BTreeSet<u32> = table.errors.iter().map(Entry::provider_code).collect();
    assert_eq!(documented, listed);
}

/// A code that falls through to what the status alone says has no word of its own.
#[test]
fn nearly_every_documented_code_has_a_word_of_its_own() {
    let table = table();
    let has_word = |code: &u32| {
        let mut entries = table.errors.iter().filter(|entry| entry.provider_code() == *code);
        entries.any(|entry| entry.may_have_been_done || entry.code.as_deref() != Some("provider_rejected"))
    };
    let with_word = table.codes.iter().filter(|code| has_word(code)).count();
    assert!(with_word * 100 >= table.codes.len() * 95, "{with_word} of {}", table.codes.len());
}
