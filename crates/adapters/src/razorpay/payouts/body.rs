//! The body of a payout, checked before anything is sent.

use domain::{CreatePayout, Currency, Rejection};
use serde::Serialize;

use super::destination::{Mode, Payee};
use crate::razorpay::notes::Notes;
use crate::razorpay::{NAME, amounts};
use crate::rejection;

/// Least that is paid out, in paise.
const MIN_PAISE: i64 = 100;
/// Most characters of a narration.
const MAX_NARRATION_CHARS: usize = 30;
/// What a payout is for unless the caller says.
const PURPOSE: &str = "payout";

/// The body.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    account_number: &'a str,
    amount: i64,
    currency: &'static str,
    mode: Mode,
    purpose: &'a str,
    #[serde(flatten)]
    payee: Payee<'a>,
    reference_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    narration: Option<&'a str>,
    notes: Notes<'a>,
}

/// What of a body depends on the exchange.
pub(super) struct Facts<'a> {
    /// The tenant's account.
    pub(super) account_number: &'a str,
    /// How the money travels.
    pub(super) mode: Mode,
    /// To whom.
    pub(super) payee: Payee<'a>,
    /// What it is found by.
    pub(super) reference_id: &'a str,
    /// The transaction.
    pub(super) transaction: &'a str,
}

impl<'a> Body<'a> {
    /// Returns the body of this many paise.
    pub(super) fn of(payout: &'a CreatePayout, paise: i64, facts: Facts<'a>) -> Self {
        let own = [("reference", payout.reference.as_deref())];
        Self {
            account_number: facts.account_number,
            amount: paise,
            currency: payout.amount.currency().code(),
            mode: facts.mode,
            purpose: payout.purpose.as_deref().unwrap_or(PURPOSE),
            payee: facts.payee,
            reference_id: facts.reference_id,
            narration: payout.narration.as_deref(),
            notes: Notes::of(facts.transaction, &own, &payout.metadata),
        }
    }
}

/// Returns the amount in paise.
///
/// # Errors
/// `unsupported_currency` for everything but INR, `invalid_field` below one rupee.
pub(super) fn paise(payout: &CreatePayout) -> Result<i64, Rejection> {
    let currency = payout.amount.currency();
    if currency != Currency::INR {
        return Err(rejection::unsupported_currency("RazorpayX", currency));
    }
    let paise = amounts::count(payout.amount)?;
    if paise < MIN_PAISE {
        let message = format!("{NAME} pays out at least 1.00 INR.");
        return Err(rejection::invalid_field("amount", message));
    }
    Ok(paise)
}

/// Checks the words for the payee's statement: banks take letters, digits and spaces.
///
/// # Errors
/// `invalid_field`.
pub(super) fn check_narration(narration: Option<&str>) -> Result<(), Rejection> {
    let Some(narration) = narration else { return Ok(()) };
    let fits = (1..=MAX_NARRATION_CHARS).contains(&narration.len())
        && narration.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
    if fits {
        return Ok(());
    }
    let message =
        format!("{NAME} takes a narration of 1 to {MAX_NARRATION_CHARS} letters, digits and spaces.");
    Err(rejection::invalid_field("narration", message))
}
