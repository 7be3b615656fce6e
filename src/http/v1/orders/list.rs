//! `GET /v1/payments/orders`: the tenant's orders, from the log, newest first.

use actix_web::{HttpRequest, HttpResponse};
use domain::ports::{OrderFilter, StoredOrder};
use domain::{Currency, Money, Scope, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::OrderBody;
use crate::http::amount::Amount;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::visit;
use crate::http::time;
use crate::http::v1::fields::{read_provider, read_query};
use crate::http::v1::metadata::stored_metadata;

const ROUTE: &str = "/v1/payments/orders";
const DEFAULT_LIMIT: u16 = 20;
const MAX_LIMIT: u16 = 100;
const STATUSES: [&str; 9] = [
    "created",
    "requires_action",
    "processing",
    "authorized",
    "succeeded",
    "partially_refunded",
    "refunded",
    "canceled",
    "failed",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    limit: Option<u16>,
    starting_after: Option<String>,
    status: Option<String>,
    provider: Option<String>,
    #[serde(rename = "created[gte]")]
    created_gte: Option<String>,
    #[serde(rename = "created[lt]")]
    created_lt: Option<String>,
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderPage<'a> {
    /// Newest first.
    data: Vec<OrderBody<'a>>,
    /// Whether there are older ones.
    has_more: bool,
    /// Give it as `starting_after` for the next page.
    next_cursor: Option<String>,
}

/// List orders from the log.
#[utoipa::path(get, path = ROUTE, tag = "Orders", security(("platform_key" = [])),
    params(("limit" = Option<u16>, Query, description = "1 to 100; 20 when absent."),
           ("starting_after" = Option<String>, Query, description = "`next_cursor` of the page before."),
           ("status" = Option<String>, Query, description = "Only orders last seen in this status."),
           ("provider" = Option<String>, Query, description = "Only this provider's."),
           ("created[gte]" = Option<String>, Query, description = "Only from this moment on (RFC 3339)."),
           ("created[lt]" = Option<String>, Query, description = "Only before this moment (RFC 3339).")),
    responses((status = 200, description = "A page of orders.", body = OrderPage<'_>),
              (status = 400, description = "A parameter is wrong.", body = ErrorBody<'_>)))]
pub(crate) async fn list(request: HttpRequest) -> HttpResponse {
    visit(&request, ROUTE, Scope::PaymentsRead, async |visit| {
        let mut filter = read_filter(read_query(&request)?, visit.principal.environment)?;
        let limit = filter.limit;
        // One more than asked for tells whether there are more.
        filter.limit = limit.saturating_add(1);
        let gateway = &visit.worker.gateway;
        // What was answered a moment ago may still be on its way to the log; one that is stopping has written what it can.
        visit.meta.in_time(gateway, gateway.log.flush()).await;
        let listing = gateway.stores.transactions.list_orders(visit.principal.tenant.tenant().id, filter);
        let found = visit.meta.in_time(gateway, listing).await.ok_or_else(ApiError::store_away)?;
        let mut orders = found.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the transaction log cannot be read");
            ApiError::store_away()
        })?;
        let has_more = orders.len() > usize::from(limit);
        orders.truncate(usize::from(limit));
        let next_cursor = orders.last().filter(|_| has_more).map(|order| order.id.to_string());
        Ok(HttpResponse::Ok().json(OrderPage {
            data: orders.iter().map(body_of).collect(),
            has_more,
            next_cursor,
        }))
    })
    .await
}

fn read_filter(query: Query, environment: domain::Environment) -> Result<OrderFilter, ApiError> {
    let wrong = |param: &'static str, message: &str| ApiError::field("invalid_field", param, message);
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(wrong("limit", "`limit` is 1 to 100."));
    }
    let moment = |param: &'static str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => {
            time::read(&text).map(Some).ok_or_else(|| wrong(param, "This is not an RFC 3339 moment."))
        }
    };
    let starting_after = match query.starting_after {
        None => None,
        Some(text) => Some(
            text.parse::<TransactionId>()
                .map_err(|_refused| wrong("starting_after", "This is not a transaction id."))?,
        ),
    };
    if query.status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(wrong("status", "This is not a status of orders."));
    }
    Ok(OrderFilter {
        environment,
        starting_after,
        status: query.status.map(String::into_boxed_str),
        provider: read_provider(query.provider.as_deref())?.map(|provider| provider.as_str().into()),
        created_from: moment("created[gte]", query.created_gte)?,
        created_before: moment("created[lt]", query.created_lt)?,
        limit,
    })
}

fn body_of(order: &StoredOrder) -> OrderBody<'_> {
    let currency = order.currency.as_deref().and_then(|code| Currency::parse(code).ok());
    let amount = order
        .amount_minor
        .zip(currency)
        .and_then(|(minor, currency)| Money::from_minor(minor, currency).ok());
    OrderBody {
        transaction_id: order.id.to_string(),
        object: "order",
        provider: order.provider.as_deref().unwrap_or_default(),
        provider_order_id: order.provider_ref.as_deref().unwrap_or_default(),
        amount: amount.map(Amount),
        currency: order.currency.as_deref().unwrap_or_default(),
        status: order.object_status.as_deref().unwrap_or("unknown"),
        created_at: time::write(order.created_at),
        environment: order.environment.as_str(),
        // The log does not follow refunds; a read of the order does.
        amount_refunded: None,
        next_action: None,
        reference: order.reference.as_deref(),
        metadata: stored_metadata(Some(order)),
        failover: None,
    }
}
