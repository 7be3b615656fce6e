//! Making a payout: a fund account that only Razorpay knows is read for its kind, then the payout is made. The write comes last.

use domain::{CreatePayout, Effect, Outcome, Rejection, RejectionClass, Reply, Request, RetrySafety};
use http::HeaderName;

use super::body::{self, Body, Facts};
use super::destination::{self, Mode, Payee, WireFundAccount};
use super::wire::WirePayout;
use super::{account_number, find};
use crate::razorpay::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// 4 to 36 characters of letters, digits, `-`, `_` and space; kept for 7 days.
const IDEMPOTENCY: HeaderName = HeaderName::from_static("x-payout-idempotency");

/// Plans a payout.
///
/// # Errors
/// `unsupported_currency`, `invalid_field` (`amount`, `narration`), and what is wrong with the destination.
pub(super) fn plan(payout: &CreatePayout) -> Result<Box<dyn Exchange>, Rejection> {
    let paise = body::paise(payout)?;
    body::check_narration(payout.narration.as_deref())?;
    destination::payee(&payout.destination)?.mode(paise)?;
    Ok(Box::new(Creation { payout: payout.clone(), paise, stage: Stage::Paying }))
}

struct Creation {
    payout: CreatePayout,
    paise: i64,
    stage: Stage,
}

enum Stage {
    /// Reading the fund account.
    Reading,
    /// Making the payout.
    Paying,
    /// Razorpay knows the key from a call with another body: looking what that call did.
    Finding,
}

impl Exchange for Creation {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        // Without an account to pay from there is nothing to read either.
        if let Err(rejection) = account_number(context) {
            return Step::Done(Outcome::Rejected(rejection));
        }
        let payee = match destination::payee(&self.payout.destination) {
            Ok(payee) => payee,
            Err(rejection) => return Step::Done(Outcome::Rejected(rejection)),
        };
        match (payee.mode(self.paise), payee) {
            (Ok(Some(mode)), _) => self.pay(mode, context),
            (Ok(None), Payee::FundAccountId(id)) => {
                let call = request::get(format!("/v1/fund_accounts/{id}"));
                self.stage = Stage::Reading;
                Step::Call(Box::new(call))
            }
            (Ok(None), Payee::FundAccount(_)) => {
                Step::Done(Outcome::Rejected(destination::no_such_account()))
            }
            (Err(rejection), _) => Step::Done(Outcome::Rejected(rejection)),
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match &self.stage {
            Stage::Reading => match read_mode(self.paise, reply) {
                Ok(mode) => self.pay(mode, context),
                Err(outcome) => Step::Done(outcome),
            },
            Stage::Paying if errors::is_key_taken(reply) => match find::request(context) {
                Ok(call) => {
                    self.stage = Stage::Finding;
                    Step::Call(Box::new(call))
                }
                Err(rejection) => Step::Done(Outcome::Rejected(rejection)),
            },
            Stage::Paying => Step::Done(paid(reply)),
            Stage::Finding => Step::Done(find::read(self.paise, context, reply)),
        }
    }
}

impl Creation {
    fn pay(&mut self, mode: Mode, context: &Context<'_>) -> Step {
        match self.request(mode, context) {
            Ok(request) => {
                self.stage = Stage::Paying;
                Step::Call(Box::new(request))
            }
            Err(rejection) => Step::Done(Outcome::Rejected(rejection)),
        }
    }

    fn request(&self, mode: Mode, context: &Context<'_>) -> Result<Request, Rejection> {
        let facts = Facts {
            account_number: account_number(context)?,
            mode,
            payee: destination::payee(&self.payout.destination)?,
            reference_id: context.provider_key,
            transaction: &context.transaction.to_string(),
        };
        let body = Body::of(&self.payout, self.paise, facts);
        let mut request = calls::write("/v1/payouts".to_owned(), RetrySafety::Keyed, &body);
        request.headers.push((IDEMPOTENCY, context.provider_key.to_owned()));
        Ok(request)
    }
}

/// Reads how the money travels to a fund account.
fn read_mode(paise: i64, reply: &Reply) -> Result<Mode, Outcome> {
    if !replies::is_success(reply) {
        return Err(about_the_payee(errors::outcome(Effect::Read, Missing::Payout, reply)));
    }
    let account = json::read::<WireFundAccount>(reply)
        .ok_or_else(|| replies::says_nothing(NAME, Effect::Read, reply))?;
    account.mode(paise).map_err(Outcome::Rejected)
}

fn paid(reply: &Reply) -> Outcome {
    about_the_payee(calls::answer(reply, Effect::Write, Missing::Payout, WirePayout::tell))
}

/// What does not exist where a payout is made is no payout: it is the account to be paid.
fn about_the_payee(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Rejected(refusal) if refusal.class == RejectionClass::NotFound => {
            let Rejection { provider_code, provider_message, .. } = refusal;
            Outcome::Rejected(Rejection { provider_code, provider_message, ..destination::no_such_account() })
        }
        other => other,
    }
}
