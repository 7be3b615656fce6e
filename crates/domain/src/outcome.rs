//! What became of a call: exactly one of four outcomes, and what the provider told.

use std::time::Duration;

use crate::Money;

/// What became of an operation at its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider did it (or, for a read, answered).
    Executed(Resource),
    /// The provider said no, and changed nothing.
    Rejected(Rejection),
    /// Nothing reached the provider.
    NotSent(NotSent),
    /// Bytes were sent and no answer tells what happened. To be looked up, never guessed.
    Unknown(Unknown),
}

/// Why nothing reached the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotSent {
    /// No connection could be made.
    Unreachable,
    /// The circuit breaker is open.
    CircuitOpen,
    /// As many calls as the gateway allows are under way.
    Overloaded,
    /// The deadline passed before anything was sent.
    DeadlinePassed,
    /// A look-up found no trace of an earlier attempt.
    NeverArrived,
}

/// Why it is not known what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// No answer came in time.
    TimedOut,
    /// The connection broke after the request was sent.
    Disconnected,
    /// An answer came that says nothing: a 5xx, or not the provider's format.
    Unreadable {
        /// Its HTTP status.
        status: u16,
    },
}

/// A provider's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// What kind of no it is.
    pub class: RejectionClass,
    /// The gateway's word for it: `card_declined`.
    pub code: &'static str,
    /// A sentence for the caller.
    pub message: String,
    /// The request field that the provider names, in the gateway's words.
    pub param: Option<&'static str>,
    /// The provider's own code.
    pub provider_code: Option<String>,
    /// The provider's own words.
    pub provider_message: Option<String>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
}

/// What kind of no a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionClass {
    /// The request cannot be done as it stands, found before or by the provider.
    InvalidRequest,
    /// The provider has no such object.
    NotFound,
    /// The object is in no state for it.
    Conflict,
    /// The payer's means of payment was refused.
    Declined,
    /// A rule of the provider forbids it.
    Refused,
    /// The tenant's credentials were refused.
    Credentials,
    /// Too many requests for the provider.
    RateLimited,
    /// The provider is out of order and nothing was done.
    Unavailable,
}

/// What a provider told about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// An order.
    Order(Order),
    /// A text message.
    Sms(Sms),
}

impl Resource {
    /// Returns the provider's id of the object.
    pub fn provider_id(&self) -> &str {
        match self {
            Self::Order(order) => &order.provider_order_id,
            Self::Sms(sms) => &sms.provider_message_id,
        }
    }

    /// Returns the object's status in the API's words.
    pub const fn status(&self) -> &'static str {
        match self {
            Self::Order(order) => order.status.as_str(),
            Self::Sms(sms) => sms.status.as_str(),
        }
    }
}

/// An order as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The provider's id.
    pub provider_order_id: String,
    /// What the payer is asked for.
    pub amount: Money,
    /// What went back.
    pub amount_refunded: Money,
    /// How far it is.
    pub status: OrderStatus,
    /// How the payer goes on, while there is something left for the payer to do.
    pub next_action: Option<NextAction>,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Nobody has paid yet.
    Created,
    /// The payer has something to do.
    RequiresAction,
    /// The money is under way.
    Processing,
    /// The money is reserved and waits for a capture.
    Authorized,
    /// The money is taken.
    Succeeded,
    /// A part went back.
    PartiallyRefunded,
    /// All went back.
    Refunded,
    /// Given up.
    Canceled,
    /// Ended without money.
    Failed,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl OrderStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::Succeeded => "succeeded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// How the payer goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAction {
    /// Open this address in the payer's browser.
    Redirect {
        /// The address.
        url: String,
    },
    /// Open Razorpay Checkout with these.
    RazorpayCheckout {
        /// The tenant's key id, which is public.
        key_id: String,
        /// The order.
        order_id: String,
    },
    /// Confirm with Stripe's front-end library and these.
    StripeClientSecret {
        /// For the payer's browser only; kept out of logs.
        client_secret: String,
        /// The tenant's publishable key, where known.
        publishable_key: Option<String>,
    },
}

/// A text message as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// The provider's id.
    pub provider_message_id: String,
    /// To whom.
    pub to: String,
    /// From whom; absent while a pool of senders has not chosen.
    pub from: Option<String>,
    /// How many segments it is sent in; absent while not known.
    pub segments: Option<u32>,
    /// How far it is.
    pub status: SmsStatus,
}

/// How far a text message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SmsStatus {
    /// Waits at the provider.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// The carrier has it.
    Sent,
    /// The handset has it.
    Delivered,
    /// The carrier could not deliver it.
    Undelivered,
    /// The provider could not send it.
    Failed,
    /// Called off before it was sent.
    Canceled,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl SmsStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }
}
