//! Creating a payment link. Its reference is its idempotency key: a second link with it is refused, and the first one found.

use std::time::Duration;

use domain::{
    CreatePaymentLink, Customer, Effect, NotSent, Outcome, Rejection, Reply, Request, RetrySafety, Timestamp,
};
use serde::Serialize;

use super::find;
use super::wire::WireLink;
use crate::razorpay::notes::{Notes, cut};
use crate::razorpay::{amounts, calls, errors};
use crate::rejection::{self, Missing};
use crate::{Context, Exchange, Step, reply as replies};

/// Most characters of a description.
const MAX_DESCRIPTION_CHARS: usize = 2_048;
/// A link lives at least so long.
const MIN_LIFE: Duration = Duration::from_secs(15 * 60);
/// And at most six months, which are 181 to 184 days: what lies between them is Razorpay's to judge.
const MAX_LIFE: Duration = Duration::from_secs(184 * 86_400);

/// Plans a payment link.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`; `operation_not_supported` for a customer's id, which a link has no field for.
pub(super) fn plan(link: &CreatePaymentLink) -> Result<Box<dyn Exchange>, Rejection> {
    let units = amounts::count(link.amount)?;
    if link.customer.as_ref().is_some_and(|customer| customer.id.is_some()) {
        let message = "Razorpay's payment links take a customer's name, e-mail and telephone, and no id.";
        return Err(rejection::variant_not_supported("customer.id", message));
    }
    Ok(Box::new(Creation { link: link.clone(), units, stage: Stage::Creating }))
}

struct Creation {
    link: CreatePaymentLink,
    units: i64,
    stage: Stage,
}

enum Stage {
    /// Making the link.
    Creating,
    /// An earlier attempt made it: fetching what it made.
    Finding,
}

#[derive(Serialize)]
struct Body<'a> {
    amount: i64,
    currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_by: Option<u64>,
    reference_id: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<WireCustomer<'a>>,
    notify: Notify,
    reminder_enable: bool,
    notes: Notes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_method: Option<&'static str>,
}

#[derive(Serialize)]
struct WireCustomer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
}

/// The caller hands the link over: Razorpay writes to nobody.
#[derive(Serialize)]
struct Notify {
    sms: bool,
    email: bool,
}

impl Exchange for Creation {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        if let Err(rejection) = check_life(self.link.expires_at, context.started_at) {
            return Step::Done(Outcome::Rejected(rejection));
        }
        self.stage = Stage::Creating;
        Step::Call(Box::new(self.request(context)))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match self.stage {
            Stage::Creating if errors::is_reference_taken(reply) => {
                self.stage = Stage::Finding;
                Step::Call(Box::new(find::request(context)))
            }
            Stage::Creating => {
                Step::Done(calls::answer(reply, Effect::Write, Missing::PaymentLink, WireLink::tell))
            }
            Stage::Finding => Step::Done(match find::read(context, reply) {
                // Tried, says Razorpay, and does not show it yet.
                Outcome::NotSent(NotSent::NeverArrived) => Outcome::Unknown(replies::unreadable(reply)),
                found => found,
            }),
        }
    }
}

impl Creation {
    fn request(&self, context: &Context<'_>) -> Request {
        let link = &self.link;
        let transaction = context.transaction.to_string();
        let own = [("reference", link.reference.as_deref())];
        let body = Body {
            amount: self.units,
            currency: link.amount.currency().code(),
            expire_by: link.expires_at.map(Timestamp::unix_seconds),
            reference_id: context.provider_key,
            description: cut(&link.description, MAX_DESCRIPTION_CHARS),
            customer: link.customer.as_ref().and_then(wire_customer),
            notify: Notify { sms: false, email: false },
            reminder_enable: false,
            notes: Notes::of(&transaction, &own, &link.metadata),
            callback_url: link.return_url.as_deref(),
            callback_method: link.return_url.as_ref().map(|_| "get"),
        };
        calls::write("/v1/payment_links".to_owned(), RetrySafety::Keyed, &body)
    }
}

/// Returns the customer as Razorpay is told it, `None` when nothing is known.
fn wire_customer(customer: &Customer) -> Option<WireCustomer<'_>> {
    let wire = WireCustomer {
        name: customer.name.as_deref(),
        email: customer.email.as_deref(),
        contact: customer.phone.as_deref(),
    };
    let is_known = wire.name.is_some() || wire.email.is_some() || wire.contact.is_some();
    is_known.then_some(wire)
}

/// Checks how long the link would live, counted from the transaction's beginning: the same on every repeat.
fn check_life(expires_at: Option<Timestamp>, started_at: Timestamp) -> Result<(), Rejection> {
    let Some(expires_at) = expires_at else { return Ok(()) };
    if expires_at < started_at.after(MIN_LIFE) {
        let message = "Razorpay's payment links live at least 15 minutes.";
        return Err(rejection::invalid_field("expires_at", message));
    }
    if expires_at > started_at.after(MAX_LIFE) {
        let message = "Razorpay's payment links live at most six months.";
        return Err(rejection::invalid_field("expires_at", message));
    }
    Ok(())
}
