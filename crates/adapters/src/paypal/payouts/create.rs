//! Making a payout. PayPal takes each `sender_batch_id` once: the answer to a repeat names the batch of the first time, and
//! that batch is the payout. What `PayPal-Request-Id` does for payouts is not certain; it goes along.

use domain::{
    CreatePayout, Effect, Outcome, Payout, PayoutDestination, PayoutStatus, Rejection, Reply, Resource,
    RetrySafety,
};
use serde::{Deserialize, Serialize};

use super::payout;
use super::payout::WireBatch;
use crate::paypal::amounts::{Amount, PayoutAmount};
use crate::paypal::links::{self, WireLink};
use crate::paypal::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies};

const MAX_RECEIVER_CHARS: usize = 127;
const MAX_NOTE_CHARS: usize = 4_000;
/// What a payout can be for.
const PURPOSES: [&str; 9] = [
    "AWARDS",
    "PRIZES",
    "DONATIONS",
    "GOODS",
    "SERVICES",
    "REBATES",
    "CASHBACK",
    "DISCOUNTS",
    "NON_GOODS_OR_SERVICES",
];

/// Plans a payout.
///
/// # Errors
/// `operation_not_supported` for a destination that PayPal does not pay to; `missing_field`, `invalid_field`; amounts that
/// PayPal cannot be told.
pub(super) fn plan(payout: &CreatePayout) -> Result<Box<dyn Exchange>, Rejection> {
    let receiver = Receiver::of(&payout.destination)?;
    if payout.purpose.as_deref().is_some_and(|purpose| !PURPOSES.contains(&purpose)) {
        let message = format!("{NAME} knows the purposes {}.", PURPOSES.join(", "));
        return Err(rejection::invalid_field("purpose", message));
    }
    let amount = PayoutAmount::from(Amount::of(payout.amount)?);
    Ok(Box::new(Create { payout: payout.clone(), receiver, amount, stage: Stage::Done }))
}

/// Whom PayPal pays.
struct Receiver {
    recipient_type: &'static str,
    receiver: Box<str>,
}

impl Receiver {
    fn of(destination: &PayoutDestination) -> Result<Self, Rejection> {
        let (recipient_type, receiver) = match destination {
            PayoutDestination::Email { address } => ("EMAIL", address),
            PayoutDestination::ProviderAccount { id: Some(id) } => ("PAYPAL_ID", id),
            PayoutDestination::ProviderAccount { id: None } => {
                let message = format!("{NAME} needs the payee's account id.");
                return Err(rejection::missing_field("destination.id", message));
            }
            PayoutDestination::BankAccount { .. }
            | PayoutDestination::Upi { .. }
            | PayoutDestination::StripeAccount { .. } => {
                let message = format!(
                    "{NAME} pays to an email or a provider_account, not to a {}.",
                    destination.kind()
                );
                return Err(rejection::variant_not_supported("destination.type", message));
            }
        };
        if receiver.is_empty() || receiver.chars().count() > MAX_RECEIVER_CHARS {
            let message = format!("{NAME} takes 1 to {MAX_RECEIVER_CHARS} characters.");
            return Err(rejection::invalid_field("destination", message));
        }
        Ok(Self { recipient_type, receiver: receiver.clone() })
    }
}

struct Create {
    payout: CreatePayout,
    receiver: Receiver,
    amount: PayoutAmount,
    stage: Stage,
}

enum Stage {
    /// Making the batch.
    Paying,
    /// It was made before: looking how far it is.
    Adopting { id: String },
    /// It is over, or not begun.
    Done,
}

#[derive(Serialize)]
struct Body<'a> {
    sender_batch_header: BatchHeader<'a>,
    items: [Item<'a>; 1],
}

#[derive(Serialize)]
struct BatchHeader<'a> {
    /// Taken once: what keeps a repeat from paying twice.
    sender_batch_id: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    recipient_type: &'static str,
    receiver: &'a str,
    amount: &'a PayoutAmount,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Comes back on the item and its events.
    sender_item_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
}

impl Exchange for Create {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        let narration = self.payout.narration.as_deref().filter(|text| !text.is_empty());
        let item = Item {
            recipient_type: self.receiver.recipient_type,
            receiver: &self.receiver.receiver,
            amount: &self.amount,
            note: narration.map(|text| text.chars().take(MAX_NOTE_CHARS).collect()),
            sender_item_id: context.transaction.to_string(),
            purpose: self.payout.purpose.as_deref(),
        };
        let header = BatchHeader { sender_batch_id: context.provider_key };
        let body = Body { sender_batch_header: header, items: [item] };
        let call = calls::post(payout::PATH.to_owned(), RetrySafety::Keyed, &body);
        self.stage = Stage::Paying;
        Step::Call(Box::new(calls::with_request_id(call, context.provider_key)))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Paying => self.paid(reply),
            // It is there; how far it is, the next read tells where this one does not.
            Stage::Adopting { .. } if context.is_of_earlier_use(payout::made_at(reply)) => {
                Step::Done(Outcome::Rejected(rejection::key_reused(NAME)))
            }
            Stage::Adopting { id } => {
                executed(payout::read(reply, Some(self.payout.amount)).unwrap_or_else(|_| self.known(id)))
            }
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Create {
    /// Returns what is known of a payout that was made before and could not be read.
    fn known(&self, id: String) -> Payout {
        Payout {
            provider_payout_id: id,
            amount: self.payout.amount,
            fee: None,
            status: PayoutStatus::Pending,
            failure_reason: None,
            provider_status: None,
        }
    }

    /// The answer names no item; what it says of the batch is enough, so that no call follows one that paid.
    fn paid(&mut self, reply: &Reply) -> Step {
        if replies::is_success(reply) {
            let told = json::read::<WireBatch>(reply).and_then(|batch| batch.tell(Some(self.payout.amount)));
            return match told {
                Some(payout) => executed(payout),
                None => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
            };
        }
        match made_before(reply) {
            Some(Some(id)) => {
                let call = payout::read_request(&id);
                self.stage = Stage::Adopting { id };
                Step::Call(Box::new(call))
            }
            // It was paid, and nothing tells where: never a refusal.
            Some(None) => Step::Done(Outcome::Unknown(replies::unreadable(reply))),
            None => Step::Done(errors::outcome(Missing::Payout, Effect::Write, reply)),
        }
    }
}

/// Returns that a refusal is for the `sender_batch_id` being taken, and the id of the batch that took it where it is told.
fn made_before(reply: &Reply) -> Option<Option<String>> {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(default, deserialize_with = "json::nullable")]
        details: Vec<Detail>,
    }
    #[derive(Deserialize)]
    struct Detail {
        #[serde(default, deserialize_with = "json::lenient")]
        field: Option<String>,
        #[serde(default, deserialize_with = "json::lenient")]
        issue: Option<String>,
        /// `link` in PayPal's answers, `links` in its specification.
        #[serde(default, alias = "links", deserialize_with = "json::lenient")]
        link: Option<Vec<WireLink>>,
    }
    if !matches!(reply.status, 400..=499) {
        return None;
    }
    let details = json::read::<Refusal>(reply)?.details;
    let is_about_the_batch_id = |detail: &&Detail| {
        let has = |text: &Option<String>, part: &str| {
            text.as_ref().is_some_and(|text| text.to_ascii_lowercase().contains(part))
        };
        has(&detail.field, "sender_batch_id") && has(&detail.issue, "already exist")
            || has(&detail.issue, "sender_batch_id already exist")
    };
    let detail = details.iter().find(is_about_the_batch_id)?;
    let addresses = detail.link.iter().flatten().filter_map(|link| link.href.as_deref());
    Some(addresses.filter_map(|href| links::id_behind(href, "/payouts/")).next().map(str::to_owned))
}

fn executed(payout: Payout) -> Step {
    Step::Done(Outcome::Executed(Resource::Payout(payout)))
}

#[cfg(test)]
mod tests;
