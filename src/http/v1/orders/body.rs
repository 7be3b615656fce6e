//! Orders on the wire.

use std::borrow::Cow;

use domain::{CaptureMode, CreateOrder, Resource};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::amount::{Amount, AmountSchema, read_amount, read_currency};
use crate::http::error::ApiError;
use crate::http::time;
use crate::http::v1::customer::{CustomerBody, read_customer};
use crate::http::v1::fields::{read_reference, read_text, read_url};
use crate::http::v1::metadata::{MetadataBody, MetadataView};
use crate::http::v1::present::{Caller, FailoverBody, NextActionBody};
use crate::pipeline::Completion;

const MAX_DESCRIPTION_CHARS: usize = 255;

/// An order to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateOrderBody<'a> {
    #[serde(borrow)]
    #[schema(value_type = AmountSchema, example = json!(500.00))]
    amount: &'a RawValue,
    /// ISO 4217, in any case.
    #[serde(borrow)]
    #[schema(example = "INR")]
    currency: Cow<'a, str>,
    /// Words for the payer; at most 255 characters.
    #[serde(borrow)]
    description: Option<Cow<'a, str>>,
    /// Short for `customer.email`.
    #[serde(borrow)]
    customer_email: Option<Cow<'a, str>>,
    #[serde(borrow)]
    customer: Option<CustomerBody<'a>>,
    /// When the money is taken.
    capture: Option<CaptureWord>,
    /// Where the payer's browser goes after paying.
    #[serde(borrow)]
    return_url: Option<Cow<'a, str>>,
    /// Where it goes after giving up.
    #[serde(borrow)]
    cancel_url: Option<Cow<'a, str>>,
    /// Which provider; your routing decides when absent.
    #[serde(borrow)]
    pub(super) provider: Option<Cow<'a, str>>,
    /// Your own id; at most 40 characters.
    #[serde(borrow)]
    reference: Option<Cow<'a, str>>,
    /// Your own pairs: at most 50 strings.
    #[schema(value_type = Option<Object>)]
    metadata: Option<MetadataBody>,
}

/// When the money is taken.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CaptureWord {
    /// As soon as the payer has agreed.
    Automatic,
    /// When you capture.
    Manual,
}

/// How much to capture.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureOrderBody<'a> {
    /// All when absent.
    #[serde(borrow)]
    #[schema(value_type = Option<AmountSchema>)]
    pub(super) amount: Option<&'a RawValue>,
}

impl CreateOrderBody<'_> {
    /// Returns the order that the body asks for.
    pub(super) fn read(self) -> Result<CreateOrder, ApiError> {
        let currency = read_currency(&self.currency)?;
        Ok(CreateOrder {
            amount: read_amount(self.amount, currency)?,
            description: read_text("description", self.description.as_deref(), MAX_DESCRIPTION_CHARS)?,
            customer: read_customer(self.customer, self.customer_email.as_deref())?,
            capture: match self.capture {
                None | Some(CaptureWord::Automatic) => CaptureMode::Automatic,
                Some(CaptureWord::Manual) => CaptureMode::Manual,
            },
            return_url: read_url("return_url", self.return_url.as_deref())?,
            cancel_url: read_url("cancel_url", self.cancel_url.as_deref())?,
            reference: read_reference(self.reference.as_deref())?,
            metadata: self.metadata.unwrap_or_default().read()?,
        })
    }
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    pub(super) transaction_id: String,
    #[schema(example = "order")]
    pub(super) object: &'static str,
    #[schema(example = "razorpay")]
    pub(super) provider: &'a str,
    #[schema(example = "order_RB58MiP5SPFYyM")]
    pub(super) provider_order_id: &'a str,
    #[schema(value_type = AmountSchema, example = json!(500.00))]
    pub(super) amount: Option<Amount>,
    #[schema(example = "INR")]
    pub(super) currency: &'a str,
    /// `created`, `requires_action`, `processing`, `authorized`, `succeeded`, `partially_refunded`, `refunded`, `canceled`, `failed`.
    #[schema(example = "created")]
    pub(super) status: &'a str,
    #[schema(example = "2025-01-01T00:00:00Z")]
    pub(super) created_at: String,
    pub(super) environment: &'static str,
    #[schema(value_type = Option<AmountSchema>)]
    pub(super) amount_refunded: Option<Amount>,
    /// How the payer goes on.
    pub(super) next_action: Option<NextActionBody<'a>>,
    pub(super) reference: Option<&'a str>,
    #[schema(value_type = Object)]
    pub(super) metadata: MetadataView<'a>,
    /// There only when another provider served than the one whose turn it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failover: Option<FailoverBody>,
}

/// Writes an order.
pub(super) fn write(
    completion: &Completion<'_>,
    resource: &Resource,
    caller: Caller<'_>,
) -> Option<serde_json::Result<Vec<u8>>> {
    let Resource::Order(order) = resource else { return None };
    Some(serde_json::to_vec(&OrderBody {
        transaction_id: completion.subject.to_string(),
        object: "order",
        provider: completion.provider.as_str(),
        provider_order_id: &order.provider_order_id,
        amount: Some(Amount(order.amount)),
        currency: order.amount.currency().code(),
        status: order.status.as_str(),
        created_at: time::write(completion.created_at),
        environment: completion.environment.as_str(),
        amount_refunded: Some(Amount(order.amount_refunded)),
        next_action: order.next_action.as_ref().map(NextActionBody::from),
        reference: caller.reference,
        metadata: caller.metadata,
        failover: FailoverBody::of(completion),
    }))
}
