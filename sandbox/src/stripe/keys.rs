//! Stripe's secret keys: where they stand in a request, which are accepted, and the account that one opens.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;

use crate::{credentials, exchange::Incoming, random};

use super::refusal::Refusal;

/// Returns the key of a bearer token, or of Basic credentials with the key as user and no password.
pub(super) fn key_of(incoming: &Incoming) -> Option<String> {
    let header = incoming.header("authorization")?;
    if let Some(key) = header.strip_prefix("Bearer ") {
        return Some(key.trim().to_owned()).filter(|key| !key.is_empty());
    }
    if let Some((user, _)) = credentials::basic(header) {
        return Some(user).filter(|key| !key.is_empty());
    }
    // curl's `-u key:` has a colon; some clients leave even that out.
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    String::from_utf8(decoded).ok().filter(|key| !key.is_empty())
}

/// Returns `test` or `live` for a secret or restricted key.
pub(super) fn check_key(key: &str) -> Result<&str, Refusal> {
    let mut parts = key.splitn(3, '_');
    let (kind, mode, tail) = (parts.next(), parts.next(), parts.next());
    match (kind, mode, tail) {
        (Some("sk" | "rk"), Some(mode @ ("test" | "live")), Some(tail))
            if credentials::is_alphanumeric(tail) =>
        {
            Ok(mode)
        }
        (Some("pk"), Some("test" | "live"), Some(_)) => Err(Refusal::request(
            StatusCode::FORBIDDEN,
            Some("secret_key_required"),
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
        )),
        _ => {
            let message = format!("Invalid API Key provided: {}", masked(key));
            Err(Refusal::request(StatusCode::UNAUTHORIZED, None, message))
        }
    }
}

/// Masks the middle of a key and keeps the last four characters.
fn masked(key: &str) -> String {
    let count = key.chars().count();
    let front: String = key.chars().take(if count > 12 { 8 } else { 0 }).collect();
    let back: String = key.chars().skip(count.saturating_sub(4)).collect();
    format!("{front}***{back}")
}

/// Returns the answer to a request without a key.
pub(super) fn no_key() -> Refusal {
    Refusal::request(
        StatusCode::UNAUTHORIZED,
        None,
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    )
}

/// Returns the account that a key opens, always the same one.
pub(super) fn account_id(key: &str) -> String {
    format!("acct_1{}", random::named(key, 15))
}
