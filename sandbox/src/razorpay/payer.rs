//! What a payer does in Razorpay Checkout.

use serde_json::{Value, json};

use crate::{
    desk::{Change, Desk},
    payer::{Page, PayerAction, PayerDone, PayerRefusal, major},
};

use super::{
    Merchant, currencies,
    orders::{Capture, Order, Status as OrderStatus},
    payments::{self, Status},
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
    let order = merchant.orders.get(order_id).ok_or(PayerRefusal::UnknownOrder)?;
    if order.status == OrderStatus::Paid {
        return Err(PayerRefusal::action("the order is paid already"));
    }
    let due = Due {
        amount: order.amount_due(),
        takes_parts: order.takes_part_payments,
        whole_only: "the order was not created with partial_payment",
    };
    let amount = due.paid(act.amount)?;
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
    let (currency, reference) = (order.currency.clone(), order.receipt.clone());
    let attempt = payments::Attempt { amount, status, at: desk.now(), invoice_id: None };
    let payment_id =
        payments::attempt(desk, merchant, order_id, attempt).ok_or(PayerRefusal::UnknownOrder)?;
    desk.report(Change {
        operation: act.action.operation(),
        merchant: &merchant.key_id,
        id: &payment_id,
        amount: json!(amount),
        currency: Some(&currency),
        reference: reference.as_deref(),
    });
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

/// What is still due, and whether a part of it may be paid; `whole_only` says why it may not.
pub(super) struct Due {
    pub(super) amount: i64,
    pub(super) takes_parts: bool,
    pub(super) whole_only: &'static str,
}

impl Due {
    /// Returns what the payer pays: what the control call gives, else all that is due.
    pub(super) fn paid(&self, given: Option<&Value>) -> Result<i64, PayerRefusal> {
        let due = self.amount;
        let Some(given) = given else { return Ok(due) };
        let amount = given.as_i64().ok_or_else(|| {
            PayerRefusal::amount("amount must be an integer in the currency's smallest unit")
        })?;
        if amount < 1 || amount > due {
            return Err(PayerRefusal::amount(format!("amount must be 1 to {due}, what is still due")));
        }
        if amount < due && !self.takes_parts {
            return Err(PayerRefusal::amount(format!("amount must be {due}: {}", self.whole_only)));
        }
        Ok(amount)
    }
}
