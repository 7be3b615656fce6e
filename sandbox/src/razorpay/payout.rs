//! A RazorpayX payout: what it holds, how it is written, and what moves it from one status to the next.

use serde_json::{Value, json};

use crate::{
    act::{Act, Acted},
    desk::{Change, Desk},
    payer::PayerRefusal,
};

use super::{Merchant, payout_reasons};

/// What can happen to a payout beside the API.
const ACTS: [&str; 8] = ["initiate", "process", "fail", "reverse", "queue", "hold", "reject", "cancel"];
/// What a payout costs, as in the documentation's samples, in paise.
const FEES: i64 = 590;
/// The tax on that, in paise.
const TAX: i64 = 90;

/// A payout.
#[derive(Debug)]
pub(super) struct Payout {
    pub(super) id: String,
    pub(super) fund_account_id: String,
    /// Whether it came with a whole fund account, which its answer then shows.
    pub(super) is_composite: bool,
    /// In paise.
    pub(super) amount: i64,
    pub(super) mode: String,
    pub(super) purpose: String,
    pub(super) reference: Option<String>,
    pub(super) narration: Option<String>,
    pub(super) notes: Value,
    pub(super) status: Status,
    /// Why it is where it is, in RazorpayX's word.
    pub(super) reason: Option<String>,
    pub(super) utr: Option<String>,
    /// Whether its money has left the account.
    pub(super) holds_money: bool,
    pub(super) created_at: i64,
}

/// A payout's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Rejected,
    Queued,
    Processing,
    Processed,
    Reversed,
    Failed,
    Cancelled,
}

impl Status {
    /// Returns RazorpayX's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Reversed => "reversed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Payout {
    /// Returns what leaves the account, in paise.
    pub(super) fn cost(&self) -> i64 {
        self.amount.saturating_add(FEES)
    }

    /// Returns the payout as RazorpayX writes it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "payout",
            "fund_account_id": self.fund_account_id,
            "amount": self.amount,
            "currency": "INR",
            "notes": self.notes,
            "fees": FEES,
            "tax": TAX,
            "status": self.status.name(),
            "utr": self.utr,
            "mode": self.mode,
            "purpose": self.purpose,
            "reference_id": self.reference,
            "narration": self.narration,
            "batch_id": null,
            "status_details": self.reason.as_deref().map(payout_reasons::details),
            "created_at": self.created_at,
            "fee_type": null,
        })
    }
}

/// Returns what a RazorpayX account holds now, in paise.
pub(super) fn balance(desk: &Desk, merchant: &Merchant) -> i64 {
    desk.settings.razorpay_payout_balance.saturating_sub(merchant.paid_out)
}

/// Starts a payout that waits for money when there is enough.
pub(super) fn settle(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let waits = |payout: &&Payout| {
        payout.status == Status::Queued && payout.reason.as_deref() == Some(payout_reasons::LOW_BALANCE)
    };
    let enough = balance(desk, merchant);
    if merchant.payouts.get(id).filter(waits).is_some_and(|payout| payout.cost() <= enough) {
        change(desk, merchant, id, (Status::Processing, None));
    }
}

/// Does what the control call says.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    use Status::{Cancelled, Failed, Pending, Processed, Processing, Queued, Rejected, Reversed};
    settle(desk, merchant, act.id);
    let (target, from, usual): (Status, &[Status], Option<&str>) = match act.name {
        "initiate" => (Processing, &[Queued, Pending], None),
        "process" => (Processed, &[Processing], Some("payout_processed")),
        "fail" => (Failed, &[Processing], Some("beneficiary_bank_rejected")),
        "reverse" => (Reversed, &[Processing, Processed, Failed], Some("beneficiary_bank_rejected")),
        "queue" => (Queued, &[Processing, Pending], Some("beneficiary_bank_down")),
        "hold" => (Pending, &[Processing, Queued], Some("pending_approval")),
        "reject" => (Rejected, &[Pending], None),
        "cancel" => (Cancelled, &[Queued], None),
        _ => return Err(act.unknown(&ACTS)),
    };
    let takes_reason = matches!(target, Failed | Reversed | Queued);
    act.only(if takes_reason { &["reason"] } else { &[] })?;
    let reason = act.text("reason")?;
    if let Some(reason) = reason
        && !payout_reasons::is_known(reason, target)
    {
        let known = payout_reasons::of(target).join(", ");
        let message = format!("unknown reason {reason}; there are {known}");
        return Err(PayerRefusal::Refused { field: "reason", message });
    }
    let payout = merchant.payouts.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    if !from.contains(&payout.status) {
        let message = format!(
            "{} is not possible: the payout is {}; it must be {}",
            act.name,
            payout.status.name(),
            from.iter().map(|status| status.name()).collect::<Vec<_>>().join(" or ")
        );
        return Err(PayerRefusal::action(message));
    }
    change(desk, merchant, act.id, (target, reason.or(usual)));
    let payout = merchant.payouts.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: payout.status.name().to_owned(), object: payout.to_json() })
}

/// Moves a payout to another status, and its money with it.
pub(super) fn change(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    (status, reason): (Status, Option<&str>),
) {
    let Some(payout) = merchant.payouts.get_mut(id) else { return };
    payout.status = status;
    payout.reason = reason.map(str::to_owned);
    if status == Status::Processed {
        payout.utr = Some(format!("5{:011}", payout.created_at.rem_euclid(100_000_000_000)));
    }
    let holds = matches!(status, Status::Processing | Status::Processed);
    if payout.holds_money != holds {
        let cost = if holds { payout.cost() } else { payout.cost().saturating_neg() };
        payout.holds_money = holds;
        merchant.paid_out = merchant.paid_out.saturating_add(cost);
    }
    let operation = match status {
        Status::Processing => "payouts.initiate",
        Status::Processed => "payouts.process",
        Status::Failed => "payouts.fail",
        Status::Reversed => "payouts.reverse",
        Status::Queued => "payouts.queue",
        Status::Pending => "payouts.hold",
        Status::Rejected => "payouts.reject",
        Status::Cancelled => "payouts.cancel",
    };
    report(desk, merchant, id, operation);
}

/// Records a change of a payout.
pub(super) fn report(desk: &mut Desk, merchant: &Merchant, id: &str, operation: &'static str) {
    let Some(payout) = merchant.payouts.get(id) else { return };
    desk.report(Change {
        operation,
        merchant: &merchant.key_id,
        id,
        amount: json!(payout.amount),
        currency: Some("INR"),
        reference: payout.reference.as_deref(),
    });
}
