//! A subscription's life by the clock: first payments that never come, trials that end, renewals, retries and the end.

use crate::desk::Desk;

use super::{
    Account, bank,
    billing::{self, Collecting},
    subscription::{INCOMPLETE_SECONDS, Subscription, SubscriptionStatus, TrialEndBehavior},
};

/// A clock that is moved by decades renews a daily subscription no more often than this at one look.
const MOST_STEPS: usize = 5000;

/// What time does to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Comes before a renewal of the same moment.
    Cancel,
    Expire,
    EndTrial,
    Retry,
    Renew,
    Overdue,
}

/// Lets happen to all subscriptions what has become due by the clock.
pub(super) fn settle_all(desk: &mut Desk, account: &mut Account) {
    let running = account.subscriptions.newest().filter(|subscription| !subscription.status.is_over());
    let ids: Vec<String> = running.map(|subscription| subscription.id.clone()).collect();
    for id in ids.iter().rev() {
        settle(desk, account, id);
    }
}

/// Lets happen to a subscription what has become due by the clock, step by step.
pub(super) fn settle(desk: &mut Desk, account: &mut Account, id: &str) {
    let now = desk.now();
    for _ in 0..MOST_STEPS {
        let Some(subscription) = account.subscriptions.get(id) else { return };
        // A debit under way is heard of before anything else is decided.
        if let Some((_, intent_id)) = billing::open_invoice(account, subscription) {
            bank::settle(desk, account, &intent_id);
        }
        let Some(subscription) = account.subscriptions.get(id) else { return };
        match next_due(account, subscription) {
            Some((at, due)) if at <= now => happen(desk, account, id, (at, due)),
            _ => return,
        }
    }
}

fn next_due(account: &Account, subscription: &Subscription) -> Option<(i64, Due)> {
    let mut dues: Vec<(i64, Due)> = Vec::new();
    let status = subscription.status;
    if status.is_over() {
        return None;
    }
    if let Some(at) = subscription.cancel_at {
        dues.push((at, Due::Cancel));
    }
    let at_period_end = |due: Due| if subscription.cancels_at_period_end { Due::Cancel } else { due };
    match status {
        SubscriptionStatus::Incomplete => {
            dues.push((subscription.created.saturating_add(INCOMPLETE_SECONDS), Due::Expire));
        }
        SubscriptionStatus::Trialing => dues.push((subscription.period.1, at_period_end(Due::EndTrial))),
        SubscriptionStatus::Active | SubscriptionStatus::PastDue => {
            dues.push((subscription.period.1, at_period_end(Due::Renew)));
            dues.extend(subscription.next_attempt_at.map(|at| (at, Due::Retry)));
        }
        _ if subscription.cancels_at_period_end => dues.push((subscription.period.1, Due::Cancel)),
        _ => {}
    }
    if status == SubscriptionStatus::Active
        && let Some((invoice_id, _)) = billing::open_invoice(account, subscription)
    {
        let due_date = account.invoices.get(&invoice_id).and_then(|invoice| invoice.due_date);
        dues.extend(due_date.map(|at| (at, Due::Overdue)));
    }
    dues.into_iter().min()
}

fn happen(desk: &mut Desk, account: &mut Account, id: &str, (at, due): (i64, Due)) {
    match due {
        Due::Cancel => cancel(desk, account, id, at),
        Due::Expire => expire(desk, account, id, at),
        Due::EndTrial => end_trial(desk, account, id, (at, Collecting::AsSet)),
        Due::Retry => billing::collect(desk, account, id, (at, Collecting::AsSet)),
        Due::Renew => renew(desk, account, id, (at, Collecting::AsSet)),
        Due::Overdue => {
            if let Some(subscription) = account.subscriptions.get_mut(id) {
                subscription.status = SubscriptionStatus::PastDue;
            }
            billing::report(desk, account, id, "subscriptions.fail_charge");
        }
    }
}

/// Ends a subscription for good; what it owes stays open.
pub(super) fn cancel(desk: &mut Desk, account: &mut Account, id: &str, at: i64) {
    let Some(subscription) = account.subscriptions.get_mut(id) else { return };
    subscription.end(at, SubscriptionStatus::Canceled);
    if subscription.cancellation.reason.is_none() {
        subscription.cancellation.reason = Some("cancellation_requested");
    }
    billing::report(desk, account, id, "subscriptions.cancel");
}

/// Ends a subscription whose first payment never came; its invoice is void.
pub(super) fn expire(desk: &mut Desk, account: &mut Account, id: &str, at: i64) {
    let Some(subscription) = account.subscriptions.get_mut(id) else { return };
    subscription.end(at, SubscriptionStatus::IncompleteExpired);
    if let Some(invoice) = subscription.latest_invoice.clone() {
        billing::void(account, &invoice, at);
    }
    billing::report(desk, account, id, "subscriptions.expire");
}

/// Ends a trial: the first period begins and is collected, unless there is nothing to pay with and that was foreseen.
pub(super) fn end_trial(
    desk: &mut Desk,
    account: &mut Account,
    id: &str,
    (at, collecting): (i64, Collecting),
) {
    let Some(subscription) = account.subscriptions.get(id) else { return };
    let can_pay = collecting != Collecting::AsSet
        || subscription.days_until_due.is_some()
        || billing::method_of(account, subscription).is_some();
    match subscription.trial_end_behavior {
        TrialEndBehavior::Cancel if !can_pay => return cancel(desk, account, id, at),
        TrialEndBehavior::Pause if !can_pay => return pause(desk, account, id),
        _ => {}
    }
    renew(desk, account, id, (at, collecting));
}

/// Pauses a subscription, as the end of a trial without a payment method does: nothing is billed until it is resumed.
pub(super) fn pause(desk: &mut Desk, account: &mut Account, id: &str) {
    let Some(subscription) = account.subscriptions.get_mut(id) else { return };
    subscription.status = SubscriptionStatus::Paused;
    billing::report(desk, account, id, "subscriptions.pause");
}

/// Begins the next period, and collects its invoice.
pub(super) fn renew(desk: &mut Desk, account: &mut Account, id: &str, (at, collecting): (i64, Collecting)) {
    let Some(subscription) = account.subscriptions.get_mut(id) else { return };
    if subscription.status == SubscriptionStatus::Trialing {
        subscription.status = SubscriptionStatus::Active;
    }
    let next = subscription.cycle.saturating_add(1);
    subscription.enter(next);
    let is_sent = subscription.days_until_due.is_some();
    let made = billing::invoice(desk, account, id, (at, "subscription_cycle"));
    billing::report(desk, account, id, "subscriptions.renew");
    if made.is_some() && !is_sent {
        billing::collect(desk, account, id, (at, collecting));
    }
}
