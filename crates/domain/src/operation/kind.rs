//! Which operations there are, and what routing, metrics, the ledger and the log need to know of each.

use crate::Feature;

/// The operations there are, as routing, metrics and descriptors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationKind {
    /// Create an order.
    OrdersCreate,
    /// Read an order.
    OrdersGet,
    /// Capture an authorised or approved order.
    OrdersCapture,
    /// Cancel an order.
    OrdersCancel,
    /// Give money back.
    RefundsCreate,
    /// Read a refund.
    RefundsGet,
    /// Create a subscription.
    SubscriptionsCreate,
    /// Read a subscription.
    SubscriptionsGet,
    /// End a subscription.
    SubscriptionsCancel,
    /// Create a payment link.
    PaymentLinksCreate,
    /// Read a payment link.
    PaymentLinksGet,
    /// Make a payout.
    PayoutsCreate,
    /// Read a payout.
    PayoutsGet,
    /// Send a text message.
    SmsSend,
    /// Read a text message.
    SmsGet,
    /// Place a call.
    CallsPlace,
    /// Read a call.
    CallsGet,
    /// Call a provider's own API with anything but GET.
    ProxyWrite,
    /// Call a provider's own API with GET.
    ProxyRead,
}

/// What an operation is, as data.
struct Facts {
    /// Noun and verb.
    name: &'static str,
    feature: Feature,
    /// The object that it answers with.
    object: &'static str,
    does: Does,
}

/// Whether an operation changes anything.
enum Does {
    Write,
    Read,
}

impl OperationKind {
    /// Every operation.
    pub const ALL: [Self; 19] = [
        Self::OrdersCreate,
        Self::OrdersGet,
        Self::OrdersCapture,
        Self::OrdersCancel,
        Self::RefundsCreate,
        Self::RefundsGet,
        Self::SubscriptionsCreate,
        Self::SubscriptionsGet,
        Self::SubscriptionsCancel,
        Self::PaymentLinksCreate,
        Self::PaymentLinksGet,
        Self::PayoutsCreate,
        Self::PayoutsGet,
        Self::SmsSend,
        Self::SmsGet,
        Self::CallsPlace,
        Self::CallsGet,
        Self::ProxyWrite,
        Self::ProxyRead,
    ];

    const fn facts(self) -> Facts {
        use Does::{Read, Write};
        use Feature::{Calls, PaymentLinks, Payments, Payouts, Proxy, Sms, Subscriptions};
        let (name, feature, object, does) = match self {
            Self::OrdersCreate => ("orders.create", Payments, "order", Write),
            Self::OrdersGet => ("orders.get", Payments, "order", Read),
            Self::OrdersCapture => ("orders.capture", Payments, "order", Write),
            Self::OrdersCancel => ("orders.cancel", Payments, "order", Write),
            Self::RefundsCreate => ("refunds.create", Payments, "refund", Write),
            Self::RefundsGet => ("refunds.get", Payments, "refund", Read),
            Self::SubscriptionsCreate => ("subscriptions.create", Subscriptions, "subscription", Write),
            Self::SubscriptionsGet => ("subscriptions.get", Subscriptions, "subscription", Read),
            Self::SubscriptionsCancel => ("subscriptions.cancel", Subscriptions, "subscription", Write),
            Self::PaymentLinksCreate => ("payment_links.create", PaymentLinks, "payment_link", Write),
            Self::PaymentLinksGet => ("payment_links.get", PaymentLinks, "payment_link", Read),
            Self::PayoutsCreate => ("payouts.create", Payouts, "payout", Write),
            Self::PayoutsGet => ("payouts.get", Payouts, "payout", Read),
            Self::SmsSend => ("sms.send", Sms, "sms", Write),
            Self::SmsGet => ("sms.get", Sms, "sms", Read),
            Self::CallsPlace => ("calls.create", Calls, "call", Write),
            Self::CallsGet => ("calls.get", Calls, "call", Read),
            Self::ProxyWrite => ("proxy.write", Proxy, "answer", Write),
            Self::ProxyRead => ("proxy.read", Proxy, "answer", Read),
        };
        Facts { name, feature, object, does }
    }

    /// Returns noun and verb: `orders.create`.
    pub const fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// Returns its place in [`OperationKind::ALL`], for tables with a row an operation.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the operation of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the feature it belongs to.
    pub const fn feature(self) -> Feature {
        self.facts().feature
    }

    /// Returns whether doing it changes anything at the provider; such calls go through the ledger.
    pub const fn has_side_effect(self) -> bool {
        matches!(self.facts().does, Does::Write)
    }

    /// Returns the name of the object that it answers with.
    pub const fn object(self) -> &'static str {
        self.facts().object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_stands_at_its_index() {
        for (index, kind) in OperationKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index, "{kind:?}");
        }
    }
}
