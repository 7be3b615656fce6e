//! Reading control input: every mistake is an answer that names the field.

use http::{StatusCode, header};
use serde_json::{Map, Value, json};

use crate::{
    exchange::{Answer, Incoming},
    provider::Provider,
};

/// A control call that cannot be done.
#[derive(Debug)]
pub(super) struct Wrong {
    status: StatusCode,
    code: &'static str,
    param: Option<String>,
    message: String,
    /// The `Allow` header, for a wrong method.
    allow: Option<String>,
}

impl Wrong {
    /// Returns the answer to a wrong field: 400 that names it.
    pub(super) fn field(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_field",
            param: Some(param.into()),
            message: message.into(),
            allow: None,
        }
    }

    /// Returns the answer to an unknown path or object.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "not_found", param: None, ..Self::field("", message) }
    }

    /// Returns the answer to a wrong method.
    pub(super) fn method(allowed: &str) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "method_not_allowed",
            param: None,
            allow: Some(allowed.to_owned()),
            ..Self::field("", format!("this path takes {allowed}"))
        }
    }

    /// Returns the answer as it goes out.
    pub(super) fn to_answer(&self) -> Answer {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("message".to_owned(), json!(self.message));
        if let Some(param) = &self.param {
            error.insert("param".to_owned(), json!(param));
        }
        let mut answer = Answer::json(self.status, &json!({"error": error}));
        if let Some(allow) = self.allow.as_deref().and_then(|allow| allow.parse().ok()) {
            answer.headers.insert(header::ALLOW, allow);
        }
        answer
    }
}

/// Returns the body as a JSON object; an empty body is an empty object.
pub(super) fn object(incoming: &Incoming) -> Result<Map<String, Value>, Wrong> {
    if incoming.body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&incoming.body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Wrong::field("body", "the body must be a JSON object")),
        Err(error) => Err(Wrong::field("body", format!("the body is not JSON: {error}"))),
    }
}

/// Refuses fields that nobody reads; `prefix` stands in front of their names.
pub(super) fn only(map: &Map<String, Value>, allowed: &[&str], prefix: &str) -> Result<(), Wrong> {
    match map.keys().find(|name| !allowed.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let message = format!("unknown field {prefix}{name}; there are {}", allowed.join(", "));
            Err(Wrong::field(format!("{prefix}{name}"), message))
        }
    }
}

/// Returns a text.
pub(super) fn text<'m>(map: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, Wrong> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Wrong::field(name, format!("{name} must be a text"))),
    }
}

/// Returns a whole number of at least `least`; `path` is its full name.
pub(super) fn number(
    map: &Map<String, Value>,
    name: &str,
    least: u64,
    path: &str,
) -> Result<Option<u64>, Wrong> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().filter(|number| *number >= least) {
            Some(number) => Ok(Some(number)),
            None => Err(Wrong::field(path, format!("{path} must be a whole number of at least {least}"))),
        },
    }
}

/// Returns the provider of this name.
pub(super) fn provider(name: &str) -> Result<Provider, Wrong> {
    Provider::named(name).ok_or_else(|| {
        let names = Provider::ALL.map(Provider::name).join(", ");
        Wrong::field("provider", format!("unknown provider {name}; there are {names}"))
    })
}
