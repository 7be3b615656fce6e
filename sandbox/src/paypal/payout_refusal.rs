//! Error bodies of the payouts API: names of their own, details in plain words, and a `link` (singular) to an earlier batch.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::exchange::Answer;

/// Where the payouts API sends a developer.
pub(super) const INFORMATION: &str = "https://developer.paypal.com/docs/api/payments.payouts-batch/#errors";

/// A name with its status and text.
type Name = (&'static str, u16, &'static str);

const VALIDATION: Name = ("VALIDATION_ERROR", 400, "Invalid request - see details.");
const BUSINESS: Name = ("USER_BUSINESS_ERROR", 400, "User business error.");
const ITEM_STATUS: Name = ("ITEM_INCORRECT_STATUS", 400, "The item is not in a status that allows this.");
const ITEM_CANCELED: Name = ("ITEM_ALREADY_CANCELLED", 400, "The item has already been canceled.");
const UNKNOWN: Name = ("RESOURCE_NOT_FOUND", 404, "The specified resource does not exist.");

/// Every name. The statuses of the account's troubles are what users report; the specification lists 400, 403 and 500 only.
const NAMES: [Name; 14] = [
    VALIDATION,
    BUSINESS,
    ITEM_STATUS,
    ITEM_CANCELED,
    UNKNOWN,
    ("NON_HOLDING_CURRENCY", 400, "The sender holds no balance in this currency."),
    ("AUTHORIZATION_ERROR", 403, "Authorization error occurred."),
    ("REQUIRED_SCOPE_MISSING", 403, "The access token does not have the required scope."),
    ("INSUFFICIENT_FUNDS", 422, "Sender does not have sufficient funds. Please add funds and retry."),
    ("SENDER_EMAIL_UNCONFIRMED", 422, "The sender's email address is not confirmed."),
    ("SENDER_RESTRICTED", 422, "The sender's account is restricted."),
    ("SENDER_LOCKED", 422, "The sender's account is locked."),
    ("CLOSED_MARKET", 422, "The market is closed."),
    ("INTERNAL_ERROR", 500, "An internal server error has occurred."),
];

/// A refusal in the words of the payouts API.
#[derive(Debug)]
pub(super) struct PayoutRefusal {
    status: u16,
    name: &'static str,
    message: &'static str,
    details: Vec<Value>,
}

impl PayoutRefusal {
    /// Returns the refusal of this name; none where the API has no such name.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.into_iter().find(|(known, ..)| *known == name).map(Self::of)
    }

    /// Returns the refusal of a request that the scan of its fields finds wrong.
    pub(super) fn field(field: &str, issue: &str) -> Self {
        let detail = json!({"field": field, "location": "body", "issue": issue});
        Self { details: vec![detail], ..Self::of(VALIDATION) }
    }

    /// Returns the refusal of a batch or an item that does not exist.
    pub(super) fn unknown(field: &str, id: &str) -> Self {
        let detail = json!({
            "field": field, "value": id, "location": "path",
            "issue": "Requested resource ID was not found.",
        });
        Self { details: vec![detail], ..Self::of(UNKNOWN) }
    }

    /// Returns the refusal of a `sender_batch_id` that made the batch at this address.
    pub(super) fn duplicate(batch_url: &str) -> Self {
        let detail = json!({
            "field": "SENDER_BATCH_ID", "location": "body",
            "issue": "Batch with given sender_batch_id already exists",
            "link": [{"href": batch_url, "rel": "self", "method": "GET", "encType": "application/json"}],
        });
        Self { details: vec![detail], ..Self::of(BUSINESS) }
    }

    /// Returns the refusal to cancel an item that is not unclaimed.
    pub(super) fn status_of_item(is_returned: bool) -> Self {
        Self::of(if is_returned { ITEM_CANCELED } else { ITEM_STATUS })
    }

    /// Returns the answer as it goes out.
    pub(super) fn to_answer(&self, debug_id: &str) -> Answer {
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(self.name));
        body.insert("message".to_owned(), json!(self.message));
        body.insert("debug_id".to_owned(), json!(debug_id));
        body.insert("information_link".to_owned(), json!(INFORMATION));
        if !self.details.is_empty() {
            body.insert("details".to_owned(), json!(self.details));
        }
        body.insert("links".to_owned(), json!([]));
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Answer::json(status, &Value::Object(body))
    }

    fn of((name, status, message): Name) -> Self {
        Self { status, name, message, details: Vec::new() }
    }
}
