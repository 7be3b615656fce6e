//! The payment that a refund is of: named by the caller, or found behind an order.

use domain::{Effect, Outcome, RefundedPayment, Rejection, Reply, Request};

use crate::razorpay::payments::{Collection, WirePayment};
use crate::razorpay::{NAME, errors};
use crate::rejection::{self, Missing};
use crate::{json, reply as replies, request};

/// Checks that the caller's id is fit for a path.
///
/// # Errors
/// `order_not_found`, `payment_not_found`.
pub(super) fn check(payment: &RefundedPayment) -> Result<(), Rejection> {
    let (id, missing) = match payment {
        RefundedPayment::OfOrder { provider_order_id } => (provider_order_id, Missing::Order),
        RefundedPayment::Payment { provider_payment_id } => (provider_payment_id, Missing::Payment),
    };
    if request::is_plain_id(id) { Ok(()) } else { Err(rejection::not_found(NAME, missing)) }
}

/// Returns the read that shows the payment.
pub(super) fn request(payment: &RefundedPayment) -> Request {
    request::get(match payment {
        RefundedPayment::OfOrder { provider_order_id } => format!("/v1/orders/{provider_order_id}/payments"),
        RefundedPayment::Payment { provider_payment_id } => format!("/v1/payments/{provider_payment_id}"),
    })
}

/// Reads the payment; one whose money was taken, whatever went back since.
///
/// # Errors
/// The outcome of a failed read. `not_paid` when no money was taken, `operation_not_supported` when an order was paid in
/// several parts, of which a refund could only mean one.
pub(super) fn read(payment: &RefundedPayment, reply: &Reply) -> Result<WirePayment, Outcome> {
    let missing = match payment {
        RefundedPayment::OfOrder { .. } => Missing::Order,
        RefundedPayment::Payment { .. } => Missing::Payment,
    };
    if !replies::is_success(reply) {
        return Err(errors::outcome(Effect::Read, missing, reply));
    }
    let payments = match payment {
        RefundedPayment::OfOrder { .. } => {
            json::read::<Collection<WirePayment>>(reply).map(|list| list.items)
        }
        RefundedPayment::Payment { .. } => json::read::<WirePayment>(reply).map(|payment| vec![payment]),
    };
    let Some(payments) = payments else {
        return Err(replies::says_nothing(NAME, Effect::Read, reply));
    };
    let mut captured = payments.into_iter().filter(WirePayment::is_captured);
    match (captured.next(), captured.next()) {
        // The id goes into paths.
        (Some(payment), None) if request::is_plain_id(&payment.id) => Ok(payment),
        (Some(_), None) => Err(replies::says_nothing(NAME, Effect::Read, reply)),
        (None, _) => Err(Outcome::Rejected(rejection::not_paid())),
        (Some(_), Some(_)) => {
            let message =
                "The order was paid in several payments: name the one to refund by provider_payment_id.";
            Err(Outcome::Rejected(rejection::variant_not_supported("order_id", message)))
        }
    }
}
