//! Creating a subscription: of a plan there is, or of one that is made first.

use domain::{
    CreateSubscription, Effect, Outcome, Rejection, Reply, Request, RetrySafety, SubscriptionPlan, Timestamp,
};
use serde::Serialize;

use super::plan::{Plan, WirePlan};
use super::wire::WireSubscription;
use crate::razorpay::notes::Notes;
use crate::razorpay::{NAME, calls, errors};
use crate::rejection::{self, Missing};
use crate::{Context, Exchange, Step, json, reply as replies, request};

const SECONDS_A_DAY: u64 = 86_400;

/// Plans a subscription.
///
/// # Errors
/// `missing_field` without `total_count`, `operation_not_supported` for what Razorpay has no field for, `plan_not_found` for
/// what cannot be an id, and what is wrong with a plan to be made.
pub(super) fn plan(subscription: &CreateSubscription) -> Result<Box<dyn Exchange>, Rejection> {
    let total_count = subscription.total_count.ok_or_else(|| {
        rejection::missing_field("total_count", "Razorpay must be told how many times the payer is charged.")
    })?;
    refuse_what_has_no_field(subscription)?;
    let plan = match &subscription.plan {
        SubscriptionPlan::Existing(id) if request::is_plain_id(id) => None,
        SubscriptionPlan::Existing(_) => return Err(rejection::not_found(NAME, Missing::Plan)),
        SubscriptionPlan::New(plan) => Some(Plan::try_new(plan, total_count)?),
    };
    let stage = Stage::Subscribing;
    Ok(Box::new(Creation { subscription: subscription.clone(), total_count, plan, stage }))
}

fn refuse_what_has_no_field(subscription: &CreateSubscription) -> Result<(), Rejection> {
    let refused = |is_asked: bool, param, message: &str| {
        if is_asked { Err(rejection::variant_not_supported(param, message)) } else { Ok(()) }
    };
    let has_customer_id = subscription.customer.as_ref().is_some_and(|customer| customer.id.is_some());
    refused(
        has_customer_id,
        "customer_id",
        "Razorpay learns the customer of a subscription from the payer's agreement.",
    )?;
    let no_return = "Razorpay takes no address to return to from a subscription's page.";
    refused(subscription.return_url.is_some(), "return_url", no_return)?;
    refused(subscription.cancel_url.is_some(), "cancel_url", no_return)
}

struct Creation {
    subscription: CreateSubscription,
    total_count: u32,
    /// The plan to make first.
    plan: Option<Plan>,
    stage: Stage,
}

enum Stage {
    /// Making the plan.
    Planning,
    /// Making the subscription.
    Subscribing,
}

#[derive(Serialize)]
struct Body<'a> {
    plan_id: &'a str,
    total_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_at: Option<u64>,
    notes: Notes<'a>,
}

impl Exchange for Creation {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match (&self.plan, &self.subscription.plan) {
            (None, SubscriptionPlan::Existing(id)) => {
                let call = self.request(id, context);
                self.stage = Stage::Subscribing;
                Step::Call(Box::new(call))
            }
            (Some(plan), _) => {
                let call = plan.request(context);
                self.stage = Stage::Planning;
                Step::Call(Box::new(call))
            }
            (None, SubscriptionPlan::New(_)) => {
                Step::Done(Outcome::Rejected(rejection::not_found(NAME, Missing::Plan)))
            }
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match self.stage {
            Stage::Planning => {
                if !replies::is_success(reply) {
                    return Step::Done(errors::outcome(Effect::Prepare, Missing::Plan, reply));
                }
                let Some(plan) = json::read::<WirePlan>(reply).filter(|plan| !plan.id.is_empty()) else {
                    return Step::Done(replies::says_nothing(NAME, Effect::Prepare, reply));
                };
                let call = self.request(&plan.id, context);
                self.stage = Stage::Subscribing;
                Step::Call(Box::new(call))
            }
            Stage::Subscribing => Step::Done(calls::answer(
                reply,
                Effect::Write,
                Missing::Plan,
                |subscription: WireSubscription| subscription.tell(false),
            )),
        }
    }
}

impl Creation {
    fn request(&self, plan_id: &str, context: &Context<'_>) -> Request {
        let subscription = &self.subscription;
        let transaction = context.transaction.to_string();
        let own = [("reference", subscription.reference.as_deref())];
        let body = Body {
            plan_id,
            total_count: self.total_count,
            quantity: subscription.quantity,
            start_at: subscription.trial_days.map(|days| trial_end(context.started_at, days)),
            notes: Notes::of(&transaction, &own, &subscription.metadata),
        };
        calls::write("/v1/subscriptions".to_owned(), RetrySafety::LookUpFirst, &body)
    }
}

/// Returns the second of the first charge, counted from the transaction's beginning: the same on every repeat.
fn trial_end(started_at: Timestamp, days: u16) -> u64 {
    started_at.unix_seconds().saturating_add(u64::from(days).saturating_mul(SECONDS_A_DAY))
}
