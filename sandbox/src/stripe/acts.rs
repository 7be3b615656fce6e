//! What happens beside the API to refunds, payouts, payment links and subscriptions; state rules refuse nonsense.

use serde_json::Value;

use crate::{
    act::{Act, Acted, Noun},
    desk::Desk,
    payer::{PayerAction, PayerRefusal},
};

use super::{
    Account, checkout,
    payout::{self, FAILURES, PayoutStatus},
    refund::{self, FAILURE_REASONS, RefundStatus},
    subscription_acts,
};

/// A payout that has arrived comes back within five business days or not at all.
const RETURN_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Does what the act says.
pub(super) fn act(desk: &mut Desk, account: &mut Account, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    match act.noun {
        Noun::Refunds => refund_act(desk, account, act),
        Noun::Payouts => payout_act(desk, account, act),
        Noun::PaymentLinks => link_act(desk, account, act),
        Noun::Subscriptions => subscription_acts::act(desk, account, act),
        Noun::Sms | Noun::Calls => Err(PayerRefusal::UnknownOrder),
    }
}

fn refund_act(desk: &mut Desk, account: &mut Account, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    refund::settle(desk, account, act.id);
    let status = account.refunds.get(act.id).ok_or(PayerRefusal::UnknownOrder)?.status;
    let (allowed, next): (&[RefundStatus], _) = match act.name {
        "succeed" => (&[RefundStatus::Pending, RefundStatus::RequiresAction], RefundStatus::Succeeded),
        "fail" => (
            &[RefundStatus::Pending, RefundStatus::RequiresAction, RefundStatus::Succeeded],
            RefundStatus::Failed,
        ),
        "require_action" => (&[RefundStatus::Pending], RefundStatus::RequiresAction),
        _ => return Err(act.unknown(&["succeed", "fail", "require_action"])),
    };
    let reason = if next == RefundStatus::Failed {
        act.only(&["reason"])?;
        Some(reason(&act, &FAILURE_REASONS)?.unwrap_or("unknown"))
    } else {
        act.only(&[])?;
        None
    };
    if !allowed.contains(&status) {
        return Err(wrong_state("refund", status.name(), act.name));
    }
    refund::turn(desk, account, act.id, (next, reason));
    acted(account, act.id)
}

fn payout_act(desk: &mut Desk, account: &mut Account, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    payout::settle(desk, account, act.id);
    let now = desk.now();
    let payout = account.payouts.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    let status = payout.status;
    let (allowed, next): (&[PayoutStatus], _) = match act.name {
        "transit" => (&[PayoutStatus::Pending], PayoutStatus::InTransit),
        "pay" => (&[PayoutStatus::Pending, PayoutStatus::InTransit], PayoutStatus::Paid),
        "fail" => {
            (&[PayoutStatus::Pending, PayoutStatus::InTransit, PayoutStatus::Paid], PayoutStatus::Failed)
        }
        _ => return Err(act.unknown(&["transit", "pay", "fail"])),
    };
    let failure = if next == PayoutStatus::Failed {
        act.only(&["reason"])?;
        let code = reason(&act, &FAILURES.map(|(code, _)| code))?.unwrap_or("could_not_process");
        FAILURES.into_iter().find(|(known, _)| *known == code)
    } else {
        act.only(&[])?;
        None
    };
    if !allowed.contains(&status) {
        return Err(wrong_state("payout", status.name(), act.name));
    }
    if next == PayoutStatus::Failed && payout.reversed_by.is_some() {
        return Err(PayerRefusal::action("the payout was reversed; it cannot come back twice"));
    }
    if status == PayoutStatus::Paid && now.saturating_sub(payout.arrival_date) > RETURN_SECONDS {
        return Err(PayerRefusal::action("the payout arrived more than five business days ago"));
    }
    payout::turn(desk, account, act.id, (next, failure));
    acted(account, act.id)
}

/// Lets a payer open the link and pay or not; the object of the answer is the checkout session.
fn link_act(desk: &mut Desk, account: &mut Account, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    account.links.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    let action = match act.name {
        "pay" => PayerAction::Pay,
        "decline" => PayerAction::Decline,
        _ => return Err(act.unknown(&["pay", "decline"])),
    };
    act.only(if action == PayerAction::Pay { &["payment_method"] } else { &[] })?;
    let session_id = checkout::act(desk, account, act.id, (action, act.text("payment_method")?))?;
    let session = account.sessions.get(&session_id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: session.payment_status(account).to_owned(), object: session.to_json(account) })
}

/// Returns the reason that the call gives, which must be one of these.
fn reason<'k>(act: &Act<'_>, known: &[&'k str]) -> Result<Option<&'k str>, PayerRefusal> {
    let Some(given) = act.text("reason")? else { return Ok(None) };
    let unknown = || PayerRefusal::Refused {
        field: "reason",
        message: format!("unknown reason {given}; there are {}", known.join(", ")),
    };
    known.iter().find(|known| **known == given).copied().map(Some).ok_or_else(unknown)
}

fn wrong_state(noun: &str, status: &str, action: &str) -> PayerRefusal {
    PayerRefusal::action(format!("the {noun} is {status}; {action} is not possible any more"))
}

fn acted(account: &Account, id: &str) -> Result<Acted, PayerRefusal> {
    let object = account.object(id).ok_or(PayerRefusal::UnknownOrder)?;
    let status = object.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Acted { status, object })
}
