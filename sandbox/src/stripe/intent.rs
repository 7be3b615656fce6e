//! The `PaymentIntent`: its members, its states and how Stripe writes it.

use serde_json::{Map, Value, json};

use crate::desk::Desk;

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
    pub(super) customer: Option<String>,
    /// The invoice that it collects.
    pub(super) invoice: Option<String>,
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

    /// Returns a new intent, which waits for a payment method of whatever kind.
    pub(super) fn new(desk: &mut Desk, is_live: bool, (amount, currency): (i64, String)) -> Self {
        let id = format!("pi_3{}", desk.random.base62(23));
        Self {
            client_secret: format!("{id}_secret_{}", desk.random.base62(25)),
            id,
            amount,
            amount_capturable: 0,
            amount_received: 0,
            currency,
            status: Status::RequiresPaymentMethod,
            capture_method: "automatic".to_owned(),
            confirmation_method: "automatic".to_owned(),
            created: desk.now(),
            is_live,
            metadata: Map::new(),
            allow_redirects: None,
            payment_method_types: vec!["card".to_owned()],
            customer: None,
            invoice: None,
            payment_method: None,
            latest_charge: None,
            last_payment_error: Value::Null,
            next_action: Value::Null,
            return_url: None,
            canceled_at: None,
            cancellation_reason: None,
            due_at: None,
            details: Map::new(),
        }
    }

    /// Cancels the intent at this time.
    pub(super) fn cancel(&mut self, at: i64, reason: Option<&'static str>) {
        self.status = Status::Canceled;
        self.canceled_at = Some(at);
        self.cancellation_reason = reason;
        self.amount_capturable = 0;
        self.due_at = None;
        self.next_action = Value::Null;
    }

    /// Returns the intent as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let detail = |name: &str| self.details.get(name).cloned().unwrap_or(Value::Null);
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
            "customer": self.customer, "description": detail("description"), "invoice": self.invoice,
            "last_payment_error": self.last_payment_error, "latest_charge": self.latest_charge,
            "livemode": self.is_live, "metadata": self.metadata, "next_action": self.next_action,
            "on_behalf_of": detail("on_behalf_of"),
            "payment_method": self.payment_method,
            "payment_method_options": {}, "payment_method_types": self.payment_method_types, "processing": null,
            "receipt_email": detail("receipt_email"), "review": null,
            "setup_future_usage": detail("setup_future_usage"), "shipping": detail("shipping"),
            "statement_descriptor": detail("statement_descriptor"),
            "statement_descriptor_suffix": detail("statement_descriptor_suffix"), "status": self.status.name(),
            "transfer_data": detail("transfer_data"), "transfer_group": detail("transfer_group"),
        })
    }
}
