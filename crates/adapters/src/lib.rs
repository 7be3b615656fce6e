//! Adapters: an operation becomes provider requests, and replies become an outcome. Pure: nothing here does IO or awaits.
#![expect(
    clippy::result_large_err,
    reason = "a refusal is rare and moved once, into an outcome of the same size; a box would only add an allocation"
)]

mod amounts;
mod exchange;
mod form;
mod json;
mod passthrough;
mod paypal;
mod razorpay;
mod rejection;
mod reply;
mod request;
mod single_call;
mod stripe;
#[cfg(test)]
mod testing;
mod twilio;

use std::time::Duration;

use domain::{
    Credentials, Descriptor, Operation, Rejection, Reply, Request, RetrySafety, Secret, SupportedOperation,
};

pub use exchange::{Context, Exchange, Step};

/// Every provider there is. A new one is a line here and a folder beside.
pub static ADAPTERS: [&dyn Adapter; 4] =
    [&razorpay::Razorpay, &paypal::Paypal, &stripe::Stripe, &twilio::Twilio];

/// Returns the adapter of this name.
pub fn adapter(name: &str) -> Option<&'static dyn Adapter> {
    ADAPTERS.into_iter().find(|adapter| adapter.descriptor().id.as_str() == name)
}

/// Plans an operation: the passthrough, which is the same for all, or what the adapter itself knows.
///
/// # Errors
/// As [`Adapter::plan`].
pub fn plan(adapter: &dyn Adapter, operation: &Operation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        Operation::Proxy(request) => Ok(passthrough::plan(request, retry_safety(adapter, operation))),
        other => adapter.plan(other),
    }
}

/// Returns what keeps a repeat of this very operation from doing it twice. For the passthrough that is the provider's word
/// only where the caller's idempotency key goes along.
pub fn retry_safety(adapter: &dyn Adapter, operation: &Operation) -> RetrySafety {
    let supported = adapter.descriptor().operation(operation.kind());
    let retry = supported.map_or(RetrySafety::LookUpFirst, |supported| supported.retry);
    match operation {
        Operation::Proxy(request) => passthrough::retry_safety(request, retry),
        _ => retry,
    }
}

/// Returns whether this very operation may be sent again, at this age of its first call, without doing it twice. Past the
/// time for which the provider remembers keys, it may not.
pub fn is_repeat_safe(adapter: &dyn Adapter, operation: &Operation, age: Duration) -> bool {
    let Some(supported) = adapter.descriptor().operation(operation.kind()) else { return false };
    let this = SupportedOperation { retry: retry_safety(adapter, operation), ..*supported };
    this.is_repeat_safe(age)
}

/// One provider's way of doing operations.
pub trait Adapter: Send + Sync + std::fmt::Debug {
    /// Returns everything the provider is.
    fn descriptor(&self) -> &'static Descriptor;

    /// Plans an operation, the passthrough excepted: see [`plan`](crate::plan()).
    ///
    /// # Errors
    /// A [`Rejection`] when the provider cannot do it as it stands (too many decimals for it, a currency it does not take,
    /// an operation it does not have): nothing is sent then.
    fn plan(&self, operation: &Operation) -> Result<Box<dyn Exchange>, Rejection>;

    /// Plans how to find out what became of an operation whose answer was lost: an exchange of reads, or of calls that change
    /// nothing when they were made before, that ends in `Executed` (found), or `NotSent(NeverArrived)` (the provider has no trace
    /// of it). `None` where repeating the operation with the same key is the look-up.
    fn look_up(&self, operation: &Operation) -> Option<Box<dyn Exchange>>;

    /// Returns the order behind a payment, where the payment's own id tells it. What changes the one changes the other.
    fn order_of_payment<'a>(&self, _payment_id: &'a str) -> Option<&'a str> {
        None
    }

    /// Writes the authorization into a request.
    fn authorize(&self, request: &mut Request, credentials: &Credentials, token: Option<&Secret>);

    /// Returns the request that buys a token, for providers that work with tokens.
    fn token_request(&self, credentials: &Credentials) -> Option<Request>;

    /// Reads the answer to a token request.
    ///
    /// # Errors
    /// A [`Rejection`] when the provider refused the credentials or answered something else.
    fn read_token(&self, reply: &Reply) -> Result<Token, Rejection>;

    /// Returns whether a reply refuses the token rather than the request: a new token and one repeat are in order then.
    fn refuses_token(&self, reply: &Reply) -> bool;

    /// Returns a read that shows whether the provider accepts the credentials. Not used where there is a token request.
    fn verification(&self, credentials: &Credentials) -> Request;

    /// Reads the answer to a verification.
    ///
    /// # Errors
    /// A [`Rejection`] of class `Credentials` when the provider refused them, `Unavailable` when it did not tell.
    fn read_verification(&self, reply: &Reply) -> Result<(), Rejection>;
}

/// An access token.
#[derive(Debug, Clone)]
pub struct Token {
    /// What goes with each call.
    pub secret: Secret,
    /// How long it works, as the provider said.
    pub expires_in: Duration,
}

#[cfg(test)]
mod tests {
    use domain::{OperationKind, RetrySafety};

    use super::*;

    const HOUR: u64 = 3600;

    /// What is keyed has to say how long its keys are kept, or a look-up of its own: else nobody could settle it.
    #[test]
    fn keys_are_trusted_for_as_long_as_the_provider_promises() {
        for (provider, kind, hours) in [
            ("stripe", OperationKind::OrdersCreate, Some(24)),
            ("stripe", OperationKind::ProxyWrite, Some(24)),
            ("paypal", OperationKind::OrdersCreate, Some(6)),
            ("paypal", OperationKind::OrdersCapture, Some(6)),
            ("paypal", OperationKind::SubscriptionsCreate, Some(72)),
            ("paypal", OperationKind::RefundsCreate, Some(45 * 24)),
            ("paypal", OperationKind::PayoutsCreate, Some(30 * 24)),
            ("razorpay", OperationKind::PayoutsCreate, Some(7 * 24)),
            ("razorpay", OperationKind::RefundsCreate, None),
        ] {
            let supported = adapter(provider).and_then(|adapter| adapter.descriptor().operation(kind));
            let supported = supported.expect("an operation that it can do");
            assert_eq!(supported.retry, RetrySafety::Keyed, "{provider} {kind:?}");
            assert_eq!(
                supported.keys_kept,
                hours.map(|hours| Duration::from_secs(hours * HOUR)),
                "{provider} {kind:?}"
            );
        }
        for adapter in ADAPTERS {
            for supported in adapter.descriptor().operations {
                let is_keyed = supported.retry == RetrySafety::Keyed;
                assert!(is_keyed || supported.keys_kept.is_none(), "{supported:?}");
            }
        }
    }
}
