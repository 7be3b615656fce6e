//! Subscriptions on the wire.

use std::borrow::Cow;

use domain::{CreateSubscription, NewPlan, PlanInterval, Resource, SubscriptionPlan};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::amount::{AmountSchema, read_amount, read_currency};
use crate::http::error::ApiError;
use crate::http::time;
use crate::http::v1::customer::{CustomerBody, read_customer};
use crate::http::v1::fields::{missing, read_count, read_reference, read_required, read_text, read_url};
use crate::http::v1::metadata::{MetadataBody, MetadataView};
use crate::http::v1::present::{Caller, FailoverBody, NextActionBody};
use crate::pipeline::Completion;

const MAX_ID_CHARS: usize = 128;
const MAX_PLAN_NAME_CHARS: usize = 127;
const MAX_QUANTITY: u32 = 1_000_000;
const MAX_TOTAL_COUNT: u32 = 36_500;
const MAX_TRIAL_DAYS: u16 = 730;
const MAX_INTERVAL_COUNT: u16 = 365;

/// A subscription to create: on a plan that the provider has, or on a new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSubscriptionBody<'a> {
    /// The provider's id of the plan or price.
    #[serde(borrow)]
    #[schema(example = "plan_00000000000001")]
    plan_id: Option<Cow<'a, str>>,
    /// A plan to make with the subscription, instead of `plan_id`.
    #[serde(borrow)]
    plan: Option<PlanBody<'a>>,
    /// Short for `customer.id`.
    #[serde(borrow)]
    customer_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    customer: Option<CustomerBody<'a>>,
    /// How many of the plan; one when absent.
    quantity: Option<u32>,
    /// How many times the payer is charged. Some providers need it, some have no end.
    total_count: Option<u32>,
    /// Days before the first charge.
    trial_days: Option<u16>,
    /// Where the payer's browser goes after agreeing. Not every provider can.
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

/// A plan to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanBody<'a> {
    /// Words for the payer; 1 to 127 characters.
    #[serde(borrow)]
    #[schema(example = "Basic")]
    name: Cow<'a, str>,
    /// What one charge is, for a quantity of one.
    #[serde(borrow)]
    #[schema(value_type = AmountSchema, example = json!(15.00))]
    amount: &'a RawValue,
    #[serde(borrow)]
    #[schema(example = "USD")]
    currency: Cow<'a, str>,
    /// The unit of time between two charges.
    interval: IntervalWord,
    /// How many of it; one when absent.
    interval_count: Option<u16>,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum IntervalWord {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// How to end a subscription.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelSubscriptionBody {
    /// When the period ends that is paid for, rather than now. Not every provider can.
    pub(super) at_period_end: Option<bool>,
}

impl CreateSubscriptionBody<'_> {
    /// Returns the subscription that the body asks for.
    pub(super) fn read(self) -> Result<CreateSubscription, ApiError> {
        let plan = match (self.plan_id, self.plan) {
            (Some(id), None) => SubscriptionPlan::Existing(read_required("plan_id", &id, MAX_ID_CHARS)?),
            (None, Some(plan)) => SubscriptionPlan::New(plan.read()?),
            (Some(_), Some(_)) => {
                return Err(ApiError::field("invalid_field", "plan", "Give `plan_id` or `plan`, not both."));
            }
            (None, None) => return Err(missing("plan_id")),
        };
        let mut customer = read_customer(self.customer, None)?;
        if let Some(id) = read_text("customer_id", self.customer_id.as_deref(), MAX_ID_CHARS)? {
            let customer = customer.get_or_insert_default();
            if customer.id.as_ref().is_some_and(|other| *other != id) {
                let message = "`customer_id` and `customer.id` are two different customers; give one.";
                return Err(ApiError::field("invalid_field", "customer_id", message));
            }
            customer.id = Some(id);
        }
        Ok(CreateSubscription {
            plan,
            customer,
            quantity: read_count("quantity", self.quantity, MAX_QUANTITY)?,
            total_count: read_count("total_count", self.total_count, MAX_TOTAL_COUNT)?,
            trial_days: read_count("trial_days", self.trial_days, MAX_TRIAL_DAYS)?,
            return_url: read_url("return_url", self.return_url.as_deref())?,
            cancel_url: read_url("cancel_url", self.cancel_url.as_deref())?,
            reference: read_reference(self.reference.as_deref())?,
            metadata: self.metadata.unwrap_or_default().read()?,
        })
    }
}

impl PlanBody<'_> {
    fn read(self) -> Result<NewPlan, ApiError> {
        let currency = read_currency(&self.currency).map_err(|error| error.about("plan.currency"))?;
        let interval_count = read_count("plan.interval_count", self.interval_count, MAX_INTERVAL_COUNT)?;
        Ok(NewPlan {
            name: read_required("plan.name", &self.name, MAX_PLAN_NAME_CHARS)?,
            amount: read_amount(self.amount, currency).map_err(|error| error.about("plan.amount"))?,
            interval: match self.interval {
                IntervalWord::Day => PlanInterval::Day,
                IntervalWord::Week => PlanInterval::Week,
                IntervalWord::Month => PlanInterval::Month,
                IntervalWord::Year => PlanInterval::Year,
            },
            interval_count: interval_count.unwrap_or(1),
        })
    }
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    transaction_id: String,
    #[schema(example = "subscription")]
    object: &'static str,
    #[schema(example = "razorpay")]
    provider: &'static str,
    #[schema(example = "sub_00000000000001")]
    provider_subscription_id: &'a str,
    /// The provider's id of the plan or price.
    plan_id: Option<&'a str>,
    quantity: Option<u32>,
    /// `pending`, `active`, `past_due`, `halted`, `paused`, `canceled`, `completed`, `expired`.
    #[schema(example = "pending")]
    status: &'static str,
    /// Whether it is in its trial.
    is_trial: bool,
    /// Whether it ends with the present period.
    cancel_at_period_end: bool,
    /// When the period ends that is paid for, or the next charge is due.
    current_period_end: Option<String>,
    created_at: String,
    environment: &'static str,
    /// How the payer goes on.
    next_action: Option<NextActionBody<'a>>,
    reference: Option<&'a str>,
    #[schema(value_type = Object)]
    metadata: MetadataView<'a>,
    /// There only when another provider served than the one whose turn it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    failover: Option<FailoverBody>,
}

/// Writes a subscription.
pub(super) fn write(
    completion: &Completion<'_>,
    resource: &Resource,
    caller: Caller<'_>,
) -> Option<serde_json::Result<Vec<u8>>> {
    let Resource::Subscription(subscription) = resource else { return None };
    Some(serde_json::to_vec(&SubscriptionBody {
        transaction_id: completion.subject.to_string(),
        object: "subscription",
        provider: completion.provider.as_str(),
        provider_subscription_id: &subscription.provider_subscription_id,
        plan_id: subscription.plan_id.as_deref(),
        quantity: subscription.quantity,
        status: subscription.status.as_str(),
        is_trial: subscription.is_trial,
        cancel_at_period_end: subscription.cancel_at_period_end,
        current_period_end: subscription.current_period_end.map(time::write),
        created_at: time::write(completion.created_at),
        environment: completion.environment.as_str(),
        next_action: subscription.next_action.as_ref().map(NextActionBody::from),
        reference: caller.reference,
        metadata: caller.metadata,
        failover: FailoverBody::of(completion),
    }))
}
