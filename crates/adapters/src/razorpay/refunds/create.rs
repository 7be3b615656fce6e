//! Giving money back: the payment is read where it must be known, then the refund is made. The write comes last.

use domain::{
    CreateRefund, Effect, NotSent, Outcome, RefundAmount, RefundedPayment, Rejection, Reply, Request,
    RetrySafety,
};
use http::HeaderName;
use serde::Serialize;

use super::wire::WireRefund;
use super::{find, source};
use crate::razorpay::notes::Notes;
use crate::razorpay::payments::WirePayment;
use crate::razorpay::{NAME, amounts, calls, errors};
use crate::rejection::{self, Missing};
use crate::{Context, Exchange, Step, reply as replies};

/// 10 characters or more of letters, digits, `-` and `_`.
const IDEMPOTENCY: HeaderName = HeaderName::from_static("x-refund-idempotency");

/// Plans a refund.
///
/// # Errors
/// `order_not_found` and `payment_not_found` for what cannot be an id, `unsupported_currency`, `amount_too_precise`.
pub(super) fn plan(refund: &CreateRefund) -> Result<Box<dyn Exchange>, Rejection> {
    source::check(&refund.payment)?;
    if let Some(RefundAmount::Money(amount)) = &refund.amount {
        amounts::count(*amount)?;
    }
    Ok(Box::new(Creation { refund: refund.clone(), stage: Stage::Reading }))
}

struct Creation {
    refund: CreateRefund,
    stage: Stage,
}

enum Stage {
    /// Reading the payment.
    Reading,
    /// Giving its money back.
    Refunding { payment_id: String },
    /// Razorpay knows the key from a call with another body: looking what that call did.
    Finding,
}

#[derive(Serialize)]
struct Body<'a> {
    /// All that is left when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    notes: Notes<'a>,
    receipt: &'a str,
}

impl Exchange for Creation {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match (&self.refund.payment, &self.refund.amount) {
            (RefundedPayment::Payment { provider_payment_id }, None) => {
                let payment_id = provider_payment_id.to_string();
                self.refund(payment_id, None, context)
            }
            // Razorpay is told a number without a currency: only the payment itself says what it would mean.
            (RefundedPayment::OfOrder { .. }, _) | (RefundedPayment::Payment { .. }, Some(_)) => {
                self.stage = Stage::Reading;
                Step::Call(Box::new(source::request(&self.refund.payment)))
            }
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match &self.stage {
            Stage::Reading => match source::read(&self.refund.payment, reply) {
                Ok(payment) => match units(self.refund.amount.as_ref(), &payment) {
                    Ok(units) => self.refund(payment.id, units, context),
                    Err(rejection) => Step::Done(Outcome::Rejected(rejection)),
                },
                Err(outcome) => Step::Done(outcome),
            },
            Stage::Refunding { payment_id } => {
                if !errors::is_key_taken(reply) {
                    return Step::Done(refunded(reply));
                }
                let call = find::request(payment_id);
                self.stage = Stage::Finding;
                Step::Call(Box::new(call))
            }
            Stage::Finding => Step::Done(match find::read(context, reply) {
                // Made, says Razorpay, and does not show it yet.
                Outcome::NotSent(NotSent::NeverArrived) => Outcome::Unknown(replies::unreadable(reply)),
                found => found,
            }),
        }
    }
}

impl Creation {
    fn refund(&mut self, payment_id: String, units: Option<i64>, context: &Context<'_>) -> Step {
        let request = self.request(&payment_id, units, context);
        self.stage = Stage::Refunding { payment_id };
        Step::Call(Box::new(request))
    }

    fn request(&self, payment_id: &str, units: Option<i64>, context: &Context<'_>) -> Request {
        let refund = &self.refund;
        let transaction = context.transaction.to_string();
        let own = [("reference", refund.reference.as_deref()), ("reason", refund.reason.as_deref())];
        let body = Body {
            amount: units,
            notes: Notes::of(&transaction, &own, &refund.metadata),
            receipt: context.provider_key,
        };
        let mut request =
            calls::write(format!("/v1/payments/{payment_id}/refund"), RetrySafety::Keyed, &body);
        request.headers.push((IDEMPOTENCY, context.provider_key.to_owned()));
        request
    }
}

/// Returns what is asked for in the payment's own unit.
fn units(amount: Option<&RefundAmount>, payment: &WirePayment) -> Result<Option<i64>, Rejection> {
    let Some(asked) = amount else { return Ok(None) };
    let currency = payment.currency().ok_or_else(|| {
        let message = format!("{NAME} names the payment's currency in a way that is not understood.");
        rejection::variant_not_supported("amount", message)
    })?;
    let amount = asked.in_currency(currency).map_err(|error| rejection::amount(NAME, error))?;
    if amount.currency() != currency {
        let message = format!("The payment is in {currency}, and so must the refund be.");
        return Err(rejection::invalid_field("amount", message));
    }
    amounts::count(amount).map(Some)
}

fn refunded(reply: &Reply) -> Outcome {
    calls::answer(reply, Effect::Write, Missing::Payment, WireRefund::tell)
}
