//! Stripe's payment links as it writes them, what they charge, and what came of the visits to them.
//! Source: `stripe/openapi`, API version 2023-08-16.

use domain::{Money, PaymentLinkStatus};
use serde::Deserialize;

use crate::stripe::amounts;
use crate::{json, request};

/// A payment link, which states neither its amount nor whether it was paid.
#[derive(Deserialize)]
pub(super) struct WireLink {
    pub(super) id: String,
    pub(super) url: String,
    #[serde(default, deserialize_with = "json::lenient")]
    active: Option<bool>,
}

impl WireLink {
    pub(super) fn has_plain_id(&self) -> bool {
        request::is_plain_id(&self.id)
    }

    /// Returns how far an unpaid link is.
    pub(super) const fn status(&self) -> PaymentLinkStatus {
        match self.active {
            Some(true) => PaymentLinkStatus::Active,
            Some(false) => PaymentLinkStatus::Inactive,
            None => PaymentLinkStatus::Unknown,
        }
    }

    /// Returns the word of Stripe's dashboard for the flag.
    pub(super) fn stripes_word(&self) -> Option<String> {
        self.active.map(|active| if active { "active" } else { "inactive" }.to_owned())
    }
}

/// What a link charges.
#[derive(Deserialize)]
pub(super) struct LineItems {
    data: Vec<LineItem>,
    #[serde(default, deserialize_with = "json::nullable")]
    has_more: bool,
}

#[derive(Deserialize)]
struct LineItem {
    amount_total: i64,
    currency: String,
}

impl LineItems {
    /// Returns the sum, `None` when it cannot be understood or is not whole.
    pub(super) fn total(&self) -> Option<Money> {
        let currency = &self.data.first()?.currency;
        if self.has_more || self.data.iter().any(|item| item.currency != *currency) {
            return None;
        }
        let units = self.data.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.amount_total))?;
        amounts::told(units, currency)
    }
}

/// A page of the visits to a link, newest first.
#[derive(Deserialize)]
pub(super) struct Sessions {
    data: Vec<Session>,
    #[serde(default, deserialize_with = "json::nullable")]
    has_more: bool,
}

#[derive(Deserialize)]
struct Session {
    id: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    payment_status: Option<String>,
}

/// What came of the visits to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visits {
    /// Nobody has paid.
    Unpaid,
    /// Somebody has agreed, and the money is under way.
    Processing,
    /// Somebody has paid.
    Paid,
}

impl Sessions {
    /// Returns what came of the visits on this page.
    pub(super) fn visits(&self) -> Visits {
        if self.data.iter().any(Session::is_paid) {
            Visits::Paid
        } else if self.data.iter().any(Session::is_under_way) {
            Visits::Processing
        } else {
            Visits::Unpaid
        }
    }

    /// Returns the id behind which the next page begins, `None` when this is the last.
    pub(super) fn last_id(&self) -> Option<&str> {
        let last = self.data.last().filter(|_| self.has_more)?;
        Some(&*last.id).filter(|id| request::is_plain_id(id))
    }
}

impl Session {
    fn is_complete(&self) -> bool {
        self.status.as_deref() == Some("complete")
    }

    fn is_paid(&self) -> bool {
        match self.payment_status.as_deref() {
            Some("paid") => true,
            Some("no_payment_required") => self.is_complete(),
            _ => false,
        }
    }

    fn is_under_way(&self) -> bool {
        self.is_complete() && self.payment_status.as_deref() == Some("unpaid")
    }
}
