//! What happens to a PayPal subscription beside the API: the payer approves or leaves, a cycle is charged or fails, it ends.

use crate::{
    act::{Act, Acted},
    desk::Desk,
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
};

use super::{
    Merchant, billing, payer,
    subscription::{Status, Subscription},
};

/// What can happen to a subscription.
const ACTS: [&str; 6] = ["approve", "charge", "fail_charge", "suspend", "expire", "cancel"];

/// Does what the control call names.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    act.only(&[])?;
    billing::run(desk, merchant, act.id);
    let now = desk.now();
    let status = merchant.subscriptions.get(act.id).ok_or(PayerRefusal::UnknownOrder)?.status;
    match (act.name, status) {
        ("approve", Status::ApprovalPending) => approve(desk, merchant, act.id),
        ("charge", Status::Active) => billing::charge(desk, merchant, act.id, now),
        ("fail_charge", Status::Active) => billing::fail(desk, merchant, act.id, now),
        ("suspend", Status::Active) => {
            billing::turn(desk, merchant, act.id, (Status::Suspended, "subscriptions.suspend"), None);
        }
        ("expire", Status::Active) => {
            billing::turn(desk, merchant, act.id, (Status::Expired, "subscriptions.expire"), None);
        }
        ("cancel", Status::Active | Status::Suspended) => {
            billing::turn(desk, merchant, act.id, (Status::Cancelled, "subscriptions.cancel"), None);
        }
        (name, status) if ACTS.contains(&name) => {
            let message = format!("a subscription that is {} takes no {name}", status.name());
            return Err(PayerRefusal::action(message));
        }
        _ => return Err(act.unknown(&ACTS)),
    }
    let subscription = merchant.subscriptions.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: subscription.status.name().to_owned(), object: subscription.to_json(desk) })
}

fn approve(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    billing::turn(desk, merchant, id, (Status::Approved, "subscriptions.approve"), None);
    if merchant.subscriptions.get(id).is_some_and(|subscription| subscription.is_immediate) {
        billing::activate(desk, merchant, id);
    }
}

/// Does what a payer does on the approval page.
pub(super) fn pay(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    act: payer::Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    let subscription = merchant.subscriptions.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    if subscription.status != Status::ApprovalPending {
        let message =
            format!("the subscription is {}; nobody asks the payer any more", subscription.status.name());
        return Err(PayerRefusal::action(message));
    }
    if act.amount.is_some() {
        return Err(PayerRefusal::amount("a subscription takes no amount: its plan says it"));
    }
    let with_token = |url: &str, id: &str| {
        let token = &subscription.token;
        payer::with_query(url, &format!("{id}ba_token={token}&token={token}"))
    };
    let back =
        subscription.return_url.as_deref().map(|url| with_token(url, &format!("subscription_id={id}&")));
    let away = subscription.cancel_url.as_deref().map(|url| with_token(url, ""));
    let redirect_url = match act.action {
        PayerAction::Abandon => away,
        PayerAction::Decline => {
            let price = subscription.price();
            desk.report(subscription.change("subscriptions.decline", &merchant.client_id, &price));
            None
        }
        PayerAction::Pay | PayerAction::Authorize | PayerAction::Approve => {
            approve(desk, merchant, id);
            back
        }
    };
    let subscription = merchant.subscriptions.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(PayerDone {
        status: subscription.status.name().to_owned(),
        payment_id: subscription.account.charges.last().cloned(),
        object: subscription.to_json(desk),
        redirect_url,
    })
}

/// Returns what the payer's page shows.
pub(super) fn page(subscription: &Subscription) -> Page {
    let price = subscription.price();
    Page {
        amount: format!("{} {}", price.text(), price.currency),
        description: Some(subscription.plan_name.clone()),
        status: subscription.status.name().to_owned(),
        is_payable: subscription.status == Status::ApprovalPending,
        cancel_url: subscription.cancel_url.clone(),
    }
}
