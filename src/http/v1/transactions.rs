//! `GET /v1/transactions/{id}`: what the log has of one transaction.

use actix_web::{HttpRequest, HttpResponse};
use domain::ports::StoredTransaction;
use domain::{Currency, Money, Scope, TransactionId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::target::{find_logged, path_id};
use crate::http::amount::{Amount, AmountSchema};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::visit;
use crate::http::time;

const ROUTE: &str = "/v1/transactions/{id}";

/// A logged transaction.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    transaction_id: String,
    #[schema(example = "transaction")]
    object: &'static str,
    /// What was asked for.
    #[schema(example = "orders.create")]
    operation: &'static str,
    /// Method and route.
    #[schema(example = "POST /v1/payments/orders")]
    endpoint: Option<&'a str>,
    provider: Option<&'a str>,
    /// The provider's id of the object.
    provider_ref: Option<&'a str>,
    /// The transaction that created the object that this one reads or changes.
    subject: Option<String>,
    environment: &'static str,
    /// `success`, `failed` or `unknown`.
    status: &'a str,
    /// The object's own status.
    object_status: Option<&'a str>,
    /// The same in the provider's own word, as this transaction's answer had it.
    provider_status: Option<&'a str>,
    /// HTTP status of the answer; absent while the outcome is not known.
    response_status: Option<u16>,
    error_code: Option<&'a str>,
    #[schema(value_type = Option<AmountSchema>)]
    amount: Option<Amount>,
    currency: Option<&'a str>,
    reference: Option<&'a str>,
    /// The request's body; secrets and personal data are masked.
    #[schema(value_type = Option<Object>)]
    request: Option<Box<RawValue>>,
    /// The answer's body; secrets and personal data are masked.
    #[schema(value_type = Option<Object>)]
    response: Option<&'a RawValue>,
    /// Milliseconds.
    #[schema(value_type = AmountSchema)]
    duration_ms: Option<Box<RawValue>>,
    /// The provider's share of it, in milliseconds.
    #[schema(value_type = AmountSchema)]
    provider_ms: Option<Box<RawValue>>,
    /// Requests that went to providers, or were tried.
    attempt_count: u16,
    /// The first 64 of them, in order.
    attempts: Vec<AttemptBody<'a>>,
    request_id: Option<&'a str>,
    created_at: String,
}

/// One request to a provider.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AttemptBody<'a> {
    #[schema(example = "razorpay")]
    provider: &'a str,
    /// `read`, `prepare` (it makes something that does nothing by itself) or `write`.
    #[schema(example = "write")]
    effect: &'a str,
    /// What this request alone tells: `executed`, `rejected`, `not_sent` or `unknown`.
    #[schema(example = "not_sent")]
    outcome: &'a str,
    /// HTTP status of a whole answer.
    status: Option<u16>,
    /// Why there is no whole answer: `no_connection`, `no_tls`, `no_time`, `malformed_request`, `request_incomplete`,
    /// `timed_out`, `disconnected` or `unreadable`.
    #[schema(example = "no_connection")]
    failure: Option<&'a str>,
    /// How long the gateway waited before it, in milliseconds.
    #[serde(borrow)]
    #[schema(value_type = AmountSchema)]
    waited_ms: &'a RawValue,
    /// Milliseconds.
    #[serde(borrow)]
    #[schema(value_type = AmountSchema)]
    duration_ms: &'a RawValue,
}

/// Read a transaction from the log.
#[utoipa::path(get, path = ROUTE, tag = "Transactions", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`).")),
    responses((status = 200, description = "The transaction.", body = TransactionBody<'_>),
              (status = 404, description = "`transaction_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, ROUTE, Scope::TransactionsRead, async |visit| {
        let missing = || ApiError::not_found("transaction_not_found", "There is no such transaction.");
        let id: TransactionId = path_id(&request).parse().map_err(|_refused| missing())?;
        let logged = find_logged(visit, id).await?.ok_or_else(missing)?;
        Ok(HttpResponse::Ok().json(body_of(&logged)))
    })
    .await
}

fn body_of(logged: &StoredTransaction) -> TransactionBody<'_> {
    let currency = logged.currency.as_deref().and_then(|code| Currency::parse(code).ok());
    let money = |(minor, currency)| Money::from_minor(minor, currency).ok().map(Amount);
    TransactionBody {
        transaction_id: logged.id.to_string(),
        object: "transaction",
        operation: logged.operation.as_str(),
        endpoint: told(&logged.endpoint),
        provider: logged.provider.as_deref(),
        provider_ref: logged.provider_ref.as_deref(),
        subject: logged.subject.map(|subject| subject.to_string()),
        environment: logged.environment.as_str(),
        status: &logged.status,
        object_status: logged.object_status.as_deref(),
        provider_status: logged.provider_status.as_deref(),
        response_status: (logged.response_status != 0).then_some(logged.response_status),
        error_code: logged.error_code.as_deref(),
        amount: logged.amount_minor.zip(currency).and_then(money),
        currency: logged.currency.as_deref(),
        reference: logged.reference.as_deref(),
        // Masked once more: a call that is not logged yet comes from the ledger, as it was asked for.
        request: serde_json::from_slice(&telemetry::redact_json(&logged.request_payload, &[])).ok(),
        response: serde_json::from_slice(&logged.response_payload).ok(),
        duration_ms: millis(logged.duration_us),
        provider_ms: millis(logged.provider_duration_us),
        attempt_count: logged.attempts,
        // What cannot be read explains nothing, and is no reason to say nothing.
        attempts: serde_json::from_slice(&logged.attempt_lines).unwrap_or_default(),
        request_id: told(&logged.request_id),
        created_at: time::write(logged.created_at),
    }
}

/// Returns a text where there is one.
fn told(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Writes microseconds as milliseconds, digits only: no float is needed for that.
fn millis(micros: u64) -> Option<Box<RawValue>> {
    RawValue::from_string(crate::http::observe::millis(std::time::Duration::from_micros(micros))).ok()
}
