//! Refunds: one call, in front of which the payment is read where only that tells the currency. Stripe takes an intent or a
//! charge, so that an order needs no look for the payment behind it.

mod refund;

use domain::{
    CreateRefund, Currency, Effect, GetRefund, Outcome, RefundAmount, RefundOperation, RefundedPayment,
    Rejection, Reply, Request, Resource,
};
use serde::Deserialize;

use self::refund::WireRefund;
use super::errors::Subject;
use super::{NAME, amounts, calls, errors, metadata};
use crate::form::Form;
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// The reasons that Stripe knows; any other is the tenant's own, and kept as metadata.
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];
/// How the id of an intent begins. All else that was paid is a charge, whose ids begin in several ways.
const INTENT_PREFIX: &str = "pi_";

/// Plans what is asked for.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`, `invalid_field` for metadata; `order_not_found`, `payment_not_found` and
/// `refund_not_found` for what cannot be an id.
pub(super) fn plan(operation: &RefundOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        RefundOperation::Create(refund) => plan_creation(refund),
        RefundOperation::Get(refund) => {
            check_id(&refund.provider_refund_id, Missing::Refund)?;
            Ok(Box::new(SingleCall { operation: refund.clone(), build: get, read: read_read }))
        }
    }
}

/// Returns the order behind a payment: an intent is both.
pub(super) fn order_of(payment_id: &str) -> Option<&str> {
    payment_id.starts_with(INTENT_PREFIX).then_some(payment_id)
}

fn plan_creation(refund: &CreateRefund) -> Result<Box<dyn Exchange>, Rejection> {
    metadata::check(&refund.metadata)?;
    let amount = match (&refund.payment, &refund.amount) {
        (_, None) => Amount::AllThatIsLeft,
        // The order's currency is known here, and the amount was read in it.
        (RefundedPayment::OfOrder { .. }, Some(RefundAmount::Money(amount))) => {
            Amount::Units(amounts::count(*amount)?)
        }
        (RefundedPayment::Payment { .. }, Some(RefundAmount::Money(amount))) => {
            amounts::count(*amount)?;
            Amount::OfPayment(RefundAmount::Money(*amount))
        }
        (_, Some(number @ RefundAmount::Number(_))) => Amount::OfPayment(number.clone()),
    };
    match &refund.payment {
        RefundedPayment::OfOrder { provider_order_id } => check_id(provider_order_id, Missing::Order)?,
        RefundedPayment::Payment { provider_payment_id } => check_id(provider_payment_id, Missing::Payment)?,
    }
    Ok(Box::new(Creation { refund: refund.clone(), amount, stage: Stage::Reading }))
}

fn check_id(id: &str, missing: Missing) -> Result<(), Rejection> {
    if request::is_plain_id(id) { Ok(()) } else { Err(rejection::not_found(NAME, missing)) }
}

/// A refund under way.
struct Creation {
    refund: CreateRefund,
    amount: Amount,
    stage: Stage,
}

/// How much goes back, as far as it is known before the payment was read.
enum Amount {
    AllThatIsLeft,
    /// In Stripe's unit of the payment's currency.
    Units(i64),
    /// The payment must be read first: its currency decides what the number means.
    OfPayment(RefundAmount),
}

enum Stage {
    /// Learning the payment's currency.
    Reading,
    /// Giving the money back.
    Refunding,
}

/// What of an intent or charge is needed.
#[derive(Deserialize)]
struct Paid {
    currency: String,
}

impl Exchange for Creation {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match self.amount {
            Amount::AllThatIsLeft => self.give_back(None, context),
            Amount::Units(units) => self.give_back(Some(units), context),
            Amount::OfPayment(_) => {
                self.stage = Stage::Reading;
                Step::Call(Box::new(calls::read(self.payment().path())))
            }
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        let subject = self.payment().subject;
        match (&self.stage, &self.amount) {
            (Stage::Reading, Amount::OfPayment(amount)) => match read_units(subject, amount, reply) {
                Ok(units) => self.give_back(Some(units), context),
                Err(outcome) => Step::Done(outcome),
            },
            _ => Step::Done(read(subject, Effect::Write, reply)),
        }
    }
}

impl Creation {
    fn payment(&self) -> Payment<'_> {
        match &self.refund.payment {
            RefundedPayment::OfOrder { provider_order_id: id } => {
                Payment { id, subject: Subject::RefundOfOrder }
            }
            RefundedPayment::Payment { provider_payment_id: id } => {
                Payment { id, subject: Subject::RefundOfPayment }
            }
        }
    }

    fn give_back(&mut self, units: Option<i64>, context: &Context<'_>) -> Step {
        self.stage = Stage::Refunding;
        let refund = &self.refund;
        let payment = self.payment();
        let stripes_reason = refund.reason.as_deref().filter(|reason| REASONS.contains(reason));
        let own_reason = refund.reason.as_deref().filter(|reason| !REASONS.contains(reason));
        let units = units.map(|units| units.to_string());
        let form = Form::new()
            .field(payment.field(), payment.id)
            .optional("amount", units.as_deref())
            .optional("reason", stripes_reason);
        let transaction = context.transaction.to_string();
        let gateway = [
            ("transaction_id", Some(&*transaction)),
            ("reference", refund.reference.as_deref()),
            ("reason", own_reason),
        ];
        let form = metadata::write(form, &gateway, &refund.metadata);
        Step::Call(Box::new(calls::write_form("/v1/refunds".to_owned(), context.provider_key, form)))
    }
}

/// Returns the amount in Stripe's unit, once the payment's currency is known.
fn read_units(subject: Subject, amount: &RefundAmount, reply: &Reply) -> Result<i64, Outcome> {
    if !replies::is_success(reply) {
        return Err(errors::outcome(subject, Effect::Read, reply));
    }
    let currency = json::read::<Paid>(reply).and_then(|paid| Currency::parse(&paid.currency).ok());
    match currency {
        Some(currency) => units_in(amount, currency).map_err(Outcome::Rejected),
        None => Err(replies::says_nothing(NAME, Effect::Read, reply)),
    }
}

/// Returns what goes back of a payment in this currency, in Stripe's unit.
fn units_in(amount: &RefundAmount, currency: Currency) -> Result<i64, Rejection> {
    let money = amount.in_currency(currency).map_err(|error| rejection::amount(NAME, error))?;
    if money.currency() != currency {
        let message = format!("The payment is in {currency}, the amount in {}.", money.currency());
        return Err(rejection::invalid_field("amount", message));
    }
    amounts::count(money)
}

/// What is refunded: an intent or a charge.
struct Payment<'a> {
    id: &'a str,
    subject: Subject,
}

impl Payment<'_> {
    fn is_intent(&self) -> bool {
        self.subject == Subject::RefundOfOrder || self.id.starts_with(INTENT_PREFIX)
    }

    fn field(&self) -> &'static str {
        if self.is_intent() { "payment_intent" } else { "charge" }
    }

    fn path(&self) -> String {
        let noun = if self.is_intent() { "payment_intents" } else { "charges" };
        format!("/v1/{noun}/{}", self.id)
    }
}

fn get(refund: &GetRefund, _: &Context<'_>) -> Request {
    calls::read(format!("/v1/refunds/{}", refund.provider_refund_id))
}

fn read_read(_: &GetRefund, _: &Context<'_>, reply: &Reply) -> Outcome {
    read(Subject::Refund, Effect::Read, reply)
}

fn read(subject: Subject, effect: Effect, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(subject, effect, reply);
    }
    match json::read::<WireRefund>(reply).and_then(WireRefund::tell) {
        Some(refund) => Outcome::Executed(Resource::Refund(refund)),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

#[cfg(test)]
mod tests;
