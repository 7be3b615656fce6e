//! The four providers by name, and what each simulation has to be able to do.

use std::fmt;

use http::HeaderValue;
use serde_json::Value;

use crate::{
    act::{Act, Acted},
    desk::Desk,
    exchange::{Answer, Incoming},
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
    random::Random,
};

/// A simulated provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Provider {
    Razorpay,
    PayPal,
    Stripe,
    Twilio,
}

impl Provider {
    /// Every provider, in the order of their ports.
    pub(crate) const ALL: [Self; 4] = [Self::Razorpay, Self::PayPal, Self::Stripe, Self::Twilio];

    /// Returns the name used in control calls and paths.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Razorpay => "razorpay",
            Self::PayPal => "paypal",
            Self::Stripe => "stripe",
            Self::Twilio => "twilio",
        }
    }

    /// Returns the provider with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What can be said of a request by its head alone, before anything is executed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recognised {
    /// The operation, such as `orders.create`; none for an unknown route.
    pub(crate) operation: Option<&'static str>,
    /// The merchant whose credentials it carries; not yet checked.
    pub(crate) merchant: Option<String>,
    /// The provider's kind of idempotency key, where it was sent.
    pub(crate) idempotency_key: Option<String>,
    /// Whether a second request with the same key is refused while the first is under way.
    pub(crate) guards_key: bool,
}

/// One simulated provider: state, routes, the payer's side and what time does.
pub(crate) trait Simulation {
    /// Returns the names of all operations that requests can be.
    fn operations(&self) -> Vec<&'static str>;

    /// Returns what the head of a request says.
    fn recognise(&self, head: &Incoming) -> Recognised;

    /// Returns a new request id of the provider's own shape.
    fn request_id(&self, random: &mut Random) -> String;

    /// Executes a request.
    fn answer(&mut self, desk: &mut Desk, incoming: &Incoming) -> Answer;

    /// Does what a payer does with an order.
    ///
    /// # Errors
    ///
    /// Refuses unknown orders and what the order's state does not allow.
    fn pay(
        &mut self,
        desk: &mut Desk,
        id: &str,
        action: PayerAction,
        amount: Option<&Value>,
    ) -> Result<PayerDone, PayerRefusal>;

    /// Says beforehand what will become of the capture that follows on a payer's approval.
    ///
    /// # Errors
    ///
    /// Refuses where the provider has no such step, unknown orders, and unknown words.
    fn foretell_capture(
        &mut self,
        _desk: &mut Desk,
        _id: &str,
        _outcome: &Value,
    ) -> Result<(), PayerRefusal> {
        let message = "this provider's payments are captured as the payer acts; decline is an act of its own";
        Err(PayerRefusal::Refused { field: "capture", message: message.to_owned() })
    }

    /// Lets happen to an object what its caller cannot do: a payout fails late, a subscription's cycle is charged.
    ///
    /// # Errors
    ///
    /// Refuses unknown objects ([`PayerRefusal::UnknownOrder`]), unknown acts, and what the object's state does not allow.
    fn act(&mut self, desk: &mut Desk, act: Act<'_>) -> Result<Acted, PayerRefusal>;

    /// Returns what the payer's page shows of an order; none if there is no such order.
    fn page(&mut self, desk: &mut Desk, id: &str) -> Option<Page>;

    /// Lets happen what has become due by the clock.
    fn settle(&mut self, desk: &mut Desk);

    /// Forgets every merchant and object.
    fn forget(&mut self);

    /// Returns the name under which `merchant` in a control call is known.
    fn merchant_alias(&self, merchant: &str) -> String {
        merchant.to_owned()
    }

    /// Returns the headers that a custom answer of a fault carries beside its body.
    fn fault_headers(&self, request_id: &str) -> Vec<(&'static str, HeaderValue)>;
}
