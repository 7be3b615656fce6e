//! What a payer does in Razorpay Checkout.

use serde_json::{Value, json};

use crate::{
    desk::{Change, Desk},
    payer::{Page, PayerAction, PayerDone, PayerRefusal, major},
};

use super::{
    Merchant, currencies,
    orders::{Capture, Order, Status as OrderStatus},
    payments::{self, Payment, Status},
};

/// A payer's act with the amount that was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act<'a> {
    pub(super) action: PayerAction,
    pub(super) amount: Option<&'a Value>,
}

/// Makes the payment that the act leads to.
pub(super) fn act(
    desk: &mut Desk,
    merchant: &mut Merchant,
    order_id: &str,
    act: Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    let now = desk.now();
    let order = merchant.orders.get_mut(order_id).ok_or(PayerRefusal::UnknownOrder)?;
    if order.status == OrderStatus::Paid {
        return Err(PayerRefusal::action("the order is paid already"));
    }
    let amount = amount_of(order, act.amount)?;
    let status = match (act.action, order.capture) {
        (PayerAction::Pay, Capture::Automatic) => Status::Captured,
        (PayerAction::Pay, Capture::Manual) | (PayerAction::Authorize, _) => Status::Authorized,
        (PayerAction::Decline, _) => Status::Failed,
        (PayerAction::Abandon, _) => Status::Created,
        (PayerAction::Approve, _) => {
            return Err(PayerRefusal::action(
                "razorpay has no approval; use pay, authorize, decline or abandon",
            ));
        }
    };
    let payment = Payment {
        id: format!("pay_{}", desk.random.base62(14)),
        order_id: order_id.to_owned(),
        amount,
        currency: order.currency.clone(),
        status,
        notes: order.notes.clone(),
        bank_reference: format!("10{:010}", now.rem_euclid(10_000_000_000)),
        created_at: now,
        expires_at: now.saturating_add(order.expiry_minutes.saturating_mul(60)),
    };
    order.attempts = order.attempts.saturating_add(1);
    order.status = OrderStatus::Attempted;
    order.payments.push(payment.id.clone());
    let payment_id = payment.id.clone();
    let reference = order.receipt.clone();
    desk.report(Change {
        operation: act.action.operation(),
        merchant: &merchant.key_id,
        id: &payment_id,
        amount: json!(amount),
        currency: Some(&payment.currency),
        reference: reference.as_deref(),
    });
    merchant.payments.insert(&payment_id, payment);
    if status == Status::Captured {
        payments::settle_order(merchant, order_id, amount);
    }
    let order = merchant.orders.get(order_id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(PayerDone {
        status: order.status.name().to_owned(),
        payment_id: Some(payment_id),
        object: order.to_json(),
        redirect_url: None,
    })
}

/// Returns what the payer's page shows.
pub(super) fn page(order: &Order) -> Page {
    let decimals = currencies::decimals(&order.currency).unwrap_or(2);
    Page {
        amount: format!("{} {}", major(order.amount_due(), decimals), order.currency),
        description: order.receipt.as_ref().map(|receipt| format!("Receipt {receipt}")),
        status: order.status.name().to_owned(),
        is_payable: order.status != OrderStatus::Paid,
        cancel_url: None,
    }
}

fn amount_of(order: &Order, given: Option<&Value>) -> Result<i64, PayerRefusal> {
    let due = order.amount_due();
    let Some(given) = given else { return Ok(due) };
    let amount = given
        .as_i64()
        .ok_or_else(|| PayerRefusal::amount("amount must be an integer in the currency's smallest unit"))?;
    if amount < 1 || amount > due {
        return Err(PayerRefusal::amount(format!("amount must be 1 to {due}, what is still due")));
    }
    if amount < due && !order.takes_part_payments {
        return Err(PayerRefusal::amount(format!(
            "amount must be {due}: the order was not created with partial_payment"
        )));
    }
    Ok(amount)
}
