//! `/v1/payments/refunds`: give money back, and read what became of it.

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse};
use domain::{
    CreateRefund, Currency, GetRefund, Operation, OperationKind, ProviderId, RefundAmount, RefundOperation,
    RefundedPayment, Resource, Scope, TransactionId,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::fields::{missing, read_provider, read_reference, read_required, read_text};
use super::metadata::{MetadataBody, MetadataView};
use super::present::{Attached, Caller, Wording};
use super::target::{Named, Noun, find_target};
use super::{Asked, NounRoutes, Posted, creating, read_live, read_posted, run};
use crate::http::amount::{Amount, AmountSchema, read_amount, read_amount_number};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Visit, visit};
use crate::http::json::{self, RawBody};
use crate::http::time;
use crate::pipeline::{Call, Completion};

const REFUNDS: &str = "/v1/payments/refunds";
const REFUND: &str = "/v1/payments/refunds/{id}";
const MAX_REASON_CHARS: usize = 255;
const MAX_ID_CHARS: usize = 128;
const ORDER: Noun = Noun { created_by: OperationKind::OrdersCreate, not_found: "order_not_found" };
const ROUTES: NounRoutes = NounRoutes {
    noun: Noun { created_by: OperationKind::RefundsCreate, not_found: "refund_not_found" },
    create: "POST /v1/payments/refunds",
    read: "GET /v1/payments/refunds/{id}",
    get: |target| {
        let provider_refund_id = target.provider_ref.clone();
        Operation::Refund(RefundOperation::Get(GetRefund { provider_refund_id }))
    },
    write,
};

/// A refund to make: of an order, or of a provider's payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRefundBody<'a> {
    /// The order's transaction id (`txn_…`).
    #[serde(borrow)]
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    order_id: Option<Cow<'a, str>>,
    /// A provider's own id of the payment, with `provider`; instead of `order_id`.
    #[serde(borrow)]
    provider_payment_id: Option<Cow<'a, str>>,
    /// All that is left when absent; in the payment's currency.
    #[serde(borrow)]
    #[schema(value_type = Option<AmountSchema>, example = json!(125.00))]
    amount: Option<&'a RawValue>,
    /// Why; at most 255 characters.
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
    /// Whose payment it is; the order tells it too.
    #[serde(borrow)]
    provider: Option<Cow<'a, str>>,
    /// Your own id; at most 40 characters.
    #[serde(borrow)]
    reference: Option<Cow<'a, str>>,
    /// Your own pairs: at most 50 strings.
    #[schema(value_type = Option<Object>)]
    metadata: Option<MetadataBody>,
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9hb")]
    transaction_id: String,
    #[schema(example = "refund")]
    object: &'static str,
    #[schema(example = "razorpay")]
    provider: &'static str,
    #[schema(example = "rfnd_FP8QHiV938haTz")]
    provider_refund_id: &'a str,
    /// The order's transaction, where the refund was asked for by it.
    order_id: Option<Cow<'a, str>>,
    /// The provider's id of the payment, where the provider tells.
    provider_payment_id: Option<&'a str>,
    #[schema(value_type = AmountSchema, example = json!(125.00))]
    amount: Amount,
    #[schema(example = "INR")]
    currency: &'static str,
    /// `pending`, `succeeded`, `failed`, `canceled`.
    #[schema(example = "succeeded")]
    status: &'static str,
    created_at: String,
    environment: &'static str,
    reference: Option<&'a str>,
    #[schema(value_type = Object)]
    metadata: MetadataView<'a>,
}

/// Give money back: a part of a payment, or all that is left of it.
#[utoipa::path(post, path = REFUNDS, tag = "Refunds", security(("platform_key" = [])),
    request_body(content = CreateRefundBody<'_>, example = json!({"order_id": "txn_01k3s0m3q4v8w2c5d6e7f8g9ha", "amount": 125.00})),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key, route and body within 24 hours: the same answer, one refund.")),
    responses((status = 201, description = "The refund.", body = RefundBody<'_>),
              (status = 400, description = "The request is wrong.", body = ErrorBody<'_>),
              (status = 404, description = "`order_not_found`, `payment_not_found`", body = ErrorBody<'_>),
              (status = 409, description = "`already_refunded`, `not_paid`; `operation_in_progress`: the order is being changed, ask again.", body = ErrorBody<'_>),
              (status = 422, description = "It cannot be done as asked.", body = ErrorBody<'_>),
              (status = 504, description = "The outcome is unknown; repeat with the same key, or ask for the transaction.", body = ErrorBody<'_>)))]
pub(crate) async fn create(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, REFUNDS, Scope::PaymentsWrite, async |visit| {
        let posted = read_posted(&request, raw)?;
        let asked = read_create(visit, &posted).await?;
        run(visit, asked).await
    })
    .await
}

/// Reads what a body asks to be made.
pub(super) async fn read_create(visit: &Visit, posted: &Posted) -> Result<(Call, Wording), ApiError> {
    let body: CreateRefundBody<'_> = json::read(&posted.bytes)?;
    let payment = find_payment(visit, &body).await?;
    let reference = read_reference(body.reference.as_deref())?;
    let refund = CreateRefund {
        amount: payment.read_amount(body.amount)?,
        reason: read_text("reason", body.reason.as_deref(), MAX_REASON_CHARS)?,
        reference: reference.clone(),
        metadata: body.metadata.unwrap_or_default().read()?,
        payment: payment.payment,
    };
    let attached = Attached::Now {
        reference: reference.clone(),
        metadata: refund.metadata.clone(),
        order_id: payment.order_id,
    };
    let operation = Operation::Refund(RefundOperation::Create(refund));
    let asked = Asked { operation, provider: payment.provider, attached };
    Ok(creating(visit, posted, asked, &ROUTES))
}

/// Read a refund, live from its provider.
#[utoipa::path(get, path = REFUND, tag = "Refunds", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's refund id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The refund.", body = RefundBody<'_>),
              (status = 404, description = "`refund_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, REFUND, Scope::PaymentsRead, async |visit| read_live(visit, &request, &ROUTES).await)
        .await
}

/// The payment that a refund is of.
struct Payment {
    payment: RefundedPayment,
    provider: Option<ProviderId>,
    /// What it was paid in, where the log tells.
    currency: Option<Currency>,
    order_id: Option<Box<str>>,
}

impl Payment {
    /// Reads how much goes back: in the order's currency, which the log knows, or in the payment's, which its provider knows.
    fn read_amount(&self, amount: Option<&RawValue>) -> Result<Option<RefundAmount>, ApiError> {
        match (amount, self.currency) {
            (None, _) => Ok(None),
            (Some(amount), Some(currency)) => {
                read_amount(amount, currency).map(RefundAmount::Money).map(Some)
            }
            (Some(amount), None) => read_amount_number(amount).map(RefundAmount::Number).map(Some),
        }
    }
}

async fn find_payment(visit: &Visit, body: &CreateRefundBody<'_>) -> Result<Payment, ApiError> {
    match (body.order_id.as_deref(), body.provider_payment_id.as_deref()) {
        (Some(order), None) => find_order(visit, order, body.provider.as_deref()).await,
        (None, Some(payment)) => {
            let provider = read_provider(body.provider.as_deref())?.ok_or_else(|| missing("provider"))?;
            let provider_payment_id = read_required("provider_payment_id", payment, MAX_ID_CHARS)?;
            Ok(Payment {
                payment: RefundedPayment::Payment { provider_payment_id },
                provider: Some(provider),
                currency: None,
                order_id: None,
            })
        }
        (Some(_), Some(_)) => Err(ApiError::field(
            "invalid_field",
            "provider_payment_id",
            "Give `order_id` or `provider_payment_id`, not both.",
        )),
        (None, None) => Err(missing("order_id")),
    }
}

async fn find_order(visit: &Visit, order_id: &str, provider: Option<&str>) -> Result<Payment, ApiError> {
    if order_id.parse::<TransactionId>().is_err() {
        let message = "`order_id` is an order's transaction id (`txn_…`). \
                       For a payment of a provider give `provider_payment_id` and `provider`.";
        return Err(ApiError::field("invalid_field", "order_id", message));
    }
    let named = Named { id: order_id.into(), provider: provider.map(str::to_owned) };
    let target = find_target(visit, named, &ORDER).await?;
    let currency = target.created.as_ref().and_then(|order| order.currency.as_deref());
    Ok(Payment {
        payment: RefundedPayment::OfOrder { provider_order_id: target.provider_ref },
        provider: target.provider,
        currency: currency.and_then(|code| Currency::parse(code).ok()),
        order_id: Some(target.id),
    })
}

/// Writes a refund.
fn write(
    completion: &Completion<'_>,
    resource: &Resource,
    caller: Caller<'_>,
) -> Option<serde_json::Result<Vec<u8>>> {
    let Resource::Refund(refund) = resource else { return None };
    Some(serde_json::to_vec(&RefundBody {
        transaction_id: completion.subject.to_string(),
        object: "refund",
        provider: completion.provider.as_str(),
        provider_refund_id: &refund.provider_refund_id,
        order_id: caller.order_id,
        provider_payment_id: refund.provider_payment_id.as_deref(),
        amount: Amount(refund.amount),
        currency: refund.amount.currency().code(),
        status: refund.status.as_str(),
        created_at: time::write(completion.created_at),
        environment: completion.environment.as_str(),
        reference: caller.reference,
        metadata: caller.metadata,
    }))
}
