//! What all simulations share: the clock, chance, the record of effects, settings and the request being served.

use serde_json::Value;

use crate::{
    clock::Clock,
    provider::Provider,
    random::Random,
    record::{Effect, Record},
    start::Addresses,
};

/// What a Razorpay account may lack, as the setting spells it.
pub(crate) const RAZORPAY_FEATURES: [&str; 3] = ["subscriptions", "payment_links", "payouts"];
/// What a RazorpayX account holds unless set: ten thousand crore rupees in paise, which no test uses up.
pub(crate) const RAZORPAY_PAYOUT_BALANCE: i64 = 10_000_000_000_000;

/// What can be set while the sandbox runs (`PUT /_control/settings`).
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The life of a new PayPal access token, in seconds.
    pub(crate) token_lifetime_seconds: u64,
    /// Whether Razorpay refuses an order whose `receipt` was used before; its documentation says both.
    pub(crate) razorpay_unique_receipts: bool,
    /// Whether a new Razorpay refund stays pending until the control call processes it.
    pub(crate) razorpay_pending_refunds: bool,
    /// Those of [`RAZORPAY_FEATURES`] that no account has.
    pub(crate) razorpay_disabled_features: Vec<&'static str>,
    /// What every RazorpayX account held before its first payout, in paise.
    pub(crate) razorpay_payout_balance: i64,
}

/// The request being served, as far as effects and answers need it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Current {
    /// The id that the answer carries.
    pub(crate) request_id: String,
    /// The idempotency key of the request.
    pub(crate) idempotency_key: Option<String>,
    /// Whether another request with the same key is under way.
    pub(crate) key_is_in_use: bool,
}

/// An object created or changed, as a simulation reports it.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) operation: &'static str,
    pub(crate) merchant: &'a str,
    pub(crate) id: &'a str,
    pub(crate) amount: Value,
    pub(crate) currency: Option<&'a str>,
    pub(crate) reference: Option<&'a str>,
}

/// What the simulations share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) record: Record,
    pub(crate) settings: Settings,
    pub(crate) addresses: Addresses,
    /// The request being served; none while a payer or time acts.
    pub(crate) current: Option<Current>,
    pub(crate) provider: Provider,
}

impl Desk {
    /// Returns the present time in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Records an effect of the request being served.
    pub(crate) fn report(&mut self, change: Change<'_>) {
        let (idempotency_key, request_id) = match &self.current {
            Some(current) => (current.idempotency_key.clone(), Some(current.request_id.clone())),
            None => (None, None),
        };
        self.record.add_effect(Effect {
            id: change.id.to_owned(),
            provider: self.provider,
            operation: change.operation,
            merchant: change.merchant.to_owned(),
            at: self.clock.moment(),
            amount: change.amount,
            currency: change.currency.map(str::to_owned),
            reference: change.reference.map(str::to_owned),
            idempotency_key,
            request_id,
        });
    }

    /// Returns the id of the request being served.
    pub(crate) fn request_id(&self) -> &str {
        self.current.as_ref().map_or("", |current| current.request_id.as_str())
    }

    /// Tells whether another request with the same idempotency key is under way.
    pub(crate) fn key_is_in_use(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.key_is_in_use)
    }

    /// Returns the address of the payer's page of an order.
    pub(crate) fn pay_url(&self, id: &str) -> String {
        format!("http://{}/pay/{}/{id}", self.addresses.control, self.provider)
    }
}
