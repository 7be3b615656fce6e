//! Creating a payment link: draft an invoice, send it to nobody, read where it is paid. Nobody can pay a draft, so that the
//! sending is the call that counts; sending twice does nothing more.

use domain::{
    CreatePaymentLink, Effect, Money, Outcome, PaymentLink, PaymentLinkStatus, Rejection, Reply, Request,
    Resource, RetrySafety,
};
use serde::Serialize;

use super::invoice;
use super::invoice::WireInvoice;
use crate::paypal::amounts::Amount;
use crate::paypal::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies};

/// Most characters of an item's name, of a note and of a payer's name.
const MAX_ITEM_CHARS: usize = 200;
const MAX_NOTE_CHARS: usize = 4_000;
const MAX_NAME_CHARS: usize = 300;
/// The most that an item costs, in major units.
const MAX_UNIT_AMOUNT: i64 = 1_000_000;
/// How PayPal says that the number is taken: the number is derived from the caller's key, so that the invoice is ours.
const NUMBER_TAKEN: [&str; 2] = ["DUPLICATE_INVOICE_NUMBER", "DUPLICATE_INVOICE_ID"];

/// Plans a payment link.
///
/// # Errors
/// `operation_not_supported` for what invoices have no counterpart of; amounts that PayPal cannot be told.
pub(super) fn plan(link: &CreatePaymentLink) -> Result<Box<dyn Exchange>, Rejection> {
    if link.expires_at.is_some() {
        let message = format!("{NAME}'s links do not expire.");
        return Err(rejection::variant_not_supported("expires_at", message));
    }
    if link.return_url.is_some() {
        let message = format!("{NAME}'s links do not send the payer back.");
        return Err(rejection::variant_not_supported("return_url", message));
    }
    if link.customer.as_ref().is_some_and(|customer| customer.id.is_some()) {
        let message = format!("{NAME} keeps no customers that a link could be for.");
        return Err(rejection::variant_not_supported("customer.id", message));
    }
    let amount = Amount::of(link.amount)?;
    let limit = Money::from_provider_units(MAX_UNIT_AMOUNT, 0, link.amount.currency());
    if limit.is_ok_and(|limit| link.amount.minor() > limit.minor()) {
        return Err(rejection::invalid_field("amount", "Amount is too large for a link."));
    }
    Ok(Box::new(Create { link: link.clone(), amount, stage: Stage::Done }))
}

struct Create {
    link: CreatePaymentLink,
    amount: Amount,
    stage: Stage,
}

enum Stage {
    /// Drafting the invoice.
    Drafting,
    /// The number is taken, by an earlier attempt: looking for its invoice.
    Searching { refusal: Outcome },
    /// Making the draft payable.
    Sending { id: String },
    /// Looking where it is paid. `url` is what the sending told; `refusal` stands should the invoice be a draft after all.
    Confirming { id: String, url: Option<String>, refusal: Option<Outcome> },
    /// It is over, or not begun.
    Done,
}

#[derive(Serialize)]
struct Body<'a> {
    detail: Detail,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_recipients: Option<[Recipient<'a>; 1]>,
    items: [Item<'a>; 1],
}

#[derive(Serialize)]
struct Detail {
    invoice_number: String,
    /// Comes back on the invoice and its events.
    reference: String,
    currency_code: &'static str,
    note: String,
    payment_term: PaymentTerm,
}

#[derive(Serialize)]
struct PaymentTerm {
    term_type: &'static str,
}

#[derive(Serialize)]
struct Recipient<'a> {
    billing_info: BillingInfo<'a>,
}

#[derive(Serialize)]
struct BillingInfo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    email_address: &'a str,
}

#[derive(Serialize)]
struct Name {
    full_name: String,
}

#[derive(Serialize)]
struct Item<'a> {
    name: String,
    quantity: &'static str,
    unit_amount: &'a Amount,
    unit_of_measure: &'static str,
}

#[derive(Serialize)]
struct Notification {
    send_to_recipient: bool,
    send_to_invoicer: bool,
}

impl Exchange for Create {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        let call = self.draft_request(context);
        self.call(Stage::Drafting, call)
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Drafting => self.drafted(context, reply),
            Stage::Searching { refusal } => self.found(refusal, context, reply),
            Stage::Sending { id } => self.sent(id, reply),
            Stage::Confirming { id, url, refusal } => self.confirmed((id, url), refusal, context, reply),
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Create {
    fn call(&mut self, stage: Stage, call: Request) -> Step {
        self.stage = stage;
        Step::Call(Box::new(call))
    }

    fn draft_request(&self, context: &Context<'_>) -> Request {
        let description = &self.link.description;
        let body = Body {
            detail: Detail {
                invoice_number: invoice::number(context),
                reference: context.transaction.to_string(),
                currency_code: self.link.amount.currency().code(),
                note: description.chars().take(MAX_NOTE_CHARS).collect(),
                payment_term: PaymentTerm { term_type: "DUE_ON_RECEIPT" },
            },
            primary_recipients: self.recipient().map(|recipient| [recipient]),
            items: [Item {
                name: description.chars().take(MAX_ITEM_CHARS).collect(),
                quantity: "1",
                unit_amount: &self.amount,
                unit_of_measure: "AMOUNT",
            }],
        };
        // Invoices take no idempotency key: a second draft of one number is what a blind repeat could make.
        let call = calls::post(invoice::PATH.to_owned(), RetrySafety::LookUpFirst, &body);
        calls::for_representation(calls::preparing(call))
    }

    /// Who the invoice is made out to. No mail goes there; without an address it is payable all the same.
    fn recipient(&self) -> Option<Recipient<'_>> {
        let customer = self.link.customer.as_ref()?;
        let name = customer.name.as_deref().filter(|name| !name.is_empty());
        let name = name.map(|name| Name { full_name: name.chars().take(MAX_NAME_CHARS).collect() });
        let email_address = customer.email.as_deref()?;
        Some(Recipient { billing_info: BillingInfo { name, email_address } })
    }

    fn drafted(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            let refusal = errors::outcome(Missing::PaymentLink, Effect::Prepare, reply);
            if errors::has_issue(reply, &NUMBER_TAKEN) {
                let call = invoice::search_request(&invoice::number(context));
                return self.call(Stage::Searching { refusal }, call);
            }
            return Step::Done(refusal);
        }
        match json::read::<WireInvoice>(reply).as_ref().and_then(WireInvoice::id) {
            Some(id) => self.send(id),
            None => Step::Done(replies::says_nothing(NAME, Effect::Prepare, reply)),
        }
    }

    /// Goes on with the invoice of an earlier attempt: one that was sent before one that was not.
    fn found(&mut self, refusal: Outcome, context: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Missing::PaymentLink, Effect::Read, reply));
        }
        let Some(found) = invoice::read_found(reply, &invoice::number(context)) else {
            return Step::Done(replies::says_nothing(NAME, Effect::Read, reply));
        };
        let (ours, others): (Vec<_>, Vec<_>) =
            found.iter().partition(|invoice| invoice.may_be_of(context, self.link.amount));
        if ours.is_empty() && !others.is_empty() {
            return Step::Done(Outcome::Rejected(rejection::key_reused(NAME)));
        }
        let with_id = || ours.iter().filter_map(|invoice| Some((invoice.id()?, invoice.is_draft())));
        match with_id().find(|(_, is_draft)| !is_draft).or_else(|| with_id().next()) {
            Some((id, true)) => self.send(id),
            Some((id, false)) => {
                let call = invoice::read_request(id);
                self.call(Stage::Confirming { id: id.to_owned(), url: None, refusal: Some(refusal) }, call)
            }
            None => Step::Done(refusal),
        }
    }

    fn send(&mut self, id: &str) -> Step {
        let body = Notification { send_to_recipient: false, send_to_invoicer: false };
        let path = format!("{}/{id}/send", invoice::PATH);
        let call = calls::post(path, RetrySafety::Harmless, &body);
        self.call(Stage::Sending { id: id.to_owned() }, call)
    }

    /// A refusal because of the invoice's state may mean that it was sent before, which the invoice must confirm.
    fn sent(&mut self, id: String, reply: &Reply) -> Step {
        let refusal = if replies::is_success(reply) {
            None
        } else {
            let refusal = errors::outcome(Missing::PaymentLink, Effect::Write, reply);
            if !matches!(reply.status, 409 | 422) {
                return Step::Done(refusal);
            }
            Some(refusal)
        };
        let call = invoice::read_request(&id);
        self.call(Stage::Confirming { id, url: invoice::read_sent(reply), refusal }, call)
    }

    fn confirmed(
        &self,
        (id, url): (String, Option<String>),
        refusal: Option<Outcome>,
        context: &Context<'_>,
        reply: &Reply,
    ) -> Step {
        let environment = context.credentials.environment;
        let invoice = json::read::<WireInvoice>(reply).filter(|_| replies::is_success(reply));
        let is_payable = invoice.as_ref().is_some_and(|invoice| !invoice.is_draft());
        let read = invoice.and_then(|invoice| invoice.tell(environment, Some(self.link.amount)));
        Step::Done(match (read, refusal) {
            (Some(read), _) if is_payable => executed(read),
            (Some(_), Some(refusal)) => refusal,
            // Whether it was sent before, nobody has said.
            (None, Some(_)) => Outcome::Unknown(replies::unreadable(reply)),
            // It was sent: a read that failed, or came before PayPal's own copies caught up, takes nothing back.
            (read, None) => {
                let told = read.map(|read| read.url);
                let url = url.or(told).unwrap_or_else(|| invoice::payers_page(&id, environment));
                executed(PaymentLink {
                    provider_link_id: id,
                    url,
                    amount: self.link.amount,
                    status: PaymentLinkStatus::Active,
                    provider_status: None,
                })
            }
        })
    }
}

fn executed(link: PaymentLink) -> Outcome {
    Outcome::Executed(Resource::PaymentLink(link))
}

#[cfg(test)]
mod tests;
