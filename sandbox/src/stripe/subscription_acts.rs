//! What happens to a subscription beside the API: its payer pays or does not, its bank is asked, its owner acts elsewhere.

use crate::{
    act::{Act, Acted},
    desk::Desk,
    payer::{PayerAction, PayerRefusal},
};

use super::{
    Account,
    billing::{self, Collecting},
    cycle, intent, payer,
    subscription::{Subscription, SubscriptionStatus},
};

/// Every act, as the control route spells it.
const ACTS: [&str; 7] = ["pay", "decline", "charge", "fail_charge", "pause", "expire", "cancel"];

/// Does what the act says with the subscription.
pub(super) fn act(desk: &mut Desk, account: &mut Account, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    act.only(&[])?;
    cycle::settle(desk, account, act.id);
    let status = find(account, act.id)?.status;
    let now = desk.now();
    match act.name {
        "pay" => pay(desk, account, act.id, PayerAction::Pay)?,
        "decline" => pay(desk, account, act.id, PayerAction::Decline)?,
        "charge" => charge(desk, account, act.id, Collecting::Accepted)?,
        "fail_charge" if status == SubscriptionStatus::Incomplete => {
            pay(desk, account, act.id, PayerAction::Decline)?;
        }
        "fail_charge" => charge(desk, account, act.id, Collecting::Declined)?,
        "pause" => {
            expect(status, &[SubscriptionStatus::Active, SubscriptionStatus::Trialing], "paused")?;
            cycle::pause(desk, account, act.id);
        }
        "expire" => {
            expect(status, &[SubscriptionStatus::Incomplete], "expired")?;
            cycle::expire(desk, account, act.id, now);
        }
        "cancel" if status.is_over() => {
            return Err(PayerRefusal::action(format!("the subscription is {} already", status.name())));
        }
        "cancel" => cycle::cancel(desk, account, act.id, now),
        _ => return Err(act.unknown(&ACTS)),
    }
    let subscription = find(account, act.id)?;
    Ok(Acted { status: subscription.status.name().to_owned(), object: subscription.to_json() })
}

fn find<'a>(account: &'a Account, id: &str) -> Result<&'a Subscription, PayerRefusal> {
    account.subscriptions.get(id).ok_or(PayerRefusal::UnknownOrder)
}

fn expect(
    status: SubscriptionStatus,
    allowed: &[SubscriptionStatus],
    becomes: &str,
) -> Result<(), PayerRefusal> {
    if allowed.contains(&status) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(|status| status.name()).collect();
    let message = format!(
        "the subscription is {}; only one that is {} can be {becomes}",
        status.name(),
        names.join(" or ")
    );
    Err(PayerRefusal::action(message))
}

/// Lets the payer act on the invoice that is open.
fn pay(desk: &mut Desk, account: &mut Account, id: &str, action: PayerAction) -> Result<(), PayerRefusal> {
    let open = billing::open_invoice(account, find(account, id)?);
    let (_, intent_id) =
        open.ok_or_else(|| PayerRefusal::action("no invoice of the subscription is open"))?;
    payer::act(desk, account, &intent_id, payer::Act { action, amount: None }).map(drop)
}

/// Lets the bank be asked: for the invoice that is open, else for the next period, which begins ahead of its time.
fn charge(
    desk: &mut Desk,
    account: &mut Account,
    id: &str,
    collecting: Collecting,
) -> Result<(), PayerRefusal> {
    let now = desk.now();
    let subscription = find(account, id)?;
    if subscription.days_until_due.is_some() {
        return Err(PayerRefusal::action("the subscription's invoices are sent, not charged; use pay"));
    }
    match subscription.status {
        SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid => {
            let open = billing::open_invoice(account, subscription);
            let status =
                open.and_then(|(_, intent)| account.intents.get(&intent)).map(|intent| intent.status);
            if status.is_none_or(|status| !intent::OPEN.contains(&status)) {
                return Err(PayerRefusal::action("a payment of the latest invoice is under way"));
            }
            billing::collect(desk, account, id, (now, collecting));
        }
        SubscriptionStatus::Active if subscription.cancels_at_period_end => {
            return Err(PayerRefusal::action(
                "the subscription ends with its period; nothing more is charged",
            ));
        }
        SubscriptionStatus::Active => cycle::renew(desk, account, id, (now, collecting)),
        SubscriptionStatus::Trialing => {
            if let Some(subscription) = account.subscriptions.get_mut(id) {
                subscription.anchor = now;
                subscription.trial = subscription.trial.map(|(start, _)| (start, now));
            }
            cycle::end_trial(desk, account, id, (now, collecting));
        }
        status => {
            let message = format!("the subscription is {}; nothing is charged", status.name());
            return Err(PayerRefusal::action(message));
        }
    }
    Ok(())
}
