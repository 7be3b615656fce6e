//! Creating a subscription: a customer and a price where there are none yet, then the subscription of both. Only the last
//! call counts; each has its own idempotency key, so that a repeat of the whole makes nothing twice.

use domain::{
    CreateSubscription, Customer, Effect, NewPlan, PlanInterval, Rejection, Reply, Request, SubscriptionPlan,
};
use serde::Deserialize;

use super::read;
use crate::form::Form;
use crate::rejection::Missing;
use crate::stripe::calls::{cut, given};
use crate::stripe::errors::Subject;
use crate::stripe::{NAME, amounts, calls, errors, metadata};
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

const CUSTOMER_STEP: u8 = 1;
const PRICE_STEP: u8 = 2;
/// Longest name of a customer, in characters.
const MAX_NAME_CHARS: usize = 256;
/// What the payer confirms: the first invoice's payment, or with a trial the means of payment for later ones.
const PAYMENT: &str = "latest_invoice.payment_intent";
const SETUP: &str = "pending_setup_intent";

/// Plans a creation.
///
/// # Errors
/// `operation_not_supported` for `total_count`, `return_url` and `cancel_url`; `plan_not_found` for what cannot be an id;
/// `unsupported_currency`, `amount_too_precise`, `invalid_field` for metadata and for more than three years.
pub(super) fn plan(subscription: &CreateSubscription) -> Result<Box<dyn Exchange>, Rejection> {
    check_variant(subscription)?;
    metadata::check(&subscription.metadata)?;
    let price = match &subscription.plan {
        SubscriptionPlan::Existing(id) if request::is_plain_id(id) => Price::Made(id.to_string()),
        SubscriptionPlan::Existing(_) => {
            return Err(rejection::not_found(NAME, Missing::Plan));
        }
        SubscriptionPlan::New(plan) => {
            check_interval(plan)?;
            Price::ToMake { plan: plan.clone(), units: amounts::count(plan.amount)? }
        }
    };
    Ok(Box::new(Creation { subscription: subscription.clone(), price, stage: Stage::Begun }))
}

/// Refuses what Stripe has no counterpart for: dropped, it would be another subscription than the one asked for.
fn check_variant(subscription: &CreateSubscription) -> Result<(), Rejection> {
    let refuse = |param, what: &str| {
        Err(rejection::variant_not_supported(param, format!("{NAME} has no {what} for subscriptions.")))
    };
    if subscription.total_count.is_some() {
        return refuse("total_count", "number of charges");
    }
    // The payer confirms in the tenant's own page: no page of Stripe's leads back from anywhere.
    if subscription.return_url.is_some() {
        return refuse("return_url", "page to return from");
    }
    if subscription.cancel_url.is_some() {
        return refuse("cancel_url", "page to return from");
    }
    Ok(())
}

/// Stripe charges at least every three years.
fn check_interval(plan: &NewPlan) -> Result<(), Rejection> {
    let most = match plan.interval {
        PlanInterval::Day => 1095,
        PlanInterval::Week => 156,
        PlanInterval::Month => 36,
        PlanInterval::Year => 3,
    };
    if plan.interval_count <= most {
        return Ok(());
    }
    let message = format!("{NAME} takes at most {most} of this interval: three years.");
    Err(rejection::invalid_field("plan.interval_count", message))
}

struct Creation {
    subscription: CreateSubscription,
    price: Price,
    stage: Stage,
}

/// What the subscription charges.
enum Price {
    /// A price with this id.
    Made(String),
    /// A price to make first.
    ToMake {
        plan: NewPlan,
        /// The plan's amount in Stripe's unit.
        units: i64,
    },
}

enum Stage {
    /// Nothing was sent.
    Begun,
    /// Making the customer.
    MakingCustomer,
    /// Making the price for this customer.
    MakingPrice { customer: String },
    /// Making the subscription.
    Subscribing,
}

/// What of a new customer or price is needed.
#[derive(Deserialize)]
struct Made {
    id: String,
}

impl Exchange for Creation {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match self.customer_id() {
            Some(id) => {
                let id = id.to_owned();
                self.with_customer(id, context)
            }
            None => {
                self.stage = Stage::MakingCustomer;
                Step::Call(Box::new(customer_call(&self.subscription, context)))
            }
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Subscribing) {
            Stage::Begun | Stage::Subscribing => Step::Done(read(Effect::Write, context, reply)),
            Stage::MakingCustomer => match made(reply) {
                Ok(id) => self.with_customer(id, context),
                Err(end) => end,
            },
            Stage::MakingPrice { customer } => match made(reply) {
                Ok(price) => self.subscribe(&customer, &price, context),
                Err(end) => end,
            },
        }
    }
}

impl Creation {
    fn customer_id(&self) -> Option<&str> {
        let customer = self.subscription.customer.as_ref()?;
        given(customer.id.as_deref())
    }

    fn with_customer(&mut self, customer: String, context: &Context<'_>) -> Step {
        match &self.price {
            Price::Made(id) => {
                let id = id.clone();
                self.subscribe(&customer, &id, context)
            }
            Price::ToMake { plan, units } => {
                let call = price_call(plan, *units, context);
                self.stage = Stage::MakingPrice { customer };
                Step::Call(Box::new(call))
            }
        }
    }

    fn subscribe(&mut self, customer: &str, price: &str, context: &Context<'_>) -> Step {
        self.stage = Stage::Subscribing;
        let subscription = &self.subscription;
        let quantity = subscription.quantity.map(|quantity| quantity.to_string());
        let trial_days = subscription.trial_days.map(|days| days.to_string());
        let form = Form::new().field("customer", customer).nested(&["items", "0", "price"], price);
        let form = match &quantity {
            Some(quantity) => form.nested(&["items", "0", "quantity"], quantity),
            None => form,
        };
        let form = form
            .optional("trial_period_days", trial_days.as_deref())
            // Without it, a customer who has no means of payment yet is refused.
            .field("payment_behavior", "default_incomplete")
            // Without it, what the payer confirms with pays the first charge only.
            .nested(&["payment_settings", "save_default_payment_method"], "on_subscription")
            .nested(&["expand", "0"], PAYMENT);
        let form = if trial_days.is_some() { form.nested(&["expand", "1"], SETUP) } else { form };
        let form = labelled(form, subscription, context);
        Step::Call(Box::new(calls::write_form("/v1/subscriptions".to_owned(), context.provider_key, form)))
    }
}

/// Returns the id of what a preparing call made, else how the whole ends: nothing was changed that anyone notices.
fn made(reply: &Reply) -> Result<String, Step> {
    if !replies::is_success(reply) {
        return Err(Step::Done(errors::outcome(Subject::Subscription, Effect::Prepare, reply)));
    }
    match json::read::<Made>(reply) {
        Some(made) if request::is_plain_id(&made.id) => Ok(made.id),
        _ => Err(Step::Done(replies::says_nothing(NAME, Effect::Prepare, reply))),
    }
}

/// Returns the making of a customer of whatever is known of the payer, which may be nothing: Stripe needs one.
fn customer_call(subscription: &CreateSubscription, context: &Context<'_>) -> Request {
    let nobody = Customer::default();
    let payer = subscription.customer.as_ref().unwrap_or(&nobody);
    let name = given(payer.name.as_deref()).map(|name| cut(name, MAX_NAME_CHARS));
    let form = Form::new()
        .optional("email", given(payer.email.as_deref()))
        .optional("name", name.as_deref())
        .optional("phone", given(payer.phone.as_deref()));
    calls::prepare("/v1/customers", context, CUSTOMER_STEP, form)
}

fn price_call(plan: &NewPlan, units: i64, context: &Context<'_>) -> Request {
    let form = Form::new()
        .field("currency", &amounts::word(plan.amount.currency()))
        .field("unit_amount", &units.to_string())
        .nested(&["product_data", "name"], &plan.name)
        .nested(&["recurring", "interval"], interval(plan.interval))
        .nested(&["recurring", "interval_count"], &plan.interval_count.to_string());
    calls::prepare("/v1/prices", context, PRICE_STEP, form)
}

const fn interval(interval: PlanInterval) -> &'static str {
    match interval {
        PlanInterval::Day => "day",
        PlanInterval::Week => "week",
        PlanInterval::Month => "month",
        PlanInterval::Year => "year",
    }
}

fn labelled(form: Form, subscription: &CreateSubscription, context: &Context<'_>) -> Form {
    let transaction = context.transaction.to_string();
    let gateway = [("transaction_id", Some(&*transaction)), ("reference", subscription.reference.as_deref())];
    metadata::write(form, &gateway, &subscription.metadata)
}
