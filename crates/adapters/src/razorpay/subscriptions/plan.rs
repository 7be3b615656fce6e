//! Making the plan of a new subscription. A plan charges nobody, and cannot be taken back: an unused one stays.

use domain::{Effect, NewPlan, PlanInterval, Rejection, Request, RetrySafety};
use serde::{Deserialize, Serialize};

use crate::razorpay::notes::Notes;
use crate::razorpay::{amounts, calls};
use crate::{Context, rejection};

/// Fewest days between two charges.
const MIN_DAYS: u16 = 7;

/// A plan that Razorpay takes.
pub(super) struct Plan {
    name: Box<str>,
    period: &'static str,
    interval: u16,
    units: i64,
    currency: &'static str,
}

#[derive(Serialize)]
struct Body<'a> {
    period: &'static str,
    interval: u16,
    item: Item<'a>,
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Item<'a> {
    name: &'a str,
    amount: i64,
    currency: &'static str,
}

/// A plan as Razorpay tells it.
#[derive(Deserialize)]
pub(super) struct WirePlan {
    /// Its id.
    pub(super) id: String,
}

impl Plan {
    /// Returns the plan as Razorpay is told it.
    ///
    /// # Errors
    /// `unsupported_currency`, `amount_too_precise`; `invalid_field` for daily charges less than 7 days apart, and for more
    /// charges than 100 years hold.
    pub(super) fn try_new(plan: &NewPlan, total_count: u32) -> Result<Self, Rejection> {
        let units = amounts::count(plan.amount)?;
        // What lies in 100 years, rounded up: the last day is Razorpay's to judge.
        let (period, in_a_century) = match plan.interval {
            PlanInterval::Day => ("daily", 36_525),
            PlanInterval::Week => ("weekly", 5_218),
            PlanInterval::Month => ("monthly", 1_200),
            PlanInterval::Year => ("yearly", 100),
        };
        if plan.interval == PlanInterval::Day && plan.interval_count < MIN_DAYS {
            let message = format!("Razorpay charges at least {MIN_DAYS} days apart.");
            return Err(rejection::invalid_field("plan.interval_count", message));
        }
        if u64::from(total_count).saturating_mul(u64::from(plan.interval_count)) > in_a_century {
            let message = "Razorpay keeps a subscription for at most 100 years.";
            return Err(rejection::invalid_field("total_count", message));
        }
        let currency = plan.amount.currency().code();
        Ok(Self { name: plan.name.clone(), period, interval: plan.interval_count, units, currency })
    }

    /// Returns the call that makes it.
    pub(super) fn request(&self, context: &Context<'_>) -> Request {
        let transaction = context.transaction.to_string();
        let none = domain::Metadata::default();
        let body = Body {
            period: self.period,
            interval: self.interval,
            item: Item { name: &self.name, amount: self.units, currency: self.currency },
            notes: Notes::of(&transaction, &[], &none),
        };
        let mut request = calls::write("/v1/plans".to_owned(), RetrySafety::LookUpFirst, &body);
        request.effect = Effect::Prepare;
        request
    }
}
