//! `/v1/payment-links`: an address on which a payer pays an amount.

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse};
use domain::{
    CreatePaymentLink, GetPaymentLink, Operation, OperationKind, PaymentLinkOperation, Resource, Scope,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::customer::{CustomerBody, read_customer};
use super::fields::{read_future, read_provider, read_reference, read_required, read_url};
use super::metadata::{MetadataBody, MetadataView};
use super::present::{Attached, Caller, FailoverBody, Wording};
use super::target::Noun;
use super::{Asked, NounRoutes, Posted, creating, read_live, read_posted, run};
use crate::http::amount::{Amount, AmountSchema, read_amount, read_currency};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Visit, visit};
use crate::http::json::{self, RawBody};
use crate::http::time;
use crate::pipeline::{Call, Completion};

const LINKS: &str = "/v1/payment-links";
const LINK: &str = "/v1/payment-links/{id}";
const MAX_DESCRIPTION_CHARS: usize = 255;
const ROUTES: NounRoutes = NounRoutes {
    noun: Noun { created_by: OperationKind::PaymentLinksCreate, not_found: "payment_link_not_found" },
    create: "POST /v1/payment-links",
    read: "GET /v1/payment-links/{id}",
    get: |target| {
        let provider_link_id = target.provider_ref.clone();
        Operation::PaymentLink(PaymentLinkOperation::Get(GetPaymentLink { provider_link_id }))
    },
    write,
};

/// A payment link to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePaymentLinkBody<'a> {
    #[serde(borrow)]
    #[schema(value_type = AmountSchema, example = json!(500.00))]
    amount: &'a RawValue,
    /// ISO 4217, in any case.
    #[serde(borrow)]
    #[schema(example = "INR")]
    currency: Cow<'a, str>,
    /// Words for the payer; 1 to 255 characters.
    #[serde(borrow)]
    #[schema(example = "Invoice 42")]
    description: Cow<'a, str>,
    #[serde(borrow)]
    customer: Option<CustomerBody<'a>>,
    /// When it can no longer be paid: RFC 3339. Not every provider can.
    #[serde(borrow)]
    expires_at: Option<Cow<'a, str>>,
    /// Where the payer's browser goes after paying. Not every provider can.
    #[serde(borrow)]
    return_url: Option<Cow<'a, str>>,
    /// Which provider; your routing decides when absent.
    #[serde(borrow)]
    provider: Option<Cow<'a, str>>,
    /// Your own id; at most 40 characters.
    #[serde(borrow)]
    reference: Option<Cow<'a, str>>,
    /// Your own pairs: at most 50 strings.
    #[schema(value_type = Option<Object>)]
    metadata: Option<MetadataBody>,
}

/// A payment link.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentLinkBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    transaction_id: String,
    #[schema(example = "payment_link")]
    object: &'static str,
    #[schema(example = "razorpay")]
    provider: &'static str,
    #[schema(example = "plink_ExjpAUN3gVHrUh")]
    provider_link_id: &'a str,
    /// Where the payer pays.
    #[schema(example = "https://rzp.io/i/nxrHnoiu")]
    url: &'a str,
    #[schema(value_type = AmountSchema, example = json!(500.00))]
    amount: Amount,
    #[schema(example = "INR")]
    currency: &'static str,
    /// `created`, `active`, `partially_paid`, `processing`, `paid`, `expired`, `canceled`, `inactive`.
    #[schema(example = "active")]
    status: &'static str,
    created_at: String,
    environment: &'static str,
    reference: Option<&'a str>,
    #[schema(value_type = Object)]
    metadata: MetadataView<'a>,
    /// There only when another provider served than the one whose turn it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    failover: Option<FailoverBody>,
}

/// Create a payment link.
#[utoipa::path(post, path = LINKS, tag = "Payment links", security(("platform_key" = [])),
    request_body(content = CreatePaymentLinkBody<'_>, example = json!({"amount": 500.00, "currency": "INR", "description": "Invoice 42"})),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key, route and body within 24 hours: the same answer, one link.")),
    responses((status = 201, description = "The link.", body = PaymentLinkBody<'_>),
              (status = 400, description = "The request is wrong.", body = ErrorBody<'_>),
              (status = 422, description = "It cannot be done as asked.", body = ErrorBody<'_>),
              (status = 504, description = "The outcome is unknown; repeat with the same key, or ask for the transaction.", body = ErrorBody<'_>)))]
pub(crate) async fn create(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, LINKS, Scope::PaymentLinksWrite, async |visit| {
        let posted = read_posted(&request, raw)?;
        let asked = read_create(visit, &posted)?;
        run(visit, asked).await
    })
    .await
}

/// Reads what a body asks to be made.
pub(super) fn read_create(visit: &Visit, posted: &Posted) -> Result<(Call, Wording), ApiError> {
    let body: CreatePaymentLinkBody<'_> = json::read(&posted.bytes)?;
    let provider = read_provider(body.provider.as_deref())?;
    let link = body.read(visit.meta.at)?;
    let attached = Attached::now(link.reference.as_deref(), &link.metadata);
    let operation = Operation::PaymentLink(PaymentLinkOperation::Create(link));
    Ok(creating(visit, posted, Asked { operation, provider, attached }, &ROUTES))
}

/// Read a payment link, live from its provider.
#[utoipa::path(get, path = LINK, tag = "Payment links", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's link id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The link.", body = PaymentLinkBody<'_>),
              (status = 404, description = "`payment_link_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, LINK, Scope::PaymentLinksRead, async |visit| read_live(visit, &request, &ROUTES).await)
        .await
}

impl CreatePaymentLinkBody<'_> {
    fn read(self, now: Timestamp) -> Result<CreatePaymentLink, ApiError> {
        let currency = read_currency(&self.currency)?;
        Ok(CreatePaymentLink {
            amount: read_amount(self.amount, currency)?,
            description: read_required("description", &self.description, MAX_DESCRIPTION_CHARS)?,
            customer: read_customer(self.customer, None)?,
            expires_at: read_future("expires_at", self.expires_at.as_deref(), now)?,
            return_url: read_url("return_url", self.return_url.as_deref())?,
            reference: read_reference(self.reference.as_deref())?,
            metadata: self.metadata.unwrap_or_default().read()?,
        })
    }
}

/// Writes a payment link.
fn write(
    completion: &Completion<'_>,
    resource: &Resource,
    caller: Caller<'_>,
) -> Option<serde_json::Result<Vec<u8>>> {
    let Resource::PaymentLink(link) = resource else { return None };
    Some(serde_json::to_vec(&PaymentLinkBody {
        transaction_id: completion.subject.to_string(),
        object: "payment_link",
        provider: completion.provider.as_str(),
        provider_link_id: &link.provider_link_id,
        url: &link.url,
        amount: Amount(link.amount),
        currency: link.amount.currency().code(),
        status: link.status.as_str(),
        created_at: time::write(completion.created_at),
        environment: completion.environment.as_str(),
        reference: caller.reference,
        metadata: caller.metadata,
        failover: FailoverBody::of(completion),
    }))
}
