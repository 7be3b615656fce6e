//! Ending a subscription, now or with its period.

use domain::{CancelSubscription, CancelWhen, Effect, Outcome, Rejection, Reply, Request, RetrySafety};
use serde::Serialize;

use super::get;
use super::wire::WireSubscription;
use crate::razorpay::{NAME, calls, errors};
use crate::rejection::{self, Missing};
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// Plans a cancellation.
///
/// # Errors
/// `subscription_not_found` for what cannot be an id.
pub(super) fn plan(subscription: &CancelSubscription) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&subscription.provider_subscription_id) {
        return Err(rejection::not_found(NAME, Missing::Subscription));
    }
    Ok(Box::new(Cancellation { subscription: subscription.clone(), refusal: None }))
}

struct Cancellation {
    subscription: CancelSubscription,
    /// Razorpay said that the subscription has ended, and is asked how; unless by a cancellation, the refusal stands.
    refusal: Option<Outcome>,
}

#[derive(Serialize)]
struct Body {
    cancel_at_cycle_end: bool,
}

impl Exchange for Cancellation {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        self.refusal = None;
        Step::Call(Box::new(request(&self.subscription)))
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        if let Some(refusal) = self.refusal.take() {
            let is_canceled = replies::is_success(reply)
                && json::read::<WireSubscription>(reply).is_some_and(|found| found.is_canceled());
            return Step::Done(if is_canceled { self.read(reply) } else { refusal });
        }
        if errors::is_ended_already(reply) {
            self.refusal = Some(self.read(reply));
            return Step::Call(Box::new(get::of_id(&self.subscription.provider_subscription_id)));
        }
        Step::Done(self.read(reply))
    }
}

impl Cancellation {
    fn read(&self, reply: &Reply) -> Outcome {
        let at_period_end = self.subscription.when == CancelWhen::AtPeriodEnd;
        calls::answer(reply, Effect::Write, Missing::Subscription, |subscription: WireSubscription| {
            subscription.tell(at_period_end)
        })
    }
}

fn request(subscription: &CancelSubscription) -> Request {
    let path = format!("/v1/subscriptions/{}/cancel", subscription.provider_subscription_id);
    let body = Body { cancel_at_cycle_end: subscription.when == CancelWhen::AtPeriodEnd };
    calls::write(path, RetrySafety::LookUpFirst, &body)
}
