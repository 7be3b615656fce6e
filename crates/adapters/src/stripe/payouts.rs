//! Payouts: the tenant's balance goes to the tenant's own bank account or card (a payout of Stripe), or to a connected
//! account (a transfer of Stripe). Nobody else can be paid.

mod payout;

use domain::{
    CreatePayout, Effect, GetPayout, Outcome, PayoutDestination, PayoutOperation, Rejection, Reply, Request,
    Resource,
};

use self::payout::{WirePayout, WireTransfer};
use super::calls::{cut, given};
use super::errors::Subject;
use super::{NAME, amounts, calls, errors, metadata};
use crate::form::Form;
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, rejection, reply as replies, request};

/// How the id of a transfer begins.
const TRANSFER_PREFIX: &str = "tr_";
/// Longest text on a statement, in characters.
const MAX_STATEMENT_CHARS: usize = 22;

/// Plans what is asked for.
///
/// # Errors
/// `operation_not_supported` for a payee that Stripe cannot pay; `unsupported_currency`, `amount_too_precise`,
/// `invalid_field` for metadata, `payout_not_found` for what cannot be an id.
pub(super) fn plan(operation: &PayoutOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        PayoutOperation::Create(payout) => {
            metadata::check(&payout.metadata)?;
            plan_creation(payout)
        }
        PayoutOperation::Get(payout) => {
            if !request::is_plain_id(&payout.provider_payout_id) {
                return Err(rejection::not_found(NAME, Missing::Payout));
            }
            let read = if is_transfer(payout) { read_transfer } else { read_payout };
            Ok(Box::new(SingleCall { operation: payout.clone(), build: get, read }))
        }
    }
}

struct Creation {
    payout: CreatePayout,
    /// The payee's id at Stripe; the account's default destination when absent.
    destination: Option<Box<str>>,
    units: i64,
}

fn plan_creation(payout: &CreatePayout) -> Result<Box<dyn Exchange>, Rejection> {
    match &payout.destination {
        PayoutDestination::ProviderAccount { id } => {
            let units = amounts::count_payout(payout.amount)?;
            let operation = Creation { payout: payout.clone(), destination: id.clone(), units };
            Ok(Box::new(SingleCall { operation, build: pay_out, read: read_new_payout }))
        }
        PayoutDestination::StripeAccount { account } => {
            let units = amounts::count(payout.amount)?;
            let operation = Creation { payout: payout.clone(), destination: Some(account.clone()), units };
            Ok(Box::new(SingleCall { operation, build: transfer, read: read_new_transfer }))
        }
        other @ (PayoutDestination::BankAccount { .. }
        | PayoutDestination::Upi { .. }
        | PayoutDestination::Email { .. }) => {
            let message = format!(
                "{NAME} pays the account's own bank accounts and cards (provider_account) and connected accounts \
                 (stripe_account), not {}.",
                other.kind()
            );
            Err(rejection::variant_not_supported("destination", message))
        }
    }
}

fn is_transfer(payout: &GetPayout) -> bool {
    payout.provider_payout_id.starts_with(TRANSFER_PREFIX)
}

fn pay_out(creation: &Creation, context: &Context<'_>) -> Request {
    let payout = &creation.payout;
    let statement = given(payout.narration.as_deref()).map(|narration| cut(narration, MAX_STATEMENT_CHARS));
    let form = begin(creation).optional("statement_descriptor", statement.as_deref());
    calls::write_form("/v1/payouts".to_owned(), context.provider_key, labelled(form, payout, context, None))
}

fn transfer(creation: &Creation, context: &Context<'_>) -> Request {
    let payout = &creation.payout;
    // No statement shows a transfer.
    let form = labelled(begin(creation), payout, context, payout.narration.as_deref());
    calls::write_form("/v1/transfers".to_owned(), context.provider_key, form)
}

fn begin(creation: &Creation) -> Form {
    Form::new()
        .field("amount", &creation.units.to_string())
        .field("currency", &amounts::word(creation.payout.amount.currency()))
        .optional("destination", given(creation.destination.as_deref()))
        .optional("description", given(creation.payout.purpose.as_deref()))
}

fn labelled(form: Form, payout: &CreatePayout, context: &Context<'_>, narration: Option<&str>) -> Form {
    let transaction = context.transaction.to_string();
    let gateway = [
        ("transaction_id", Some(&*transaction)),
        ("reference", payout.reference.as_deref()),
        ("narration", narration),
    ];
    metadata::write(form, &gateway, &payout.metadata)
}

fn get(payout: &GetPayout, _: &Context<'_>) -> Request {
    let noun = if is_transfer(payout) { "transfers" } else { "payouts" };
    calls::read(format!("/v1/{noun}/{}", payout.provider_payout_id))
}

fn read_new_payout(_: &Creation, _: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Write, reply, told_payout)
}

fn read_new_transfer(_: &Creation, _: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Write, reply, told_transfer)
}

fn read_payout(_: &GetPayout, _: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Read, reply, told_payout)
}

fn read_transfer(_: &GetPayout, _: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Read, reply, told_transfer)
}

fn told_payout(reply: &Reply) -> Option<domain::Payout> {
    json::read::<WirePayout>(reply).and_then(WirePayout::tell)
}

fn told_transfer(reply: &Reply) -> Option<domain::Payout> {
    json::read::<WireTransfer>(reply).and_then(WireTransfer::tell)
}

fn read(effect: Effect, reply: &Reply, told: fn(&Reply) -> Option<domain::Payout>) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(Subject::Payout, effect, reply);
    }
    match told(reply) {
        Some(payout) => Outcome::Executed(Resource::Payout(payout)),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

#[cfg(test)]
mod tests;
