//! Reading the request that makes a PayPal payout: its header, its items, and the notes that trigger a refusal in the sandbox.

use serde_json::{Map, Value, json};

use super::{
    Call,
    money::{Money, Wrong},
    payout::{Batch, BatchStatus, Item, ItemStatus},
    payout_refusal::PayoutRefusal,
};

/// The most items of a batch.
const MOST_ITEMS: usize = 15_000;
/// What a receiver may be.
const RECIPIENTS: [&str; 4] = ["EMAIL", "PHONE", "PAYPAL_ID", "USER_HANDLE"];
/// What PayPal's own sandbox refuses when the first item's note says so.
const TRIGGERS: [(&str, &str); 9] = [
    ("ERRPYO001", "SENDER_RESTRICTED"),
    ("ERRPYO002", "SENDER_EMAIL_UNCONFIRMED"),
    ("ERRPYO003", "AUTHORIZATION_ERROR"),
    ("ERRPYO005", "INSUFFICIENT_FUNDS"),
    ("ERRPYO006", "INTERNAL_ERROR"),
    ("ERRPYO010", "VALIDATION_ERROR"),
    ("ERRPYO011", "REQUIRED_SCOPE_MISSING"),
    ("ERRPYO012", "SENDER_LOCKED"),
    ("ERRPYO014", "USER_BUSINESS_ERROR"),
];
/// The note of a payout that succeeds at once.
const SUCCESS: &str = "POSPYO001";

/// A batch that was asked for, with its items.
pub(super) struct Asked {
    pub(super) sender_batch_id: Option<String>,
    pub(super) batch: Batch,
    pub(super) items: Vec<Item>,
}

/// Returns the batch that the request asks for.
pub(super) fn read_batch(call: &mut Call<'_>) -> Result<Asked, PayoutRefusal> {
    let body = &call.body;
    let header = read_header(body)?;
    let sent = body.get("items").and_then(Value::as_array).filter(|items| !items.is_empty());
    let sent = sent.ok_or_else(|| PayoutRefusal::field("items", "Required field is missing."))?;
    if sent.len() > MOST_ITEMS {
        return Err(PayoutRefusal::field("items", "A batch has at most 15000 items."));
    }
    let usual = header.get("recipient_type").and_then(Value::as_str);
    let batch_id = call.desk.random.base36(13);
    let mut items = Vec::with_capacity(sent.len());
    let mut total: Option<Money> = None;
    for (index, item) in sent.iter().enumerate() {
        let path = format!("items[{index}]");
        let (amount, sent) = read_item(item, &path, usual)?;
        let sum = total.map_or(0, |total| total.minor).saturating_add(amount.minor);
        total = Some(amount.with(sum));
        items.push(Item {
            id: call.desk.random.base36(13),
            batch_id: batch_id.clone(),
            amount,
            sent,
            status: ItemStatus::Pending,
            transaction_id: call.desk.random.base36(17),
            activity_id: call.desk.random.base36(17),
            error: None,
            processed_at: None,
        });
    }
    let total = total.unwrap_or_else(|| Money { currency: String::new(), minor: 0 });
    if items.iter().any(|item| item.amount.currency != total.currency) {
        return Err(PayoutRefusal::field("items", "All items of a batch must have the same currency."));
    }
    let note = sent.first().and_then(|item| item.get("note")).and_then(Value::as_str).unwrap_or_default();
    if let Some(refusal) = triggered(note) {
        return Err(refusal);
    }
    let own = |name: &str| items.first().and_then(|item| item.sent.get(name)).and_then(Value::as_str);
    let sender_batch_id = header.get("sender_batch_id").and_then(Value::as_str).map(str::to_owned);
    Ok(Asked {
        batch: Batch {
            id: batch_id,
            reference: own("sender_item_id").map(str::to_owned).or_else(|| sender_batch_id.clone()),
            header,
            items: items.iter().map(|item| item.id.clone()).collect(),
            total,
            status: BatchStatus::Pending,
            is_instant: note == SUCCESS,
            created_at: call.desk.now(),
            completed_at: None,
        },
        sender_batch_id,
        items,
    })
}

fn read_header(body: &Value) -> Result<Map<String, Value>, PayoutRefusal> {
    let given = body.get("sender_batch_header").filter(|header| header.is_object());
    let given =
        given.ok_or_else(|| PayoutRefusal::field("sender_batch_header", "Required field is missing."))?;
    let mut header = Map::new();
    for (name, longest) in
        [("sender_batch_id", 256), ("recipient_type", 13), ("email_subject", 255), ("email_message", 1000)]
    {
        if let Some(text) = text(given, name, "sender_batch_header", longest)? {
            header.insert(name.to_owned(), json!(text));
        }
    }
    Ok(header)
}

fn triggered(note: &str) -> Option<PayoutRefusal> {
    let (_, name) = TRIGGERS.into_iter().find(|(trigger, _)| *trigger == note)?;
    PayoutRefusal::named(name)
}

fn read_item(
    item: &Value,
    path: &str,
    usual: Option<&str>,
) -> Result<(Money, Map<String, Value>), PayoutRefusal> {
    let required = |name: &str| PayoutRefusal::field(&format!("{path}.{name}"), "Required field is missing.");
    let kind = text(item, "recipient_type", path, 13)?;
    let kind = kind.or_else(|| usual.map(str::to_owned)).unwrap_or_else(|| "EMAIL".to_owned());
    if !RECIPIENTS.contains(&kind.as_str()) {
        return Err(PayoutRefusal::field(&format!("{path}.recipient_type"), "The value is invalid."));
    }
    let receiver = text(item, "receiver", path, 127)?.filter(|receiver| !receiver.is_empty());
    let receiver = receiver.ok_or_else(|| required("receiver"))?;
    let is_wrong = match kind.as_str() {
        "PHONE" => Some("The sandbox does not take PHONE."),
        "EMAIL" if !receiver.contains('@') => Some("The receiver is not an email address."),
        _ => None,
    };
    if let Some(issue) = is_wrong {
        return Err(PayoutRefusal::field(&format!("{path}.receiver"), issue));
    }
    let amount = item.get("amount").filter(|amount| amount.is_object()).ok_or_else(|| required("amount"))?;
    let amount = read_amount(amount, &format!("{path}.amount"))?;
    let mut sent = Map::new();
    sent.insert("recipient_type".to_owned(), json!(kind));
    sent.insert("amount".to_owned(), amount.to_payout_json());
    if let Some(note) = text(item, "note", path, 4000)? {
        sent.insert("note".to_owned(), json!(note));
    }
    sent.insert("receiver".to_owned(), json!(receiver));
    if let Some(id) = text(item, "sender_item_id", path, 63)? {
        sent.insert("sender_item_id".to_owned(), json!(id));
    }
    let wallet = text(item, "recipient_wallet", path, 36)?.unwrap_or_else(|| "PAYPAL".to_owned());
    if !["PAYPAL", "VENMO", "RECIPIENT_SELECTED"].contains(&wallet.as_str()) {
        return Err(PayoutRefusal::field(&format!("{path}.recipient_wallet"), "The value is invalid."));
    }
    sent.insert("recipient_wallet".to_owned(), json!(wallet));
    if let Some(purpose) = text(item, "purpose", path, 40)? {
        sent.insert("purpose".to_owned(), json!(purpose));
    }
    Ok((amount, sent))
}

fn read_amount(amount: &Value, path: &str) -> Result<Money, PayoutRefusal> {
    let part = |name: &str| {
        let required = || PayoutRefusal::field(&format!("{path}.{name}"), "Required field is missing.");
        text(amount, name, path, 32)?.ok_or_else(required)
    };
    let (currency, value) = (part("currency")?, part("value")?);
    let (name, issue) = match Money::parse(&currency, &value) {
        Ok(money) if money.minor > 0 => return Ok(money),
        Ok(_) => ("value", "Must be greater than zero."),
        Err(Wrong::Currency) => ("currency", "The currency is not supported."),
        Err(Wrong::NoDecimals) => ("value", "The currency does not support decimals."),
        Err(Wrong::Precision) => ("value", "Only two decimals are supported."),
        Err(Wrong::Syntax | Wrong::TooLarge) => ("value", "The value is invalid."),
    };
    Err(PayoutRefusal::field(&format!("{path}.{name}"), issue))
}

fn text(object: &Value, name: &str, path: &str, longest: usize) -> Result<Option<String>, PayoutRefusal> {
    let refuse = |issue: &str| Err(PayoutRefusal::field(&format!("{path}.{name}"), issue));
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= longest => Ok(Some(text.clone())),
        Some(Value::String(_)) => refuse("The value is too long."),
        Some(_) => refuse("The value is not a text."),
    }
}
