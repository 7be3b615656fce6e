//! `/v1/subscriptions`: create, read, cancel.

mod body;

use actix_web::{HttpRequest, HttpResponse};
use domain::{
    CancelSubscription, CancelWhen, GetSubscription, Operation, OperationKind, Scope, SubscriptionOperation,
};

pub(crate) use body::{CancelSubscriptionBody, CreateSubscriptionBody, SubscriptionBody};

use super::fields::read_provider;
use super::present::{Attached, Wording};
use super::target::{Named, Noun, find_target, read_named};
use super::{
    Asked, NounRoutes, Posted, changing, creating, read_live, read_optional_posted, read_posted, run,
};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Visit, visit};
use crate::http::json::{self, RawBody};
use crate::pipeline::Call;

const SUBSCRIPTIONS: &str = "/v1/subscriptions";
const SUBSCRIPTION: &str = "/v1/subscriptions/{id}";
const CANCEL: &str = "/v1/subscriptions/{id}/cancel";
const ROUTES: NounRoutes = NounRoutes {
    noun: Noun { created_by: OperationKind::SubscriptionsCreate, not_found: "subscription_not_found" },
    create: "POST /v1/subscriptions",
    read: "GET /v1/subscriptions/{id}",
    get: |target| {
        let provider_subscription_id = target.provider_ref.clone();
        Operation::Subscription(SubscriptionOperation::Get(GetSubscription { provider_subscription_id }))
    },
    write: body::write,
};

/// Create a subscription.
#[utoipa::path(post, path = SUBSCRIPTIONS, tag = "Subscriptions", security(("platform_key" = [])),
    request_body(content = CreateSubscriptionBody<'_>, example = json!({"plan_id": "plan_00000000000001", "total_count": 12})),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key, route and body within 24 hours: the same answer, one subscription.")),
    responses((status = 201, description = "The subscription; `next_action` says how the payer agrees.", body = SubscriptionBody<'_>),
              (status = 400, description = "The request is wrong.", body = ErrorBody<'_>),
              (status = 404, description = "`plan_not_found`", body = ErrorBody<'_>),
              (status = 422, description = "It cannot be done as asked.", body = ErrorBody<'_>),
              (status = 504, description = "The outcome is unknown; repeat with the same key, or ask for the transaction.", body = ErrorBody<'_>)))]
pub(crate) async fn create(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, SUBSCRIPTIONS, Scope::SubscriptionsWrite, async |visit| {
        let posted = read_posted(&request, raw)?;
        let asked = read_create(visit, &posted)?;
        run(visit, asked).await
    })
    .await
}

/// Reads what a body asks to be made.
pub(super) fn read_create(visit: &Visit, posted: &Posted) -> Result<(Call, Wording), ApiError> {
    let body: CreateSubscriptionBody<'_> = json::read(&posted.bytes)?;
    let provider = read_provider(body.provider.as_deref())?;
    let subscription = body.read()?;
    let attached = Attached::now(subscription.reference.as_deref(), &subscription.metadata);
    let operation = Operation::Subscription(SubscriptionOperation::Create(subscription));
    Ok(creating(visit, posted, Asked { operation, provider, attached }, &ROUTES))
}

/// Read a subscription, live from its provider.
#[utoipa::path(get, path = SUBSCRIPTION, tag = "Subscriptions", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's subscription id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The subscription.", body = SubscriptionBody<'_>),
              (status = 404, description = "`subscription_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, SUBSCRIPTION, Scope::SubscriptionsRead, async |visit| {
        read_live(visit, &request, &ROUTES).await
    })
    .await
}

/// End a subscription, now or when its present period ends.
#[utoipa::path(post, path = CANCEL, tag = "Subscriptions", security(("platform_key" = [])),
    request_body(content = Option<CancelSubscriptionBody>, example = json!({"at_period_end": true})),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's subscription id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The subscription.", body = SubscriptionBody<'_>),
              (status = 404, description = "`subscription_not_found`", body = ErrorBody<'_>),
              (status = 409, description = "It has ended already.", body = ErrorBody<'_>)))]
pub(crate) async fn cancel(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, CANCEL, Scope::SubscriptionsWrite, async |visit| {
        let named = read_named(&request)?;
        let posted = read_optional_posted(&request, raw)?;
        let asked = read_cancel(visit, named, &posted).await?;
        run(visit, asked).await
    })
    .await
}

/// Reads how a subscription that exists is to end.
pub(super) async fn read_cancel(
    visit: &Visit,
    named: Named,
    posted: &Posted,
) -> Result<(Call, Wording), ApiError> {
    let body: CancelSubscriptionBody =
        if posted.bytes.is_empty() { CancelSubscriptionBody::default() } else { json::read(&posted.bytes)? };
    let target = find_target(visit, named, &ROUTES.noun).await?;
    let when = if body.at_period_end.unwrap_or(false) { CancelWhen::AtPeriodEnd } else { CancelWhen::AtOnce };
    let provider_subscription_id = target.provider_ref.clone();
    let cancel = CancelSubscription { provider_subscription_id, when };
    let operation = Operation::Subscription(SubscriptionOperation::Cancel(cancel));
    let asked = ("POST /v1/subscriptions/{id}/cancel", operation);
    Ok(changing(visit, posted, asked, target, body::write))
}
