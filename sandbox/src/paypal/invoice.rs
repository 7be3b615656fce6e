//! A PayPal invoice: its members, its states, and how PayPal writes it.

use serde_json::{Map, Value, json};

use crate::{
    clock,
    desk::{Change, Desk},
};

use super::{Merchant, money::Money, refunds};

/// An invoice.
#[derive(Debug)]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) number: String,
    /// `reference`, `note`, `memo` and `terms_and_conditions` as they were sent.
    pub(super) detail: Map<String, Value>,
    /// `2026-01-05`; an invoice of a later day is scheduled.
    pub(super) date: String,
    pub(super) term: &'static str,
    pub(super) due_date: Option<String>,
    /// Recipients, configuration and what else comes back as it was sent.
    pub(super) members: Map<String, Value>,
    pub(super) items: Vec<Value>,
    pub(super) total: Money,
    /// The least that a payer may pay of it; none where it must be paid at once.
    pub(super) least_part: Option<i64>,
    pub(super) status: Status,
    pub(super) payments: Vec<Payment>,
    pub(super) sent_at: Option<i64>,
    pub(super) canceled_at: Option<i64>,
    pub(super) created_at: i64,
}

/// One payment of an invoice.
#[derive(Debug)]
pub(super) struct Payment {
    /// The capture's id, or one of its own for a payment outside PayPal.
    pub(super) id: String,
    pub(super) minor: i64,
    pub(super) state: PaymentState,
    pub(super) at: i64,
}

/// What has become of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaymentState {
    Done,
    /// The payer's bank has not paid yet.
    Pending,
    /// The payer's bank refused.
    Failed,
    /// Paid outside PayPal; the merchant said so.
    External,
}

/// An invoice's status, refunds aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Draft,
    Scheduled,
    /// Sent by mail.
    Sent,
    /// To be paid at its address, without a mail.
    Unpaid,
    PaymentPending,
    PartiallyPaid,
    Paid,
    MarkedAsPaid,
    Cancelled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Scheduled => "SCHEDULED",
            Self::Sent => "SENT",
            Self::Unpaid => "UNPAID",
            Self::PaymentPending => "PAYMENT_PENDING",
            Self::PartiallyPaid => "PARTIALLY_PAID",
            Self::Paid => "PAID",
            Self::MarkedAsPaid => "MARKED_AS_PAID",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Returns whether a payer can pay it now.
    pub(super) fn is_payable(self) -> bool {
        matches!(self, Self::Sent | Self::Unpaid | Self::PartiallyPaid)
    }
}

impl Invoice {
    /// Returns the effect of a change.
    pub(super) fn change<'c>(
        &'c self,
        operation: &'static str,
        merchant: &'c str,
        amount: &'c Money,
    ) -> Change<'c> {
        Change {
            operation,
            merchant,
            id: &self.id,
            amount: json!(amount.text()),
            currency: Some(&amount.currency),
            reference: Some(self.reference()),
        }
    }

    /// Returns the caller's own id for it.
    pub(super) fn reference(&self) -> &str {
        self.detail.get("reference").and_then(Value::as_str).unwrap_or(&self.number)
    }

    /// Returns what has been paid.
    pub(super) fn paid(&self) -> i64 {
        let good = self
            .payments
            .iter()
            .filter(|payment| matches!(payment.state, PaymentState::Done | PaymentState::External));
        good.fold(0, |sum, payment| sum.saturating_add(payment.minor))
    }

    /// Returns what is still to be paid.
    pub(super) fn due(&self) -> Money {
        self.total.with(self.total.minor.saturating_sub(self.paid()))
    }

    /// Returns PayPal's word for its status, refunds included.
    pub(super) fn status_name(&self, merchant: &Merchant) -> &'static str {
        let refunded = self
            .refunds(merchant)
            .iter()
            .fold(0_i64, |sum, (_, refund)| sum.saturating_add(refund.amount.minor));
        match self.status {
            Status::Paid | Status::PartiallyPaid if refunded > 0 && refunded >= self.paid() => "REFUNDED",
            Status::Paid | Status::PartiallyPaid if refunded > 0 => "PARTIALLY_REFUNDED",
            status => status.name(),
        }
    }

    fn refunds<'m>(&self, merchant: &'m Merchant) -> Vec<(&'m String, &'m refunds::Refund)> {
        let captures = self.payments.iter().filter_map(|payment| merchant.captures.get(&payment.id));
        captures
            .flat_map(|capture| &capture.refunds)
            .filter_map(|id| Some((id, merchant.refunds.get(id)?)))
            .filter(|(_, refund)| refund.status == refunds::Status::Completed)
            .collect()
    }

    /// Returns the invoice as PayPal writes it.
    pub(super) fn to_json(&self, merchant: &Merchant, desk: &Desk) -> Value {
        let mut invoice = Map::new();
        invoice.insert("id".to_owned(), json!(self.id));
        invoice.insert("status".to_owned(), json!(self.status_name(merchant)));
        invoice.insert("detail".to_owned(), self.detail_json(desk));
        invoice.extend(self.members.clone());
        invoice.insert("items".to_owned(), json!(self.items));
        let total = self.total.to_json();
        let amount = json!({
            "currency_code": self.total.currency, "value": self.total.text(), "breakdown": {"item_total": total},
        });
        invoice.insert("amount".to_owned(), amount);
        invoice.insert("due_amount".to_owned(), self.due().to_json());
        let shown: Vec<Value> = self
            .payments
            .iter()
            .filter(|payment| payment.state != PaymentState::Failed)
            .map(|payment| payment.to_json(&self.total))
            .collect();
        if !shown.is_empty() {
            let paid = self.total.with(self.paid()).to_json();
            invoice.insert("payments".to_owned(), json!({"paid_amount": paid, "transactions": shown}));
        }
        let refunds = self.refunds(merchant);
        if !refunds.is_empty() {
            let sum = refunds.iter().fold(0_i64, |sum, (_, refund)| sum.saturating_add(refund.amount.minor));
            let shown = refunds.iter().map(|(id, refund)| {
                json!({
                    "type": "PAYPAL", "refund_id": id, "refund_date": day_of(refund.created_at),
                    "amount": refund.amount.to_json(), "method": "PAYPAL",
                })
            });
            let shown: Value = shown.collect();
            let sum = self.total.with(sum).to_json();
            invoice.insert("refunds".to_owned(), json!({"refund_amount": sum, "transactions": shown}));
        }
        invoice.insert("links".to_owned(), self.links(desk));
        Value::Object(invoice)
    }

    fn detail_json(&self, desk: &Desk) -> Value {
        let mut detail = Map::new();
        detail.insert("invoice_number".to_owned(), json!(self.number));
        detail.insert("invoice_date".to_owned(), json!(self.date));
        detail.insert("currency_code".to_owned(), json!(self.total.currency));
        detail.extend(self.detail.clone());
        let mut term = Map::new();
        term.insert("term_type".to_owned(), json!(self.term));
        if let Some(due_date) = &self.due_date {
            term.insert("due_date".to_owned(), json!(due_date));
        }
        detail.insert("payment_term".to_owned(), Value::Object(term));
        let mut metadata = Map::new();
        metadata.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        if let Some(at) = self.sent_at {
            metadata.insert("first_sent_time".to_owned(), json!(clock::rfc3339(at)));
            metadata.insert("last_sent_time".to_owned(), json!(clock::rfc3339(at)));
        }
        if let Some(at) = self.canceled_at {
            metadata.insert("cancel_time".to_owned(), json!(clock::rfc3339(at)));
        }
        metadata.insert("recipient_view_url".to_owned(), json!(desk.pay_url(&self.id)));
        let own_view = format!("https://www.sandbox.paypal.com/invoice/details/{}", self.id);
        metadata.insert("invoicer_view_url".to_owned(), json!(own_view));
        detail.insert("metadata".to_owned(), Value::Object(metadata));
        Value::Object(detail)
    }

    fn links(&self, desk: &Desk) -> Value {
        let own = self.url(desk);
        let link = |href: &str, rel: &str, method: &str| json!({"href": href, "rel": rel, "method": method});
        let mut links = vec![link(&own, "self", "GET")];
        match self.status {
            Status::Draft => {
                links.push(link(&format!("{own}/send"), "send", "POST"));
                links.push(link(&own, "delete", "DELETE"));
            }
            Status::Scheduled => links.push(link(&own, "delete", "DELETE")),
            Status::Sent | Status::Unpaid => {
                links.push(link(&desk.pay_url(&self.id), "payer-view", "GET"));
                links.push(link(&format!("{own}/cancel"), "cancel", "POST"));
            }
            _ => {}
        }
        Value::Array(links)
    }

    /// Returns its own address.
    pub(super) fn url(&self, desk: &Desk) -> String {
        format!("http://{}/v2/invoicing/invoices/{}", desk.addresses.paypal, self.id)
    }
}

impl Payment {
    fn to_json(&self, total: &Money) -> Value {
        let (kind, method) =
            if self.state == PaymentState::External { ("EXTERNAL", "OTHER") } else { ("PAYPAL", "PAYPAL") };
        json!({
            "type": kind, "payment_id": self.id, "payment_date": day_of(self.at), "method": method,
            "amount": total.with(self.minor).to_json(),
        })
    }
}

/// Returns the day of a moment, such as `2026-01-05`.
pub(super) fn day_of(at: i64) -> String {
    clock::rfc3339(at).chars().take(10).collect()
}
