//! Razorpay orders: create, get, list, and the payments of an order.

use serde_json::{Map, Value, json};

use crate::{
    desk::{Change, Desk},
    routes::Route,
};

use super::{
    Call, Handler, Merchant,
    currencies::check_amount,
    fields::{self, Fields},
    lists::{ListQuery, collection},
    payments,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/orders", operation: "orders.create", handler: create },
    Route { method: "GET", path: "/v1/orders", operation: "orders.list", handler: list },
    Route { method: "GET", path: "/v1/orders/{id}", operation: "orders.get", handler: get },
    Route {
        method: "GET",
        path: "/v1/orders/{id}/payments",
        operation: "orders.payments",
        handler: list_payments,
    },
];

/// Three days, after which an authorized payment that nobody captured goes back.
const DEFAULT_EXPIRY_MINUTES: i64 = 3 * 24 * 60;

/// An order.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) amount_paid: i64,
    pub(super) currency: String,
    pub(super) receipt: Option<String>,
    pub(super) notes: Value,
    pub(super) status: Status,
    pub(super) attempts: u64,
    pub(super) created_at: i64,
    pub(super) capture: Capture,
    /// Minutes after which an uncaptured payment goes back to the payer.
    pub(super) expiry_minutes: i64,
    pub(super) takes_part_payments: bool,
    pub(super) payments: Vec<String>,
    /// The payment link that it was made for.
    pub(super) link_id: Option<String>,
}

/// An order that something else than `POST /v1/orders` makes.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) receipt: Option<String>,
    pub(super) notes: Value,
    pub(super) takes_part_payments: bool,
    pub(super) link_id: Option<String>,
    /// In Unix seconds.
    pub(super) created_at: i64,
}

/// An order's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    Attempted,
    Paid,
}

/// Who captures an authorized payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    Automatic,
    Manual,
}

impl Status {
    /// Returns Razorpay's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Attempted => "attempted",
            Self::Paid => "paid",
        }
    }
}

impl Order {
    /// Returns what is still to be paid.
    pub(super) fn amount_due(&self) -> i64 {
        self.amount.saturating_sub(self.amount_paid)
    }

    /// Returns the order as Razorpay writes it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "order",
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "amount_due": self.amount_due(),
            "currency": self.currency,
            "receipt": self.receipt,
            "offer_id": null,
            "status": self.status.name(),
            "attempts": self.attempts,
            "notes": self.notes,
            "created_at": self.created_at,
        })
    }
}

/// Makes the order behind a payment link or a subscription's cycle, and returns its id. It is no effect of its own.
pub(super) fn open(desk: &mut Desk, merchant: &mut Merchant, opening: Opening) -> String {
    let id = format!("order_{}", desk.random.base62(14));
    let order = Order {
        id: id.clone(),
        amount: opening.amount,
        amount_paid: 0,
        currency: opening.currency,
        receipt: opening.receipt,
        notes: opening.notes,
        status: Status::Created,
        attempts: 0,
        created_at: opening.created_at,
        capture: Capture::Automatic,
        expiry_minutes: DEFAULT_EXPIRY_MINUTES,
        takes_part_payments: opening.takes_part_payments,
        payments: Vec::new(),
        link_id: opening.link_id,
    };
    merchant.orders.insert(&id, order);
    id
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let body = fields::object(&call.incoming.body)?;
    let order = read_order(&body)?;
    if let Some(receipt) = &order.receipt
        && call.desk.settings.razorpay_unique_receipts
        && call.merchant.orders.newest().any(|known| known.receipt.as_ref() == Some(receipt))
    {
        return Err(Refusal::field("receipt", "Order receipt should be unique."));
    }
    let id = format!("order_{}", call.desk.random.base62(14));
    let order = Order { id: id.clone(), created_at: call.desk.now(), ..order };
    call.desk.report(Change {
        operation: "orders.create",
        merchant: &call.merchant.key_id,
        id: &id,
        amount: json!(order.amount),
        currency: Some(&order.currency),
        reference: order.receipt.as_deref(),
    });
    let answer = order.to_json();
    call.merchant.orders.insert(&id, order);
    Ok(answer)
}

fn read_order(body: &Map<String, Value>) -> Result<Order, Refusal> {
    let allowed =
        ["amount", "currency", "receipt", "notes", "partial_payment", "first_payment_min_amount", "payment"];
    let fields = Fields::of(body, "", &allowed)?;
    let amount = fields.required_integer("amount")?;
    let currency = fields.required_text("currency")?;
    check_amount(amount, currency)?;
    let takes_part_payments = fields.boolean("partial_payment")?.unwrap_or(false);
    if let Some(first) = fields.integer("first_payment_min_amount")?
        && (!takes_part_payments || first < 1 || first > amount)
    {
        let field = "first_payment_min_amount";
        return Err(Refusal::field(
            field,
            "first_payment_min_amount is only for partial payments of the amount.",
        ));
    }
    let (capture, expiry_minutes) = read_capture(&fields)?;
    Ok(Order {
        id: String::new(),
        amount,
        amount_paid: 0,
        currency: currency.to_owned(),
        receipt: fields.text("receipt", 40)?.map(str::to_owned),
        notes: fields.notes()?,
        status: Status::Created,
        attempts: 0,
        created_at: 0,
        capture,
        expiry_minutes,
        takes_part_payments,
        payments: Vec::new(),
        link_id: None,
    })
}

fn read_capture(fields: &Fields<'_>) -> Result<(Capture, i64), Refusal> {
    let Some(payment) = fields.object("payment")? else {
        return Ok((Capture::Automatic, DEFAULT_EXPIRY_MINUTES));
    };
    let payment = Fields::of(payment, "payment.", &["capture", "capture_options"])?;
    let capture = match payment.required_text("capture")? {
        "automatic" => Capture::Automatic,
        "manual" => Capture::Manual,
        _ => {
            return Err(Refusal::field(
                "payment.capture",
                "The payment.capture must be automatic or manual.",
            ));
        }
    };
    let mut expiry = DEFAULT_EXPIRY_MINUTES;
    if let Some(options) = payment.object("capture_options")? {
        let allowed = ["automatic_expiry_period", "manual_expiry_period", "refund_speed"];
        let options = Fields::of(options, "payment.capture_options.", &allowed)?;
        if let Some(speed) = options.text("refund_speed", 16)?
            && !["normal", "optimum"].contains(&speed)
        {
            let field = "payment.capture_options.refund_speed";
            return Err(Refusal::field(field, "The refund_speed must be normal or optimum."));
        }
        let automatic = options.integer("automatic_expiry_period")?;
        let manual = options.integer("manual_expiry_period")?;
        if [automatic, manual].into_iter().flatten().any(|minutes| minutes < 12) {
            let field = "payment.capture_options";
            return Err(Refusal::field(field, "The expiry period must be at least 12 minutes."));
        }
        expiry = manual.or(automatic).unwrap_or(expiry);
    }
    Ok((capture, expiry))
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    find(call.merchant, call.id).map(Order::to_json)
}

fn find<'m>(merchant: &'m Merchant, id: &str) -> Result<&'m Order, Refusal> {
    fields::check_id(id, "order_")?;
    merchant.orders.get(id).ok_or_else(Refusal::unknown_id)
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let query = ListQuery::read(call.incoming, &["receipt"])?;
    let fitting =
        call.merchant.orders.newest().filter(|order| query.admits("receipt", order.receipt.as_deref()));
    let items: Vec<Value> =
        query.page(fitting, |order| order.created_at).into_iter().map(Order::to_json).collect();
    Ok(collection(&items))
}

fn list_payments(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let ids = find(call.merchant, call.id)?.payments.clone();
    let mut items = Vec::with_capacity(ids.len());
    for id in ids.iter().rev() {
        payments::expire(call.desk, call.merchant, id);
        items.extend(call.merchant.payments.get(id).map(payments::Payment::to_json));
    }
    Ok(collection(&items))
}
