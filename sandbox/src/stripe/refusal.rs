//! Stripe's error bodies.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::exchange::Answer;

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
    /// Further members, such as `decline_code` or the whole `payment_intent`.
    more: Box<Map<String, Value>>,
    /// Whether the endpoint had begun to execute, so that the answer is stored under the idempotency key.
    pub(super) has_begun: bool,
}

impl Refusal {
    /// Returns a refusal of a parameter, before anything was executed.
    pub(super) fn parameter(code: Option<&'static str>, param: &str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            code,
            message: message.into(),
            param: Some(param.to_owned()),
            more: Box::default(),
            has_begun: false,
        }
    }

    /// Returns a refusal without a parameter to blame.
    pub(super) fn request(
        status: StatusCode,
        code: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, param: None, ..Self::parameter(code, "", message) }
    }

    /// Returns a refusal of a request that had begun to execute, by the state of what it is about.
    pub(super) fn state(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { has_begun: true, ..Self::request(StatusCode::BAD_REQUEST, code, message) }
    }

    /// Returns the answer to parameters that exclude one another.
    pub(super) fn only_one_of(names: &[&str]) -> Self {
        let message = format!("You may only specify one of these parameters: {}.", names.join(", "));
        Self::parameter(None, names.first().copied().unwrap_or_default(), message)
    }

    /// Returns the answer to a missing parameter.
    pub(super) fn missing(param: &str) -> Self {
        Self::parameter(Some("parameter_missing"), param, format!("Missing required param: {param}."))
    }

    /// Returns the answer to an unknown object: 404 for an id in the path, 400 for one in a parameter.
    pub(super) fn no_such(status: StatusCode, noun: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {noun}: '{id}'");
        Self { status, has_begun: true, ..Self::parameter(Some("resource_missing"), param, message) }
    }

    /// Returns the answer to an action that the state does not allow; it embeds the intent.
    pub(super) fn unexpected_state(message: impl Into<String>, intent: Value) -> Self {
        let mut refusal =
            Self::request(StatusCode::BAD_REQUEST, Some("payment_intent_unexpected_state"), message);
        refusal.more.insert("payment_intent".to_owned(), intent);
        refusal.has_begun = true;
        refusal
    }

    /// Returns the answer to a payment that the bank refused.
    pub(super) fn declined(last_payment_error: &Value, intent: Value) -> Self {
        let text = |name: &str| last_payment_error.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut refusal =
            Self::request(StatusCode::PAYMENT_REQUIRED, decline_code(text("code")), text("message"));
        refusal.kind = "card_error";
        refusal.has_begun = true;
        for name in ["charge", "decline_code", "payment_method"] {
            if let Some(value) = last_payment_error.get(name) {
                refusal.more.insert(name.to_owned(), value.clone());
            }
        }
        refusal.more.insert("payment_intent".to_owned(), intent);
        refusal
    }

    /// Returns a refusal by the rules of idempotency; it is never stored.
    pub(super) fn idempotency(
        status: StatusCode,
        code: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self { kind: "idempotency_error", ..Self::request(status, code, message) }
    }

    /// Returns the same refusal with more said at the end of its message.
    pub(super) fn with_addition(mut self, addition: &str) -> Self {
        self.message.push_str(addition);
        self
    }

    /// Returns the answer as it goes out.
    pub(super) fn to_answer(&self) -> Answer {
        let mut error = Map::new();
        if let Some(code) = self.code {
            error.insert("code".to_owned(), json!(code));
            let page = code.replace('_', "-");
            error.insert("doc_url".to_owned(), json!(format!("https://stripe.com/docs/error-codes/{page}")));
        }
        error.insert("message".to_owned(), json!(self.message));
        if let Some(param) = &self.param {
            error.insert("param".to_owned(), json!(param));
        }
        error.insert("type".to_owned(), json!(self.kind));
        error.extend(self.more.iter().map(|(name, value)| (name.clone(), value.clone())));
        Answer::json(self.status, &json!({"error": error}))
    }
}

fn decline_code(code: &str) -> Option<&'static str> {
    [
        "authentication_required",
        "card_declined",
        "expired_card",
        "incorrect_cvc",
        "processing_error",
        "subscription_payment_intent_requires_action",
    ]
    .into_iter()
    .find(|known| *known == code)
}
