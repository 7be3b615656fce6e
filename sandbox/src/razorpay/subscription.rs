//! A Razorpay subscription: what it holds, how it is written, and which step leads from which status.

use serde_json::{Value, json};

use crate::desk::Desk;

use super::plans::Plan;

/// A subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) plan: Plan,
    pub(super) status: Status,
    pub(super) quantity: i64,
    pub(super) total_count: i64,
    pub(super) paid_count: i64,
    /// What is charged once, with the payer's authorisation.
    pub(super) upfront: i64,
    pub(super) notes: Value,
    pub(super) customer_notify: bool,
    pub(super) offer_id: Option<String>,
    /// Filled with the payer's authorisation.
    pub(super) customer_id: Option<String>,
    pub(super) auth_attempts: i64,
    pub(super) created_at: i64,
    pub(super) start_at: i64,
    pub(super) end_at: i64,
    /// Until when the payer must have authorised.
    pub(super) expire_by: Option<i64>,
    /// Start and end of the cycle that was paid last.
    pub(super) current: Option<(i64, i64)>,
    /// When the next cycle starts, and is charged.
    pub(super) next_start: i64,
    /// When a cancellation asked for "at cycle end" takes place.
    pub(super) cancel_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
}

/// A subscription's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    Authenticated,
    Active,
    Pending,
    Halted,
    Paused,
    Cancelled,
    Completed,
    Expired,
}

/// A change of status that makes no payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The merchant ends it at once.
    Cancel,
    /// The cycle is over at whose end it was to be cancelled.
    End,
    Pause,
    Resume,
    /// The retries of a failed charge are used up.
    Halt,
    /// Its last cycle is over.
    Complete,
    /// Nobody authorised it in time.
    Expire,
}

impl Status {
    /// Returns Razorpay's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Authenticated => "authenticated",
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Halted => "halted",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
            Self::Expired => "expired",
        }
    }

    /// Tells whether nothing can follow.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Completed | Self::Expired)
    }

    /// Tells whether the next cycle is going to be charged.
    fn is_charged(self) -> bool {
        matches!(self, Self::Created | Self::Authenticated | Self::Active | Self::Pending)
    }
}

impl Step {
    /// Returns the status after the step.
    pub(super) fn target(self) -> Status {
        match self {
            Self::Cancel | Self::End => Status::Cancelled,
            Self::Pause => Status::Paused,
            Self::Resume => Status::Active,
            Self::Halt => Status::Halted,
            Self::Complete => Status::Completed,
            Self::Expire => Status::Expired,
        }
    }

    /// Tells whether the step can be taken from a status.
    pub(super) fn is_possible_from(self, status: Status) -> bool {
        match self {
            Self::Cancel | Self::End => !status.is_final(),
            Self::Pause => status == Status::Active,
            Self::Resume => status == Status::Paused,
            Self::Halt => status == Status::Pending,
            Self::Complete => matches!(status, Status::Active | Status::Pending | Status::Halted),
            Self::Expire => status == Status::Created,
        }
    }

    /// Returns the name of the effect that the step is recorded as.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Cancel => "subscriptions.cancel",
            Self::End => "subscriptions.end",
            Self::Pause => "subscriptions.pause",
            Self::Resume => "subscriptions.resume",
            Self::Halt => "subscriptions.halt",
            Self::Complete => "subscriptions.complete",
            Self::Expire => "subscriptions.expire",
        }
    }
}

impl Subscription {
    /// Returns what a cycle costs.
    pub(super) fn amount(&self) -> i64 {
        self.plan.amount.saturating_mul(self.quantity)
    }

    /// Returns the subscription as Razorpay writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        let is_authorised = self.customer_id.is_some();
        let mut object = json!({
            "id": self.id,
            "entity": "subscription",
            "plan_id": self.plan.id,
            "customer_email": is_authorised.then_some("payer@example.com"),
            "status": self.status.name(),
            "current_start": self.current.map(|(start, _)| start),
            "current_end": self.current.map(|(_, end)| end),
            "ended_at": self.ended_at,
            "quantity": self.quantity,
            "notes": self.notes,
            "charge_at": self.status.is_charged().then_some(self.next_start),
            "start_at": self.start_at,
            "end_at": self.end_at,
            "auth_attempts": self.auth_attempts,
            "total_count": self.total_count,
            "paid_count": self.paid_count,
            "customer_notify": self.customer_notify,
            "created_at": self.created_at,
            "expire_by": self.expire_by,
            "short_url": desk.pay_url(&self.id),
            "has_scheduled_changes": self.cancel_at.is_some(),
            "change_scheduled_at": self.cancel_at,
            "source": "api",
            "remaining_count": self.total_count.saturating_sub(self.paid_count),
        });
        if let Some(members) = object.as_object_mut() {
            // Before the payer has authorised there is no such member.
            if let Some(customer) = &self.customer_id {
                members.insert("customer_id".to_owned(), json!(customer));
                members.insert("payment_method".to_owned(), json!("upi"));
            }
            if let Some(offer) = &self.offer_id {
                members.insert("offer_id".to_owned(), json!(offer));
            }
        }
        object
    }
}
