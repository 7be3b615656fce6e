//! PayPal's error bodies.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::exchange::Answer;

use super::{api::Api, issues::Issues, payout_refusal::PayoutRefusal};

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: Reason,
    field: Option<Box<str>>,
    value: Option<Box<str>>,
    location: Option<&'static str>,
    description: Option<Box<str>>,
    /// Where the payer's browser can mend it.
    payer_url: Option<Box<str>>,
}

#[derive(Debug)]
enum Reason {
    /// An issue of the specification, which decides status and name.
    Issue(String),
    /// A name without issues.
    Plain(StatusCode),
    /// What the payouts API says in words of its own.
    Payout(Box<PayoutRefusal>),
}

impl From<PayoutRefusal> for Refusal {
    fn from(refusal: PayoutRefusal) -> Self {
        Self::new(Reason::Payout(Box::new(refusal)))
    }
}

impl Refusal {
    /// Returns the refusal of this issue.
    pub(super) fn issue(name: impl Into<String>) -> Self {
        Self::new(Reason::Issue(name.into()))
    }

    /// Returns the refusal of an unknown or expired token.
    pub(super) fn authentication() -> Self {
        Self::new(Reason::Plain(StatusCode::UNAUTHORIZED))
    }

    /// Returns the refusal of a body that is not JSON by its content type.
    pub(super) fn media_type() -> Self {
        Self::new(Reason::Plain(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }

    /// Returns the refusal of a name that stands without issues, such as `INTERNAL_SERVER_ERROR`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let status = [401, 415, 429, 500, 503]
            .into_iter()
            .filter_map(|code| StatusCode::from_u16(code).ok())
            .find(|status| name_and_message(*status).0 == name)?;
        Some(Self::new(Reason::Plain(status)))
    }

    /// Names the field of the body, as a JSON pointer.
    #[must_use]
    pub(super) fn at(mut self, field: impl Into<Box<str>>) -> Self {
        self.field = Some(field.into());
        self.location = Some("body");
        self
    }

    /// Names the header.
    #[must_use]
    pub(super) fn at_header(mut self, name: &str) -> Self {
        self.field = Some(name.into());
        self.location = Some("header");
        self
    }

    /// Names the field of the query.
    #[must_use]
    pub(super) fn at_query(mut self, name: &str, value: &str) -> Self {
        self.field = Some(name.into());
        self.value = Some(value.into());
        self.location = Some("query");
        self
    }

    /// Names the id in the path.
    #[must_use]
    pub(super) fn at_path(mut self, name: &str, value: &str) -> Self {
        self.field = Some(name.into());
        self.value = Some(value.into());
        self.location = Some("path");
        self
    }

    /// Shows the value.
    #[must_use]
    pub(super) fn with_value(mut self, value: &str) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Says it in other words than the table.
    #[must_use]
    pub(super) fn saying(mut self, description: &str) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sends the payer back to this page.
    #[must_use]
    pub(super) fn with_payer_url(mut self, url: &str) -> Self {
        self.payer_url = Some(url.into());
        self
    }

    /// Returns the answer as it goes out.
    pub(super) fn to_answer(&self, issues: &Issues, api: Api, debug_id: &str) -> Answer {
        let (status, issue) = match &self.reason {
            Reason::Payout(refusal) => return refusal.to_answer(debug_id),
            Reason::Plain(status) => (*status, None),
            Reason::Issue(name) => {
                let status =
                    issues.of(name, api).map_or(StatusCode::UNPROCESSABLE_ENTITY, |(status, _)| status);
                (status, Some(name.as_str()))
            }
        };
        let (name, message) = name_and_message(status);
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(name));
        body.insert("message".to_owned(), json!(message));
        body.insert("debug_id".to_owned(), json!(debug_id));
        let mut links = Vec::new();
        if let Some(issue) = issue {
            let listed = issues.of(issue, api).map(|(_, text)| text).unwrap_or_default();
            body.insert("details".to_owned(), json!([self.detail(issue, listed)]));
            let page = format!("{}#error-{issue}", api.page());
            links.push(json!({"href": page, "rel": "information_link", "method": "GET"}));
        }
        if let Some(url) = &self.payer_url {
            links.push(json!({"href": url, "rel": "redirect", "method": "GET"}));
        }
        body.insert("links".to_owned(), Value::Array(links));
        Answer::json(status, &Value::Object(body))
    }

    fn detail(&self, issue: &str, listed: &str) -> Value {
        let mut detail = Map::new();
        if let Some(field) = &self.field {
            detail.insert("field".to_owned(), json!(field));
        }
        if let Some(value) = &self.value {
            detail.insert("value".to_owned(), json!(value));
        }
        if let Some(location) = self.location {
            detail.insert("location".to_owned(), json!(location));
        }
        detail.insert("issue".to_owned(), json!(issue));
        detail.insert("description".to_owned(), json!(self.description.as_deref().unwrap_or(listed)));
        Value::Object(detail)
    }

    fn new(reason: Reason) -> Self {
        Self { reason, field: None, value: None, location: None, description: None, payer_url: None }
    }
}

fn name_and_message(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => {
            ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema.")
        }
        401 => (
            "AUTHENTICATION_FAILURE",
            "Authentication failed due to missing authorization header, or invalid authentication credentials.",
        ),
        403 => ("NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."),
        404 => ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
        409 => ("RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."),
        415 => ("UNSUPPORTED_MEDIA_TYPE", "The server does not support the request payload's media type."),
        429 => ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
        500 => ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
        503 => ("SERVICE_UNAVAILABLE", "Service Unavailable."),
        _ => (
            "UNPROCESSABLE_ENTITY",
            "The requested action could not be performed, semantically incorrect, or failed business validation.",
        ),
    }
}
