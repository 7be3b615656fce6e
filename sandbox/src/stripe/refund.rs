//! The refund: its members, its states, and what the payer's bank and time do to it.

use serde_json::{Map, Value, json};

use crate::desk::Desk;

use super::{
    Account,
    effects::{self, Effect},
    payment_methods::RefundManner,
};

/// Money that does not go back at once, and a failure that is found late, take five days.
const LATER_SECONDS: i64 = 5 * 24 * 60 * 60;

/// Why a refund can fail, as the specification lists it.
pub(super) const FAILURE_REASONS: [&str; 7] = [
    "lost_or_stolen_card",
    "expired_or_canceled_card",
    "charge_for_pending_refund_disputed",
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
];

/// A refund.
#[derive(Clone, Debug)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) charge: String,
    pub(super) intent: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) created: i64,
    pub(super) reason: Option<String>,
    pub(super) status: RefundStatus,
    pub(super) failure_reason: Option<&'static str>,
    pub(super) metadata: Map<String, Value>,
    /// When its outcome is known, in Unix seconds, and what becomes of it then.
    pub(super) due: Option<(i64, RefundStatus)>,
}

/// A refund's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefundStatus {
    Pending,
    RequiresAction,
    Succeeded,
    Failed,
    Canceled,
}

impl RefundStatus {
    /// Returns Stripe's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

impl Refund {
    /// Gives a new refund the status that the payment method leads to.
    pub(super) fn begin(&mut self, manner: RefundManner) {
        let later = self.created.saturating_add(LATER_SECONDS);
        (self.status, self.due) = match manner {
            RefundManner::AtOnce => (RefundStatus::Succeeded, None),
            RefundManner::Later => (RefundStatus::Pending, Some((later, RefundStatus::Succeeded))),
            RefundManner::FailsLate => (RefundStatus::Succeeded, Some((later, RefundStatus::Failed))),
        };
    }

    /// Returns the refund as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let tail = self.id.strip_prefix("re_").unwrap_or(&self.id);
        let mut refund = json!({
            "id": self.id, "object": "refund", "amount": self.amount, "balance_transaction": format!("txn_{tail}"),
            "charge": self.charge, "created": self.created, "currency": self.currency, "metadata": self.metadata,
            "payment_intent": self.intent, "reason": self.reason, "receipt_number": null,
            "source_transfer_reversal": null, "status": self.status.name(), "transfer_reversal": null,
        });
        if let (Some(reason), Value::Object(refund)) = (self.failure_reason, &mut refund) {
            refund.insert("failure_reason".to_owned(), json!(reason));
            refund.insert("failure_balance_transaction".to_owned(), json!(format!("txn_{tail}f")));
        }
        refund
    }
}

/// Gives a refund its next status; one that failed or was canceled is the account's money again.
pub(super) fn turn(
    desk: &mut Desk,
    account: &mut Account,
    id: &str,
    (status, reason): (RefundStatus, Option<&'static str>),
) {
    let Some(refund) = account.refunds.get_mut(id) else { return };
    refund.status = status;
    refund.failure_reason = reason;
    refund.due = None;
    if [RefundStatus::Failed, RefundStatus::Canceled].contains(&status)
        && let Some(charge) = account.charges.get_mut(&refund.charge)
    {
        charge.amount_refunded = charge.amount_refunded.saturating_sub(refund.amount);
        account.ledger.book(&refund.currency, refund.amount, charge.available_on.unwrap_or_default());
    }
    let operation = match status {
        RefundStatus::Succeeded => "refunds.succeed",
        RefundStatus::Failed => "refunds.fail",
        RefundStatus::Canceled => "refunds.cancel",
        RefundStatus::Pending | RefundStatus::RequiresAction => "refunds.require_action",
    };
    report(desk, account, id, operation);
}

/// Lets happen to all refunds what has become due by the clock.
pub(super) fn settle_all(desk: &mut Desk, account: &mut Account) {
    let now = desk.now();
    let due = account.refunds.newest().filter(|refund| refund.due.is_some_and(|(at, _)| at <= now));
    let ids: Vec<String> = due.map(|refund| refund.id.clone()).collect();
    for id in ids.iter().rev() {
        settle(desk, account, id);
    }
}

/// Lets happen to a refund what has become due by the clock.
pub(super) fn settle(desk: &mut Desk, account: &mut Account, id: &str) {
    let due = account.refunds.get(id).and_then(|refund| refund.due);
    if let Some((_, status)) = due.filter(|(at, _)| *at <= desk.now()) {
        let reason = (status == RefundStatus::Failed).then_some("expired_or_canceled_card");
        turn(desk, account, id, (status, reason));
    }
}

/// Records that a refund was created or changed.
pub(super) fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(refund) = account.refunds.get(id) else { return };
    let money = Some((refund.amount, refund.currency.as_str()));
    effects::report(desk, account, operation, Effect { id, money, metadata: &refund.metadata });
}
