//! The subscription: its members, its states and how Stripe writes it.

use serde_json::{Map, Value, json};

use super::{pages, price::Price};

/// The first payment may take 23 hours.
pub(super) const INCOMPLETE_SECONDS: i64 = 23 * 60 * 60;

/// A subscription.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) status: SubscriptionStatus,
    pub(super) items: Vec<Item>,
    pub(super) created: i64,
    pub(super) is_live: bool,
    /// Where periods are counted from, in Unix seconds: the start, or the trial's end.
    pub(super) anchor: i64,
    /// The number of the present period, from 0; a trial is -1.
    pub(super) cycle: i64,
    pub(super) period: (i64, i64),
    pub(super) trial: Option<(i64, i64)>,
    /// What happens when the trial ends and there is nothing to pay with.
    pub(super) trial_end_behavior: TrialEndBehavior,
    /// The days until an invoice is due that is sent; none where payment methods are charged.
    pub(super) days_until_due: Option<i64>,
    pub(super) cancel_at: Option<i64>,
    pub(super) cancels_at_period_end: bool,
    pub(super) canceled_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) cancellation: Cancellation,
    pub(super) default_payment_method: Option<String>,
    /// The payment method of the last successful payment, which is charged where no other is set.
    pub(super) last_method: Option<String>,
    pub(super) saves_method: bool,
    pub(super) description: Option<String>,
    pub(super) latest_invoice: Option<String>,
    /// When the bank is asked again, in Unix seconds.
    pub(super) next_attempt_at: Option<i64>,
    pub(super) metadata: Map<String, Value>,
}

/// A line of a subscription.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) price: Price,
    pub(super) quantity: i64,
    pub(super) metadata: Map<String, Value>,
}

/// Why and with what words a subscription was canceled.
#[derive(Clone, Debug, Default)]
pub(super) struct Cancellation {
    pub(super) reason: Option<&'static str>,
    pub(super) comment: Option<String>,
    pub(super) feedback: Option<String>,
}

/// What happens when a trial ends without a payment method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrialEndBehavior {
    CreateInvoice,
    Pause,
    Cancel,
}

impl TrialEndBehavior {
    /// Returns Stripe's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CreateInvoice => "create_invoice",
            Self::Pause => "pause",
            Self::Cancel => "cancel",
        }
    }
}

/// A subscription's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubscriptionStatus {
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Paused,
    Canceled,
}

impl SubscriptionStatus {
    /// Returns Stripe's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
        }
    }

    /// Tells whether nothing can happen any more.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::IncompleteExpired | Self::Canceled)
    }
}

impl Subscription {
    /// Returns the currency, which all items share.
    pub(super) fn currency(&self) -> &str {
        self.items.first().map_or("usd", |item| item.price.terms.currency.as_str())
    }

    /// Returns what a period costs; none where that is beyond all amounts.
    pub(super) fn total(&self) -> Option<i64> {
        self.items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.price.amount_of(item.quantity)?))
    }

    /// Returns the time at which the period of this number begins.
    pub(super) fn period_start(&self, cycle: i64) -> i64 {
        let recurring = self.items.first().and_then(|item| item.price.terms.recurring);
        recurring.map_or(i64::MAX, |recurring| {
            recurring.interval.after(self.anchor, cycle.saturating_mul(recurring.count))
        })
    }

    /// Enters the period of this number.
    pub(super) fn enter(&mut self, cycle: i64) {
        self.cycle = cycle;
        self.period = (self.period_start(cycle), self.period_start(cycle.saturating_add(1)));
    }

    /// Ends the subscription at this time.
    pub(super) fn end(&mut self, at: i64, status: SubscriptionStatus) {
        self.status = status;
        self.canceled_at = self.canceled_at.or(Some(at));
        self.ended_at = Some(at);
        self.next_attempt_at = None;
    }

    /// Returns the subscription as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let url = format!("/v1/subscription_items?subscription={}", self.id);
        let items: Vec<Value> = self.items.iter().map(|item| self.item_json(item)).collect();
        let cancel_at = if self.cancels_at_period_end { Some(self.period.1) } else { self.cancel_at };
        let mut subscription = json!({
            "id": self.id, "object": "subscription", "application": null, "application_fee_percent": null,
            "automatic_tax": {"enabled": false}, "billing_cycle_anchor": self.anchor, "billing_thresholds": null,
            "cancel_at": cancel_at, "cancel_at_period_end": self.cancels_at_period_end,
            "canceled_at": self.canceled_at, "cancellation_details": {
                "comment": self.cancellation.comment, "feedback": self.cancellation.feedback,
                "reason": self.cancellation.reason,
            },
            "collection_method": if self.days_until_due.is_some() { "send_invoice" } else { "charge_automatically" },
            "created": self.created, "currency": self.currency(), "current_period_end": self.period.1,
            "current_period_start": self.period.0, "customer": self.customer,
            "days_until_due": self.days_until_due, "default_payment_method": self.default_payment_method,
            "default_source": null, "default_tax_rates": [], "description": self.description, "discount": null,
            "ended_at": self.ended_at, "items": pages::written(&url, &items, false),
        });
        let rest = json!({
            "latest_invoice": self.latest_invoice, "livemode": self.is_live, "metadata": self.metadata,
            "next_pending_invoice_item_invoice": null, "on_behalf_of": null, "pause_collection": null,
            "payment_settings": {
                "payment_method_options": null, "payment_method_types": null,
                "save_default_payment_method": if self.saves_method { "on_subscription" } else { "off" },
            },
            "pending_invoice_item_interval": null, "pending_setup_intent": null, "pending_update": null,
            "schedule": null, "start_date": self.created, "status": self.status.name(), "test_clock": null,
            "transfer_data": null, "trial_end": self.trial.map(|(_, end)| end),
            "trial_settings": {"end_behavior": {"missing_payment_method": self.trial_end_behavior.name()}},
            "trial_start": self.trial.map(|(start, _)| start),
        });
        if let (Value::Object(all), Value::Object(rest)) = (&mut subscription, rest) {
            all.extend(rest);
        }
        subscription
    }

    fn item_json(&self, item: &Item) -> Value {
        json!({
            "id": item.id, "object": "subscription_item", "billing_thresholds": null, "created": self.created,
            "metadata": item.metadata, "price": item.price.to_json(), "quantity": item.quantity, "subscription": self.id,
            "tax_rates": [],
        })
    }
}
