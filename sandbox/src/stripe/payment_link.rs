//! The payment link: its members and how Stripe writes it. A link never becomes paid; its checkout sessions do.

use serde_json::{Map, Value, json};

use super::{pages, price::Price};

/// A payment link.
#[derive(Clone, Debug)]
pub(super) struct PaymentLink {
    pub(super) id: String,
    pub(super) is_active: bool,
    pub(super) is_live: bool,
    pub(super) url: String,
    pub(super) currency: String,
    /// What one payer pays, in the smallest unit.
    pub(super) total: i64,
    pub(super) lines: Vec<Line>,
    pub(super) completion: Completion,
    /// The most payers; none where there is no limit.
    pub(super) limit: Option<i64>,
    /// The payers so far.
    pub(super) completed: i64,
    /// The members of `payment_intent_data`.
    pub(super) intent_data: Map<String, Value>,
    /// Members that come back as they were sent: `customer_creation`, `inactive_message` …
    pub(super) details: Map<String, Value>,
    pub(super) metadata: Map<String, Value>,
}

/// A line of a link, and of the checkout sessions that it makes.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) price: Price,
    pub(super) quantity: i64,
    /// The product's name.
    pub(super) description: String,
}

/// What a payer sees after paying.
#[derive(Clone, Debug)]
pub(super) enum Completion {
    /// A page of Stripe's, with a message of the merchant's own.
    HostedConfirmation(Option<String>),
    /// The merchant's page at this address.
    Redirect(String),
}

impl PaymentLink {
    /// Returns a member that came with the request.
    pub(super) fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).and_then(Value::as_str)
    }

    /// Returns the list of the lines as Stripe writes it.
    pub(super) fn line_items(&self) -> Value {
        let url = format!("/v1/payment_links/{}/line_items", self.id);
        let lines: Vec<Value> = self.lines.iter().map(Line::to_json).collect();
        pages::written(&url, &lines, false)
    }

    /// Returns the link as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let text = |name: &str, default: &str| self.detail(name).unwrap_or(default).to_owned();
        let value = |name: &str| self.details.get(name).cloned().unwrap_or_default();
        let completion = match &self.completion {
            Completion::HostedConfirmation(message) => {
                json!({"hosted_confirmation": {"custom_message": message}, "type": "hosted_confirmation"})
            }
            Completion::Redirect(url) => json!({"redirect": {"url": url}, "type": "redirect"}),
        };
        let restrictions =
            self.limit.map(|limit| json!({"completed_sessions": {"count": self.completed, "limit": limit}}));
        let intent_data = (!self.intent_data.is_empty()).then(|| {
            json!({
                "capture_method": self.intent_data.get("capture_method"),
                "description": self.intent_data.get("description"),
                "metadata": self.intent_data.get("metadata").cloned().unwrap_or_else(|| json!({})),
                "setup_future_usage": self.intent_data.get("setup_future_usage"),
            })
        });
        json!({
            "id": self.id, "object": "payment_link", "active": self.is_active, "after_completion": completion,
            "allow_promotion_codes": false, "application": null, "application_fee_amount": null,
            "application_fee_percent": null, "automatic_tax": {"enabled": false},
            "billing_address_collection": text("billing_address_collection", "auto"), "consent_collection": null,
            "currency": self.currency, "custom_fields": [],
            "custom_text": {"shipping_address": null, "submit": null},
            "customer_creation": text("customer_creation", "if_required"),
            "inactive_message": value("inactive_message"), "invoice_creation": null, "livemode": self.is_live,
            "metadata": self.metadata, "on_behalf_of": null, "payment_intent_data": intent_data,
            "payment_method_collection": text("payment_method_collection", "always"),
            "payment_method_types": value("payment_method_types"), "phone_number_collection": {"enabled": false},
            "restrictions": restrictions, "shipping_address_collection": null, "shipping_options": [],
            "submit_type": text("submit_type", "auto"), "subscription_data": null,
            "tax_id_collection": {"enabled": false}, "transfer_data": null, "url": self.url,
        })
    }
}

impl Line {
    /// Returns the line as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let amount = self.price.amount_of(self.quantity);
        json!({
            "id": self.id, "object": "item", "amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0,
            "amount_total": amount, "currency": self.price.terms.currency, "description": self.description,
            "price": self.price.to_json(), "quantity": self.quantity,
        })
    }
}
