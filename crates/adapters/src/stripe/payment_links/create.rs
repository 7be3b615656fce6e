//! Creating a payment link: a price of the amount, then the link to it. Stripe takes the amount inside a link since 2025
//! only, so that the two calls work in every version. Each has its own idempotency key.

use domain::{CreatePaymentLink, Effect, Outcome, PaymentLink, Rejection, Reply, Request, Resource};
use serde::Deserialize;

use super::link::WireLink;
use crate::form::Form;
use crate::stripe::calls::{cut, given};
use crate::stripe::errors::Subject;
use crate::stripe::{NAME, amounts, calls, errors, metadata};
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

const PRICE_STEP: u8 = 1;
/// Longest name of a product, in characters.
const MAX_NAME_CHARS: usize = 5000;

/// Plans a creation. The payer's e-mail address, telephone number and name are not sent: the payer writes them on the
/// link's page.
///
/// # Errors
/// `operation_not_supported` for `expires_at` and `customer.id`; `missing_field` without a description;
/// `unsupported_currency`, `amount_too_precise`, `invalid_field` for metadata.
pub(super) fn plan(link: &CreatePaymentLink) -> Result<Box<dyn Exchange>, Rejection> {
    if link.expires_at.is_some() {
        let message = format!("{NAME}'s payment links do not expire.");
        return Err(rejection::variant_not_supported("expires_at", message));
    }
    if link.customer.as_ref().is_some_and(|customer| customer.id.is_some()) {
        let message = format!("{NAME}'s payment links are open to everyone, and tied to no customer.");
        return Err(rejection::variant_not_supported("customer.id", message));
    }
    if link.description.trim().is_empty() {
        let message = format!("{NAME} names what is paid for on a payment link.");
        return Err(rejection::missing_field("description", message));
    }
    metadata::check(&link.metadata)?;
    let units = amounts::count(link.amount)?;
    Ok(Box::new(Creation { link: link.clone(), units, stage: Stage::MakingPrice }))
}

struct Creation {
    link: CreatePaymentLink,
    units: i64,
    stage: Stage,
}

enum Stage {
    MakingPrice,
    MakingLink,
}

/// What of a new price is needed.
#[derive(Deserialize)]
struct Price {
    id: String,
}

impl Exchange for Creation {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        self.stage = Stage::MakingPrice;
        Step::Call(Box::new(self.price_call(context)))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match self.stage {
            Stage::MakingPrice => self.price_made(context, reply),
            Stage::MakingLink => Step::Done(self.link_made(reply)),
        }
    }
}

impl Creation {
    fn price_call(&self, context: &Context<'_>) -> Request {
        let form = Form::new()
            .field("currency", &amounts::word(self.link.amount.currency()))
            .field("unit_amount", &self.units.to_string())
            .nested(&["product_data", "name"], &cut(&self.link.description, MAX_NAME_CHARS));
        calls::prepare("/v1/prices", context, PRICE_STEP, form)
    }

    fn price_made(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Subject::PaymentLink, Effect::Prepare, reply));
        }
        match json::read::<Price>(reply) {
            Some(price) if request::is_plain_id(&price.id) => {
                self.stage = Stage::MakingLink;
                Step::Call(Box::new(self.link_call(&price.id, context)))
            }
            _ => Step::Done(replies::says_nothing(NAME, Effect::Prepare, reply)),
        }
    }

    fn link_call(&self, price: &str, context: &Context<'_>) -> Request {
        let form = Form::new()
            .nested(&["line_items", "0", "price"], price)
            .nested(&["line_items", "0", "quantity"], "1")
            // One bill is paid once: Stripe's links are for everybody and for ever unless told otherwise.
            .nested(&["restrictions", "completed_sessions", "limit"], "1");
        let form = match given(self.link.return_url.as_deref()) {
            Some(url) => form
                .nested(&["after_completion", "type"], "redirect")
                .nested(&["after_completion", "redirect", "url"], url),
            None => form,
        };
        let transaction = context.transaction.to_string();
        let gateway =
            [("transaction_id", Some(&*transaction)), ("reference", self.link.reference.as_deref())];
        // Stripe copies them to what comes of each visit.
        let form = metadata::write(form, &gateway, &self.link.metadata);
        calls::write_form("/v1/payment_links".to_owned(), context.provider_key, form)
    }

    /// Returns the new link. Its amount is what was asked for: the link itself does not state it.
    fn link_made(&self, reply: &Reply) -> Outcome {
        if !replies::is_success(reply) {
            return errors::outcome(Subject::PaymentLink, Effect::Write, reply);
        }
        match json::read::<WireLink>(reply).filter(WireLink::has_plain_id) {
            Some(link) => Outcome::Executed(Resource::PaymentLink(PaymentLink {
                status: link.status(),
                provider_status: link.stripes_word(),
                provider_link_id: link.id,
                url: link.url,
                amount: self.link.amount,
            })),
            None => replies::says_nothing(NAME, Effect::Write, reply),
        }
    }
}
