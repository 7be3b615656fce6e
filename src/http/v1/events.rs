//! Events as the API words them: what tenants are told of beside the answers to their requests.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::error::ApiError;
use crate::http::time;
use crate::pipeline::{News, Subject};

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventBody<'a> {
    #[schema(example = "evt_01k3s0m3q4v8w2c5d6e7f8g9hb")]
    id: String,
    /// `transaction.settled` when the outcome of a transaction that was unknown is known; `transaction.needs_attention` when it is not
    /// looked up any more, and a person has to look at the provider.
    #[serde(rename = "type")]
    #[schema(example = "transaction.settled")]
    kind: &'static str,
    created_at: String,
    data: EventData<'a>,
}

/// The transaction that an event is about, as it stood then.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventData<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    transaction_id: String,
    #[schema(example = "orders.create")]
    operation: &'static str,
    /// `success`, `failed` or `unknown`.
    #[schema(example = "success")]
    status: &'static str,
    #[schema(example = "razorpay")]
    provider: &'a str,
    environment: &'static str,
    /// HTTP status of the answer that the request gets now; absent while the outcome is not known.
    #[schema(example = 201)]
    response_status: Option<u16>,
    /// The answer's body: the object, or the error. Secrets and personal data are masked.
    #[schema(value_type = Option<Object>)]
    response: Option<&'a RawValue>,
}

/// Writes an event's payload.
pub(super) fn write(news: &News<'_>) -> Bytes {
    let subject: &Subject<'_> = &news.subject;
    let body = EventBody {
        id: news.id.to_string(),
        kind: news.kind.as_str(),
        created_at: time::write(news.at),
        data: EventData {
            transaction_id: subject.transaction.to_string(),
            operation: subject.operation.as_str(),
            status: news.status.as_str(),
            provider: subject.provider,
            environment: subject.environment.as_str(),
            response_status: news.response.map(|(status, _)| status),
            // A provider's own answer may be no JSON, and is not told then.
            response: news.response.and_then(|(_, body)| serde_json::from_slice(body).ok()),
        },
    };
    match serde_json::to_vec(&body) {
        Ok(payload) => Bytes::from(payload),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an event cannot be written");
            Bytes::from(ApiError::internal().to_json())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Environment, EventId, EventKind, OperationKind, TenantId, Timestamp, TransactionId, TransactionStatus,
    };

    use super::*;

    #[test]
    fn an_event_tells_the_transaction_and_its_answer() {
        let subject = Subject {
            tenant: TenantId::from_u128(1),
            transaction: TransactionId::from_u128(2),
            operation: OperationKind::OrdersCreate,
            provider: "acme",
            environment: Environment::Test,
        };
        let news = |kind, status, response| News {
            id: EventId::from_u128(3),
            at: Timestamp::from_unix_seconds(1_735_689_600),
            kind,
            subject,
            status,
            response,
        };
        let read = |news: &News<'_>| serde_json::from_slice::<serde_json::Value>(&write(news)).unwrap();
        let answer = Bytes::from_static(br#"{"object":"order"}"#);
        let settled = news(EventKind::TransactionSettled, TransactionStatus::Success, Some((201, &answer)));
        assert_eq!(
            read(&settled),
            serde_json::json!({
                "id": EventId::from_u128(3).to_string(), "type": "transaction.settled", "created_at": "2025-01-01T00:00:00Z",
                "data": {
                    "transaction_id": TransactionId::from_u128(2).to_string(), "operation": "orders.create", "status": "success",
                    "provider": "acme", "environment": "test", "response_status": 201, "response": {"object": "order"},
                },
            })
        );
        let open = read(&news(EventKind::TransactionNeedsAttention, TransactionStatus::Unknown, None));
        assert_eq!(open["type"], "transaction.needs_attention");
        assert_eq!(
            (&open["data"]["response_status"], &open["data"]["response"]),
            (&serde_json::Value::Null, &serde_json::Value::Null)
        );
    }
}
