//! Ending a subscription: now (a deletion, which Stripe refuses the second time as if there were no subscription), or with
//! its period. After a refusal the subscription is read: what has ended already is told from what never was.

use domain::{
    CancelSubscription, CancelWhen, Effect, Outcome, RejectionClass, Reply, Request, Resource,
    SubscriptionStatus,
};

use super::{read, read_call};
use crate::form::Form;
use crate::stripe::calls;
use crate::{Context, Exchange, Step, rejection};

/// Plans an end.
pub(super) fn plan(subscription: &CancelSubscription) -> Box<dyn Exchange> {
    Box::new(Cancel { subscription: subscription.clone(), stage: Stage::Ending })
}

struct Cancel {
    subscription: CancelSubscription,
    stage: Stage,
}

enum Stage {
    /// Asking for the end.
    Ending,
    /// Stripe refused; looking whether it has ended before, else the refusal stands.
    Looking { refusal: Outcome },
}

impl Exchange for Cancel {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        self.stage = Stage::Ending;
        Step::Call(Box::new(self.call(context)))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Ending) {
            Stage::Ending => match read(Effect::Write, context, reply) {
                Outcome::Rejected(refusal) if may_have_ended(refusal.class) => {
                    self.stage = Stage::Looking { refusal: Outcome::Rejected(refusal) };
                    Step::Call(Box::new(read_call(&self.subscription.provider_subscription_id)))
                }
                outcome => Step::Done(outcome),
            },
            Stage::Looking { refusal } => Step::Done(self.judge(read(Effect::Read, context, reply), refusal)),
        }
    }
}

impl Cancel {
    fn call(&self, context: &Context<'_>) -> Request {
        let path = format!("/v1/subscriptions/{}", self.subscription.provider_subscription_id);
        match self.subscription.when {
            CancelWhen::AtOnce => calls::delete(path),
            CancelWhen::AtPeriodEnd => {
                let form = Form::new().field("cancel_at_period_end", "true");
                calls::write_form(path, context.provider_key, form)
            }
        }
    }

    /// Returns how it ends after Stripe refused and the subscription was read.
    fn judge(&self, found: Outcome, refusal: Outcome) -> Outcome {
        match found {
            Outcome::Executed(Resource::Subscription(subscription)) if has_ended(subscription.status) => {
                match self.subscription.when {
                    CancelWhen::AtOnce => Outcome::Executed(Resource::Subscription(subscription)),
                    CancelWhen::AtPeriodEnd => Outcome::Rejected(rejection::object_state(
                        "invalid_subscription_state",
                        "The subscription has ended already.",
                    )),
                }
            }
            // It runs, or there is none.
            Outcome::Executed(_) => refusal,
            Outcome::Rejected(missing) if missing.class == RejectionClass::NotFound => refusal,
            lost => lost,
        }
    }
}

/// Returns whether a refusal of this kind is what a subscription that has ended answers with.
const fn may_have_ended(class: RejectionClass) -> bool {
    matches!(
        class,
        RejectionClass::NotFound
            | RejectionClass::Conflict
            | RejectionClass::KeyReused
            | RejectionClass::Refused
            | RejectionClass::InvalidRequest
    )
}

const fn has_ended(status: SubscriptionStatus) -> bool {
    matches!(status, SubscriptionStatus::Canceled | SubscriptionStatus::Expired)
}

#[cfg(test)]
mod tests;
