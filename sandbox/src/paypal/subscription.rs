//! A PayPal subscription: its members, its states, and how PayPal writes it.

use serde_json::{Map, Value, json};

use crate::{
    clock,
    desk::{Change, Desk},
};

use super::{
    Merchant,
    money::Money,
    order::{PAYER_EMAIL, PAYER_ID},
    terms::Terms,
};

/// A subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) plan_id: String,
    /// The plan's name, which the payer reads.
    pub(super) plan_name: String,
    pub(super) terms: Terms,
    pub(super) is_overridden: bool,
    /// The number of units as it was sent, and as a number.
    pub(super) quantity: (String, i64),
    pub(super) custom_id: Option<String>,
    /// `subscriber` as it was sent.
    pub(super) subscriber: Map<String, Value>,
    /// The token that the payer's browser carries.
    pub(super) token: String,
    pub(super) return_url: Option<String>,
    pub(super) cancel_url: Option<String>,
    /// Whether the approval alone makes it active (`SUBSCRIBE_NOW`).
    pub(super) is_immediate: bool,
    pub(super) status: Status,
    pub(super) note: Option<String>,
    pub(super) status_at: i64,
    pub(super) start_at: i64,
    pub(super) account: Account,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

/// What has been paid and what is to come.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Whether it was ever active.
    pub(super) is_open: bool,
    /// How often each billing cycle was executed.
    pub(super) completed: Vec<i64>,
    /// When the present billing cycle began, in Unix seconds.
    pub(super) cycle_started_at: i64,
    /// When the next charge is due, in Unix seconds.
    pub(super) next_at: Option<i64>,
    /// What failed charges have left unpaid, in the smallest unit.
    pub(super) outstanding: i64,
    /// Failed charges since the last good one.
    pub(super) failures: i64,
    /// Amount and time of the last good charge.
    pub(super) last_payment: Option<(i64, i64)>,
    /// Amount and time of the last failed charge.
    pub(super) last_failure: Option<(i64, i64)>,
    /// The captures of its charges.
    pub(super) charges: Vec<String>,
}

/// A subscription's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    ApprovalPending,
    Approved,
    Active,
    Suspended,
    Cancelled,
    Expired,
}

impl Status {
    /// Returns PayPal's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ApprovalPending => "APPROVAL_PENDING",
            Self::Approved => "APPROVED",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }
}

impl Subscription {
    /// Returns the billing cycle that the next charge belongs to; none when all are done.
    pub(super) fn present_cycle(&self) -> Option<usize> {
        let done = |index: usize| self.account.completed.get(index).copied().unwrap_or(0);
        self.terms
            .cycles
            .iter()
            .enumerate()
            .find(|(index, cycle)| cycle.total == 0 || done(*index) < cycle.total)
            .map(|(index, _)| index)
    }

    /// Returns the regular price of all units.
    pub(super) fn price(&self) -> Money {
        let price = self.terms.price();
        price.with(price.minor.saturating_mul(self.quantity.1))
    }

    /// Returns whether so many charges failed that PayPal suspended it.
    pub(super) fn is_over_threshold(&self) -> bool {
        let threshold = self.terms.preferences.failure_threshold;
        threshold > 0 && self.account.failures >= threshold
    }

    /// Returns the effect of a change; the text is the amount.
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
            reference: self.custom_id.as_deref(),
        }
    }

    /// Returns the subscription as PayPal writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(self.id));
        shown.insert("status".to_owned(), json!(self.status.name()));
        if let Some(note) = &self.note {
            shown.insert("status_change_note".to_owned(), json!(note));
        }
        shown.insert("status_update_time".to_owned(), json!(clock::rfc3339(self.status_at)));
        shown.insert("plan_id".to_owned(), json!(self.plan_id));
        shown.insert("plan_overridden".to_owned(), json!(self.is_overridden));
        shown.insert("start_time".to_owned(), json!(clock::rfc3339(self.start_at)));
        shown.insert("quantity".to_owned(), json!(self.quantity.0));
        if let Some(custom_id) = &self.custom_id {
            shown.insert("custom_id".to_owned(), json!(custom_id));
        }
        let mut subscriber = self.subscriber.clone();
        if self.status != Status::ApprovalPending {
            subscriber.entry("email_address").or_insert_with(|| json!(PAYER_EMAIL));
            subscriber.entry("name").or_insert_with(|| json!({"given_name": "A", "surname": "Payer"}));
            subscriber.insert("payer_id".to_owned(), json!(PAYER_ID));
        }
        shown.insert("subscriber".to_owned(), Value::Object(subscriber));
        if self.account.is_open {
            shown.insert("billing_info".to_owned(), self.billing_info());
        }
        shown.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        if self.updated_at != self.created_at {
            shown.insert("update_time".to_owned(), json!(clock::rfc3339(self.updated_at)));
        }
        shown.insert("links".to_owned(), self.links(desk));
        Value::Object(shown)
    }

    fn billing_info(&self) -> Value {
        let account = &self.account;
        let money = |minor: i64| self.terms.price().with(minor).to_json();
        let mut info = Map::new();
        info.insert("outstanding_balance".to_owned(), money(account.outstanding));
        let executions = self.terms.cycles.iter().zip(&account.completed).map(|(cycle, completed)| {
            let remaining = cycle.total.saturating_sub(*completed).max(0);
            json!({
                "tenure_type": cycle.tenure(), "sequence": cycle.sequence, "cycles_completed": completed,
                "cycles_remaining": remaining, "current_pricing_scheme_version": 1, "total_cycles": cycle.total,
            })
        });
        info.insert("cycle_executions".to_owned(), executions.collect());
        if let Some((amount, at)) = account.last_payment {
            let payment = json!({"amount": money(amount), "time": clock::rfc3339(at)});
            info.insert("last_payment".to_owned(), payment);
        }
        if let Some((amount, at)) = account.last_failure {
            let failure = json!({
                "amount": money(amount), "time": clock::rfc3339(at), "reason_code": "PAYMENT_DENIED",
            });
            info.insert("last_failed_payment".to_owned(), failure);
        }
        if let (Status::Active, Some(next)) = (self.status, account.next_at) {
            info.insert("next_billing_time".to_owned(), json!(clock::rfc3339(next)));
        }
        if let Some(last) = self.final_payment_at() {
            info.insert("final_payment_time".to_owned(), json!(clock::rfc3339(last)));
        }
        info.insert("failed_payments_count".to_owned(), json!(account.failures));
        Value::Object(info)
    }

    /// Returns when the last charge is due; none where there is no end.
    fn final_payment_at(&self) -> Option<i64> {
        let mut started_at = self.account.cycle_started_at;
        let mut last = None;
        for cycle in self.terms.cycles.get(self.present_cycle()?..)? {
            if cycle.total == 0 {
                return None;
            }
            last = Some(cycle.interval.after(started_at, cycle.total.saturating_sub(1)));
            started_at = cycle.interval.after(started_at, cycle.total);
        }
        last
    }

    fn links(&self, desk: &Desk) -> Value {
        let own = format!("http://{}/v1/billing/subscriptions/{}", desk.addresses.paypal, self.id);
        let link = |href: &str, rel: &str, method: &str| json!({"href": href, "rel": rel, "method": method});
        let mut links = Vec::new();
        let steps: &[&str] = match self.status {
            Status::ApprovalPending => {
                links.push(link(&desk.pay_url(&self.id), "approve", "GET"));
                &[]
            }
            Status::Approved => &["activate"],
            Status::Active => &["cancel", "suspend"],
            Status::Suspended => &["cancel", "activate"],
            Status::Cancelled | Status::Expired => &[],
        };
        links.extend(steps.iter().map(|step| link(&format!("{own}/{step}"), step, "POST")));
        links.push(link(&own, "edit", "PATCH"));
        links.push(link(&own, "self", "GET"));
        Value::Array(links)
    }

    /// Returns the charges between two moments as PayPal lists them, the oldest first.
    pub(super) fn transactions(&self, merchant: &Merchant, (from, to): (i64, i64)) -> Vec<Value> {
        let made = self.account.charges.iter().filter_map(|id| merchant.captures.get(id));
        made.filter(|capture| (from..=to).contains(&capture.created_at))
            .map(|capture| {
                let fee = capture.fee();
                let net = capture.amount.with(capture.amount.minor.saturating_sub(fee.minor));
                json!({
                    "status": capture.status_name(), "id": capture.id,
                    "amount_with_breakdown": {
                        "gross_amount": capture.amount.to_json(), "fee_amount": fee.to_json(),
                        "net_amount": net.to_json(),
                    },
                    "payer_name": {"given_name": "A", "surname": "Payer"}, "payer_email": PAYER_EMAIL,
                    "time": clock::rfc3339(capture.created_at),
                })
            })
            .collect()
    }
}
