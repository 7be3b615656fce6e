//! `/v1/payments/orders`: create, read, list, capture, cancel.

mod body;
pub(crate) mod list;

use actix_web::{HttpRequest, HttpResponse};
use domain::{
    CancelOrder, CaptureOrder, Currency, GetOrder, Operation, OperationKind, OrderOperation, Scope,
};
use serde_json::value::RawValue;

pub(crate) use body::{CaptureOrderBody, CreateOrderBody, OrderBody};

use super::fields::read_provider;
use super::present::{Attached, Wording};
use super::target::{Named, Noun, find_target, read_named};
use super::{
    Asked, NounRoutes, Posted, changing, creating, read_live, read_optional_posted, read_posted, run,
};
use crate::http::amount::read_amount;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Visit, visit};
use crate::http::json::{self, RawBody};
use crate::pipeline::Call;

const ORDERS: &str = "/v1/payments/orders";
const ORDER: &str = "/v1/payments/orders/{id}";
const CAPTURE: &str = "/v1/payments/orders/{id}/capture";
const CANCEL: &str = "/v1/payments/orders/{id}/cancel";
const ROUTES: NounRoutes = NounRoutes {
    noun: Noun { created_by: OperationKind::OrdersCreate, not_found: "order_not_found" },
    create: "POST /v1/payments/orders",
    read: "GET /v1/payments/orders/{id}",
    get: |target| {
        let provider_order_id = target.provider_ref.clone();
        Operation::Order(OrderOperation::Get(GetOrder { provider_order_id, created_by: target.subject }))
    },
    write: body::write,
};

/// Create an order.
#[utoipa::path(post, path = ORDERS, tag = "Orders", security(("platform_key" = [])),
    request_body(content = CreateOrderBody<'_>, example = json!({"amount": 500.00, "currency": "INR"})),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key, route and body within 24 hours: the same answer, one order.")),
    responses((status = 201, description = "The order.", body = OrderBody<'_>),
              (status = 400, description = "The request is wrong.", body = ErrorBody<'_>),
              (status = 401, description = "The platform key opens nothing.", body = ErrorBody<'_>),
              (status = 402, description = "The provider declined.", body = ErrorBody<'_>),
              (status = 422, description = "It cannot be done as asked.", body = ErrorBody<'_>),
              (status = 429, description = "Too often.", body = ErrorBody<'_>),
              (status = 502, description = "The provider is out of order.", body = ErrorBody<'_>),
              (status = 504, description = "The outcome is unknown; repeat with the same key, or ask for the transaction.", body = ErrorBody<'_>)))]
pub(crate) async fn create(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, ORDERS, Scope::PaymentsWrite, async |visit| {
        let posted = read_posted(&request, raw)?;
        let asked = read_create(visit, &posted)?;
        run(visit, asked).await
    })
    .await
}

/// Reads what a body asks to be made.
pub(super) fn read_create(visit: &Visit, posted: &Posted) -> Result<(Call, Wording), ApiError> {
    let body: CreateOrderBody<'_> = json::read(&posted.bytes)?;
    let provider = read_provider(body.provider.as_deref())?;
    let order = body.read()?;
    let attached = Attached::now(order.reference.as_deref(), &order.metadata);
    let operation = Operation::Order(OrderOperation::Create(order));
    Ok(creating(visit, posted, Asked { operation, provider, attached }, &ROUTES))
}

/// Read an order, live from its provider.
#[utoipa::path(get, path = ORDER, tag = "Orders", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's order id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The order.", body = OrderBody<'_>),
              (status = 404, description = "`order_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, ORDER, Scope::PaymentsRead, async |visit| read_live(visit, &request, &ROUTES).await).await
}

/// Take the money of an authorised or approved order.
#[utoipa::path(post, path = CAPTURE, tag = "Orders", security(("platform_key" = [])),
    request_body(content = Option<CaptureOrderBody<'_>>, example = json!({"amount": 250.00})),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's order id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The order.", body = OrderBody<'_>),
              (status = 404, description = "`order_not_found`", body = ErrorBody<'_>),
              (status = 409, description = "The order is in no state for it; `operation_in_progress`: it is being changed, ask again.", body = ErrorBody<'_>)))]
pub(crate) async fn capture(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, CAPTURE, Scope::PaymentsWrite, async |visit| {
        change(visit, &request, raw, Change::Capture).await
    })
    .await
}

/// Give an order up, where the provider can.
#[utoipa::path(post, path = CANCEL, tag = "Orders", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's order id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The order.", body = OrderBody<'_>),
              (status = 404, description = "`order_not_found`", body = ErrorBody<'_>),
              (status = 409, description = "The order is in no state for it; `operation_in_progress`: it is being changed, ask again.", body = ErrorBody<'_>),
              (status = 422, description = "`operation_not_supported`", body = ErrorBody<'_>)))]
pub(crate) async fn cancel(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, CANCEL, Scope::PaymentsWrite, async |visit| {
        change(visit, &request, raw, Change::Cancel).await
    })
    .await
}

/// What may be done to an order.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Capture,
    Cancel,
}

impl Change {
    const fn endpoint(self) -> &'static str {
        match self {
            Self::Capture => "POST /v1/payments/orders/{id}/capture",
            Self::Cancel => "POST /v1/payments/orders/{id}/cancel",
        }
    }
}

/// Changes an order that exists.
async fn change(
    visit: &mut Visit,
    request: &HttpRequest,
    raw: RawBody,
    change: Change,
) -> Result<HttpResponse, ApiError> {
    let named = read_named(request)?;
    let posted = read_optional_posted(request, raw)?;
    let asked = read_change(visit, named, &posted, change).await?;
    run(visit, asked).await
}

/// Reads what is to be done to an order that exists.
pub(super) async fn read_change(
    visit: &Visit,
    named: Named,
    posted: &Posted,
    change: Change,
) -> Result<(Call, Wording), ApiError> {
    let body: CaptureOrderBody<'_> =
        if posted.bytes.is_empty() { CaptureOrderBody::default() } else { json::read(&posted.bytes)? };
    if let (Change::Cancel, Some(_)) = (change, body.amount) {
        return Err(ApiError::field("unknown_field", "amount", "`amount` is not a field of this request."));
    }
    let target = find_target(visit, named, &ROUTES.noun).await?;
    let provider_order_id = target.provider_ref.clone();
    let operation = match change {
        Change::Cancel => OrderOperation::Cancel(CancelOrder { provider_order_id }),
        Change::Capture => {
            let currency = target.created.as_ref().and_then(|order| order.currency.as_deref());
            let amount = read_capture_amount(body.amount, currency)?;
            OrderOperation::Capture(CaptureOrder { provider_order_id, amount })
        }
    };
    Ok(changing(visit, posted, (change.endpoint(), Operation::Order(operation)), target, body::write))
}

/// Reads the amount of a capture in the order's own currency, which only the log knows.
fn read_capture_amount(
    amount: Option<&RawValue>,
    currency: Option<&str>,
) -> Result<Option<domain::Money>, ApiError> {
    let Some(amount) = amount else { return Ok(None) };
    let currency = currency.and_then(|code| Currency::parse(code).ok()).ok_or_else(|| {
        ApiError::field(
            "invalid_field",
            "amount",
            "An amount needs an order that was created here: give its transaction id.",
        )
    })?;
    read_amount(amount, currency).map(Some)
}
