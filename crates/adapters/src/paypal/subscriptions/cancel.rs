//! Ending a subscription: PayPal ends it at once and answers nothing, so that it is read afterwards.

use domain::{
    CancelSubscription, CancelWhen, Effect, Outcome, Rejection, Reply, Resource, RetrySafety, Subscription,
    SubscriptionStatus,
};
use serde::Serialize;

use super::subscription;
use crate::paypal::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, rejection, reply as replies, request};

/// PayPal's answer to a cancellation that it has done.
const NO_CONTENT: u16 = 204;

/// Plans a cancellation.
///
/// # Errors
/// `subscription_not_found` for what cannot be an id; `operation_not_supported` at the end of a period.
pub(super) fn plan(subscription: &CancelSubscription) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&subscription.provider_subscription_id) {
        return Err(rejection::not_found(NAME, Missing::Subscription));
    }
    if subscription.when == CancelWhen::AtPeriodEnd {
        let message = format!("{NAME} ends a subscription at once, and not at the end of a period.");
        return Err(rejection::variant_not_supported("at_period_end", message));
    }
    Ok(Box::new(Cancel { subscription: subscription.clone(), stage: Stage::Done }))
}

struct Cancel {
    subscription: CancelSubscription,
    stage: Stage,
}

enum Stage {
    /// Ending it.
    Canceling,
    /// It is ended: looking what it is now.
    Confirming,
    /// PayPal refused because of its state, which a repeat meets too, or said nothing: looking whether it is ended.
    Checking { refusal: Outcome },
    /// It is over, or not begun.
    Done,
}

#[derive(Serialize)]
struct Body {
    /// PayPal asks for one and shows it to the payer.
    reason: &'static str,
}

impl Exchange for Cancel {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        self.stage = Stage::Canceling;
        let path = format!("{}/{}/cancel", subscription::PATH, self.subscription.provider_subscription_id);
        let body = Body { reason: "Canceled by the merchant." };
        Step::Call(Box::new(calls::post(path, RetrySafety::Harmless, &body)))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Canceling if reply.status == NO_CONTENT => self.read(Stage::Confirming),
            // Another success is not PayPal's answer to this: a page for people, say.
            Stage::Canceling if replies::is_success(reply) => {
                let refusal = replies::says_nothing(NAME, Effect::Write, reply);
                self.read(Stage::Checking { refusal })
            }
            Stage::Canceling => {
                let outcome = errors::outcome(Missing::Subscription, Effect::Write, reply);
                if errors::has_issue(reply, &["SUBSCRIPTION_STATUS_INVALID"]) {
                    return self.read(Stage::Checking { refusal: outcome });
                }
                Step::Done(outcome)
            }
            // A read that failed, or came before PayPal's own copies caught up, takes nothing back.
            Stage::Confirming => executed(match subscription::read(reply, context.started_at) {
                Ok(read) if read.status == SubscriptionStatus::Canceled => read,
                Ok(stale) => canceled(stale),
                Err(_) => self.known(),
            }),
            Stage::Checking { refusal } => match subscription::read(reply, context.started_at) {
                Ok(read) if read.status == SubscriptionStatus::Canceled => executed(read),
                Ok(_) => Step::Done(refusal),
                // It may have been an earlier attempt of ours that ended it.
                Err(_) => Step::Done(Outcome::Unknown(replies::unreadable(reply))),
            },
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Cancel {
    fn read(&mut self, stage: Stage) -> Step {
        self.stage = stage;
        Step::Call(Box::new(subscription::read_request(&self.subscription.provider_subscription_id)))
    }

    /// Returns what is known of it without having read it.
    fn known(&self) -> Subscription {
        Subscription {
            provider_subscription_id: self.subscription.provider_subscription_id.to_string(),
            plan_id: None,
            quantity: None,
            status: SubscriptionStatus::Canceled,
            is_trial: false,
            cancel_at_period_end: false,
            current_period_end: None,
            next_action: None,
            provider_status: None,
        }
    }
}

/// Returns what was read of it before, as ended.
fn canceled(stale: Subscription) -> Subscription {
    Subscription {
        status: SubscriptionStatus::Canceled,
        is_trial: false,
        next_action: None,
        provider_status: None,
        ..stale
    }
}

fn executed(subscription: Subscription) -> Step {
    Step::Done(Outcome::Executed(Resource::Subscription(subscription)))
}

#[cfg(test)]
mod tests;
