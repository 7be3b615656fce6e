//! Buying an access token with the client id and secret. Source: PayPal `api/rest/authentication`, 2026.

use std::time::Duration;

use domain::{Credentials, Effect, Rejection, Reply, Request, RetrySafety, Secret};
use serde::Deserialize;

use super::NAME;
use crate::form::{self, Form};
use crate::rejection::{self, Quote};
use crate::{Token, json, reply as replies, request};

const PATH: &str = "/v1/oauth2/token";

/// Returns the request that buys a token, `None` without a client id or secret.
pub(super) fn request(credentials: &Credentials) -> Option<Request> {
    let client_id = credentials.get("client_id")?.expose().trim();
    let client_secret = credentials.get("client_secret")?.expose().trim();
    let mut request = unauthorized();
    request.authorization = Some(request::basic(client_id, client_secret));
    Some(request)
}

/// Returns the request without authorization.
pub(super) fn unauthorized() -> Request {
    let body = Form::new().field("grant_type", "client_credentials").finish();
    let mut request =
        request::with_body(request::post(PATH.to_owned(), RetrySafety::Harmless), form::CONTENT_TYPE, body);
    // A token more or less changes nothing.
    request.effect = Effect::Read;
    request
}

#[derive(Deserialize)]
struct Grant {
    access_token: Box<str>,
    #[serde(default, deserialize_with = "json::lenient")]
    expires_in: Option<u64>,
}

/// The shape of this endpoint's refusals, unlike all others'.
#[derive(Deserialize)]
struct OauthError {
    #[serde(default, deserialize_with = "json::lenient")]
    error: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    error_description: Option<String>,
}

/// Reads the answer. The lifetime is the one that PayPal states: a token may be part-used when it is handed out.
///
/// # Errors
/// `Credentials` when PayPal refused them, `RateLimited`, or `Unavailable` when it did not tell.
pub(super) fn read(reply: &Reply) -> Result<Token, Rejection> {
    if replies::is_success(reply) {
        let grant = json::read::<Grant>(reply).filter(|grant| !grant.access_token.is_empty());
        let grant = grant.ok_or_else(|| rejection::provider_error(NAME, reply))?;
        // Without a stated lifetime it is good for the call at hand.
        let expires_in = Duration::from_secs(grant.expires_in.unwrap_or_default());
        return Ok(Token { secret: Secret::new(grant.access_token), expires_in });
    }
    let error = json::read::<OauthError>(reply);
    let code = error.as_ref().and_then(|error| error.error.as_deref());
    let message = error.as_ref().and_then(|error| error.error_description.as_deref());
    let refusal = match (reply.status, code) {
        (401, _) | (400 | 403, Some(_)) => rejection::credentials_rejected(NAME),
        (429, _) => rejection::rate_limited(NAME, reply),
        _ => rejection::provider_error(NAME, reply),
    };
    Err(rejection::quoting(refusal, Quote { code, message }))
}

/// Returns whether a reply refuses the token rather than the request.
pub(super) fn is_refused(reply: &Reply) -> bool {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "json::lenient")]
        name: Option<String>,
        #[serde(default, deserialize_with = "json::lenient")]
        error: Option<String>,
    }
    reply.status == 401
        && json::read::<Body>(reply).is_some_and(|body| {
            body.name.as_deref() == Some("AUTHENTICATION_FAILURE")
                || body.error.as_deref() == Some("invalid_token")
        })
}

#[cfg(test)]
mod tests;
