//! The invoice of a subscription's period: its members, how Stripe writes it, and get.

use serde_json::{Map, Value, json};

use crate::routes::Route;

use super::{
    Call, Handler, bank, cycle, expansion, pages,
    parameters::{Kind, Parameter},
    refusal::Refusal,
    subscription::Item,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] =
    &[Route { method: "GET", path: "/v1/invoices/{id}", operation: "invoices.get", handler: get }];

const GET: &[Parameter] = &[("expand", Kind::List)];

const EXPANDABLE: &[&str] = &[
    "charge",
    "confirmation_secret",
    "customer",
    "default_payment_method",
    "payment_intent",
    "payment_intent.latest_charge",
    "payments",
    "subscription",
];

/// An invoice.
#[derive(Clone, Debug)]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) subscription: String,
    pub(super) subscription_metadata: Map<String, Value>,
    pub(super) customer: String,
    pub(super) customer_email: Value,
    pub(super) customer_name: Value,
    pub(super) currency: String,
    pub(super) amount: i64,
    pub(super) status: InvoiceStatus,
    /// `subscription_create`, `subscription_cycle` or `subscription_update`.
    pub(super) billing_reason: &'static str,
    pub(super) created: i64,
    pub(super) is_live: bool,
    pub(super) period: (i64, i64),
    /// The lines; free of charge in a trial.
    pub(super) items: Vec<Item>,
    pub(super) is_trial: bool,
    pub(super) is_sent: bool,
    pub(super) due_date: Option<i64>,
    pub(super) intent: Option<String>,
    pub(super) charge: Option<String>,
    pub(super) hosted_url: Option<String>,
    pub(super) attempt_count: i64,
    pub(super) next_attempt_at: Option<i64>,
    pub(super) paid_at: Option<i64>,
    pub(super) voided_at: Option<i64>,
}

/// An invoice's status; drafts last no time here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvoiceStatus {
    Open,
    Paid,
    Void,
}

impl InvoiceStatus {
    /// Returns Stripe's word.
    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
        }
    }
}

impl Invoice {
    /// Marks the invoice as paid at this time, by a charge where there was something to pay.
    pub(super) fn pay(&mut self, at: i64, charge: Option<String>) {
        self.status = InvoiceStatus::Paid;
        self.paid_at = Some(at);
        self.charge = charge;
        self.next_attempt_at = None;
    }

    /// Returns the invoice as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let is_paid = self.status == InvoiceStatus::Paid;
        let paid = if is_paid { self.amount } else { 0 };
        let lines: Vec<Value> = self.items.iter().map(|item| self.line(item)).collect();
        let head = json!({
            "id": self.id, "object": "invoice", "account_country": "US", "account_name": "Sandbox shop",
            "account_tax_ids": null, "amount_due": self.amount, "amount_paid": paid,
            "amount_remaining": self.amount.saturating_sub(paid), "amount_shipping": 0, "application": null,
            "application_fee_amount": null, "attempt_count": self.attempt_count,
            "attempted": self.attempt_count > 0 || is_paid, "auto_advance": self.status == InvoiceStatus::Open,
            "automatic_tax": {"enabled": false, "status": null}, "billing_reason": self.billing_reason,
            "charge": self.charge,
            "collection_method": if self.is_sent { "send_invoice" } else { "charge_automatically" },
            "created": self.created, "currency": self.currency,
        });
        let middle = json!({
            "custom_fields": null, "customer": self.customer,
            "customer_address": null, "customer_email": self.customer_email, "customer_name": self.customer_name,
            "customer_phone": null, "customer_shipping": null, "customer_tax_exempt": "none",
            "customer_tax_ids": [], "default_payment_method": null, "default_source": null,
            "default_tax_rates": [], "description": null, "discount": null, "discounts": [],
            "due_date": self.due_date, "effective_at": self.created, "ending_balance": 0, "footer": null,
            "from_invoice": null, "hosted_invoice_url": self.hosted_url, "invoice_pdf": null,
        });
        let rest = json!({
            "last_finalization_error": null, "latest_revision": null,
            "lines": pages::written(&format!("/v1/invoices/{}/lines", self.id), &lines, false),
            "livemode": self.is_live, "metadata": {}, "next_payment_attempt": self.next_attempt_at,
            "number": self.number, "on_behalf_of": null, "paid": is_paid, "paid_out_of_band": false,
            "payment_intent": self.intent, "payment_settings": {
                "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
            },
            "period_end": self.created, "period_start": self.created, "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0, "quote": null, "receipt_number": null,
            "rendering_options": null, "shipping_cost": null, "shipping_details": null, "starting_balance": 0,
            "statement_descriptor": null, "status": self.status.name(), "status_transitions": {
                "finalized_at": self.created, "marked_uncollectible_at": null, "paid_at": self.paid_at,
                "voided_at": self.voided_at,
            },
            "subscription": self.subscription,
            "subscription_details": {"metadata": self.subscription_metadata}, "subtotal": self.amount,
            "subtotal_excluding_tax": self.amount, "tax": null, "test_clock": null, "total": self.amount,
            "total_discount_amounts": [], "total_excluding_tax": self.amount, "total_tax_amounts": [],
            "transfer_data": null, "webhooks_delivered_at": self.created,
        });
        // One macro call cannot hold them all.
        let parts = [head, middle, rest].into_iter().filter_map(|part| match part {
            Value::Object(part) => Some(part),
            _ => None,
        });
        Value::Object(parts.flatten().collect())
    }

    fn line(&self, item: &Item) -> Value {
        let amount = if self.is_trial { Some(0) } else { item.price.amount_of(item.quantity) };
        let tail = item.id.strip_prefix("si_").unwrap_or(&item.id);
        json!({
            "id": format!("il_1{}{tail}", self.id.strip_prefix("in_").unwrap_or(&self.id)), "object": "line_item",
            "amount": amount, "amount_excluding_tax": amount, "currency": self.currency,
            "description": if self.is_trial { "Trial period" } else { "Subscription" }, "discount_amounts": [],
            "discountable": true, "discounts": [], "livemode": self.is_live, "metadata": self.subscription_metadata,
            "period": {"end": self.period.1, "start": self.period.0}, "price": item.price.to_json(),
            "proration": false, "proration_details": {"credited_items": null}, "quantity": item.quantity,
            "subscription": self.subscription, "subscription_item": item.id, "tax_amounts": [], "tax_rates": [],
            "type": "subscription",
            "unit_amount_excluding_tax": (if self.is_trial { 0 } else { item.price.terms.unit_amount }).to_string(),
        })
    }
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let missing = call.missing("invoice");
    let Some(invoice) = call.account.invoices.get(call.id) else { return Err(missing) };
    let (intent, subscription) = (invoice.intent.clone(), invoice.subscription.clone());
    if let Some(intent) = intent {
        bank::settle(call.desk, call.account, &intent);
    }
    cycle::settle(call.desk, call.account, &subscription);
    Ok(call.shown(call.id, &given))
}
