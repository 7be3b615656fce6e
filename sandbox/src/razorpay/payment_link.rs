//! A Razorpay payment link: what it holds, how it is written, and how its fields are read.

use serde_json::{Map, Value, json};

use crate::desk::Desk;

use super::{
    Call, currencies,
    fields::{Fields, object},
    payments::Payment,
    refusal::Refusal,
};

/// What create takes.
const FIELDS: [&str; 14] = [
    "amount",
    "currency",
    "accept_partial",
    "first_min_partial_amount",
    "expire_by",
    "reference_id",
    "description",
    "customer",
    "notify",
    "reminder_enable",
    "notes",
    "callback_url",
    "callback_method",
    "upi_link",
];
/// The one more field: how the page looks, which is not simulated.
const OPTIONS: &str = "options";
/// The longest value in `notes`, in characters: one less than elsewhere.
const LONGEST_NOTE: usize = 255;
/// How far ahead `expire_by` must be.
const SOONEST_SECONDS: i64 = 15 * 60;
/// Six months: how far ahead `expire_by` may be, and the life of a link without it.
const LATEST_SECONDS: i64 = 184 * 24 * 60 * 60;

/// A payment link.
#[derive(Debug)]
pub(super) struct PaymentLink {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) amount_paid: i64,
    pub(super) currency: String,
    pub(super) status: Status,
    pub(super) accepts_parts: bool,
    pub(super) first_part: i64,
    /// As it was sent; 0 where it was not.
    pub(super) expire_by: i64,
    pub(super) reference: Option<String>,
    pub(super) description: String,
    pub(super) customer: Map<String, Value>,
    notify: Notify,
    has_reminders: bool,
    pub(super) notes: Value,
    pub(super) callback_url: Option<String>,
    is_upi: bool,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) cancelled_at: i64,
    pub(super) expired_at: i64,
    /// The order that the first attempt to pay makes.
    pub(super) order_id: Option<String>,
    payments: Vec<Value>,
}

#[derive(Clone, Copy, Debug)]
struct Notify {
    sms: bool,
    email: bool,
}

/// A payment link's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    PartiallyPaid,
    Paid,
    Expired,
    Cancelled,
}

impl Status {
    /// Returns Razorpay's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::PartiallyPaid => "partially_paid",
            Self::Paid => "paid",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl PaymentLink {
    /// Reads a new link from a request.
    ///
    /// # Errors
    ///
    /// Refuses wrong fields, times out of bounds, and UPI links of a test key.
    pub(super) fn read(call: &mut Call<'_>) -> Result<Self, Refusal> {
        let body = object(&call.incoming.body)?;
        let allowed: Vec<&str> = FIELDS.into_iter().chain([OPTIONS]).collect();
        let fields = Fields::of(&body, "", &allowed)?;
        let amount = fields.required_integer("amount")?;
        let currency = fields.text("currency", 3)?.unwrap_or("INR");
        currencies::check_amount(amount, currency)?;
        let (accepts_parts, first_part) = read_parts(&fields, amount)?;
        let now = call.desk.now();
        let is_upi = fields.boolean("upi_link")?.unwrap_or(false);
        if is_upi && call.merchant.key_id.starts_with("rzp_test_") {
            return Err(Refusal::state(
                "UPI Payment Links is not supported in Test Mode. Please experience the product in Live Mode.",
            ));
        }
        fields.object(OPTIONS)?;
        let notes = fields.notes_of(LONGEST_NOTE)?;
        Ok(Self {
            id: format!("plink_{}", call.desk.random.base62(14)),
            amount,
            amount_paid: 0,
            currency: currency.to_owned(),
            status: Status::Created,
            accepts_parts,
            first_part,
            expire_by: read_expiry(&fields, now)?,
            reference: fields.text("reference_id", 40)?.filter(|it| !it.is_empty()).map(str::to_owned),
            description: fields.text("description", 2048)?.unwrap_or_default().to_owned(),
            customer: read_customer(&fields)?,
            notify: read_notify(&fields)?,
            has_reminders: fields.boolean("reminder_enable")?.unwrap_or(false),
            notes,
            callback_url: read_callback(&fields)?,
            is_upi,
            created_at: now,
            updated_at: now,
            cancelled_at: 0,
            expired_at: 0,
            order_id: None,
            payments: Vec::new(),
        })
    }

    /// Returns what is still to be paid.
    pub(super) fn amount_due(&self) -> i64 {
        self.amount.saturating_sub(self.amount_paid)
    }

    /// Returns when it expires unless it is paid, in Unix seconds.
    pub(super) fn expires_at(&self) -> i64 {
        if self.expire_by == 0 { self.created_at.saturating_add(LATEST_SECONDS) } else { self.expire_by }
    }

    /// Tells whether the payer can still pay.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status, Status::Created | Status::PartiallyPaid)
    }

    /// Adds a captured payment.
    pub(super) fn note_payment(&mut self, payment: &Payment) {
        self.amount_paid = self.amount_paid.saturating_add(payment.amount);
        self.status = if self.amount_due() > 0 { Status::PartiallyPaid } else { Status::Paid };
        self.updated_at = payment.created_at;
        self.payments.push(json!({
            "amount": payment.amount,
            "created_at": payment.created_at,
            "method": "upi",
            "payment_id": payment.id,
            "status": payment.status.name(),
        }));
    }

    /// Returns the link as Razorpay writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        let has_notes = self.notes.as_object().is_some();
        let mut object = json!({
            "accept_partial": self.accepts_parts,
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "callback_method": if self.callback_url.is_some() { "get" } else { "" },
            "callback_url": self.callback_url.as_deref().unwrap_or_default(),
            "cancelled_at": self.cancelled_at,
            "created_at": self.created_at,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "expire_by": self.expire_by,
            "expired_at": self.expired_at,
            "first_min_partial_amount": self.first_part,
            "id": self.id,
            "notes": if has_notes { &self.notes } else { &Value::Null },
            "notify": {"email": self.notify.email, "sms": self.notify.sms, "whatsapp": false},
            "payments": if self.payments.is_empty() { Value::Null } else { json!(self.payments) },
            "reference_id": self.reference.as_deref().unwrap_or_default(),
            "reminder_enable": self.has_reminders,
            "reminders": if self.has_reminders { json!({"status": "in_progress"}) } else { json!([]) },
            "short_url": desk.pay_url(&self.id),
            "status": self.status.name(),
            "updated_at": self.updated_at,
            "upi_link": self.is_upi,
            "user_id": "",
            "whatsapp_link": false,
        });
        // Before an attempt to pay there is no such member.
        if let (Some(order_id), Some(members)) = (&self.order_id, object.as_object_mut()) {
            members.insert("order_id".to_owned(), json!(order_id));
        }
        object
    }
}

fn read_parts(fields: &Fields<'_>, amount: i64) -> Result<(bool, i64), Refusal> {
    let accepts_parts = fields.boolean("accept_partial")?.unwrap_or(false);
    match fields.integer("first_min_partial_amount")? {
        None | Some(0) => Ok((accepts_parts, 0)),
        Some(first) if accepts_parts && (1..=amount).contains(&first) => Ok((true, first)),
        Some(_) => Err(Refusal::field(
            "first_min_partial_amount",
            "first_min_partial_amount is only for partial payments of the amount.",
        )),
    }
}

fn read_expiry(fields: &Fields<'_>, now: i64) -> Result<i64, Refusal> {
    match fields.integer("expire_by")? {
        None | Some(0) => Ok(0),
        Some(time) if time < now.saturating_add(SOONEST_SECONDS) => {
            Err(Refusal::field("expire_by", "timestamp must be atleast 15 minutes in future"))
        }
        Some(time) if time > now.saturating_add(LATEST_SECONDS) => {
            Err(Refusal::field("expire_by", "timestamp must be at most 6 months in future"))
        }
        Some(time) => Ok(time),
    }
}

fn read_customer(fields: &Fields<'_>) -> Result<Map<String, Value>, Refusal> {
    let Some(customer) = fields.object("customer")? else { return Ok(Map::new()) };
    let read = Fields::of(customer, "customer.", &["name", "email", "contact"])?;
    for name in ["name", "email", "contact"] {
        read.text(name, 255)?;
    }
    Ok(customer.clone())
}

fn read_notify(fields: &Fields<'_>) -> Result<Notify, Refusal> {
    let Some(notify) = fields.object("notify")? else { return Ok(Notify { sms: false, email: false }) };
    let notify = Fields::of(notify, "notify.", &["sms", "email"])?;
    Ok(Notify {
        sms: notify.boolean("sms")?.unwrap_or(false),
        email: notify.boolean("email")?.unwrap_or(false),
    })
}

fn read_callback(fields: &Fields<'_>) -> Result<Option<String>, Refusal> {
    let url = fields.text("callback_url", 2048)?.filter(|url| !url.is_empty());
    let method = fields.choice("callback_method", &["get"])?;
    match (url, method) {
        (None, None) => Ok(None),
        (Some(url), Some(_)) if url.starts_with("https://") || url.starts_with("http://") => {
            Ok(Some(url.to_owned()))
        }
        (Some(_), Some(_)) => Err(Refusal::field("callback_url", "The callback_url format is invalid.")),
        (Some(_), None) => Err(fields.missing("callback_method")),
        (None, Some(_)) => Err(fields.missing("callback_url")),
    }
}
