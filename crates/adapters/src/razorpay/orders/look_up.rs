//! What became of a call whose answer was lost. A reply that is no answer leaves it unknown: nothing is settled by it.

use domain::{CaptureOrder, NotSent, Outcome, Reply, Resource};
use form_urlencoded::byte_serialize;

use super::read::{Progress, Reading};
use super::wire::{Snapshot, WireOrder};
use crate::razorpay::moments;
use crate::razorpay::payments::Collection;
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// Looks for an order by its receipt.
pub(super) fn created() -> Box<dyn Exchange> {
    Box::new(FindCreated { reading: None })
}

/// Looks whether an order's money was taken; `None` for what cannot be an id, of which nothing was ever sent.
pub(super) fn captured(order: &CaptureOrder) -> Option<Box<dyn Exchange>> {
    let is_id = request::is_plain_id(&order.provider_order_id);
    is_id.then(|| -> Box<dyn Exchange> { Box::new(FindCaptured { order: order.clone(), reading: None }) })
}

struct FindCreated {
    reading: Option<Reading>,
}

impl Exchange for FindCreated {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        let receipt: String = byte_serialize(context.provider_key.as_bytes()).collect();
        Step::Call(Box::new(request::get(format!("/v1/orders?receipt={receipt}"))))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        if let Some(reading) = &mut self.reading {
            return match reading.resume(reply) {
                Progress::Call(request) => Step::Call(Box::new(request)),
                Progress::Whole(snapshot) => executed(snapshot, context),
                Progress::Failed(_) => not_told(reply),
            };
        }
        if !replies::is_success(reply) {
            return not_told(reply);
        }
        let Some(orders) = json::read::<Collection<WireOrder>>(reply) else {
            return not_told(reply);
        };
        // The receipt is compared again: an order of somebody else's must never be taken for this one. Should there be
        // several, the first one made is the one whose answer was lost.
        let is_ours = |order: &WireOrder| {
            order.receipt.as_deref() == Some(context.provider_key)
                && !context.is_of_earlier_use(moments::read(order.created_at))
        };
        let found = orders.items.into_iter().filter(is_ours).min_by_key(|order| order.created_at);
        let Some(found) = found else {
            return Step::Done(Outcome::NotSent(NotSent::NeverArrived));
        };
        let mut reading = Reading::of_id(&found.id);
        match Snapshot::of(found).map(|snapshot| reading.go_on(snapshot)) {
            Some(Progress::Call(request)) => {
                self.reading = Some(reading);
                Step::Call(Box::new(request))
            }
            Some(Progress::Whole(snapshot)) => executed(snapshot, context),
            Some(Progress::Failed(_)) | None => not_told(reply),
        }
    }
}

struct FindCaptured {
    order: CaptureOrder,
    reading: Option<Reading>,
}

impl Exchange for FindCaptured {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        let reading = Reading::of_id(&self.order.provider_order_id);
        let first = reading.first();
        self.reading = Some(reading);
        Step::Call(Box::new(first))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match self.reading.as_mut().map(|reading| reading.resume(reply)) {
            Some(Progress::Call(request)) => Step::Call(Box::new(request)),
            Some(Progress::Whole(snapshot)) if snapshot.is_captured() => executed(snapshot, context),
            Some(Progress::Whole(_)) => Step::Done(Outcome::NotSent(NotSent::NeverArrived)),
            Some(Progress::Failed(_)) | None => not_told(reply),
        }
    }
}

fn executed(snapshot: Snapshot, context: &Context<'_>) -> Step {
    Step::Done(Outcome::Executed(Resource::Order(snapshot.tell(context))))
}

fn not_told(reply: &Reply) -> Step {
    Step::Done(Outcome::Unknown(replies::unreadable(reply)))
}

#[cfg(test)]
mod tests;
