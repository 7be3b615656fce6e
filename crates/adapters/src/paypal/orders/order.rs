//! An order as PayPal tells it, and what that means in the gateway's words. Source: `checkout_orders_v2`, 2024-02-03.

use domain::{Effect, Money, NextAction, Order, OrderStatus, Outcome, Reply, Request};
use http::HeaderName;
use serde::Deserialize;

use crate::paypal::amounts::WireAmount;
use crate::paypal::{NAME, errors};
use crate::{json, reply as replies, request};

/// Where orders live.
pub(super) const PATH: &str = "/v2/checkout/orders";

const REQUEST_ID: HeaderName = HeaderName::from_static("paypal-request-id");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Returns the read of an order, whose id is a plain one.
pub(super) fn read_request(id: &str) -> Request {
    request::get(format!("{PATH}/{id}"))
}

/// Gives a call its idempotency key, and asks for the whole object in return: the default has id, status and links only.
pub(super) fn keyed(mut request: Request, key: &str) -> Request {
    request.headers.push((REQUEST_ID, key.to_owned()));
    request.headers.push((PREFER, "return=representation".to_owned()));
    request
}

/// An order on the wire. Nothing in it is promised.
#[derive(Deserialize)]
pub(super) struct WireOrder {
    #[serde(default, deserialize_with = "json::lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    intent: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::nullable")]
    purchase_units: Vec<WireUnit>,
    #[serde(default, deserialize_with = "json::nullable")]
    links: Vec<WireLink>,
}

#[derive(Deserialize)]
struct WireUnit {
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
    #[serde(default, deserialize_with = "json::nullable")]
    payments: WirePayments,
}

#[derive(Default, Deserialize)]
struct WirePayments {
    #[serde(default, deserialize_with = "json::nullable")]
    authorizations: Vec<WirePayment>,
    #[serde(default, deserialize_with = "json::nullable")]
    captures: Vec<WirePayment>,
    #[serde(default, deserialize_with = "json::nullable")]
    refunds: Vec<WirePayment>,
}

/// An authorisation, a capture or a refund.
#[derive(Deserialize)]
pub(super) struct WirePayment {
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
}

impl WirePayment {
    fn has_status(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }
}

#[derive(Deserialize)]
struct WireLink {
    #[serde(default, deserialize_with = "json::lenient")]
    href: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    rel: Option<String>,
}

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// The money is taken when the merchant says so after the approval.
    Capture,
    /// The money is reserved then, and taken later.
    Authorize,
    /// A word that the gateway does not know.
    Other,
}

/// How far an order itself is. What became of the money, its payments tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The payer has not approved yet.
    AwaitsPayer,
    /// Kept for later.
    Saved,
    /// The payer has approved; the merchant's capture is due.
    Approved,
    /// Authorised or captured, or at least tried.
    Completed,
    /// Given up.
    Voided,
    /// A word that the gateway does not know.
    Other,
}

/// An authorisation of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authorization {
    /// PayPal's id.
    pub(super) id: String,
    /// PayPal's word.
    pub(super) status: String,
}

/// An order at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    id: String,
    pub(super) intent: Intent,
    pub(super) phase: Phase,
    pub(super) amount: Money,
    refunded: Money,
    pub(super) authorizations: Vec<Authorization>,
    /// PayPal's words on each capture.
    pub(super) captures: Vec<String>,
    approval_url: Option<String>,
}

impl Snapshot {
    /// Reads the reply to a read.
    ///
    /// # Errors
    /// The outcome of a reply that tells no order.
    pub(super) fn read(reply: &Reply) -> Result<Self, Outcome> {
        if !replies::is_success(reply) {
            return Err(errors::outcome(Effect::Read, reply));
        }
        json::read::<WireOrder>(reply)
            .and_then(|order| Self::of(order, None))
            .ok_or_else(|| replies::says_nothing(NAME, Effect::Read, reply))
    }

    /// Returns what an order on the wire tells, `None` when it has no id or when neither it nor the caller knows the amount.
    pub(super) fn of(order: WireOrder, known_amount: Option<Money>) -> Option<Self> {
        let id = order.id.filter(|id| !id.is_empty())?;
        let amount = total(order.purchase_units.iter().map(|unit| unit.amount.as_ref())).or(known_amount)?;
        let refunded = refunded(&order.purchase_units, amount);
        let mut authorizations = Vec::new();
        let mut captures = Vec::new();
        for payments in order.purchase_units.into_iter().map(|unit| unit.payments) {
            authorizations.extend(payments.authorizations.into_iter().map(|payment| Authorization {
                id: payment.id.unwrap_or_default(),
                status: payment.status.unwrap_or_default(),
            }));
            captures.extend(payments.captures.into_iter().map(|payment| payment.status.unwrap_or_default()));
        }
        let intent = intent(order.intent.as_deref());
        let phase = phase(order.status.as_deref());
        let approval_url = approval_url(order.links);
        Some(Self { id, intent, phase, amount, refunded, authorizations, captures, approval_url })
    }

    /// Returns whether the money was taken, or at least asked for, so that no capture is due.
    pub(super) fn is_captured(&self) -> bool {
        self.phase == Phase::Completed
            && (self.intent == Intent::Capture
                || !self.captures.is_empty()
                || self.has_authorization(&["CAPTURED", "PARTIALLY_CAPTURED"]))
    }

    /// Returns whether the order was given up.
    pub(super) fn is_canceled(&self) -> bool {
        self.status() == OrderStatus::Canceled
    }

    /// Returns the authorisation whose money can be taken or let go.
    pub(super) fn open_authorization(&self) -> Option<&Authorization> {
        self.authorizations.iter().find(|authorization| authorization.status == "CREATED")
    }

    /// Returns whether an authorisation is in one of these states.
    pub(super) fn has_authorization(&self, statuses: &[&str]) -> bool {
        self.authorizations.iter().any(|authorization| statuses.contains(&authorization.status.as_str()))
    }

    /// Returns the order after this capture of its authorisation.
    pub(super) fn with_capture(mut self, status: String) -> Self {
        self.captures.push(status);
        self
    }

    /// Returns the order after its authorisation was let go.
    pub(super) fn voided(mut self) -> Self {
        self.phase = Phase::Voided;
        self
    }

    /// Tells the order in the gateway's words.
    pub(super) fn tell(self) -> Order {
        let status = self.status();
        // An approved order requires an action too, but of the merchant: a capture.
        let next_action = match self.phase {
            Phase::AwaitsPayer => self.approval_url.map(|url| NextAction::Redirect { url }),
            Phase::Saved | Phase::Approved | Phase::Completed | Phase::Voided | Phase::Other => None,
        };
        Order {
            provider_order_id: self.id,
            amount: self.amount,
            amount_refunded: self.refunded,
            status,
            provider_status: None,
            next_action,
        }
    }

    fn status(&self) -> OrderStatus {
        match self.phase {
            Phase::AwaitsPayer | Phase::Approved => OrderStatus::RequiresAction,
            Phase::Saved => OrderStatus::Created,
            Phase::Voided => OrderStatus::Canceled,
            Phase::Other => OrderStatus::Unknown,
            Phase::Completed if self.captures.is_empty() => self.authorized_status(),
            Phase::Completed => self.captured_status(),
        }
    }

    /// `COMPLETED` does not mean paid: the captures tell. One that was refused counts only when there is no other.
    fn captured_status(&self) -> OrderStatus {
        let refused = ["DECLINED", "FAILED"];
        let taken: Vec<&str> =
            self.captures.iter().map(String::as_str).filter(|status| !refused.contains(status)).collect();
        let all = |status: &str| taken.iter().all(|taken| *taken == status);
        let any = |status: &str| taken.contains(&status);
        let known = ["COMPLETED", "PENDING", "PARTIALLY_REFUNDED", "REFUNDED"];
        if taken.is_empty() {
            OrderStatus::Failed
        } else if taken.iter().any(|status| !known.contains(status)) {
            OrderStatus::Unknown
        } else if any("PENDING") {
            OrderStatus::Processing
        } else if all("REFUNDED") {
            OrderStatus::Refunded
        } else if any("REFUNDED") || any("PARTIALLY_REFUNDED") {
            OrderStatus::PartiallyRefunded
        } else {
            OrderStatus::Succeeded
        }
    }

    fn authorized_status(&self) -> OrderStatus {
        let known = ["CREATED", "CAPTURED", "DENIED", "PARTIALLY_CAPTURED", "VOIDED", "PENDING"];
        let is_known = |authorization: &Authorization| known.contains(&authorization.status.as_str());
        if !self.authorizations.iter().all(is_known) {
            OrderStatus::Unknown
        } else if self.authorizations.is_empty() || self.has_authorization(&["PENDING"]) {
            // Completed, and PayPal did not say what became of the money.
            OrderStatus::Processing
        } else if self.has_authorization(&["CREATED"]) {
            OrderStatus::Authorized
        } else if self.has_authorization(&["CAPTURED", "PARTIALLY_CAPTURED"]) {
            OrderStatus::Succeeded
        } else if self.has_authorization(&["DENIED"]) {
            OrderStatus::Failed
        } else {
            OrderStatus::Canceled
        }
    }
}

fn intent(word: Option<&str>) -> Intent {
    match word {
        Some("CAPTURE") => Intent::Capture,
        Some("AUTHORIZE") => Intent::Authorize,
        _ => Intent::Other,
    }
}

fn phase(word: Option<&str>) -> Phase {
    match word {
        Some("CREATED" | "PAYER_ACTION_REQUIRED") => Phase::AwaitsPayer,
        Some("SAVED") => Phase::Saved,
        Some("APPROVED") => Phase::Approved,
        Some("COMPLETED") => Phase::Completed,
        Some("VOIDED") => Phase::Voided,
        _ => Phase::Other,
    }
}

/// With a means of payment in the request the link's name is `payer-action`, without one `approve`.
fn approval_url(links: Vec<WireLink>) -> Option<String> {
    let leads_to_payer = |link: &WireLink| matches!(link.rel.as_deref(), Some("approve" | "payer-action"));
    links.into_iter().find(leads_to_payer).and_then(|link| link.href)
}

/// Returns the sum, `None` when an amount is missing, when there is none, or when they do not add up to one.
fn total<'a>(amounts: impl Iterator<Item = Option<&'a WireAmount>>) -> Option<Money> {
    let mut total: Option<Money> = None;
    for amount in amounts {
        let amount = amount?.money()?;
        total = Some(match total {
            None => amount,
            Some(sum) if sum.currency() == amount.currency() => {
                Money::from_minor(sum.minor().checked_add(amount.minor())?, sum.currency()).ok()?
            }
            Some(_) => return None,
        });
    }
    total
}

/// Returns what went back: the completed refunds, or the captures that PayPal calls refunded where that is more, since a
/// reversal by PayPal itself need not stand among the refunds.
fn refunded(units: &[WireUnit], of: Money) -> Money {
    let sum = |payments: &dyn Fn(&WireUnit) -> Vec<Money>| {
        let in_currency = units.iter().flat_map(payments).filter(|money| money.currency() == of.currency());
        in_currency.map(Money::minor).try_fold(0_i64, i64::checked_add).unwrap_or_default()
    };
    let with_status = |payments: &[WirePayment], status: &str| -> Vec<Money> {
        let matching = payments.iter().filter(|payment| payment.has_status(status));
        matching.filter_map(|payment| payment.amount.as_ref()?.money()).collect()
    };
    let refunds = sum(&|unit| with_status(&unit.payments.refunds, "COMPLETED"));
    let captures = sum(&|unit| with_status(&unit.payments.captures, "REFUNDED"));
    Money::from_minor(refunds.max(captures), of.currency()).unwrap_or(Money::zero(of.currency()))
}

#[cfg(test)]
mod tests;
