//! What an order at PayPal means in the gateway's words.

use domain::{Effect, Environment, Money, NextAction, Order, OrderStatus, Outcome, Reply, Request};

use super::wire::WireOrder;
use crate::paypal::{NAME, errors, links};
use crate::rejection::Missing;
use crate::{json, reply as replies, request};

/// Where orders live.
pub(super) const PATH: &str = "/v2/checkout/orders";

/// Returns the read of an order, whose id is a plain one.
pub(in crate::paypal) fn read_request(id: &str) -> Request {
    request::get(format!("{PATH}/{id}"))
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

/// A capture of an order's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::paypal) struct Capture {
    /// PayPal's id, empty where it is not told.
    pub(in crate::paypal) id: String,
    /// PayPal's word.
    pub(in crate::paypal) status: String,
    /// What was taken, where it is told.
    pub(in crate::paypal) amount: Option<Money>,
}

/// An order at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::paypal) struct Snapshot {
    id: String,
    /// PayPal's word on the order itself.
    word: Option<String>,
    /// What was written into the order for the gateway to find it again.
    pub(super) custom_id: Option<String>,
    pub(super) intent: Intent,
    pub(super) phase: Phase,
    pub(in crate::paypal) amount: Money,
    refunded: Money,
    pub(super) authorizations: Vec<Authorization>,
    pub(in crate::paypal) captures: Vec<Capture>,
    approval_url: Option<String>,
}

impl Snapshot {
    /// Reads the reply to a read.
    ///
    /// # Errors
    /// The outcome of a reply that tells no order.
    pub(in crate::paypal) fn read(reply: &Reply) -> Result<Self, Outcome> {
        if !replies::is_success(reply) {
            return Err(errors::outcome(Missing::Order, Effect::Read, reply));
        }
        json::read::<WireOrder>(reply)
            .and_then(|order| Self::of(order, None))
            .ok_or_else(|| replies::says_nothing(NAME, Effect::Read, reply))
    }

    /// Returns what an order on the wire tells, `None` when it has no id or when neither it nor the caller knows the amount.
    pub(super) fn of(order: WireOrder, known_amount: Option<Money>) -> Option<Self> {
        let amount = order.total().or(known_amount)?;
        let refunded = order.refunded(amount);
        let id = order.id.filter(|id| !id.is_empty())?;
        let custom_id = order.purchase_units.first().and_then(|unit| unit.custom_id.clone());
        let mut authorizations = Vec::new();
        let mut captures = Vec::new();
        for payments in order.purchase_units.into_iter().map(|unit| unit.payments) {
            authorizations.extend(payments.authorizations.into_iter().map(|payment| Authorization {
                id: payment.id.unwrap_or_default(),
                status: payment.status.unwrap_or_default(),
            }));
            captures.extend(payments.captures.into_iter().map(|payment| Capture {
                amount: payment.amount(),
                id: payment.id.unwrap_or_default(),
                status: payment.status.unwrap_or_default(),
            }));
        }
        let intent = intent(order.intent.as_deref());
        let phase = phase(order.status.as_deref());
        // With a means of payment in the request the link's name is `payer-action`, without one `approve`.
        let approval_url = links::address(&order.links, &["approve", "payer-action"]);
        let word = order.status;
        Some(Self {
            id,
            word,
            custom_id,
            intent,
            phase,
            amount,
            refunded,
            authorizations,
            captures,
            approval_url,
        })
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
        self.captures.push(Capture { id: String::new(), status, amount: None });
        self
    }

    /// Returns the order after its authorisation was let go.
    pub(super) fn voided(mut self) -> Self {
        self.phase = Phase::Voided;
        self.word = Some("VOIDED".to_owned());
        self
    }

    /// Tells an approved order whose capture is the gateway's to make and could not be made just now.
    pub(super) fn tell_capture_due(self) -> Order {
        Order { status: OrderStatus::Processing, ..self.tell() }
    }

    /// Tells an order whose payer must go to the approval address again: the one in the refusal, else the order's own, else
    /// the page that PayPal documents.
    pub(super) fn tell_sent_back(self, refusal_url: Option<String>, environment: Environment) -> Order {
        let url = refusal_url
            .or_else(|| self.approval_url.clone())
            .unwrap_or_else(|| links::page(environment, &format!("/checkoutnow?token={}", self.id)));
        let next_action = Some(NextAction::Redirect { url });
        Order { status: OrderStatus::RequiresAction, next_action, ..self.tell() }
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
            provider_status: self.word,
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
        let taken: Vec<&str> = self
            .captures
            .iter()
            .map(|capture| capture.status.as_str())
            .filter(|status| !refused.contains(status))
            .collect();
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

#[cfg(test)]
mod tests;
