//! What providers tell of objects, in the gateway's words. A noun has a file.

mod call;
mod order;
mod payment_link;
mod payout;
mod proxy;
mod refund;
mod sms;
mod subscription;

pub use call::{Call, CallStatus};
pub use order::{Order, OrderStatus};
pub use payment_link::{PaymentLink, PaymentLinkStatus};
pub use payout::{Payout, PayoutStatus};
pub use proxy::{ProxyReply, StatusMeaning};
pub use refund::{Refund, RefundStatus};
pub use sms::{Sms, SmsStatus};
pub use subscription::{Subscription, SubscriptionStatus};

use crate::Money;

/// What a provider told about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// An order.
    Order(Order),
    /// A refund.
    Refund(Refund),
    /// A subscription.
    Subscription(Subscription),
    /// A payment link.
    PaymentLink(PaymentLink),
    /// A payout.
    Payout(Payout),
    /// A text message.
    Sms(Sms),
    /// A telephone call.
    Call(Call),
    /// A provider's own answer.
    Proxy(ProxyReply),
}

impl Resource {
    /// Returns the provider's id of the object.
    pub fn provider_id(&self) -> &str {
        match self {
            Self::Order(order) => &order.provider_order_id,
            Self::Refund(refund) => &refund.provider_refund_id,
            Self::Subscription(subscription) => &subscription.provider_subscription_id,
            Self::PaymentLink(payment_link) => &payment_link.provider_link_id,
            Self::Payout(payout) => &payout.provider_payout_id,
            Self::Sms(sms) => &sms.provider_message_id,
            Self::Call(call) => &call.provider_call_id,
            // The one name that the thing has here.
            Self::Proxy(reply) => &reply.path,
        }
    }

    /// Returns the object's status in the API's words.
    pub const fn status(&self) -> &'static str {
        match self {
            Self::Order(order) => order.status.as_str(),
            Self::Refund(refund) => refund.status.as_str(),
            Self::Subscription(subscription) => subscription.status.as_str(),
            Self::PaymentLink(payment_link) => payment_link.status.as_str(),
            Self::Payout(payout) => payout.status.as_str(),
            Self::Sms(sms) => sms.status.as_str(),
            Self::Call(call) => call.status.as_str(),
            Self::Proxy(reply) => reply.meaning().as_str(),
        }
    }

    /// Returns the object's status in the provider's own word, which a new one of theirs keeps when ours is `unknown`.
    pub fn provider_status(&self) -> Option<&str> {
        match self {
            Self::Order(order) => order.provider_status.as_deref(),
            Self::Refund(refund) => refund.provider_status.as_deref(),
            Self::Subscription(subscription) => subscription.provider_status.as_deref(),
            Self::PaymentLink(payment_link) => payment_link.provider_status.as_deref(),
            Self::Payout(payout) => payout.provider_status.as_deref(),
            Self::Sms(sms) => sms.provider_status.as_deref(),
            Self::Call(call) => call.provider_status.as_deref(),
            Self::Proxy(_) => None,
        }
    }

    /// Returns the object's amount, where it has one.
    pub const fn amount(&self) -> Option<Money> {
        match self {
            Self::Order(order) => Some(order.amount),
            Self::Refund(refund) => Some(refund.amount),
            Self::PaymentLink(link) => Some(link.amount),
            Self::Payout(payout) => Some(payout.amount),
            Self::Subscription(_) | Self::Sms(_) | Self::Call(_) | Self::Proxy(_) => None,
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
