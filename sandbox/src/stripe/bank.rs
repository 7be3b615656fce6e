//! What the bank and time do to an intent: charges made, declined, settled late, released when nobody captures.

use serde_json::{Value, json};

use crate::desk::Desk;

use super::{
    Account, billing,
    charges::{Charge, ChargeStatus},
    effects::{self, Effect},
    intent::{Intent, Status},
    payment_methods::{self, PaymentMethod, Verdict},
};

/// A bank debit is known to be good or bad after four days.
const DEBIT_SECONDS: i64 = 4 * 24 * 60 * 60;
/// An uncaptured card payment is released after seven days.
const UNCAPTURED_SECONDS: i64 = 7 * 24 * 60 * 60;

/// A card's money is available two days after it was captured, a debit's at once when it has come.
const PENDING_SECONDS: i64 = 2 * 24 * 60 * 60;

/// How a payer's confirmation is to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// The payer is not there to answer the bank.
    pub(super) is_off_session: bool,
    /// The client library does the redirect itself.
    pub(super) uses_sdk: bool,
}

/// Confirms an intent with a payment method; false when the bank declined.
pub(super) fn attempt(
    desk: &mut Desk,
    account: &mut Account,
    intent_id: &str,
    method: &PaymentMethod,
    manner: Manner,
) -> bool {
    let Some(intent) = account.intents.get_mut(intent_id) else { return false };
    intent.payment_method = Some(method.id.clone());
    intent.next_action = Value::Null;
    match method.verdict {
        Verdict::AsksPayer if manner.is_off_session => {
            decline(desk, account, intent_id, method, ("authentication_required", "authentication_required"));
            return false;
        }
        Verdict::AsksPayer => {
            intent.status = Status::RequiresAction;
            intent.next_action = if manner.uses_sdk {
                json!({"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}})
            } else {
                let url = desk.pay_url(intent_id);
                json!({"type": "redirect_to_url", "redirect_to_url": {"return_url": intent.return_url, "url": url}})
            };
        }
        Verdict::Succeeds => charge(desk, account, intent_id, method),
        Verdict::Declines(code, decline_code) => {
            decline(desk, account, intent_id, method, (code, decline_code));
            return false;
        }
        Verdict::DebitSucceeds | Verdict::DebitFails => {
            intent.status = Status::Processing;
            intent.last_payment_error = Value::Null;
            intent.due_at = Some(desk.now().saturating_add(DEBIT_SECONDS));
            add_charge(desk, account, intent_id, method, (ChargeStatus::Pending, None));
        }
    }
    true
}

/// Charges the card: captured at once, or only authorized.
pub(super) fn charge(desk: &mut Desk, account: &mut Account, intent_id: &str, method: &PaymentMethod) {
    add_charge(desk, account, intent_id, method, (ChargeStatus::Succeeded, None));
    let Some(intent) = account.intents.get_mut(intent_id) else { return };
    intent.last_payment_error = Value::Null;
    intent.next_action = Value::Null;
    intent.payment_method = Some(method.id.clone());
    if intent.is_manual() {
        intent.status = Status::RequiresCapture;
        intent.amount_capturable = intent.amount;
        intent.due_at = Some(desk.now().saturating_add(UNCAPTURED_SECONDS));
    } else {
        intent.status = Status::Succeeded;
        intent.amount_received = intent.amount;
    }
}

/// Lets the bank refuse; the intent stays usable.
pub(super) fn decline(
    desk: &mut Desk,
    account: &mut Account,
    intent_id: &str,
    method: &PaymentMethod,
    (code, decline_code): (&'static str, &'static str),
) {
    add_charge(desk, account, intent_id, method, (ChargeStatus::Failed, Some((code, decline_code))));
    let Some(intent) = account.intents.get_mut(intent_id) else { return };
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.next_action = Value::Null;
    let mut error = json!({
        "charge": intent.latest_charge,
        "code": code,
        "doc_url": format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")),
        "message": payment_methods::decline_message(code, decline_code),
        "payment_method": method.to_json(),
        "type": "card_error",
    });
    if !decline_code.is_empty()
        && let Value::Object(error) = &mut error
    {
        error.insert("decline_code".to_owned(), json!(decline_code));
    }
    intent.last_payment_error = error;
}

/// Lets happen to all intents what has become due by the clock.
pub(super) fn settle_all(desk: &mut Desk, account: &mut Account) {
    let now = desk.now();
    let due = account.intents.newest().filter(|intent| intent.due_at.is_some_and(|at| at <= now));
    let ids: Vec<String> = due.map(|intent| intent.id.clone()).collect();
    for id in ids.iter().rev() {
        settle(desk, account, id);
    }
}

/// Lets happen to an intent what has become due by the clock.
pub(super) fn settle(desk: &mut Desk, account: &mut Account, intent_id: &str) {
    let now = desk.now();
    let Some(intent) = account.intents.get_mut(intent_id) else { return };
    if intent.due_at.is_none_or(|due_at| now < due_at) {
        return;
    }
    intent.due_at = None;
    let method = intent.payment_method.as_deref().and_then(|id| account.methods.get(id)).cloned();
    let charge = intent.latest_charge.as_deref().and_then(|id| account.charges.get_mut(id));
    let operation = match (intent.status, method.as_ref().map(|method| method.verdict)) {
        (Status::Processing, Some(Verdict::DebitFails)) => {
            fail_debit(intent, charge, method.as_ref());
            "orders.fail"
        }
        (Status::Processing, _) => {
            intent.status = Status::Succeeded;
            intent.amount_received = intent.amount;
            if let Some(charge) = charge {
                charge.status = ChargeStatus::Succeeded;
                charge.is_captured = true;
                charge.amount_captured = charge.amount;
            }
            "orders.settle"
        }
        (Status::RequiresCapture, _) => {
            intent.cancel(now, Some("automatic"));
            "orders.expire"
        }
        _ => return,
    };
    if operation == "orders.settle"
        && let Some(charge_id) =
            account.intents.get(intent_id).and_then(|intent| intent.latest_charge.clone())
    {
        earn(desk, account, &charge_id);
    }
    report(desk, account, intent_id, operation);
}

fn fail_debit(intent: &mut Intent, charge: Option<&mut Charge>, method: Option<&PaymentMethod>) {
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.last_payment_error = json!({
        "charge": intent.latest_charge,
        "code": "insufficient_funds",
        "message": "The customer's account has insufficient funds to cover this payment.",
        "payment_method": method.map(PaymentMethod::to_json),
        "type": "invalid_request_error",
    });
    if let Some(charge) = charge {
        charge.status = ChargeStatus::Failed;
        charge.failure = Some(("insufficient_funds", "insufficient_funds"));
    }
}

fn add_charge(
    desk: &mut Desk,
    account: &mut Account,
    intent_id: &str,
    method: &PaymentMethod,
    (status, failure): (ChargeStatus, Option<(&'static str, &'static str)>),
) {
    let Some(intent) = account.intents.get_mut(intent_id) else { return };
    let is_captured = status == ChargeStatus::Succeeded && !intent.is_manual();
    let charge = Charge {
        id: format!("ch_3{}", desk.random.base62(23)),
        intent: intent.id.clone(),
        amount: intent.amount,
        amount_captured: if is_captured { intent.amount } else { 0 },
        amount_refunded: 0,
        currency: intent.currency.clone(),
        status,
        is_captured,
        is_live: intent.is_live,
        created: desk.now(),
        description: intent.details.get("description").and_then(Value::as_str).map(str::to_owned),
        metadata: intent.metadata.clone(),
        failure,
        method: Some(method.clone()),
        customer: intent.customer.clone(),
        invoice: intent.invoice.clone(),
        available_on: None,
    };
    intent.latest_charge = Some(charge.id.clone());
    let id = charge.id.clone();
    account.charges.insert(&id, charge);
    if is_captured {
        earn(desk, account, &id);
    }
}

/// Books the captured amount of a charge as the account's money.
pub(super) fn earn(desk: &Desk, account: &mut Account, charge_id: &str) {
    let Some(charge) = account.charges.get_mut(charge_id) else { return };
    let is_slow =
        charge.method.as_ref().is_some_and(|method| method.kind() == "card" && !method.bypasses_pending());
    let available_on = desk.now().saturating_add(if is_slow { PENDING_SECONDS } else { 0 });
    charge.available_on = Some(available_on);
    account.ledger.book(&charge.currency, charge.amount_captured, available_on);
}

/// Records that an intent was changed, and lets its invoice follow.
pub(super) fn report(desk: &mut Desk, account: &mut Account, intent_id: &str, operation: &'static str) {
    let Some(intent) = account.intents.get(intent_id) else { return };
    let money = Some((intent.amount, intent.currency.as_str()));
    effects::report(desk, account, operation, Effect { id: intent_id, money, metadata: &intent.metadata });
    billing::follow(desk, account, intent_id);
}
