//! PayPal's own words for a refusal, and what each is here. A word that is not listed is `provider_rejected`.

use domain::{Rejection, RejectionClass};

use crate::paypal::NAME;
use crate::rejection::{self, Missing};

/// Returns the refusal for an issue, or for an error's name, in answer to a call about an object of this kind; `None` when
/// the gateway has no word of its own for it.
pub(super) fn refusal(word: &str, missing: Missing) -> Option<Rejection> {
    if word == "INVALID_RESOURCE_ID" {
        return Some(rejection::not_found(NAME, missing));
    }
    amount(word)
        .or_else(|| payer(word))
        .or_else(|| order(word))
        .or_else(|| refund(word))
        .or_else(|| subscription(word))
        .or_else(|| account(word))
}

/// What was asked for is no amount that PayPal takes there.
fn amount(word: &str) -> Option<Rejection> {
    Some(match word {
        "INVALID_CURRENCY_CODE" | "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER" | "NON_HOLDING_CURRENCY" => {
            let message = format!("{NAME} does not take this currency.");
            let refusal =
                rejection::rejection(RejectionClass::InvalidRequest, "unsupported_currency", message);
            rejection::about(refusal, Some("currency"))
        }
        "DECIMAL_PRECISION" | "DECIMALS_NOT_SUPPORTED" => {
            rejection::amount_too_precise(format!("{NAME} takes this currency with fewer decimals."))
        }
        "MAX_CAPTURE_AMOUNT_EXCEEDED" => {
            rejection::invalid_field("amount", "The amount is more than may be captured of this order.")
        }
        "AUTH_CAPTURE_CURRENCY_MISMATCH" => {
            rejection::invalid_field("amount", "The amount is not in the order's currency.")
        }
        "REFUND_CAPTURE_CURRENCY_MISMATCH" => {
            rejection::invalid_field("amount", "The amount is not in the payment's currency.")
        }
        "CURRENCY_MISMATCH" => rejection::invalid_field("currency", "The amounts are not in one currency."),
        "CANNOT_BE_ZERO_OR_NEGATIVE"
        | "CANNOT_BE_NEGATIVE"
        | "MAX_VALUE_EXCEEDED"
        | "AMOUNT_MISMATCH"
        | "AUTHORIZATION_AMOUNT_EXCEEDED"
        | "TRANSACTION_LIMIT_EXCEEDED"
        | "TRANSACTION_RECEIVING_LIMIT_EXCEEDED"
        | "REFUND_AMOUNT_TOO_LOW"
        | "PARTIAL_REFUND_NOT_ALLOWED" => {
            rejection::about(rejection::provider_rejected(NAME), Some("amount"))
        }
        _ => return None,
    })
}

/// The payer goes back to the approval address, and chooses other means or confirms.
fn payer(word: &str) -> Option<Rejection> {
    Some(match word {
        "INSTRUMENT_DECLINED"
        | "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"
        | "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR"
        | "ALIAS_DECLINED_BY_PROCESSOR"
        | "CARD_EXPIRED"
        | "REFERENCED_CARD_EXPIRED"
        | "AUTHORIZATION_DENIED" => rejection::card_declined(),
        "PAYER_ACTION_REQUIRED" => {
            let message = "The payer has to confirm the payment at the approval address.";
            rejection::rejection(RejectionClass::Declined, "payer_action_required", message)
        }
        _ => return None,
    })
}

/// The order is in no state for it.
fn order(word: &str) -> Option<Rejection> {
    Some(match word {
        "ORDER_NOT_APPROVED" => not_approved(),
        "PREVIOUSLY_CAPTURED" | "PREVIOUSLY_VOIDED" | "CANNOT_BE_VOIDED" => not_cancelable(),
        "ORDER_EXPIRED" | "AUTHORIZATION_EXPIRED" => rejection::order_state("The order has expired."),
        "AUTHORIZATION_VOIDED" => rejection::order_state("The order was canceled."),
        "ORDER_ALREADY_CAPTURED"
        | "ORDER_ALREADY_AUTHORIZED"
        | "ORDER_COMPLETED_OR_VOIDED"
        | "AUTHORIZATION_ALREADY_CAPTURED"
        | "MAX_CAPTURE_COUNT_EXCEEDED"
        | "MAX_AUTHORIZATION_COUNT_EXCEEDED" => rejection::order_state("The order is completed."),
        _ => return None,
    })
}

/// The payment is in no state for it, or has not enough left.
fn refund(word: &str) -> Option<Rejection> {
    Some(match word {
        "CAPTURE_FULLY_REFUNDED" => rejection::already_refunded(),
        "REFUND_AMOUNT_EXCEEDED" => rejection::refund_exceeds_payment(),
        // The money has not arrived; until it has, none can go back.
        "PENDING_CAPTURE" => rejection::not_paid(),
        "REFUND_FAILED_INSUFFICIENT_FUNDS" => rejection::insufficient_balance(NAME),
        _ => return None,
    })
}

/// The plan or the subscription is in no state for it.
fn subscription(word: &str) -> Option<Rejection> {
    Some(match word {
        "PLAN_STATUS_INVALID" => {
            rejection::object_state("invalid_plan_state", "The plan is not active, or not any more.")
        }
        "SUBSCRIPTION_STATUS_INVALID" => rejection::object_state(
            "invalid_subscription_state",
            format!("{NAME} cancels only subscriptions that are active or suspended."),
        ),
        "SUBSCRIPTION_CANNOT_HAVE_QUANTITY" => {
            rejection::variant_not_supported("quantity", "The plan does not allow a quantity.")
        }
        _ => return None,
    })
}

/// The tenant's own account is not up to it.
fn account(word: &str) -> Option<Rejection> {
    Some(match word {
        "INSUFFICIENT_FUNDS" => rejection::insufficient_balance(NAME),
        "AUTHORIZATION_ERROR" | "REQUIRED_SCOPE_MISSING" | "CLOSED_MARKET" | "AUTH_CAPTURE_NOT_ENABLED" => {
            rejection::not_enabled(NAME)
        }
        _ => return None,
    })
}

/// The payer has not approved the order yet.
pub(in crate::paypal) fn not_approved() -> Rejection {
    let message = "The payer has not approved the order yet.";
    rejection::rejection(RejectionClass::Conflict, "order_not_approved", message)
}

/// PayPal has no way to give this order up.
pub(in crate::paypal) fn not_cancelable() -> Rejection {
    let message = format!(
        "{NAME} cancels only orders that are authorized and not captured; one that nobody approves or captures expires."
    );
    rejection::rejection(RejectionClass::Conflict, "order_not_cancelable", message)
}
