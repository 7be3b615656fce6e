//! PayPal's token endpoint, and the tokens it gave out.

use std::collections::HashMap;

use http::{Method, StatusCode};
use serde_json::json;

use crate::{
    clock, credentials,
    desk::Desk,
    exchange::{Answer, Incoming},
};

use super::Merchant;

/// The operation's name.
pub(super) const OPERATION: &str = "token.create";
/// So many tokens are kept before the expired ones are dropped.
const TOKENS_BEFORE_SWEEP: usize = 20_000;
/// What an app with every feature may do.
const SCOPE: &str = "https://uri.paypal.com/services/payments/payment https://uri.paypal.com/services/payments/refund \
https://uri.paypal.com/services/payments/payment/authcapture https://uri.paypal.com/services/payments/realtimepayment \
https://uri.paypal.com/services/subscriptions https://uri.paypal.com/payments/payouts \
https://uri.paypal.com/services/invoicing https://uri.paypal.com/services/invoicing/invoices/readwrite \
https://uri.paypal.com/services/applications/webhooks openid";

/// The tokens given out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    by_text: HashMap<String, Token>,
}

#[derive(Debug)]
struct Token {
    client_id: String,
    expires_at: i64,
}

impl Tokens {
    /// Returns the client id of the request's bearer token, if it lives past the given time.
    pub(super) fn owner(&self, incoming: &Incoming, now: i64) -> Option<&str> {
        let text = incoming.header("authorization")?.strip_prefix("Bearer ")?.trim();
        let token = self.by_text.get(text)?;
        (token.expires_at > now).then_some(token.client_id.as_str())
    }

    fn keep(&mut self, text: String, token: Token, now: i64) {
        if self.by_text.len() >= TOKENS_BEFORE_SWEEP {
            self.by_text.retain(|_, token| token.expires_at > now);
        }
        self.by_text.insert(text, token);
    }
}

/// Tells whether the request is for a token.
pub(super) fn is_token_request(incoming: &Incoming) -> bool {
    incoming.method == Method::POST && incoming.path == "/v1/oauth2/token"
}

/// Answers a request for a token.
pub(super) fn answer(
    tokens: &mut Tokens,
    merchants: &mut HashMap<String, Merchant>,
    desk: &mut Desk,
    incoming: &Incoming,
) -> Answer {
    let Some(client_id) = client_of(merchants, incoming) else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", "Client Authentication failed");
    };
    let pairs = incoming.form_pairs();
    match pairs.iter().find(|(name, _)| name == "grant_type").map(|(_, value)| value.as_str()) {
        Some("client_credentials") => {}
        Some(_) => {
            return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Grant Type is unsupported");
        }
        None => {
            return refusal(StatusCode::BAD_REQUEST, "invalid_request", "grant_type is a required parameter");
        }
    }
    let now = desk.now();
    let lifetime = desk.settings.token_lifetime_seconds;
    let text = format!("A21AA{}", desk.random.base62(92));
    let expires_at = now.saturating_add(i64::try_from(lifetime).unwrap_or(i64::MAX));
    tokens.keep(text.clone(), Token { client_id, expires_at }, now);
    let nonce = format!("{}{}", clock::rfc3339(now), desk.random.base62(43));
    Answer::json(
        StatusCode::OK,
        &json!({
            "scope": SCOPE,
            "access_token": text,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": lifetime,
            "nonce": nonce,
        }),
    )
}

/// Returns the client id when its secret is the first one seen with it.
fn client_of(merchants: &mut HashMap<String, Merchant>, incoming: &Incoming) -> Option<String> {
    let (client_id, secret) = incoming.header("authorization").and_then(credentials::basic)?;
    if !is_client_id(&client_id) || secret.is_empty() {
        return None;
    }
    let merchant = merchants.entry(client_id.clone()).or_insert_with(|| Merchant {
        client_id: client_id.clone(),
        secret: secret.clone(),
        ..Merchant::default()
    });
    (merchant.secret == secret).then_some(client_id)
}

/// `sb` and `test` work in the browser library only; a real id is about 80 characters, which is not promised.
fn is_client_id(text: &str) -> bool {
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    !text.is_empty() && is_word && !["sb", "test"].contains(&text)
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({"error": error, "error_description": description}))
}
