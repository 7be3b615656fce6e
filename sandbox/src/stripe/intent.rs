//! The `PaymentIntent`: its members, its states and how Stripe writes it.

use serde_json::{Map, Value, json};

use super::charges::Charge;

/// A `PaymentIntent`, which is Stripe's order.
#[derive(Clone, Debug)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) amount_capturable: i64,
    pub(super) amount_received: i64,
    pub(super) currency: String,
    pub(super) status: Status,
    pub(super) capture_method: String,
    pub(super) confirmation_method: String,
    pub(super) client_secret: String,
    pub(super) created: i64,
    pub(super) is_live: bool,
    pub(super) metadata: Map<String, Value>,
    /// `always` or `never` where payment methods are chosen automatically.
    pub(super) allow_redirects: Option<String>,
    pub(super) payment_method_types: Vec<String>,
    pub(super) payment_method: Option<String>,
    pub(super) latest_charge: Option<String>,
    pub(super) last_payment_error: Value,
    pub(super) next_action: Value,
    pub(super) return_url: Option<String>,
    pub(super) canceled_at: Option<i64>,
    pub(super) cancellation_reason: Option<&'static str>,
    /// When the bank's word comes (bank debits), or the blocked amount is released (cards), in Unix seconds.
    pub(super) due_at: Option<i64>,
    /// Members that come back as they were sent: `description`, `receipt_email`, `shipping` …
    pub(super) details: Map<String, Value>,
}

/// A `PaymentIntent`'s status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

/// The states in which the payer, or a confirm call, can still do something.
pub(super) const OPEN: [Status; 3] =
    [Status::RequiresPaymentMethod, Status::RequiresConfirmation, Status::RequiresAction];

impl Status {
    /// Returns Stripe's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// Lists the words of these states.
pub(super) fn names(states: &[Status]) -> String {
    states.iter().map(|status| status.name()).collect::<Vec<_>>().join(", ")
}

impl Intent {
    /// Tells whether the card is only authorized when confirmed.
    pub(super) fn is_manual(&self) -> bool {
        self.capture_method == "manual"
    }

    /// Returns the caller's own id, as far as the metadata has one.
    pub(super) fn reference(&self) -> Option<&str> {
        ["reference", "transaction_id", "gateway_transaction_id", "gateway_order_id", "order_id"]
            .iter()
            .find_map(|name| self.metadata.get(*name))
            .and_then(Value::as_str)
    }

    /// Returns the intent as Stripe writes it; the charge stands in full where it was asked for.
    pub(super) fn to_json(&self, charge: Option<&Charge>, method: Option<&Value>) -> Value {
        let detail = |name: &str| self.details.get(name).cloned().unwrap_or(Value::Null);
        let latest_charge = charge.map_or_else(|| json!(self.latest_charge), Charge::to_json);
        let automatic =
            self.allow_redirects.as_ref().map(|allow| json!({"allow_redirects": allow, "enabled": true}));
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount,
            "amount_capturable": self.amount_capturable, "amount_details": {"tip": {}},
            "amount_received": self.amount_received, "application": null,
            "application_fee_amount": detail("application_fee_amount"), "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at, "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method, "client_secret": self.client_secret,
            "confirmation_method": self.confirmation_method, "created": self.created, "currency": self.currency,
            "customer": null, "description": detail("description"), "invoice": null,
            "last_payment_error": self.last_payment_error, "latest_charge": latest_charge,
            "livemode": self.is_live, "metadata": self.metadata, "next_action": self.next_action,
            "on_behalf_of": detail("on_behalf_of"),
            "payment_method": method.cloned().unwrap_or_else(|| json!(self.payment_method)),
            "payment_method_options": {}, "payment_method_types": self.payment_method_types, "processing": null,
            "receipt_email": detail("receipt_email"), "review": null,
            "setup_future_usage": detail("setup_future_usage"), "shipping": detail("shipping"),
            "statement_descriptor": detail("statement_descriptor"),
            "statement_descriptor_suffix": detail("statement_descriptor_suffix"), "status": self.status.name(),
            "transfer_data": detail("transfer_data"), "transfer_group": detail("transfer_group"),
        })
    }
}
