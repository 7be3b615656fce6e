//! Razorpay's error bodies.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::exchange::Answer;

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    description: String,
    field: Option<String>,
    detail: Detail,
}

/// How much is said beside code and description.
#[derive(Clone, Copy, Debug)]
enum Detail {
    /// Nothing.
    Bare,
    /// `source`, `step` and `reason` are `"NA"`.
    NotApplicable,
    /// A wrong input of the merchant.
    Input,
}

impl Refusal {
    /// Returns the answer to a wrong key or secret.
    pub(super) fn unauthorized() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            description: "Authentication failed".to_owned(),
            field: None,
            detail: Detail::Bare,
        }
    }

    /// Returns the answer to a wrong path or method, or a feature that the account does not have.
    pub(super) fn url_not_found() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            description: "The requested URL was not found on the server.".to_owned(),
            field: None,
            detail: Detail::NotApplicable,
        }
    }

    /// Returns the answer to an unknown id, or another merchant's.
    pub(super) fn unknown_id() -> Self {
        Self::state("The id provided does not exist")
    }

    /// Returns the answer to an id of the wrong shape.
    pub(super) fn malformed_id(id: &str) -> Self {
        Self::state(format!("{id} is not a valid id"))
    }

    /// Returns a refusal by the state of things, with no field to blame.
    pub(super) fn state(description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            description: description.into(),
            field: None,
            detail: Detail::Input,
        }
    }

    /// Returns a refusal of one field.
    pub(super) fn field(field: &str, description: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::state(description) }
    }

    /// Returns a refusal of a field that the route does not take.
    pub(super) fn extra(field: &str) -> Self {
        Self::field(field, format!("{field} is/are not required and should not be sent"))
    }

    /// Returns the answer to an idempotency key that another request has, or had.
    pub(super) fn conflict(description: &str) -> Self {
        Self { status: StatusCode::CONFLICT, detail: Detail::NotApplicable, ..Self::state(description) }
    }

    /// Returns the answer as it goes out.
    pub(super) fn to_answer(&self) -> Answer {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!("BAD_REQUEST_ERROR"));
        error.insert("description".to_owned(), json!(self.description));
        let (source, step, reason) = match self.detail {
            Detail::Bare => return Answer::json(self.status, &json!({"error": error})),
            Detail::NotApplicable => ("NA", "NA", "NA"),
            Detail::Input => ("business", "payment_initiation", "input_validation_failed"),
        };
        error.insert("source".to_owned(), json!(source));
        error.insert("step".to_owned(), json!(step));
        error.insert("reason".to_owned(), json!(reason));
        error.insert("metadata".to_owned(), json!({}));
        if let Some(field) = &self.field {
            error.insert("field".to_owned(), Value::String(field.clone()));
        }
        Answer::json(self.status, &json!({"error": error}))
    }
}
