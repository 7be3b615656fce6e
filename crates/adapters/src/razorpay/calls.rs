//! What all calls to Razorpay share: JSON out, and an object or a refusal back.

use bytes::Bytes;
use domain::{Effect, Outcome, Reply, Request, Resource, RetrySafety};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{NAME, errors};
use crate::rejection::Missing;
use crate::{json, reply as replies, request};

/// Returns a POST with a JSON body that changes something.
pub(super) fn write(path: String, retry: RetrySafety, body: &impl Serialize) -> Request {
    // Bodies are numbers, texts and lists of them: there is nothing in one that JSON cannot say.
    let bytes = serde_json::to_vec(body).map(Bytes::from).unwrap_or_default();
    request::with_body(request::post(path, retry), json::CONTENT_TYPE, bytes)
}

/// Returns what a reply tells of an object; `missing` is what an id that does not exist was meant to name. A success that
/// cannot be read leaves a write unknown.
pub(super) fn answer<T: DeserializeOwned>(
    reply: &Reply,
    effect: Effect,
    missing: Missing,
    tell: impl FnOnce(T) -> Option<Resource>,
) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(effect, missing, reply);
    }
    match json::read::<T>(reply).and_then(tell) {
        Some(resource) => Outcome::Executed(resource),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns that a look-up got no answer: what was unknown stays so.
pub(super) const fn not_told(reply: &Reply) -> Outcome {
    Outcome::Unknown(replies::unreadable(reply))
}
