//! `PayPal-Request-Id`: which object the first request with an id made, and how it is shown now.

use serde_json::Value;

use crate::{desk::Desk, exchange::Incoming, shelf::Shelf};

use super::{Merchant, api, billing, orders, refunds, refusal::Refusal};

/// The longest request id.
const LONGEST_ID: usize = 108;
/// The most request ids kept for one merchant.
const MOST_IDS: usize = 100_000;
/// Ids on orders are kept six hours.
const ORDER_SECONDS: i64 = 6 * 60 * 60;
/// Ids on captures of authorizations and on refunds are kept 45 days.
const PAYMENT_SECONDS: i64 = 45 * 24 * 60 * 60;
/// Ids on products, plans and subscriptions are kept 72 hours.
const BILLING_SECONDS: i64 = 72 * 60 * 60;

/// An object that a request made or changed.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Order(String),
    Authorization(String),
    Capture(String),
    Refund(String),
    Product(String),
    Plan(String),
    Subscription(String),
}

/// The request ids of one merchant.
#[derive(Debug)]
pub(super) struct Repeats {
    by_id: Shelf<(Kept, i64)>,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { by_id: Shelf::with_capacity(MOST_IDS) }
    }
}

impl Repeats {
    /// Returns the object of an earlier request with this id.
    pub(super) fn known(&self, request_id: &str, now: i64) -> Option<Kept> {
        let (object, until) = self.by_id.get(request_id)?;
        (now < *until).then(|| object.clone())
    }

    /// Remembers what a request made.
    pub(super) fn keep(&mut self, request_id: &str, object: &Kept, now: i64) {
        let seconds = match object {
            Kept::Order(_) => ORDER_SECONDS,
            Kept::Authorization(_) | Kept::Capture(_) | Kept::Refund(_) => PAYMENT_SECONDS,
            Kept::Product(_) | Kept::Plan(_) | Kept::Subscription(_) => BILLING_SECONDS,
        };
        self.by_id.insert(request_id, (object.clone(), now.saturating_add(seconds)));
    }
}

impl Kept {
    /// Lets happen to the object what has become due by the clock.
    pub(super) fn settle(&self, merchant: &mut Merchant, desk: &mut Desk) {
        match self {
            Self::Order(id) => orders::expire(desk, merchant, id),
            Self::Refund(id) => refunds::settle(desk, merchant, id),
            Self::Subscription(id) => billing::run(desk, merchant, id),
            Self::Authorization(_) | Self::Capture(_) | Self::Product(_) | Self::Plan(_) => {}
        }
    }

    /// Returns the object as PayPal writes it now; none when it has expired.
    pub(super) fn shown(&self, merchant: &Merchant, desk: &Desk) -> Option<Value> {
        match self {
            Self::Order(id) => {
                let order = merchant.orders.get(id).filter(|order| !order.is_gone)?;
                Some(order.to_json(merchant, desk))
            }
            Self::Authorization(id) => Some(merchant.authorizations.get(id)?.to_json(desk)),
            Self::Capture(id) => Some(merchant.captures.get(id)?.to_json(desk)),
            Self::Refund(id) => Some(merchant.refunds.get(id)?.to_json(desk)),
            Self::Product(id) => Some(merchant.products.get(id)?.to_json(desk)),
            Self::Plan(id) => Some(merchant.plans.get(id)?.to_json(desk)),
            Self::Subscription(id) => Some(merchant.subscriptions.get(id)?.to_json(desk)),
        }
    }
}

/// Returns the request's id, which must be 1 to 108 characters; none where the API does not read it.
pub(super) fn request_id(incoming: &Incoming) -> Result<Option<&str>, Refusal> {
    if !api::takes_request_id(incoming) {
        return Ok(None);
    }
    match incoming.header("paypal-request-id") {
        None => Ok(None),
        Some(id) if id.is_empty() || id.chars().count() > LONGEST_ID => {
            Err(Refusal::issue("INVALID_STRING_LENGTH").at_header("PayPal-Request-Id").with_value(id))
        }
        Some(id) => Ok(Some(id)),
    }
}
