//! An invoice as PayPal tells it, and what that means as a payment link. Source: `invoicing_v2`, 2024-02-03.

use domain::{Effect, Environment, Money, PaymentLink, PaymentLinkStatus, Reply, Request, RetrySafety};
use serde::{Deserialize, Serialize};

use crate::paypal::amounts::WireAmount;
use crate::paypal::calls;
use crate::paypal::links::{self, WireLink};
use crate::paypal::moments;
use crate::{Context, json, request};

/// Where invoices live.
pub(super) const PATH: &str = "/v2/invoicing/invoices";
/// Most characters of an invoice's number: PayPal's pages say 127, 25, and less than 25.
const MAX_NUMBER_CHARS: usize = 24;

/// Returns the number of the transaction's invoice: the same on every repeat, and nobody else's.
pub(super) fn number(context: &Context<'_>) -> String {
    context.provider_key.chars().take(MAX_NUMBER_CHARS).collect()
}

/// Returns the read of an invoice, whose id is a plain one.
pub(super) fn read_request(id: &str) -> Request {
    request::get(format!("{PATH}/{id}"))
}

/// Returns the search for the invoices of this number.
pub(super) fn search_request(number: &str) -> Request {
    #[derive(Serialize)]
    struct Search<'a> {
        invoice_number: &'a str,
    }
    let path = "/v2/invoicing/search-invoices".to_owned();
    let mut call = calls::post(path, RetrySafety::Harmless, &Search { invoice_number: number });
    call.effect = Effect::Read;
    call
}

/// An invoice on the wire. Nothing in it is promised.
#[derive(Deserialize)]
pub(super) struct WireInvoice {
    #[serde(default, deserialize_with = "json::lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    detail: Option<Detail>,
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
    /// Of an answer that is but one link.
    #[serde(default, deserialize_with = "json::lenient")]
    href: Option<String>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default, deserialize_with = "json::lenient")]
    invoice_number: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default, deserialize_with = "json::lenient")]
    create_time: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    recipient_view_url: Option<String>,
}

impl WireInvoice {
    /// Returns PayPal's id, from the invoice or from the link that stands for it.
    pub(super) fn id(&self) -> Option<&str> {
        let told = self.id.as_deref().filter(|id| request::is_plain_id(id));
        told.or_else(|| links::id_behind(self.href.as_deref()?, "/invoices/"))
    }

    /// Returns whether it has this number.
    pub(super) fn has_number(&self, number: &str) -> bool {
        self.detail.as_ref().is_some_and(|detail| detail.invoice_number.as_deref() == Some(number))
    }

    /// Returns whether it may be the one that this call, or an earlier attempt of it, has drafted: of this amount, and not of an
    /// earlier use of the idempotency key.
    pub(super) fn may_be_of(&self, context: &Context<'_>, asked: Money) -> bool {
        let metadata = self.detail.as_ref().and_then(|detail| detail.metadata.as_ref());
        let made_at = metadata.and_then(|metadata| moments::read(metadata.create_time.as_deref()?));
        let amount = self.amount.as_ref().and_then(WireAmount::money);
        amount.is_none_or(|amount| amount == asked) && !context.is_of_earlier_use(made_at)
    }

    /// Returns whether nobody can pay it yet.
    pub(super) fn is_draft(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status == "DRAFT")
    }

    /// Tells the invoice as a link, `None` when it has no id or when neither it nor the caller knows the amount.
    pub(super) fn tell(self, environment: Environment, known_amount: Option<Money>) -> Option<PaymentLink> {
        let id = self.id()?.to_owned();
        let amount = self.amount.as_ref().and_then(WireAmount::money).or(known_amount)?;
        let told =
            self.detail.and_then(|detail| detail.metadata).and_then(|metadata| metadata.recipient_view_url);
        let url = told.filter(|url| !url.is_empty()).unwrap_or_else(|| payers_page(&id, environment));
        Some(PaymentLink {
            provider_link_id: id,
            url,
            amount,
            status: status(self.status.as_deref()),
            provider_status: self.status,
        })
    }
}

/// Returns the payer's page of an invoice, which PayPal does not always tell: `INV2-Z56S-5LLA-Q52L-CPZ5` is
/// `/invoice/p/#Z56S5LLAQ52LCPZ5`.
pub(super) fn payers_page(id: &str, environment: Environment) -> String {
    let bare: String = id.trim_start_matches("INV2-").chars().filter(|character| *character != '-').collect();
    links::page(environment, &format!("/invoice/p/#{bare}"))
}

/// Returns the invoices of this number that the reply to a search tells, `None` when it is no such reply.
pub(super) fn read_found(reply: &Reply, number: &str) -> Option<Vec<WireInvoice>> {
    #[derive(Deserialize)]
    struct Found {
        #[serde(default, deserialize_with = "json::nullable")]
        items: Vec<WireInvoice>,
    }
    let found = json::read::<Found>(reply)?;
    Some(found.items.into_iter().filter(|invoice| invoice.has_number(number)).collect())
}

/// Returns where the reply to a sending sends the payer.
pub(super) fn read_sent(reply: &Reply) -> Option<String> {
    #[derive(Deserialize)]
    struct Links {
        #[serde(default, deserialize_with = "json::nullable")]
        links: Vec<WireLink>,
    }
    const NAMES: [&str; 2] = ["payer-view", "payer_view"];
    let one = json::read::<WireLink>(reply).map(|link| vec![link]).unwrap_or_default();
    let several = json::read::<Links>(reply).map(|body| body.links).unwrap_or_default();
    links::address(&one, &NAMES).or_else(|| links::address(&several, &NAMES))
}

fn status(word: Option<&str>) -> PaymentLinkStatus {
    match word {
        Some("DRAFT" | "SCHEDULED") => PaymentLinkStatus::Created,
        Some("SENT" | "UNPAID") => PaymentLinkStatus::Active,
        Some("PAYMENT_PENDING") => PaymentLinkStatus::Processing,
        Some("PARTIALLY_PAID") => PaymentLinkStatus::PartiallyPaid,
        // What went back since stands on the payment.
        Some("PAID" | "MARKED_AS_PAID" | "PARTIALLY_REFUNDED" | "REFUNDED" | "MARKED_AS_REFUNDED") => {
            PaymentLinkStatus::Paid
        }
        Some("CANCELLED") => PaymentLinkStatus::Canceled,
        _ => PaymentLinkStatus::Unknown,
    }
}

#[cfg(test)]
mod tests;
