//! What the adapters' tests share: a context that stands still, replies, and a player of exchanges.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use domain::{
    Credentials, Environment, Operation, Outcome, ProviderId, Rejection, Reply, Request, Secret, Timestamp,
    TransactionId,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Adapter, Context, Exchange, Step};

/// The provider key of every test: 32 hex characters.
pub(crate) const PROVIDER_KEY: &str = "5f1c0c526a1e4f6f9a250f6f7b1f3d10";

/// Returns credentials with these fields.
pub(crate) fn credentials(provider: &'static str, fields: &[(&'static str, &str)]) -> Credentials {
    Credentials {
        provider: ProviderId::new(provider),
        environment: Environment::Test,
        fields: fields.iter().map(|(name, value)| (*name, Secret::new(*value))).collect(),
    }
}

/// Returns a context that is the same in every test.
pub(crate) fn context(credentials: &Credentials) -> Context<'_> {
    Context {
        credentials,
        transaction: TransactionId::from_u128(11),
        provider_key: PROVIDER_KEY,
        started_at: Timestamp::from_unix_ms(1_756_455_561_000),
        replay: std::time::Duration::from_hours(24),
    }
}

/// Returns a reply with this status and body.
pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) }
}

/// Adds a header to a reply.
pub(crate) fn with_header(mut reply: Reply, name: &'static str, value: &'static str) -> Reply {
    reply.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    reply
}

/// What an exchange did with the replies it was given.
#[derive(Debug)]
pub(crate) struct Played {
    /// The calls it made, in order.
    pub(crate) requests: Vec<Request>,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

impl Played {
    /// Returns method and path of every call.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

/// Plays an exchange against replies; all of them must be asked for.
#[track_caller]
pub(crate) fn play(mut exchange: Box<dyn Exchange>, context: &Context<'_>, replies: &[Reply]) -> Played {
    let mut replies = replies.iter();
    let mut requests = Vec::new();
    let mut step = exchange.begin(context);
    loop {
        match step {
            Step::Call(request) => {
                requests.push(*request);
                let reply = replies.next().unwrap_or_else(|| panic!("no reply left for {requests:?}"));
                step = exchange.resume(context, reply);
            }
            Step::Done(outcome) => {
                assert_eq!(replies.len(), 0, "replies were left over after {requests:?}");
                return Played { requests, outcome };
            }
        }
    }
}

/// Plans an operation and plays it.
#[track_caller]
pub(crate) fn perform(
    adapter: &dyn Adapter,
    operation: &Operation,
    context: &Context<'_>,
    replies: &[Reply],
) -> Played {
    play(adapter.plan(operation).unwrap(), context, replies)
}

/// Returns the refusal with which planning ends.
#[track_caller]
pub(crate) fn refuse(adapter: &dyn Adapter, operation: &Operation) -> Rejection {
    match adapter.plan(operation) {
        Ok(_) => panic!("{operation:?} was planned"),
        Err(rejection) => rejection,
    }
}

/// Returns a body as text.
pub(crate) fn body_text(request: &Request) -> &str {
    std::str::from_utf8(&request.body).unwrap()
}

/// Returns a specification file from the folder that `PROVIDER_SPECS` names (else the one beside the workspace), or says
/// that the test is skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "a test setting; the configuration of the gateway is read elsewhere"
)]
pub(crate) fn specification(name: &str) -> Option<serde_json::Value> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let path = std::env::var("PROVIDER_SPECS").map_or(beside, PathBuf::from).join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(error) => {
            println!("skipped: {} cannot be read: {error}", path.display());
            None
        }
    }
}
