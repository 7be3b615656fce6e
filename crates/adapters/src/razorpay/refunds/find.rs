//! Finding a refund by its receipt among those of its payment.

use domain::{CreateRefund, NotSent, Outcome, RefundedPayment, Reply, Request};

use super::source;
use super::wire::WireRefund;
use crate::razorpay::calls::not_told;
use crate::razorpay::payments::Collection;
use crate::razorpay::{NAME, moments};
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Most refunds on a page of Razorpay's. A payment with more of them is not searched to the end.
const PAGE: usize = 100;

/// Returns the read of a payment's refunds.
pub(super) fn request(payment_id: &str) -> Request {
    request::get(format!("/v1/payments/{payment_id}/refunds?count={PAGE}"))
}

/// Returns what became of the refund with our receipt, as a payment's list of refunds tells.
pub(super) fn read(context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return not_told(reply);
    }
    let Some(refunds) = json::read::<Collection<WireRefund>>(reply) else {
        return not_told(reply);
    };
    let is_whole = refunds.items.len() < PAGE;
    let is_ours = |refund: &WireRefund| refund.receipt.as_deref() == Some(context.provider_key);
    let found = refunds.items.into_iter().find(is_ours);
    if found.as_ref().is_some_and(|refund| context.is_of_earlier_use(moments::read(refund.created_at))) {
        return Outcome::Rejected(rejection::key_reused(NAME));
    }
    match found.map(WireRefund::tell) {
        Some(Some(refund)) => Outcome::Executed(refund),
        None if is_whole => Outcome::NotSent(NotSent::NeverArrived),
        Some(None) | None => not_told(reply),
    }
}

/// Looks for a refund; `None` for what cannot be an id, of which nothing was ever sent.
pub(super) fn look_up(refund: &CreateRefund) -> Option<Box<dyn Exchange>> {
    source::check(&refund.payment).ok()?;
    Some(Box::new(Finding { payment: refund.payment.clone(), has_payment: false }))
}

struct Finding {
    payment: RefundedPayment,
    has_payment: bool,
}

impl Exchange for Finding {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        self.has_payment = matches!(self.payment, RefundedPayment::Payment { .. });
        Step::Call(Box::new(match &self.payment {
            RefundedPayment::OfOrder { .. } => source::request(&self.payment),
            RefundedPayment::Payment { provider_payment_id } => request(provider_payment_id),
        }))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        if self.has_payment {
            return Step::Done(match read(context, reply) {
                // Razorpay makes one refund for a key: the earlier one, and none for this call.
                Outcome::Rejected(_) => Outcome::NotSent(NotSent::NeverArrived),
                found => found,
            });
        }
        self.has_payment = true;
        match source::read(&self.payment, reply) {
            Ok(payment) => Step::Call(Box::new(request(&payment.id))),
            // Nothing of this order was ever paid, so nothing was asked for.
            Err(Outcome::Rejected(refusal)) if refusal.code == "not_paid" => {
                Step::Done(Outcome::NotSent(NotSent::NeverArrived))
            }
            Err(_) => Step::Done(not_told(reply)),
        }
    }
}
