//! Why a RazorpayX payout is where it is: the reasons of its documentation (page "Payout status details", April 2026).

use serde_json::{Value, json};

use super::payout::Status;

/// The account holds too little.
pub(super) const LOW_BALANCE: &str = "low_balance";

/// Reasons of failed and reversed payouts.
const FAILED: [&str; 23] = [
    "bank_account_closed",
    "bank_account_frozen",
    "bank_account_invalid",
    "beneficiary_account_dormant",
    "beneficiary_account_invalid",
    "beneficiary_bank_failure",
    "beneficiary_bank_offline",
    "beneficiary_bank_rejected",
    "beneficiary_bank_technical_error",
    "beneficiary_psp_offline",
    "beneficiary_vpa_invalid",
    "imps_not_allowed",
    "invalid_beneficiary",
    "invalid_ifsc_code",
    "npci_beneficiary_timeout",
    "transaction_limit_exceeded",
    "amount_limit_exhausted_neft",
    "insufficient_funds",
    "gateway_down",
    "gateway_technical_error",
    "gateway_timeout",
    "server_error",
    "server_error_temporary",
];
/// Reasons of queued payouts.
const QUEUED: [&str; 5] =
    ["gateway_degraded", "beneficiary_bank_down", LOW_BALANCE, "syncing_balance", "fee_recovery_pending"];

/// Returns the reasons that a control call can give for a status.
pub(super) fn of(status: Status) -> &'static [&'static str] {
    match status {
        Status::Failed | Status::Reversed => &FAILED,
        Status::Queued => &QUEUED,
        Status::Pending | Status::Rejected | Status::Processing | Status::Processed | Status::Cancelled => {
            &[]
        }
    }
}

/// Tells whether a reason goes with a status.
pub(super) fn is_known(reason: &str, status: Status) -> bool {
    of(status).contains(&reason)
}

/// Returns `status_details`.
pub(super) fn details(reason: &str) -> Value {
    let source = match reason {
        "gateway_down" | "gateway_technical_error" | "gateway_timeout" | "gateway_degraded" => "gateway",
        "server_error" | "server_error_temporary" => "internal",
        LOW_BALANCE
        | "insufficient_funds"
        | "pending_approval"
        | "fee_recovery_pending"
        | "syncing_balance" => "business",
        _ => "beneficiary_bank",
    };
    let description = match reason {
        "payout_processed" => "Payout is processed".to_owned(),
        LOW_BALANCE => "Payout is queued as there is insufficient balance in your account".to_owned(),
        "pending_approval" => "Payout is pending approval".to_owned(),
        other => format!("Payout: {}", other.replace('_', " ")),
    };
    json!({"description": description, "source": source, "reason": reason})
}
