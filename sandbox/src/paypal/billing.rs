//! What time and the payer's bank do with a PayPal subscription: charges on their dates, failed ones, the end.

use crate::desk::Desk;

use super::{
    Merchant,
    captures::{self, Capture, Source},
    subscription::{Status, Subscription},
};

/// More charges than this are not made up for at once: ten years of days have fewer.
const MOST_CHARGES: usize = 4_000;

/// Makes the subscription active: the setup fee now, and the first cycle when it is due.
pub(super) fn activate(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let Some(subscription) = merchant.subscriptions.get_mut(id) else { return };
    // A start that went by while the payer thought about it is now.
    subscription.start_at = subscription.start_at.max(now);
    subscription.account.is_open = true;
    subscription.account.cycle_started_at = subscription.start_at;
    subscription.account.next_at = Some(subscription.start_at);
    let fee = subscription.terms.preferences.setup_fee.as_ref().map_or(0, |fee| fee.minor);
    turn(desk, merchant, id, (Status::Active, "subscriptions.activate"), None);
    if fee > 0 {
        take(desk, merchant, id, (fee, now));
    }
    run(desk, merchant, id);
}

/// Makes a suspended subscription active again; what fell due meanwhile is not charged.
pub(super) fn resume(desk: &mut Desk, merchant: &mut Merchant, id: &str, note: Option<String>) {
    let now = desk.now();
    if let Some(subscription) = merchant.subscriptions.get_mut(id) {
        let mut skipped = 0_i64;
        while skipped < 100_000 && due_after(subscription, skipped).is_some_and(|due| due <= now) {
            skipped = skipped.saturating_add(1);
        }
        if let Some(cycle) =
            subscription.present_cycle().and_then(|index| subscription.terms.cycles.get(index))
        {
            let account = &mut subscription.account;
            account.cycle_started_at = cycle.interval.after(account.cycle_started_at, skipped);
        }
        subscription.account.next_at = due_after(subscription, 0);
    }
    turn(desk, merchant, id, (Status::Active, "subscriptions.activate"), note);
}

/// Charges every cycle that has fallen due.
pub(super) fn run(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    for _ in 0..MOST_CHARGES {
        let Some(subscription) = merchant.subscriptions.get(id) else { return };
        match subscription.account.next_at {
            Some(due) if due <= now && subscription.status == Status::Active => {
                charge(desk, merchant, id, due);
            }
            _ => return,
        }
    }
}

/// Charges the present cycle, with what is outstanding where the plan says so.
pub(super) fn charge(desk: &mut Desk, merchant: &mut Merchant, id: &str, at: i64) {
    let Some(subscription) = merchant.subscriptions.get_mut(id) else { return };
    let Some(price) = execute(subscription) else { return };
    let account = &mut subscription.account;
    let owed = if subscription.terms.preferences.bills_outstanding { account.outstanding } else { 0 };
    account.outstanding = account.outstanding.saturating_sub(owed);
    account.failures = 0;
    let amount = price.saturating_add(owed);
    if amount > 0 {
        take(desk, merchant, id, (amount, at));
    }
    end(desk, merchant, id);
}

/// Lets the charge of the present cycle fail: it becomes outstanding, and too many suspend the subscription.
pub(super) fn fail(desk: &mut Desk, merchant: &mut Merchant, id: &str, at: i64) {
    let Some(subscription) = merchant.subscriptions.get_mut(id) else { return };
    let Some(price) = execute(subscription) else { return };
    let account = &mut subscription.account;
    account.outstanding = account.outstanding.saturating_add(price);
    account.failures = account.failures.saturating_add(1);
    account.last_failure = Some((price, at));
    subscription.updated_at = at;
    let amount = subscription.terms.price().with(price);
    desk.report(subscription.change("subscriptions.fail_charge", &merchant.client_id, &amount));
    if subscription.is_over_threshold() {
        turn(desk, merchant, id, (Status::Suspended, "subscriptions.suspend"), None);
    } else {
        end(desk, merchant, id);
    }
}

/// Changes the status and reports it.
pub(super) fn turn(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    (status, operation): (Status, &'static str),
    note: Option<String>,
) {
    let now = desk.now();
    let Some(subscription) = merchant.subscriptions.get_mut(id) else { return };
    subscription.status = status;
    subscription.status_at = now;
    subscription.updated_at = now;
    subscription.note = note;
    let price = subscription.price();
    desk.report(subscription.change(operation, &merchant.client_id, &price));
}

/// Counts one more execution of the present cycle and returns its price; the next date follows from it.
fn execute(subscription: &mut Subscription) -> Option<i64> {
    let index = subscription.present_cycle()?;
    let cycle = subscription.terms.cycles.get(index)?;
    let account = &mut subscription.account;
    let completed = account.completed.get_mut(index)?;
    *completed = completed.saturating_add(1);
    if cycle.total > 0 && *completed >= cycle.total {
        account.cycle_started_at = cycle.interval.after(account.cycle_started_at, cycle.total);
    }
    let price = cycle.price.minor.saturating_mul(subscription.quantity.1);
    subscription.account.next_at = due_after(subscription, 0);
    Some(price)
}

/// Returns when the present cycle is due next, so many intervals later.
fn due_after(subscription: &Subscription, intervals: i64) -> Option<i64> {
    let index = subscription.present_cycle()?;
    let completed = subscription.account.completed.get(index).copied().unwrap_or(0);
    let cycle = subscription.terms.cycles.get(index)?;
    Some(cycle.interval.after(subscription.account.cycle_started_at, completed.saturating_add(intervals)))
}

fn take(desk: &mut Desk, merchant: &mut Merchant, id: &str, (minor, at): (i64, i64)) {
    let Some(subscription) = merchant.subscriptions.get_mut(id) else { return };
    let amount = subscription.terms.price().with(minor);
    let source = Source::Subscription(id.to_owned());
    let made = Capture {
        custom_id: subscription.custom_id.clone(),
        created_at: at,
        updated_at: at,
        ..Capture::new(desk, source, amount, captures::Status::Completed)
    };
    subscription.account.last_payment = Some((minor, at));
    subscription.account.charges.push(made.id.clone());
    subscription.updated_at = at;
    desk.report(subscription.change("subscriptions.charge", &merchant.client_id, &made.amount));
    let capture_id = made.id.clone();
    merchant.captures.insert(&capture_id, made);
}

fn end(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    if merchant.subscriptions.get(id).is_some_and(|subscription| subscription.present_cycle().is_none()) {
        turn(desk, merchant, id, (Status::Expired, "subscriptions.expire"), None);
    }
}
