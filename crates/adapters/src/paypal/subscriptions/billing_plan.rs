//! PayPal's plans: how one is made for a product, and what is read of one that is there. Source: `billing_subscriptions_v1`,
//! `catalogs_products_v1`, 2024-02-03.

use domain::{NewPlan, PlanInterval, Rejection, Reply, Request, RetrySafety};
use serde::{Deserialize, Serialize};

use crate::paypal::amounts::Amount;
use crate::paypal::{NAME, calls};
use crate::{json, rejection, request};

const PATH: &str = "/v1/billing/plans";
/// Most characters of a product's or a plan's name.
const MAX_NAME_CHARS: usize = 127;

/// A plan that can be made.
pub(super) struct Draft {
    name: String,
    amount: Amount,
    interval: PlanInterval,
    interval_count: u16,
}

impl Draft {
    /// Returns what can be made of this plan.
    ///
    /// # Errors
    /// `unsupported_currency`, `amount_too_precise`, `invalid_field` for an interval of more than a year.
    pub(super) fn of(plan: &NewPlan) -> Result<Self, Rejection> {
        let most = match plan.interval {
            PlanInterval::Day => 365,
            PlanInterval::Week => 52,
            PlanInterval::Month => 12,
            PlanInterval::Year => 1,
        };
        if plan.interval_count == 0 || plan.interval_count > most {
            let message =
                format!("{NAME} charges at least once a year; this interval may count up to {most}.");
            return Err(rejection::invalid_field("plan.interval_count", message));
        }
        Ok(Self {
            name: plan.name.chars().take(MAX_NAME_CHARS).collect(),
            amount: Amount::of(plan.amount)?,
            interval: plan.interval,
            interval_count: plan.interval_count,
        })
    }

    /// Returns the call that makes the product.
    pub(super) fn product_request(&self, key: &str) -> Request {
        let body = Product { name: &self.name, kind: "SERVICE" };
        let call = calls::post("/v1/catalogs/products".to_owned(), RetrySafety::Keyed, &body);
        calls::keyed(calls::preparing(call), key)
    }

    /// Returns the call that makes the plan of the product: charged `total_count` times, or without end.
    pub(super) fn request(&self, product_id: &str, terms: Terms, key: &str) -> Request {
        let interval_unit = match self.interval {
            PlanInterval::Day => "DAY",
            PlanInterval::Week => "WEEK",
            PlanInterval::Month => "MONTH",
            PlanInterval::Year => "YEAR",
        };
        let cycle = BillingCycle {
            frequency: Frequency { interval_unit, interval_count: self.interval_count },
            tenure_type: "REGULAR",
            sequence: 1,
            total_cycles: terms.total_count.unwrap_or(0),
            pricing_scheme: PricingScheme { fixed_price: &self.amount },
        };
        let body = Plan {
            product_id,
            name: &self.name,
            status: "ACTIVE",
            billing_cycles: [cycle],
            payment_preferences: PaymentPreferences { auto_bill_outstanding: true },
            quantity_supported: terms.has_quantity,
        };
        calls::keyed(calls::preparing(calls::post(PATH.to_owned(), RetrySafety::Keyed, &body)), key)
    }
}

/// What a subscription asks of the plan that is made for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// How many times the payer is charged; without end when absent.
    pub(super) total_count: Option<u32>,
    /// Whether more than one of the plan can be subscribed to.
    pub(super) has_quantity: bool,
}

#[derive(Serialize)]
struct Product<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Plan<'a> {
    product_id: &'a str,
    name: &'a str,
    status: &'static str,
    billing_cycles: [BillingCycle<'a>; 1],
    payment_preferences: PaymentPreferences,
    quantity_supported: bool,
}

#[derive(Serialize)]
struct BillingCycle<'a> {
    frequency: Frequency,
    tenure_type: &'static str,
    sequence: u8,
    total_cycles: u32,
    pricing_scheme: PricingScheme<'a>,
}

#[derive(Serialize)]
struct Frequency {
    interval_unit: &'static str,
    interval_count: u16,
}

#[derive(Serialize)]
struct PricingScheme<'a> {
    fixed_price: &'a Amount,
}

#[derive(Serialize)]
struct PaymentPreferences {
    auto_bill_outstanding: bool,
}

/// Returns the read of a plan, whose id is a plain one.
pub(super) fn read_request(id: &str) -> Request {
    request::get(format!("{PATH}/{id}"))
}

/// Returns the id of the product or plan that a reply tells.
pub(super) fn read_id(reply: &Reply) -> Option<String> {
    #[derive(Deserialize)]
    struct Made {
        #[serde(default, deserialize_with = "json::lenient")]
        id: Option<String>,
    }
    json::read::<Made>(reply)?.id.filter(|id| !id.is_empty())
}

/// Returns where the plan that a reply tells has its regular cycle among its cycles: behind its trials.
pub(super) fn read_regular_sequence(reply: &Reply) -> Option<u8> {
    #[derive(Deserialize)]
    struct Told {
        #[serde(default, deserialize_with = "json::nullable")]
        billing_cycles: Vec<Cycle>,
    }
    #[derive(Deserialize)]
    struct Cycle {
        #[serde(default, deserialize_with = "json::lenient")]
        tenure_type: Option<String>,
        #[serde(default, deserialize_with = "json::lenient")]
        sequence: Option<u8>,
    }
    let cycles = json::read::<Told>(reply)?.billing_cycles;
    cycles.into_iter().find(|cycle| cycle.tenure_type.as_deref() == Some("REGULAR"))?.sequence
}
