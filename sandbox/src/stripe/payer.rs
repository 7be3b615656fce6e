//! What a payer does with a Stripe order in the tenant's front end, or with a payment link on its page.

use serde_json::Value;

use crate::{
    desk::Desk,
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
};

use super::{
    Account, bank, checkout,
    intent::{self, Intent, Status},
    order_steps,
    payment_link::Completion,
};

/// A payer's act with the amount that was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act<'a> {
    pub(super) action: PayerAction,
    pub(super) amount: Option<&'a Value>,
}

/// Does what the act says with the order.
pub(super) fn act(
    desk: &mut Desk,
    account: &mut Account,
    intent_id: &str,
    act: Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    if account.links.get(intent_id).is_some() {
        return act_on_link(desk, account, intent_id, act);
    }
    bank::settle(desk, account, intent_id);
    let intent = account.intents.get(intent_id).ok_or(PayerRefusal::UnknownOrder)?;
    check(intent, act)?;
    let outcome = match act.action {
        PayerAction::Abandon => return done(account, intent_id, None),
        PayerAction::Decline => {
            let method = method(desk, account, "pm_card_chargeDeclined")?;
            bank::decline(desk, account, intent_id, &method, ("card_declined", "generic_decline"));
            "failed"
        }
        PayerAction::Pay | PayerAction::Authorize | PayerAction::Approve => {
            let chosen = intent.payment_method.clone().unwrap_or_else(|| "pm_card_visa".to_owned());
            let method = method(desk, account, &chosen)?;
            bank::charge(desk, account, intent_id, &method);
            "succeeded"
        }
    };
    bank::report(desk, account, intent_id, act.action.operation());
    done(account, intent_id, Some(outcome))
}

fn check(intent: &Intent, act: Act<'_>) -> Result<(), PayerRefusal> {
    if !intent::OPEN.contains(&intent.status) {
        let message = format!("the order is {}; a payer can do nothing with it", intent.status.name());
        return Err(PayerRefusal::action(message));
    }
    if act.action == PayerAction::Authorize && !intent.is_manual() {
        return Err(PayerRefusal::action("the order has capture_method automatic; use pay"));
    }
    if act.action == PayerAction::Approve && intent.status != Status::RequiresAction {
        return Err(PayerRefusal::action(
            "stripe asks for approval in status requires_action only; use pay, decline or abandon",
        ));
    }
    match act.amount {
        Some(amount) if amount.as_i64() != Some(intent.amount) => {
            Err(PayerRefusal::amount(format!("amount must be {}, the order's own", intent.amount)))
        }
        _ => Ok(()),
    }
}

fn method(desk: &mut Desk, account: &mut Account, name: &str) -> Result<super::PaymentMethod, PayerRefusal> {
    order_steps::known_or_new_method(desk, account, name)
        .ok_or_else(|| PayerRefusal::action(format!("the payment method {name} is gone")))
}

fn done(account: &Account, intent_id: &str, outcome: Option<&str>) -> Result<PayerDone, PayerRefusal> {
    let intent = account.intents.get(intent_id).ok_or(PayerRefusal::UnknownOrder)?;
    let redirect_url = outcome.and_then(|outcome| {
        let url = intent.return_url.as_deref()?;
        let separator = if url.contains('?') { '&' } else { '?' };
        Some(format!(
            "{url}{separator}payment_intent={intent_id}&payment_intent_client_secret={}&redirect_status={outcome}",
            intent.client_secret
        ))
    });
    Ok(PayerDone {
        status: intent.status.name().to_owned(),
        payment_id: intent.latest_charge.clone(),
        object: intent.to_json(),
        redirect_url,
    })
}

fn act_on_link(
    desk: &mut Desk,
    account: &mut Account,
    link_id: &str,
    act: Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    let link = account.links.get(link_id).ok_or(PayerRefusal::UnknownOrder)?;
    if act.amount.is_some_and(|amount| amount.as_i64() != Some(link.total)) {
        return Err(PayerRefusal::amount(format!("amount must be {}, the link's own", link.total)));
    }
    let completion = link.completion.clone();
    let session_id = checkout::act(desk, account, link_id, (act.action, None))?;
    let session = account.sessions.get(&session_id).ok_or(PayerRefusal::UnknownOrder)?;
    let redirect_url = match completion {
        Completion::Redirect(url) if session.is_complete() => {
            Some(url.replace("{CHECKOUT_SESSION_ID}", &session_id))
        }
        _ => None,
    };
    Ok(PayerDone {
        status: session.payment_status(account).to_owned(),
        payment_id: session.charge(account),
        object: session.to_json(account),
        redirect_url,
    })
}

/// Returns what the payer's page shows of an order or a payment link.
pub(super) fn page(desk: &mut Desk, account: &mut Account, id: &str) -> Option<Page> {
    if let Some(link) = account.links.get(id) {
        let names: Vec<&str> = link.lines.iter().map(|line| line.description.as_str()).collect();
        return Some(Page {
            amount: order_steps::major_amount(link.total, &link.currency),
            description: Some(names.join(", ")),
            status: if link.is_active { "active" } else { "inactive" }.to_owned(),
            is_payable: link.is_active,
            cancel_url: None,
        });
    }
    bank::settle(desk, account, id);
    let intent = account.intents.get(id)?;
    Some(Page {
        amount: order_steps::major_amount(intent.amount, &intent.currency),
        description: intent.details.get("description").and_then(Value::as_str).map(str::to_owned),
        status: intent.status.name().to_owned(),
        is_payable: intent::OPEN.contains(&intent.status),
        cancel_url: None,
    })
}
