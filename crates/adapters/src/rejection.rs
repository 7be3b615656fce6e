//! Refusals in the gateway's words: one constructor per code, so that every provider's no reads alike.

use std::fmt::Display;

use domain::{AmountError, Currency, OperationKind, Rejection, RejectionClass, Reply};

/// Longest quotation of a provider, in characters.
const MAX_PROVIDER_CHARS: usize = 500;

/// Returns a refusal without a word from a provider.
pub(crate) fn rejection(class: RejectionClass, code: &'static str, message: impl Into<String>) -> Rejection {
    Rejection::new(class, code, message)
}

/// What a provider said in an error, quoted in the refusal.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quote<'a> {
    /// Its own code.
    pub(crate) code: Option<&'a str>,
    /// Its own words.
    pub(crate) message: Option<&'a str>,
}

/// Adds the provider's own code and words to a refusal.
pub(crate) fn quoting(mut rejection: Rejection, quote: Quote<'_>) -> Rejection {
    let cut = |text: &str| text.chars().take(MAX_PROVIDER_CHARS).collect::<String>();
    rejection.provider_code = quote.code.map(cut);
    rejection.provider_message = quote.message.map(cut);
    rejection
}

/// Names the request field at fault.
pub(crate) fn about(mut rejection: Rejection, param: Option<&'static str>) -> Rejection {
    rejection.param = param;
    rejection
}

/// The provider has no way to do this: nothing is sent.
pub(crate) fn operation_not_supported(provider: &str, kind: OperationKind) -> Rejection {
    let message = format!("{provider} does not support {}.", kind.as_str());
    rejection(RejectionClass::InvalidRequest, "operation_not_supported", message)
}

/// The provider does not know the call, or has not enabled it for this account.
pub(crate) fn not_enabled(provider: &str) -> Rejection {
    let message = format!("{provider} does not offer this operation to the configured account.");
    rejection(RejectionClass::InvalidRequest, "operation_not_supported", message)
}

/// The provider does not take this currency.
pub(crate) fn unsupported_currency(provider: &str, currency: Currency) -> Rejection {
    let message = format!("{provider} does not take {currency}.");
    about(rejection(RejectionClass::InvalidRequest, "unsupported_currency", message), Some("currency"))
}

/// A field of the request does not suit the provider.
pub(crate) fn invalid_field(param: &'static str, message: impl Into<String>) -> Rejection {
    about(rejection(RejectionClass::InvalidRequest, "invalid_field", message), Some(param))
}

/// The amount has more decimals than the provider can be told.
pub(crate) fn amount_too_precise(message: impl Into<String>) -> Rejection {
    about(rejection(RejectionClass::InvalidRequest, "amount_too_precise", message), Some("amount"))
}

/// The amount does not fit the provider's unit.
pub(crate) fn amount(provider: &str, error: AmountError) -> Rejection {
    match error {
        AmountError::TooPrecise { currency, allowed, found } => amount_too_precise(format!(
            "{provider} takes {currency} with {allowed} decimals; the amount has {found}."
        )),
        AmountError::NotANumber | AmountError::NotPositive | AmountError::TooLarge => {
            invalid_field("amount", sentence(error))
        }
    }
}

/// The provider has no such order.
pub(crate) fn order_not_found(provider: &str) -> Rejection {
    not_found(provider, Missing::Order)
}

/// What a provider does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Order,
    Payment,
    Refund,
    Subscription,
    Plan,
    PaymentLink,
    Payout,
}

/// The provider has no such object.
pub(crate) fn not_found(provider: &str, missing: Missing) -> Rejection {
    let (code, words) = match missing {
        Missing::Order => ("order_not_found", "order"),
        Missing::Payment => ("payment_not_found", "payment"),
        Missing::Refund => ("refund_not_found", "refund"),
        Missing::Subscription => ("subscription_not_found", "subscription"),
        Missing::Plan => ("plan_not_found", "plan"),
        Missing::PaymentLink => ("payment_link_not_found", "payment link"),
        Missing::Payout => ("payout_not_found", "payout"),
    };
    let named = (missing == Missing::Plan).then_some("plan_id");
    about(rejection(RejectionClass::NotFound, code, format!("{provider} has no such {words}.")), named)
}

/// All that was paid has gone back.
pub(crate) fn already_refunded() -> Rejection {
    rejection(RejectionClass::Conflict, "already_refunded", "The payment has been refunded already.")
}

/// More is to go back than is left of the payment.
pub(crate) fn refund_exceeds_payment() -> Rejection {
    let message = "The refund is more than what is left of the payment.";
    about(rejection(RejectionClass::Refused, "refund_exceeds_payment", message), Some("amount"))
}

/// Nothing was paid that could go back.
pub(crate) fn not_paid() -> Rejection {
    rejection(RejectionClass::Conflict, "not_paid", "Nothing has been paid that could be refunded.")
}

/// The object is in no state for it: ended already, not begun yet.
pub(crate) fn object_state(code: &'static str, message: impl Into<String>) -> Rejection {
    rejection(RejectionClass::Conflict, code, message)
}

/// The provider knows the idempotency key from a call that was made with it longer ago than answers are replayed.
pub(crate) fn key_reused(provider: &str) -> Rejection {
    let message = format!(
        "{provider} still knows this idempotency key from an earlier call, whose answer is not replayed any more; nothing was \
         done. Use a new key."
    );
    key_reused_as_told(message)
}

/// The same, in these words.
pub(crate) fn key_reused_as_told(message: impl Into<String>) -> Rejection {
    rejection(RejectionClass::KeyReused, "idempotency_key_reused", message)
}

/// The tenant's own balance at the provider does not suffice.
pub(crate) fn insufficient_balance(provider: &str) -> Rejection {
    let message = format!("The account's balance at {provider} does not suffice.");
    rejection(RejectionClass::Refused, "insufficient_balance", message)
}

/// The payee's account, address or number cannot be paid or reached.
pub(crate) fn invalid_destination(param: &'static str, message: impl Into<String>) -> Rejection {
    about(rejection(RejectionClass::Refused, "invalid_destination", message), Some(param))
}

/// The provider cannot do the operation in this way, though it can do it: named by the field that asks for it.
pub(crate) fn variant_not_supported(param: &'static str, message: impl Into<String>) -> Rejection {
    about(rejection(RejectionClass::InvalidRequest, "operation_not_supported", message), Some(param))
}

/// The provider needs a field that the API leaves optional.
pub(crate) fn missing_field(param: &'static str, message: impl Into<String>) -> Rejection {
    about(rejection(RejectionClass::InvalidRequest, "missing_field", message), Some(param))
}

/// The order is in no state for it: paid already, not paid yet, given up.
pub(crate) fn order_state(message: impl Into<String>) -> Rejection {
    object_state("invalid_order_state", message)
}

/// The payer's means of payment was refused. The message may be shown to the payer and so does not say why.
pub(crate) fn card_declined() -> Rejection {
    let message = "The payer's means of payment was declined.";
    rejection(RejectionClass::Declined, "card_declined", message)
}

/// The payer has not enough money there.
pub(crate) fn insufficient_funds() -> Rejection {
    let message = "The payer's means of payment has insufficient funds.";
    rejection(RejectionClass::Declined, "insufficient_funds", message)
}

/// The provider refused for a reason of its own.
pub(crate) fn provider_rejected(provider: &str) -> Rejection {
    let message = format!("{provider} refused the request.");
    rejection(RejectionClass::Refused, "provider_rejected", message)
}

/// The provider refused the tenant's credentials.
pub(crate) fn credentials_rejected(provider: &str) -> Rejection {
    let message = format!("{provider} refused the configured credentials.");
    rejection(RejectionClass::Credentials, "provider_credentials_rejected", message)
}

/// The provider asks to slow down.
pub(crate) fn rate_limited(provider: &str, reply: &Reply) -> Rejection {
    let message = format!("{provider} allows no more requests for now.");
    let mut rejection = rejection(RejectionClass::RateLimited, "provider_rate_limit", message);
    rejection.retry_after = reply.retry_after();
    rejection
}

/// The provider is out of order, or answered what nobody can read, and nothing was changed.
pub(crate) fn provider_error(provider: &str, reply: &Reply) -> Rejection {
    let message = format!("{provider} answered with status {} and nothing usable.", reply.status);
    let mut rejection = rejection(RejectionClass::Unavailable, "provider_error", message);
    rejection.retry_after = reply.retry_after();
    rejection
}

/// The provider works without tokens, so that an answer to a request for one cannot be.
pub(crate) fn no_tokens(provider: &str) -> Rejection {
    rejection(RejectionClass::Unavailable, "provider_error", format!("{provider} works without tokens."))
}

/// Returns an error's text as a sentence.
fn sentence(error: impl Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_ascii_uppercase(), chars.as_str()),
        None => text,
    }
}
