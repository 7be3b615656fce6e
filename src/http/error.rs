//! Errors in the caller's words: the only place that picks a status code.

mod from;
mod limits;
mod overload;

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use domain::TransactionId;
use serde::Serialize;
use utoipa::ToSchema;

use super::limits::Spent;

/// What kind of error it is; the caller's first branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ErrorType {
    /// The request is wrong and will stay so.
    InvalidRequest,
    /// Nobody known asks.
    Authentication,
    /// Whoever asks may not.
    Permission,
    /// There is no such thing.
    NotFound,
    /// It is in no state for that.
    Conflict,
    /// The idempotency key was used for something else.
    Idempotency,
    /// Too often.
    RateLimit,
    /// The provider refused.
    Provider,
    /// The provider, or the way to it, is out of order.
    ProviderUnavailable,
    /// No answer in time; the outcome is unknown until reconciled.
    Timeout,
    /// The gateway is at fault.
    Internal,
}

/// An error, ready to be answered.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    /// Boxed, so that a result with an error is no larger than one without.
    body: Box<ErrorFields>,
    retry_after: Option<Duration>,
    /// Which limit refused, for the headers.
    spent: Option<Box<Spent>>,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody<'a> {
    /// The error.
    error: &'a ErrorFields,
}

/// What an error tells.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ErrorFields {
    /// What kind of error it is.
    #[serde(rename = "type")]
    kind: ErrorType,
    /// Which error it is; the list is not closed.
    #[schema(example = "amount_too_precise")]
    code: Cow<'static, str>,
    /// A sentence for people.
    #[schema(example = "INR has 2 decimals; 500.005 has 3.")]
    message: String,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    /// Whether the same request, with the same idempotency key, may be sent again without doing the thing twice.
    retryable: bool,
    /// The transaction, where one was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// The provider that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
    /// The provider's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_code: Option<String>,
    /// The provider's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_message: Option<String>,
}

/// The code of a store that does not answer.
const STORE_AWAY: &str = "store_unavailable";
/// The code of an outcome that a person found out.
pub(super) const SETTLED_BY_HAND: &str = "settled_by_hand";

impl ApiError {
    fn new(
        kind: ErrorType,
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let retryable = matches!(kind, ErrorType::RateLimit | ErrorType::ProviderUnavailable);
        Self {
            status,
            body: Box::new(ErrorFields {
                kind,
                code: code.into(),
                message: message.into(),
                param: None,
                retryable,
                transaction_id: None,
                provider: None,
                provider_code: None,
                provider_message: None,
            }),
            retry_after: None,
            spent: None,
        }
    }

    /// The body is no JSON of the kind asked for.
    pub fn malformed_json(message: impl Into<String>) -> Self {
        Self::new(ErrorType::InvalidRequest, StatusCode::BAD_REQUEST, "malformed_json", message)
    }

    /// A field is wrong.
    pub fn field(code: &'static str, param: impl Into<String>, message: impl Into<String>) -> Self {
        let status = match code {
            "missing_field" | "unknown_field" | "invalid_field" => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut error = Self::new(ErrorType::InvalidRequest, status, code, message);
        error.body.param = Some(param.into());
        error
    }

    /// The body is too large.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("The body has more than {} KiB.", limit / 1024);
        Self::new(ErrorType::InvalidRequest, StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message)
    }

    /// Nothing answered by the deadline, and it is not known here what was done.
    pub fn no_answer() -> Self {
        let message = "There was no answer in time; what became of the request is being found out. Send it again only with its \
                       Idempotency-Key.";
        Self::new(ErrorType::Timeout, StatusCode::GATEWAY_TIMEOUT, "provider_timeout", message)
    }

    /// The body came too slowly.
    pub fn too_slow() -> Self {
        let message = "The body was not through in time; nothing was done.";
        let mut error =
            Self::new(ErrorType::InvalidRequest, StatusCode::REQUEST_TIMEOUT, "request_timeout", message);
        error.body.retryable = true;
        error
    }

    /// The body did not become whole.
    pub fn incomplete_body() -> Self {
        let message = "The body broke off, or was not through in time; nobody has a whole request, and nothing was done.";
        Self::field("invalid_field", "body", message)
    }

    /// The first request with this idempotency key was answered, and the answer is not there any more.
    pub fn answer_not_kept(status: u16) -> Self {
        let message = format!(
            "The first request with this idempotency key was answered by the provider with status {status}; its answer was too \
             large to be kept. Nothing was sent again."
        );
        Self::new(ErrorType::Conflict, StatusCode::CONFLICT, "answer_not_kept", message)
    }

    /// The body is of another type.
    pub fn unsupported_media_type() -> Self {
        let message = "Send the body as JSON, with `Content-Type: application/json`.";
        Self::new(
            ErrorType::InvalidRequest,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            message,
        )
    }

    /// There is no such object.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorType::NotFound, StatusCode::NOT_FOUND, code, message)
    }

    /// Nobody known asks.
    pub fn authentication(code: &'static str, message: &'static str) -> Self {
        Self::new(ErrorType::Authentication, StatusCode::UNAUTHORIZED, code, message)
    }

    /// Whoever asks may not.
    pub fn permission(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorType::Permission, StatusCode::FORBIDDEN, code, message)
    }

    /// The gateway is at fault.
    pub fn internal() -> Self {
        let message = "Something is wrong on our side. The request id names it.";
        Self::new(ErrorType::Internal, StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// The gateway's store is away.
    pub fn store_away() -> Self {
        let message = "The gateway cannot reach its store; nothing was done.";
        let mut error =
            Self::new(ErrorType::ProviderUnavailable, StatusCode::SERVICE_UNAVAILABLE, STORE_AWAY, message);
        error.retry_after = Some(Duration::from_secs(1));
        error
    }

    /// The store did not answer a change in time.
    pub fn store_unsure() -> Self {
        let mut error = Self::store_away();
        error.body.message =
            "The gateway's store did not answer in time: the change may have been made. Read before you send it again."
                .into();
        error.body.retryable = false;
        error.retry_after = None;
        error
    }

    /// The same error as it is told of a change: of what the store was asked, nobody knows whether it was done.
    #[must_use]
    pub fn of_change(self) -> Self {
        if self.body.code == STORE_AWAY { Self::store_unsure() } else { self }
    }

    /// Names the field at fault by its place in a larger object.
    #[must_use]
    pub fn about(mut self, param: &'static str) -> Self {
        self.body.param = Some(param.into());
        self
    }

    /// Names the transaction.
    #[must_use]
    pub fn with_transaction(mut self, transaction: TransactionId) -> Self {
        self.body.transaction_id = Some(transaction.to_string());
        self
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Returns the error's code.
    pub fn code(&self) -> &str {
        &self.body.code
    }

    /// Returns the body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&ErrorBody { error: &self.body }).unwrap_or_default()
    }

    /// Returns the response.
    pub fn response(&self) -> HttpResponse {
        let mut response =
            HttpResponse::build(self.status).content_type("application/json").body(self.to_json());
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            // Nobody waits for the rest.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    }
}

/// Returns a wait in whole seconds, rounded up: whoever waits that long does not come too early.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// Answers for every address that is no route.
pub(super) async fn route_not_found(request: HttpRequest) -> HttpResponse {
    let message = format!("There is no {} {}; see /docs.", request.method(), request.path());
    ApiError::not_found("route_not_found", message).response()
}

impl From<ApiError> for HttpResponse {
    fn from(error: ApiError) -> Self {
        error.response()
    }
}
