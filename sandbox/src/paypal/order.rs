//! A PayPal order: its members, its states, and how PayPal writes it.

use serde_json::{Map, Value, json};

use crate::{clock, desk::Desk, random};

use super::{Merchant, captures, money::Money};

/// The payer that approves everything here.
pub(super) const PAYER_ID: &str = "QYR5Z8XDVJNXQ";
/// The payer's address.
pub(super) const PAYER_EMAIL: &str = "payer@example.com";

/// An order.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) intent: Intent,
    pub(super) status: Status,
    pub(super) units: Vec<Unit>,
    /// Whether the request named the payment source, which changes the first status and link.
    pub(super) has_source: bool,
    pub(super) return_url: Option<String>,
    pub(super) cancel_url: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    /// The payer's bank refuses what the payer approved.
    pub(super) is_declined: bool,
    /// What will become of its captures.
    pub(super) outcome: captures::Status,
    /// Too old: nobody can find it any more.
    pub(super) is_gone: bool,
}

/// One purchase unit.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) reference_id: String,
    pub(super) amount: Money,
    /// `breakdown` of the amount, as it was sent.
    pub(super) breakdown: Option<Value>,
    pub(super) custom_id: Option<String>,
    pub(super) invoice_id: Option<String>,
    /// Further members that come back as they were sent.
    pub(super) details: Map<String, Value>,
    pub(super) authorizations: Vec<String>,
    pub(super) captures: Vec<String>,
}

/// What the merchant wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Capture,
    Authorize,
}

/// An order's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    PayerActionRequired,
    Approved,
    Completed,
}

impl Intent {
    /// Returns PayPal's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Capture => "CAPTURE",
            Self::Authorize => "AUTHORIZE",
        }
    }
}

impl Status {
    /// Returns PayPal's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::PayerActionRequired => "PAYER_ACTION_REQUIRED",
            Self::Approved => "APPROVED",
            Self::Completed => "COMPLETED",
        }
    }
}

impl Order {
    /// Returns the caller's own id for the order.
    pub(super) fn reference(&self) -> Option<&str> {
        let unit = self.units.first()?;
        unit.custom_id.as_deref().or(unit.invoice_id.as_deref())
    }

    /// Returns the sum of all units.
    pub(super) fn total(&self) -> Money {
        let sum = self.units.iter().fold(0_i64, |sum, unit| sum.saturating_add(unit.amount.minor));
        let currency = self.units.first().map(|unit| unit.amount.currency.clone()).unwrap_or_default();
        Money { currency, minor: sum }
    }

    /// Returns the order as PayPal writes it.
    pub(super) fn to_json(&self, merchant: &Merchant, desk: &Desk) -> Value {
        let is_approved = matches!(self.status, Status::Approved | Status::Completed);
        let mut order = Map::new();
        order.insert("id".to_owned(), json!(self.id));
        order.insert("intent".to_owned(), json!(self.intent.name()));
        order.insert("status".to_owned(), json!(self.status.name()));
        if is_approved {
            let source = json!({"paypal": {
                "email_address": PAYER_EMAIL, "account_id": PAYER_ID, "account_status": "VERIFIED",
                "name": {"given_name": "A", "surname": "Payer"}, "address": {"country_code": "US"},
            }});
            order.insert("payment_source".to_owned(), source);
        } else if self.has_source {
            order.insert("payment_source".to_owned(), json!({"paypal": {}}));
        }
        let units: Vec<Value> = self.units.iter().map(|unit| unit.to_json(merchant, desk)).collect();
        order.insert("purchase_units".to_owned(), Value::Array(units));
        if is_approved {
            let payer = json!({
                "name": {"given_name": "A", "surname": "Payer"}, "email_address": PAYER_EMAIL,
                "payer_id": PAYER_ID, "address": {"country_code": "US"},
            });
            order.insert("payer".to_owned(), payer);
        }
        order.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        if self.updated_at != self.created_at {
            order.insert("update_time".to_owned(), json!(clock::rfc3339(self.updated_at)));
        }
        order.insert("links".to_owned(), self.links(desk));
        Value::Object(order)
    }

    fn links(&self, desk: &Desk) -> Value {
        let own = format!("http://{}/v2/checkout/orders/{}", desk.addresses.paypal, self.id);
        let link = |href: &str, rel: &str, method: &str| json!({"href": href, "rel": rel, "method": method});
        let mut links = vec![link(&own, "self", "GET")];
        let page = desk.pay_url(&self.id);
        let finish = match self.intent {
            Intent::Capture => "capture",
            Intent::Authorize => "authorize",
        };
        match self.status {
            Status::PayerActionRequired => links.push(link(&page, "payer-action", "GET")),
            Status::Created => {
                links.push(link(&page, "approve", "GET"));
                links.push(link(&own, "update", "PATCH"));
                links.push(link(&format!("{own}/{finish}"), finish, "POST"));
            }
            Status::Approved => {
                links.push(link(&own, "update", "PATCH"));
                links.push(link(&format!("{own}/{finish}"), finish, "POST"));
            }
            Status::Completed => {}
        }
        Value::Array(links)
    }
}

impl Unit {
    fn to_json(&self, merchant: &Merchant, desk: &Desk) -> Value {
        let mut amount = self.amount.to_json();
        if let (Some(breakdown), Value::Object(amount)) = (&self.breakdown, &mut amount) {
            amount.insert("breakdown".to_owned(), breakdown.clone());
        }
        let mut unit = Map::new();
        unit.insert("reference_id".to_owned(), json!(self.reference_id));
        unit.insert("amount".to_owned(), amount);
        let payee = json!({
            "email_address": "merchant@example.com", "merchant_id": random::named(&merchant.client_id, 13),
        });
        unit.insert("payee".to_owned(), payee);
        if let Some(custom_id) = &self.custom_id {
            unit.insert("custom_id".to_owned(), json!(custom_id));
        }
        if let Some(invoice_id) = &self.invoice_id {
            unit.insert("invoice_id".to_owned(), json!(invoice_id));
        }
        unit.extend(self.details.clone());
        let mut payments = Map::new();
        let authorizations: Vec<Value> = self
            .authorizations
            .iter()
            .filter_map(|id| merchant.authorizations.get(id))
            .map(|authorization| authorization.to_json(desk))
            .collect();
        let made: Vec<_> = self.captures.iter().filter_map(|id| merchant.captures.get(id)).collect();
        let captures: Vec<Value> = made.iter().map(|capture| capture.to_json(desk)).collect();
        let refunds: Vec<Value> = made
            .iter()
            .flat_map(|capture| &capture.refunds)
            .filter_map(|id| merchant.refunds.get(id))
            .map(|refund| refund.to_json(desk))
            .collect();
        for (name, members) in
            [("authorizations", authorizations), ("captures", captures), ("refunds", refunds)]
        {
            if !members.is_empty() {
                payments.insert(name.to_owned(), Value::Array(members));
            }
        }
        if !payments.is_empty() {
            unit.insert("payments".to_owned(), Value::Object(payments));
        }
        Value::Object(unit)
    }
}
