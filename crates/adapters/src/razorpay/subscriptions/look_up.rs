//! What became of a call whose answer was lost. A reply that is no answer leaves it unknown: nothing is settled by it.

use domain::{
    CancelSubscription, CancelWhen, CreateSubscription, NotSent, Outcome, Reply, Request, SubscriptionPlan,
};

use super::wire::WireSubscription;
use super::{cancel, get};
use crate::razorpay::calls::not_told;
use crate::razorpay::payments::Collection;
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// Most subscriptions on a page of Razorpay's.
const PAGE: usize = 100;
/// Most pages that are read; a subscription behind them stays unknown.
const MAX_PAGES: usize = 10;
/// How far Razorpay's clock may be behind.
const CLOCK_SKEW_SECONDS: u64 = 300;

/// Looks through the subscriptions made since for one with our transaction in its notes.
pub(super) fn created(subscription: &CreateSubscription) -> Box<dyn Exchange> {
    let plan_id = match &subscription.plan {
        SubscriptionPlan::Existing(id) if request::is_plain_id(id) => Some(id.clone()),
        SubscriptionPlan::Existing(_) | SubscriptionPlan::New(_) => None,
    };
    Box::new(FindCreated { plan_id, pages: 0 })
}

/// Looks whether a subscription has ended; `None` for what cannot be an id, of which nothing was ever sent. That one will end
/// with its period does not show: it is asked for once more, which changes nothing.
pub(super) fn canceled(subscription: &CancelSubscription) -> Option<Box<dyn Exchange>> {
    if subscription.when == CancelWhen::AtPeriodEnd {
        return cancel::plan(subscription).ok();
    }
    let is_id = request::is_plain_id(&subscription.provider_subscription_id);
    is_id.then(|| -> Box<dyn Exchange> { Box::new(FindCanceled(subscription.clone())) })
}

struct FindCreated {
    plan_id: Option<Box<str>>,
    /// Pages read.
    pages: usize,
}

impl Exchange for FindCreated {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        self.pages = 0;
        Step::Call(Box::new(self.page(context)))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(not_told(reply));
        }
        let Some(subscriptions) = json::read::<Collection<WireSubscription>>(reply) else {
            return Step::Done(not_told(reply));
        };
        let transaction = context.transaction.to_string();
        let is_last = subscriptions.items.len() < PAGE;
        let ours = subscriptions.items.into_iter().filter(|found| found.is_of(&transaction));
        // Should there be several, the first one made is the one whose answer was lost.
        if let Some(found) = ours.min_by_key(|found| found.created_at) {
            return Step::Done(found.tell(false).map_or_else(|| not_told(reply), Outcome::Executed));
        }
        if is_last {
            return Step::Done(Outcome::NotSent(NotSent::NeverArrived));
        }
        self.pages = self.pages.saturating_add(1);
        if self.pages >= MAX_PAGES {
            return Step::Done(not_told(reply));
        }
        Step::Call(Box::new(self.page(context)))
    }
}

impl FindCreated {
    fn page(&self, context: &Context<'_>) -> Request {
        let from = context.started_at.unix_seconds().saturating_sub(CLOCK_SKEW_SECONDS);
        let skip = self.pages.saturating_mul(PAGE);
        let mut path = format!("/v1/subscriptions?from={from}&count={PAGE}&skip={skip}");
        if let Some(plan_id) = &self.plan_id {
            path.push_str("&plan_id=");
            path.push_str(plan_id);
        }
        request::get(path)
    }
}

struct FindCanceled(CancelSubscription);

impl Exchange for FindCanceled {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        Step::Call(Box::new(get::of_id(&self.0.provider_subscription_id)))
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(not_told(reply));
        }
        let Some(found) = json::read::<WireSubscription>(reply) else {
            return Step::Done(not_told(reply));
        };
        if !found.is_canceled() {
            return Step::Done(Outcome::NotSent(NotSent::NeverArrived));
        }
        Step::Done(found.tell(false).map_or_else(|| not_told(reply), Outcome::Executed))
    }
}
