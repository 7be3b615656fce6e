//! The payout: its members, its states, and what banks and time do to it.

use serde_json::{Map, Value, json};

use crate::desk::Desk;

use super::{
    Account,
    effects::{self, Effect},
};

/// A standard payout is on its way a day after it was created.
pub(super) const TRANSIT_SECONDS: i64 = 24 * 60 * 60;
/// A standard payout arrives at the midnight after two days.
pub(super) const STANDARD_SECONDS: i64 = 2 * 24 * 60 * 60;
/// An instant payout is on its way at once and arrives after half an hour.
pub(super) const INSTANT_SECONDS: i64 = 30 * 60;

/// Why a payout can fail: code and message.
pub(super) const FAILURES: [(&str, &str); 12] = [
    ("account_closed", "The bank account has been closed."),
    ("account_frozen", "The bank account has been frozen."),
    ("bank_account_restricted", "The bank account has restrictions on payouts."),
    ("bank_ownership_changed", "The destination bank account is no longer valid because its bank changed."),
    ("could_not_process", "The bank could not process this payout."),
    ("debit_not_authorized", "Debit transactions are not approved on the bank account."),
    ("declined", "The bank has declined this payout."),
    ("incorrect_account_holder_name", "The bank does not know the account holder by this name."),
    ("insufficient_funds", "The account has insufficient funds to cover this payout."),
    ("invalid_account_number", "The routing number is correct, but the account number is not."),
    ("invalid_currency", "The bank could not process this payout because of its currency."),
    ("no_account", "The bank account could not be located."),
];

/// A payout, or with an amount below zero the reversal of one.
#[derive(Clone, Debug)]
pub(super) struct Payout {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) created: i64,
    pub(super) arrival_date: i64,
    pub(super) destination: String,
    pub(super) is_instant: bool,
    pub(super) is_live: bool,
    pub(super) source_type: String,
    pub(super) description: Option<String>,
    pub(super) statement_descriptor: Option<String>,
    pub(super) status: PayoutStatus,
    pub(super) failure: Option<(&'static str, &'static str)>,
    pub(super) original_payout: Option<String>,
    pub(super) reversed_by: Option<String>,
    pub(super) metadata: Map<String, Value>,
    /// When its next status comes by itself, in Unix seconds.
    pub(super) due_at: Option<i64>,
}

/// A payout's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PayoutStatus {
    Pending,
    InTransit,
    Paid,
    Failed,
    Canceled,
}

impl PayoutStatus {
    /// Returns Stripe's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InTransit => "in_transit",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

impl Payout {
    /// Returns the payout as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let tail = self.id.strip_prefix("po_").unwrap_or(&self.id);
        json!({
            "id": self.id, "object": "payout", "amount": self.amount, "arrival_date": self.arrival_date,
            "automatic": false, "balance_transaction": format!("txn_{tail}"), "created": self.created,
            "currency": self.currency, "description": self.description, "destination": self.destination,
            "failure_balance_transaction": self.failure.map(|_| format!("txn_{tail}f")),
            "failure_code": self.failure.map(|(code, _)| code),
            "failure_message": self.failure.map(|(_, message)| message), "livemode": self.is_live,
            "metadata": self.metadata, "method": if self.is_instant { "instant" } else { "standard" },
            "original_payout": self.original_payout, "reconciliation_status": "not_applicable",
            "reversed_by": self.reversed_by, "source_type": self.source_type,
            "statement_descriptor": self.statement_descriptor, "status": self.status.name(),
            "type": if self.destination.starts_with("card_") { "card" } else { "bank_account" },
        })
    }
}

/// Gives a payout its next status; one that failed or was canceled is the account's money again.
pub(super) fn turn(
    desk: &mut Desk,
    account: &mut Account,
    id: &str,
    (status, failure): (PayoutStatus, Option<(&'static str, &'static str)>),
) {
    let Some(payout) = account.payouts.get_mut(id) else { return };
    payout.status = status;
    payout.failure = failure;
    payout.due_at = (status == PayoutStatus::InTransit).then_some(payout.arrival_date);
    if [PayoutStatus::Failed, PayoutStatus::Canceled].contains(&status) {
        account.ledger.book_now(&payout.currency, payout.amount);
    }
    let operation = match status {
        PayoutStatus::Pending | PayoutStatus::InTransit => "payouts.transit",
        PayoutStatus::Paid => "payouts.pay",
        PayoutStatus::Failed => "payouts.fail",
        PayoutStatus::Canceled => "payouts.cancel",
    };
    report(desk, account, id, operation);
}

/// Lets happen to all payouts what has become due by the clock.
pub(super) fn settle_all(desk: &mut Desk, account: &mut Account) {
    let now = desk.now();
    let due = account.payouts.newest().filter(|payout| payout.due_at.is_some_and(|at| at <= now));
    let ids: Vec<String> = due.map(|payout| payout.id.clone()).collect();
    for id in ids.iter().rev() {
        settle(desk, account, id);
    }
}

/// Lets happen to a payout what has become due by the clock.
pub(super) fn settle(desk: &mut Desk, account: &mut Account, id: &str) {
    let now = desk.now();
    // Both steps may have become due since the last look.
    for _ in 0..2 {
        let due = account.payouts.get(id).filter(|payout| payout.due_at.is_some_and(|at| at <= now));
        let next = match due.map(|payout| payout.status) {
            Some(PayoutStatus::Pending) => PayoutStatus::InTransit,
            Some(PayoutStatus::InTransit) => PayoutStatus::Paid,
            _ => return,
        };
        turn(desk, account, id, (next, None));
    }
}

/// Records that a payout was created or changed.
pub(super) fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(payout) = account.payouts.get(id) else { return };
    let money = Some((payout.amount, payout.currency.as_str()));
    effects::report(desk, account, operation, Effect { id, money, metadata: &payout.metadata });
}
