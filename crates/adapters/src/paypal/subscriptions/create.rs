//! Creating a subscription, which the payer then approves: to a plan that is there, or to one that is made first with its
//! product. A product and a plan charge nobody, so that only the last call counts.

use std::time::Duration;

use domain::{
    CreateSubscription, Customer, Effect, Outcome, Rejection, Reply, Request, Resource, RetrySafety,
    SubscriptionPlan,
};
use serde::Serialize;

use super::billing_plan::{Draft, Terms};
use super::subscription::WireSubscription;
use super::{billing_plan, subscription};
use crate::paypal::{NAME, calls, errors, moments};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Most times that PayPal charges, unless it charges without end.
const MAX_TOTAL_COUNT: u32 = 999;
const MAX_NAME_CHARS: usize = 140;
const DAY: Duration = Duration::from_secs(86_400);

/// Plans a subscription.
///
/// # Errors
/// `plan_not_found` for what cannot be an id; what PayPal has no counterpart for; amounts that it cannot be told.
pub(super) fn plan(subscription: &CreateSubscription) -> Result<Box<dyn Exchange>, Rejection> {
    refuse_unsupported(subscription)?;
    let draft = match &subscription.plan {
        SubscriptionPlan::Existing(id) if !request::is_plain_id(id) => {
            return Err(rejection::not_found(NAME, Missing::Plan));
        }
        SubscriptionPlan::Existing(_) => None,
        SubscriptionPlan::New(plan) => Some(Draft::of(plan)?),
    };
    Ok(Box::new(Create { subscription: subscription.clone(), draft, stage: Stage::Done }))
}

fn refuse_unsupported(subscription: &CreateSubscription) -> Result<(), Rejection> {
    if subscription.customer.as_ref().is_some_and(|customer| customer.id.is_some()) {
        let message = format!("{NAME} keeps no customers that a subscription could be for.");
        return Err(rejection::variant_not_supported("customer.id", message));
    }
    if subscription.total_count.is_some_and(|count| count > MAX_TOTAL_COUNT) {
        let message = format!("{NAME} charges up to {MAX_TOTAL_COUNT} times, or without end.");
        return Err(rejection::invalid_field("total_count", message));
    }
    let message = || format!("{NAME} needs both addresses, or neither.");
    match (&subscription.return_url, &subscription.cancel_url) {
        (Some(_), None) => Err(rejection::missing_field("cancel_url", message())),
        (None, Some(_)) => Err(rejection::missing_field("return_url", message())),
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}

struct Create {
    subscription: CreateSubscription,
    /// The plan to make, where it is a new one.
    draft: Option<Draft>,
    stage: Stage,
}

enum Stage {
    /// Making the product.
    MakingProduct,
    /// Making its plan.
    MakingPlan,
    /// Looking which cycle of the plan is to be charged so many times.
    ReadingPlan { plan_id: String },
    /// Creating the subscription.
    Creating,
    /// It is over, or not begun.
    Done,
}

#[derive(Serialize)]
struct Body<'a> {
    plan_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<String>,
    /// Comes back on the subscription and its events.
    custom_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber: Option<Subscriber<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_context: Option<ApplicationContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanOverride>,
}

#[derive(Serialize)]
struct Subscriber<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<&'a str>,
}

#[derive(Serialize)]
struct Name {
    given_name: String,
}

#[derive(Serialize)]
struct ApplicationContext<'a> {
    return_url: &'a str,
    cancel_url: &'a str,
    user_action: &'static str,
    shipping_preference: &'static str,
}

#[derive(Serialize)]
struct PlanOverride {
    billing_cycles: [CycleOverride; 1],
}

#[derive(Serialize)]
struct CycleOverride {
    sequence: u8,
    total_cycles: u32,
}

impl Exchange for Create {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match (&self.subscription.plan, &self.draft) {
            (SubscriptionPlan::New(_), Some(draft)) => {
                let call = draft.product_request(&context.step_key(1));
                self.call(Stage::MakingProduct, call)
            }
            (SubscriptionPlan::Existing(id), _) if self.subscription.total_count.is_some() => {
                let (call, plan_id) = (billing_plan::read_request(id), id.to_string());
                self.call(Stage::ReadingPlan { plan_id }, call)
            }
            (SubscriptionPlan::Existing(id), _) => {
                let plan_id = id.to_string();
                self.create(&plan_id, None, context)
            }
            (SubscriptionPlan::New(_), None) => rejected(rejection::not_found(NAME, Missing::Plan)),
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        let stage = std::mem::replace(&mut self.stage, Stage::Done);
        if !replies::is_success(reply) {
            let effect = match stage {
                Stage::MakingProduct | Stage::MakingPlan => Effect::Prepare,
                Stage::ReadingPlan { .. } => Effect::Read,
                Stage::Creating | Stage::Done => Effect::Write,
            };
            return Step::Done(errors::outcome(Missing::Plan, effect, reply));
        }
        let is_made = !matches!(stage, Stage::ReadingPlan { .. });
        if is_made && context.is_of_earlier_use(moments::made_at(reply)) {
            // PayPal answers a key that it knows with what that made: another plan's price, or another subscription.
            return rejected(rejection::key_reused(NAME));
        }
        match stage {
            Stage::MakingProduct => match (billing_plan::read_id(reply), &self.draft) {
                (Some(product_id), Some(draft)) => {
                    let call = draft.request(&product_id, self.terms(), &context.step_key(2));
                    self.call(Stage::MakingPlan, call)
                }
                _ => Step::Done(replies::says_nothing(NAME, Effect::Prepare, reply)),
            },
            Stage::MakingPlan => match billing_plan::read_id(reply) {
                Some(plan_id) => self.create(&plan_id, None, context),
                None => Step::Done(replies::says_nothing(NAME, Effect::Prepare, reply)),
            },
            Stage::ReadingPlan { plan_id } => match billing_plan::read_regular_sequence(reply) {
                Some(sequence) => self.create(&plan_id, self.cycle_override(sequence), context),
                None => Step::Done(replies::says_nothing(NAME, Effect::Read, reply)),
            },
            Stage::Creating | Stage::Done => Step::Done(created(context, reply)),
        }
    }
}

impl Create {
    fn call(&mut self, stage: Stage, call: Request) -> Step {
        self.stage = stage;
        Step::Call(Box::new(call))
    }

    fn terms(&self) -> Terms {
        Terms {
            total_count: self.subscription.total_count,
            has_quantity: self.subscription.quantity.is_some(),
        }
    }

    fn cycle_override(&self, sequence: u8) -> Option<CycleOverride> {
        self.subscription.total_count.map(|total_cycles| CycleOverride { sequence, total_cycles })
    }

    fn create(&mut self, plan_id: &str, cycle: Option<CycleOverride>, context: &Context<'_>) -> Step {
        // From the transaction's own moment on, so that a repeat says the same.
        let first_charge = self
            .subscription
            .trial_days
            .map(|days| moments::write(context.started_at.after(DAY.saturating_mul(u32::from(days)))));
        let start_time = match first_charge {
            None => None,
            Some(Some(start_time)) => Some(start_time),
            Some(None) => return rejected(rejection::invalid_field("trial_days", "The trial is too long.")),
        };
        let body = Body {
            plan_id,
            start_time,
            quantity: self.subscription.quantity.map(|quantity| quantity.to_string()),
            custom_id: context.transaction.to_string(),
            subscriber: self.subscription.customer.as_ref().and_then(subscriber),
            application_context: application_context(&self.subscription),
            plan: cycle.map(|cycle| PlanOverride { billing_cycles: [cycle] }),
        };
        let call = calls::post(subscription::PATH.to_owned(), RetrySafety::Keyed, &body);
        let call = calls::keyed(call, context.provider_key);
        self.call(Stage::Creating, call)
    }
}

fn subscriber(customer: &Customer) -> Option<Subscriber<'_>> {
    let name = customer.name.as_deref().filter(|name| !name.is_empty());
    let name = name.map(|name| Name { given_name: name.chars().take(MAX_NAME_CHARS).collect() });
    let email_address = customer.email.as_deref();
    (name.is_some() || email_address.is_some()).then_some(Subscriber { name, email_address })
}

fn application_context(subscription: &CreateSubscription) -> Option<ApplicationContext<'_>> {
    Some(ApplicationContext {
        return_url: subscription.return_url.as_deref()?,
        cancel_url: subscription.cancel_url.as_deref()?,
        user_action: "SUBSCRIBE_NOW",
        shipping_preference: "NO_SHIPPING",
    })
}

/// 201 for the first time, 200 with the present state for a repeat of the key.
fn created(context: &Context<'_>, reply: &Reply) -> Outcome {
    let told = json::read::<WireSubscription>(reply);
    match told.and_then(|subscription| subscription.tell(context.started_at)) {
        Some(subscription) => Outcome::Executed(Resource::Subscription(subscription)),
        None => replies::says_nothing(NAME, Effect::Write, reply),
    }
}

fn rejected(rejection: Rejection) -> Step {
    Step::Done(Outcome::Rejected(rejection))
}

#[cfg(test)]
mod tests;
