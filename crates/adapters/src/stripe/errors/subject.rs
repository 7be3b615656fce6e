//! What a call is about, and how Stripe's names of fields and objects read in the gateway's words there.

use domain::Rejection;

use crate::rejection::{self, Missing};
use crate::stripe::NAME;

/// What a call is about: decides what is missing when Stripe finds nothing, and what is in no state for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stripe) enum Subject {
    /// An order.
    Order,
    /// A refund of the payment behind an order.
    RefundOfOrder,
    /// A refund of a payment.
    RefundOfPayment,
    /// A refund that is there.
    Refund,
    /// A subscription, and the customer and price that it needs.
    Subscription,
    /// A payment link, and the price that it needs.
    PaymentLink,
    /// A payout or transfer.
    Payout,
}

impl Subject {
    /// Returns what Stripe has not when it says that something is missing.
    const fn missing(self) -> Missing {
        match self {
            Self::Order | Self::RefundOfOrder => Missing::Order,
            Self::RefundOfPayment => Missing::Payment,
            Self::Refund => Missing::Refund,
            Self::Subscription => Missing::Subscription,
            Self::PaymentLink => Missing::PaymentLink,
            Self::Payout => Missing::Payout,
        }
    }

    /// Returns whether money goes back to a payer.
    pub(super) const fn is_refunding(self) -> bool {
        matches!(self, Self::RefundOfOrder | Self::RefundOfPayment)
    }

    /// Returns whether the money comes from the tenant's own balance.
    pub(super) const fn is_paid_from_balance(self) -> bool {
        self.is_refunding() || matches!(self, Self::Payout)
    }

    /// Returns the request field behind one of Stripe's, in the API's words; `None` for what the caller did not write.
    pub(super) fn field(self, stripes: &str) -> Option<&'static str> {
        match stripes {
            "amount" | "amount_to_capture" | "unit_amount" => Some("amount"),
            "currency" => Some("currency"),
            "customer" => Some("customer.id"),
            "email" => Some("customer.email"),
            "phone" => Some("customer.phone"),
            "name" => Some("customer.name"),
            "receipt_email" => Some("customer_email"),
            "description" if self == Self::Payout => Some("purpose"),
            "description" => Some("description"),
            "product_data[name]" if self == Self::PaymentLink => Some("description"),
            "product_data[name]" => Some("plan.name"),
            "recurring[interval]" => Some("plan.interval"),
            "recurring[interval_count]" => Some("plan.interval_count"),
            "items[0][price]" | "price" | "plan" if self == Self::Subscription => Some("plan_id"),
            "items[0][quantity]" => Some("quantity"),
            "trial_period_days" => Some("trial_days"),
            "destination" => Some("destination"),
            "statement_descriptor" => Some("narration"),
            "reason" => Some("reason"),
            field if field.starts_with("after_completion") => Some("return_url"),
            field if field.starts_with("metadata") => Some("metadata"),
            _ => None,
        }
    }

    /// Returns the refusal of what names something that Stripe has not. A body that names another missing object (a
    /// customer) is at fault itself; what stands in the path is the subject.
    pub(super) fn not_found(self, field: Option<&'static str>) -> Rejection {
        match field {
            Some("plan_id") => rejection::not_found(NAME, Missing::Plan),
            Some(field @ "destination") => {
                rejection::invalid_destination(field, format!("{NAME} has no such destination."))
            }
            Some(field) => {
                let word = field.strip_suffix(".id").unwrap_or(field);
                rejection::invalid_field(field, format!("{NAME} has no such {word}."))
            }
            None => rejection::not_found(NAME, self.missing()),
        }
    }

    /// Returns the refusal of what the subject's state forbids.
    pub(super) fn wrong_state(self) -> Rejection {
        match self {
            Self::Order => rejection::order_state("The order's status does not allow it."),
            Self::RefundOfOrder | Self::RefundOfPayment => rejection::not_paid(),
            Self::Refund => state("invalid_refund_state", "refund"),
            Self::Subscription => state("invalid_subscription_state", "subscription"),
            Self::PaymentLink => state("invalid_payment_link_state", "payment link"),
            Self::Payout => state("invalid_payout_state", "payout"),
        }
    }
}

fn state(code: &'static str, word: &str) -> Rejection {
    rejection::object_state(code, format!("The {word}'s status does not allow it."))
}
