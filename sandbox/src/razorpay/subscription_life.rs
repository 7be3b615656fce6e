//! What happens to a Razorpay subscription: the payer authorises, cycles are charged, time and its owner end it.

use serde_json::json;

use crate::{
    act::{Act, Acted},
    desk::{Change, Desk},
    payer::{Page, PayerAction, PayerDone, PayerRefusal, major},
};

use super::{
    Merchant, currencies,
    fields::transaction_of,
    orders::{self, Opening},
    payments::{self, Attempt, Status as PaymentStatus},
    subscription::{Status, Step, Subscription},
};

/// What can happen to a subscription beside the API.
const ACTS: [&str; 9] =
    ["authenticate", "charge", "fail_charge", "halt", "pause", "resume", "complete", "expire", "cancel"];

/// Does what the control call says.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    act.only(&[])?;
    settle(desk, merchant, act.id);
    let status = merchant.subscriptions.get(act.id).ok_or(PayerRefusal::UnknownOrder)?.status;
    let refused = || PayerRefusal::action(format!("{} is not possible: it is {}", act.name, status.name()));
    let step = match act.name {
        "authenticate" => {
            authenticate(desk, merchant, act.id)?;
            return shown(desk, merchant, act.id);
        }
        "charge" => {
            let is_due =
                matches!(status, Status::Authenticated | Status::Active | Status::Pending | Status::Halted);
            let ends = merchant.subscriptions.get(act.id).is_some_and(|it| it.cancel_at.is_some());
            if !is_due || ends {
                return Err(refused());
            }
            charge(desk, merchant, act.id, 0);
            return shown(desk, merchant, act.id);
        }
        "fail_charge" => {
            if !matches!(status, Status::Authenticated | Status::Active | Status::Pending) {
                return Err(refused());
            }
            fail_charge(desk, merchant, act.id);
            return shown(desk, merchant, act.id);
        }
        "halt" => Step::Halt,
        "pause" => Step::Pause,
        "resume" => Step::Resume,
        "complete" => Step::Complete,
        "expire" => Step::Expire,
        "cancel" => Step::Cancel,
        _ => return Err(act.unknown(&ACTS)),
    };
    if !step.is_possible_from(status) {
        return Err(refused());
    }
    take(desk, merchant, act.id, step);
    shown(desk, merchant, act.id)
}

fn shown(desk: &Desk, merchant: &Merchant, id: &str) -> Result<Acted, PayerRefusal> {
    let subscription = merchant.subscriptions.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: subscription.status.name().to_owned(), object: subscription.to_json(desk) })
}

/// Does what the payer does on the page: authorises, or the bank refuses.
pub(super) fn pay(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    action: PayerAction,
) -> Result<PayerDone, PayerRefusal> {
    settle(desk, merchant, id);
    let payment_id = match action {
        PayerAction::Pay | PayerAction::Authorize | PayerAction::Approve => authenticate(desk, merchant, id)?,
        PayerAction::Decline => {
            let subscription = unauthorised(merchant, id)?;
            subscription.auth_attempts = subscription.auth_attempts.saturating_add(1);
            report(desk, merchant, id, "subscriptions.decline");
            None
        }
        PayerAction::Abandon => None,
    };
    let Acted { status, object } = shown(desk, merchant, id)?;
    Ok(PayerDone { status, payment_id, object, redirect_url: None })
}

/// Returns what the payer's page shows.
pub(super) fn page(subscription: &Subscription) -> Page {
    let plan = &subscription.plan;
    let decimals = currencies::decimals(&plan.currency).unwrap_or(2);
    Page {
        amount: format!("{} {}", major(subscription.amount(), decimals), plan.currency),
        description: Some(format!("{}: {}, {} times", plan.name, plan.rhythm(), subscription.total_count)),
        status: subscription.status.name().to_owned(),
        is_payable: subscription.status == Status::Created,
        cancel_url: None,
    }
}

/// Lets happen what is due: it expires, is cancelled at the end of its cycle, or its cycles are charged.
pub(super) fn settle(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    while let Some(subscription) = merchant.subscriptions.get(id) {
        let is_running = matches!(subscription.status, Status::Authenticated | Status::Active);
        let is_over = |at: Option<i64>| at.is_some_and(|at| at <= now);
        if subscription.status == Status::Created && is_over(subscription.expire_by) {
            take(desk, merchant, id, Step::Expire);
        } else if !subscription.status.is_final() && is_over(subscription.cancel_at) {
            take(desk, merchant, id, Step::End);
        } else if is_running && subscription.cancel_at.is_none() && subscription.next_start <= now {
            charge(desk, merchant, id, 0);
        } else {
            break;
        }
    }
}

/// Takes a step; whether it is possible is the caller's question.
pub(super) fn take(desk: &mut Desk, merchant: &mut Merchant, id: &str, step: Step) {
    let now = desk.now();
    let Some(subscription) = merchant.subscriptions.get_mut(id) else { return };
    subscription.status = step.target();
    if subscription.status.is_final() {
        subscription.ended_at = Some(now);
        subscription.cancel_at = None;
    }
    if step == Step::Resume {
        // Cycles that were skipped while it was paused are not charged later.
        subscription.next_start = subscription.next_start.max(now);
    }
    report(desk, merchant, id, step.operation());
}

/// Lets the payer authorise, and returns the payment that goes with it where there is one: the first cycle if it
/// starts at once, and what is charged upfront.
fn authenticate(desk: &mut Desk, merchant: &mut Merchant, id: &str) -> Result<Option<String>, PayerRefusal> {
    let now = desk.now();
    let customer = format!("cust_{}", desk.random.base62(14));
    let subscription = unauthorised(merchant, id)?;
    subscription.customer_id = Some(customer);
    subscription.status = Status::Authenticated;
    let upfront = subscription.upfront;
    let starts_now = subscription.start_at <= now;
    if starts_now {
        subscription.start_at = now;
        subscription.next_start = now;
        subscription.end_at = subscription.plan.after(now, subscription.total_count);
    }
    report(desk, merchant, id, "subscriptions.authenticate");
    if starts_now {
        return Ok(charge(desk, merchant, id, upfront));
    }
    if upfront == 0 {
        return Ok(None);
    }
    Ok(pay_invoice(desk, merchant, id, (upfront, PaymentStatus::Captured)))
}

fn unauthorised<'m>(merchant: &'m mut Merchant, id: &str) -> Result<&'m mut Subscription, PayerRefusal> {
    let subscription = merchant.subscriptions.get_mut(id).ok_or(PayerRefusal::UnknownOrder)?;
    if subscription.status == Status::Created {
        return Ok(subscription);
    }
    let message = format!("the payer cannot authorise: it is {}", subscription.status.name());
    Err(PayerRefusal::action(message))
}

/// Charges the next cycle and what comes with it, and returns the payment.
fn charge(desk: &mut Desk, merchant: &mut Merchant, id: &str, upfront: i64) -> Option<String> {
    let now = desk.now();
    let amount = merchant.subscriptions.get(id)?.amount().saturating_add(upfront);
    let payment = pay_invoice(desk, merchant, id, (amount, PaymentStatus::Captured));
    let subscription = merchant.subscriptions.get_mut(id)?;
    // What was missed while charges failed is not charged later: the cycle that is paid for is one of today.
    let is_late = matches!(subscription.status, Status::Pending | Status::Halted);
    if is_late && subscription.plan.after(subscription.next_start, 1) <= now {
        subscription.next_start = now;
    }
    let start = subscription.next_start;
    let end = subscription.plan.after(start, 1);
    subscription.current = Some((start, end));
    subscription.next_start = end;
    subscription.paid_count = subscription.paid_count.saturating_add(1);
    subscription.auth_attempts = 0;
    subscription.status = Status::Active;
    report(desk, merchant, id, "subscriptions.charge");
    let subscription = merchant.subscriptions.get_mut(id)?;
    if subscription.paid_count >= subscription.total_count {
        subscription.status = Status::Completed;
        subscription.ended_at = Some(now);
        report(desk, merchant, id, Step::Complete.operation());
    }
    payment
}

fn fail_charge(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let Some(subscription) = merchant.subscriptions.get_mut(id) else { return };
    subscription.status = Status::Pending;
    subscription.auth_attempts = subscription.auth_attempts.saturating_add(1);
    let amount = subscription.amount();
    pay_invoice(desk, merchant, id, (amount, PaymentStatus::Failed));
    report(desk, merchant, id, "subscriptions.fail_charge");
}

/// Makes the invoice's order and its payment, and returns the payment's id.
fn pay_invoice(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    (amount, status): (i64, PaymentStatus),
) -> Option<String> {
    let now = desk.now();
    let subscription = merchant.subscriptions.get(id)?;
    let opening = Opening {
        amount,
        currency: subscription.plan.currency.clone(),
        receipt: None,
        notes: subscription.notes.clone(),
        takes_part_payments: false,
        link_id: None,
        created_at: now,
    };
    let order_id = orders::open(desk, merchant, opening);
    let invoice_id = Some(format!("inv_{}", desk.random.base62(14)));
    payments::attempt(desk, merchant, &order_id, Attempt { amount, status, at: now, invoice_id })
}

/// Records a change of a subscription, with what a cycle costs.
pub(super) fn report(desk: &mut Desk, merchant: &Merchant, id: &str, operation: &'static str) {
    let Some(subscription) = merchant.subscriptions.get(id) else { return };
    desk.report(Change {
        operation,
        merchant: &merchant.key_id,
        id,
        amount: json!(subscription.amount()),
        currency: Some(&subscription.plan.currency),
        reference: transaction_of(&subscription.notes),
    });
}
