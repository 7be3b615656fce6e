//! Razorpay refunds: create with an idempotency key, get, list, and how they end.

use serde_json::{Map, Value, json};

use crate::{
    act::{Act, Acted},
    desk::{Change, Desk},
    payer::PayerRefusal,
    routes::Route,
};

use super::{
    Call, Handler, Merchant, currencies,
    fields::{self, Fields},
    lists::{ListQuery, collection},
    refusal::Refusal,
    replays::{self, Keyed, Repeat},
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/payments/{id}/refund", operation: "refunds.create", handler: create },
    Route {
        method: "GET",
        path: "/v1/payments/{id}/refunds",
        operation: "payments.refunds",
        handler: list_of_payment,
    },
    Route { method: "GET", path: "/v1/refunds", operation: "refunds.list", handler: list },
    Route { method: "GET", path: "/v1/refunds/{id}", operation: "refunds.get", handler: get },
];

/// What can happen to a refund beside the API.
const ACTS: [&str; 2] = ["process", "fail"];
/// The header with the key, as Razorpay names it.
const KEY_HEADER: &str = "X-Refund-Idempotency";
/// The shortest key; the longest is not documented.
const SHORTEST_KEY: usize = 10;
/// Six months: the refund of an older payment fails.
const OLDEST_PAYMENT_SECONDS: i64 = 183 * 24 * 60 * 60;
/// How long a refund that will fail stays pending; not documented.
const FAILS_AFTER_SECONDS: i64 = 60 * 60;

/// A refund of a payment.
#[derive(Debug)]
pub(super) struct Refund {
    id: String,
    payment_id: String,
    amount: i64,
    currency: String,
    notes: Value,
    receipt: Option<String>,
    status: Status,
    is_optimum: bool,
    created_at: i64,
    /// When it turns out that it cannot be done, in Unix seconds.
    fails_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Pending,
    Processed,
    Failed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }
}

impl Refund {
    fn to_json(&self) -> Value {
        let speed = match (self.status, self.is_optimum) {
            (Status::Processed, true) => json!("instant"),
            (Status::Processed, false) => json!("normal"),
            (Status::Pending | Status::Failed, _) => Value::Null,
        };
        json!({
            "id": self.id,
            "entity": "refund",
            "amount": self.amount,
            "currency": self.currency,
            "payment_id": self.payment_id,
            "notes": self.notes,
            "receipt": self.receipt,
            "acquirer_data": {"arn": null},
            "created_at": self.created_at,
            "batch_id": null,
            "status": self.status.name(),
            "speed_processed": speed,
            "speed_requested": if self.is_optimum { "optimum" } else { "normal" },
        })
    }
}

/// Lets a refund fail that is due to.
pub(super) fn settle(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let is_due =
        |refund: &&Refund| refund.status == Status::Pending && refund.fails_at.is_some_and(|at| at <= now);
    if merchant.refunds.get(id).filter(is_due).is_some() {
        end(desk, merchant, id, Status::Failed);
    }
}

/// Does what the control call says.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    act.only(&[])?;
    let status = match act.name {
        "process" => Status::Processed,
        "fail" => Status::Failed,
        _ => return Err(act.unknown(&ACTS)),
    };
    settle(desk, merchant, act.id);
    let refund = merchant.refunds.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    let is_allowed = match status {
        // The bank may find out late that the money cannot go back.
        Status::Failed => refund.status != Status::Failed,
        Status::Processed | Status::Pending => refund.status == Status::Pending,
    };
    if !is_allowed {
        let message = format!("{} is not possible: the refund is {}", act.name, refund.status.name());
        return Err(PayerRefusal::action(message));
    }
    end(desk, merchant, act.id, status);
    let refund = merchant.refunds.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: refund.status.name().to_owned(), object: refund.to_json() })
}

fn end(desk: &mut Desk, merchant: &mut Merchant, id: &str, status: Status) {
    let Some(refund) = merchant.refunds.get_mut(id) else { return };
    refund.status = status;
    let is_failed = status == Status::Failed;
    if is_failed && let Some(payment) = merchant.payments.get_mut(&refund.payment_id) {
        payment.refund(refund.amount.saturating_neg());
    }
    desk.report(Change {
        operation: if is_failed { "refunds.fail" } else { "refunds.process" },
        merchant: &merchant.key_id,
        id,
        amount: json!(refund.amount),
        currency: Some(&refund.currency),
        reference: refund.receipt.as_deref(),
    });
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let body = fields::object_or_none(&call.incoming.body)?;
    let key = read_key(call)?;
    let keyed = key.as_deref().map(|key| Keyed { key, target: call.id, body: &body });
    if let Some(keyed) = keyed {
        if call.desk.key_is_in_use() {
            return Err(Refusal::conflict(
                "Another request with the same idempotency key is still in progress.",
            ));
        }
        match call.merchant.refund_keys.look_up(keyed, i64::MIN) {
            Repeat::First => {}
            Repeat::Same(answer) => return Ok(answer),
            Repeat::Different => {
                return Err(Refusal::conflict(
                    "Different request with the same idempotency key has already been processed.",
                ));
            }
        }
    }
    let refund = read_refund(call, &body)?;
    let answer = refund.to_json();
    call.desk.report(Change {
        operation: "refunds.create",
        merchant: &call.merchant.key_id,
        id: &refund.id,
        amount: json!(refund.amount),
        currency: Some(&refund.currency),
        reference: refund.receipt.as_deref(),
    });
    if let Some(payment) = call.merchant.payments.get_mut(call.id) {
        payment.refund(refund.amount);
        payment.refunds.push(refund.id.clone());
    }
    if let Some(keyed) = keyed {
        call.merchant.refund_keys.keep(keyed, answer.clone(), refund.created_at);
    }
    call.merchant.refunds.insert(&refund.id.clone(), refund);
    Ok(answer)
}

fn read_key(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    let Some(key) = call.incoming.header(KEY_HEADER) else { return Ok(None) };
    if replays::is_key(key, SHORTEST_KEY..=usize::MAX, &[]) {
        return Ok(Some(key.to_owned()));
    }
    let rule = "must be at least 10 characters of letters, digits, hyphens and underscores.";
    Err(Refusal::field(KEY_HEADER, format!("The idempotency key {rule}")))
}

fn read_refund(call: &mut Call<'_>, body: &Map<String, Value>) -> Result<Refund, Refusal> {
    let fields = Fields::of(body, "", &["amount", "speed", "notes", "receipt"])?;
    let given = fields.integer("amount")?;
    let is_optimum = fields.choice("speed", &["normal", "optimum"])? == Some("optimum");
    let (notes, receipt) = (fields.notes()?, fields.text("receipt", 40)?.map(str::to_owned));
    let payment = super::payments::find(call)?;
    if !payment.is_captured && payment.amount_left() > 0 {
        return Err(Refusal::state("The payment status should be captured for action to be taken"));
    }
    if payment.amount_left() == 0 {
        return Err(Refusal::state("The payment has been fully refunded already."));
    }
    let (payment_id, currency, paid_at) = (payment.id.clone(), payment.currency.clone(), payment.created_at);
    let amount = match given {
        None => payment.amount_left(),
        Some(amount) => {
            currencies::check_amount(amount, &currency)?;
            if amount > payment.amount_left() {
                let message = "The refund amount provided is greater than amount captured.";
                return Err(Refusal::field("amount", message));
            }
            amount
        }
    };
    let now = call.desk.now();
    let is_too_old = now.saturating_sub(paid_at) > OLDEST_PAYMENT_SECONDS;
    let waits = is_too_old || call.desk.settings.razorpay_pending_refunds;
    Ok(Refund {
        id: format!("rfnd_{}", call.desk.random.base62(14)),
        payment_id,
        amount,
        currency,
        notes,
        receipt,
        status: if waits { Status::Pending } else { Status::Processed },
        is_optimum,
        created_at: now,
        fails_at: is_too_old.then(|| now.saturating_add(FAILS_AFTER_SECONDS)),
    })
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    fields::check_id(call.id, "rfnd_")?;
    settle(call.desk, call.merchant, call.id);
    call.merchant.refunds.get(call.id).map(Refund::to_json).ok_or_else(Refusal::unknown_id)
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let query = ListQuery::read(call.incoming, &[])?;
    for id in call.merchant.refunds.ids() {
        settle(call.desk, call.merchant, &id);
    }
    let items: Vec<Value> = query
        .page(call.merchant.refunds.newest(), |refund| refund.created_at)
        .into_iter()
        .map(Refund::to_json)
        .collect();
    Ok(collection(&items))
}

fn list_of_payment(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let query = ListQuery::read(call.incoming, &[])?;
    let ids = super::payments::find(call)?.refunds.clone();
    for id in &ids {
        settle(call.desk, call.merchant, id);
    }
    let refunds = ids.iter().rev().filter_map(|id| call.merchant.refunds.get(id));
    let items: Vec<Value> =
        query.page(refunds, |refund| refund.created_at).into_iter().map(Refund::to_json).collect();
    Ok(collection(&items))
}
