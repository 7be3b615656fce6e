//! Razorpay payments: attempts at an order, get, capture, and the return of what nobody captured.

use serde_json::{Value, json};

use crate::{
    desk::{Change, Desk},
    routes::Route,
};

use super::{
    Call, Handler, Merchant,
    fields::{self, Fields},
    orders::Status as OrderStatus,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "GET", path: "/v1/payments/{id}", operation: "payments.get", handler: get },
    Route {
        method: "POST",
        path: "/v1/payments/{id}/capture",
        operation: "orders.capture",
        handler: capture,
    },
];

/// The answer to a second capture, of the payment or of its order.
const ALREADY_PAID: &str = "Your payment has been declined as the order is already paid. \
    Please initiate the payment with a new order.";

/// A payment of an order.
#[derive(Debug)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) order_id: String,
    /// The invoice of a subscription's cycle.
    pub(super) invoice_id: Option<String>,
    pub(super) amount: i64,
    /// What went back to the payer, or is on its way.
    pub(super) amount_refunded: i64,
    /// The ids of its refunds, the oldest first.
    pub(super) refunds: Vec<String>,
    pub(super) currency: String,
    pub(super) status: Status,
    /// Whether it was captured, even if all was refunded since.
    pub(super) is_captured: bool,
    pub(super) notes: Value,
    /// Twelve digits by which the bank knows it.
    pub(super) bank_reference: String,
    pub(super) created_at: i64,
    /// When an authorized payment goes back to the payer, in Unix seconds.
    pub(super) expires_at: i64,
}

/// A payment's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    Authorized,
    Captured,
    Refunded,
    Failed,
}

impl Status {
    /// Returns Razorpay's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
        }
    }
}

/// A try to pay an order.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) amount: i64,
    /// What came of it.
    pub(super) status: Status,
    /// When, in Unix seconds.
    pub(super) at: i64,
    pub(super) invoice_id: Option<String>,
}

impl Payment {
    /// Returns what can still be refunded.
    pub(super) fn amount_left(&self) -> i64 {
        self.amount.saturating_sub(self.amount_refunded)
    }

    /// Changes what went back to the payer, by a refund (positive) or one that failed (negative).
    pub(super) fn refund(&mut self, amount: i64) {
        self.amount_refunded = self.amount_refunded.saturating_add(amount);
        self.status = if self.amount_left() > 0 { Status::Captured } else { Status::Refunded };
    }

    /// Returns the payment as Razorpay writes it.
    pub(super) fn to_json(&self) -> Value {
        let is_failed = self.status == Status::Failed;
        let is_captured = self.is_captured;
        let refund_status = match self.amount_refunded {
            0 => None,
            amount if amount < self.amount => Some("partial"),
            _ => Some("full"),
        };
        // 2 % and 18 % tax on that, as in the documentation's samples.
        let fee = self.amount / 50;
        let tax = fee.saturating_mul(18) / 100;
        let failed = |text: &'static str| is_failed.then_some(text);
        json!({
            "id": self.id,
            "entity": "payment",
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status.name(),
            "order_id": self.order_id,
            "invoice_id": self.invoice_id,
            "international": self.currency != "INR",
            "method": "upi",
            "amount_refunded": self.amount_refunded,
            "refund_status": refund_status,
            "captured": is_captured,
            "description": null,
            "card_id": null,
            "bank": null,
            "wallet": null,
            "vpa": if is_failed { "failure@razorpay" } else { "success@razorpay" },
            "email": "payer@example.com",
            "contact": "+919999999999",
            "notes": self.notes,
            "fee": is_captured.then_some(fee.saturating_add(tax)),
            "tax": is_captured.then_some(tax),
            "error_code": failed("BAD_REQUEST_ERROR"),
            "error_description": failed("Your payment was declined by the bank. Try another payment method."),
            "error_source": failed("customer"),
            "error_step": failed("payment_authorization"),
            "error_reason": failed("payment_failed"),
            "acquirer_data": {"rrn": if is_failed { Value::Null } else { json!(self.bank_reference) }},
            "created_at": self.created_at,
        })
    }
}

/// Gives an authorized payment back to the payer when its time is over.
pub(super) fn expire(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let Some(payment) = merchant.payments.get_mut(id) else { return };
    if payment.status != Status::Authorized || now < payment.expires_at {
        return;
    }
    payment.status = Status::Refunded;
    payment.amount_refunded = payment.amount;
    desk.report(Change {
        operation: "orders.expire",
        merchant: &merchant.key_id,
        id,
        amount: json!(payment.amount),
        currency: Some(&payment.currency),
        reference: None,
    });
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    find(call).map(|payment| payment.to_json())
}

/// Returns the payment that the path names.
///
/// # Errors
///
/// Refuses an id of the wrong shape, and one that this merchant does not have.
pub(super) fn find<'m>(call: &'m mut Call<'_>) -> Result<&'m mut Payment, Refusal> {
    fields::check_id(call.id, "pay_")?;
    expire(call.desk, call.merchant, call.id);
    call.merchant.payments.get_mut(call.id).ok_or_else(Refusal::unknown_id)
}

fn capture(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let body = fields::object(&call.incoming.body)?;
    let fields = Fields::of(&body, "", &["amount", "currency"])?;
    let amount = fields.required_integer("amount")?;
    let currency = fields.required_text("currency")?;
    find(call)?;
    let payment = call.merchant.payments.get_mut(call.id).ok_or_else(Refusal::unknown_id)?;
    let is_paid =
        call.merchant.orders.get(&payment.order_id).is_some_and(|order| order.status == OrderStatus::Paid);
    match payment.status {
        Status::Authorized if !is_paid => {}
        Status::Authorized | Status::Captured => return Err(Refusal::state(ALREADY_PAID)),
        Status::Created | Status::Refunded | Status::Failed => {
            return Err(Refusal::state(
                "Only payments which have been authorized and not yet captured can be captured",
            ));
        }
    }
    if amount != payment.amount {
        return Err(Refusal::field("amount", "Capture amount must be equal to the amount authorized."));
    }
    if currency != payment.currency {
        return Err(Refusal::field("currency", "Capture currency must be equal to the currency authorized."));
    }
    payment.status = Status::Captured;
    payment.is_captured = true;
    let answer = payment.to_json();
    let receipt = settle_order(call.merchant, call.id);
    call.desk.report(Change {
        operation: "orders.capture",
        merchant: &call.merchant.key_id,
        id: call.id,
        amount: json!(amount),
        currency: Some(currency),
        reference: receipt.as_deref(),
    });
    Ok(answer)
}

/// Makes the payment that an attempt at an order leads to, and returns its id; none where there is no such order.
pub(super) fn attempt(
    desk: &mut Desk,
    merchant: &mut Merchant,
    order_id: &str,
    attempt: Attempt,
) -> Option<String> {
    let order = merchant.orders.get_mut(order_id)?;
    let is_captured = attempt.status == Status::Captured;
    let payment = Payment {
        id: format!("pay_{}", desk.random.base62(14)),
        order_id: order_id.to_owned(),
        invoice_id: attempt.invoice_id,
        amount: attempt.amount,
        amount_refunded: 0,
        refunds: Vec::new(),
        currency: order.currency.clone(),
        status: attempt.status,
        is_captured,
        notes: order.notes.clone(),
        bank_reference: format!("10{:010}", attempt.at.rem_euclid(10_000_000_000)),
        created_at: attempt.at,
        expires_at: attempt.at.saturating_add(order.expiry_minutes.saturating_mul(60)),
    };
    order.attempts = order.attempts.saturating_add(1);
    order.status = OrderStatus::Attempted;
    let id = payment.id.clone();
    order.payments.push(id.clone());
    merchant.payments.insert(&id, payment);
    if is_captured {
        settle_order(merchant, &id);
    }
    Some(id)
}

/// Adds a captured payment to its order, and to the payment link of that; returns the order's receipt.
fn settle_order(merchant: &mut Merchant, payment_id: &str) -> Option<String> {
    let payment = merchant.payments.get(payment_id)?;
    let order = merchant.orders.get_mut(&payment.order_id)?;
    order.amount_paid = order.amount_paid.saturating_add(payment.amount);
    order.status = if order.amount_due() > 0 { OrderStatus::Attempted } else { OrderStatus::Paid };
    if let Some(link) = order.link_id.as_ref().and_then(|id| merchant.payment_links.get_mut(id)) {
        link.note_payment(payment);
    }
    order.receipt.clone()
}
