//! Reading the request that creates a PayPal order: units, amounts, breakdowns and items.

use serde_json::{Map, Value};

use super::{
    Call, captures, fields,
    money::{Money, Place, Rule},
    order::{Intent, Order, Status, Unit},
    refusal::Refusal,
};

/// Members of a purchase unit that come back as they were sent, with their longest text.
const TEXTS: [(&str, usize); 2] = [("description", 127), ("soft_descriptor", 22)];

/// Returns the order that the request asks for.
pub(super) fn read_order(call: &mut Call<'_>) -> Result<Order, Refusal> {
    let body = &call.body;
    let intent = match fields::word(body, "intent", "", &["CAPTURE", "AUTHORIZE"])? {
        Some("CAPTURE") => Intent::Capture,
        Some(_) => Intent::Authorize,
        None => return Err(fields::missing("/intent")),
    };
    let units = read_units(body, intent)?;
    let source = body.get("payment_source").filter(|source| !source.is_null());
    if source.is_some() && call.incoming.header("paypal-request-id").is_none() {
        return Err(Refusal::issue("PAYPAL_REQUEST_ID_REQUIRED").at_header("PayPal-Request-Id"));
    }
    if let Some(source) = source
        && source.get("paypal").is_none()
    {
        let text = "The sandbox simulates payment_source.paypal only.";
        return Err(Refusal::issue("PAYMENT_SOURCE_CANNOT_BE_USED").at("/payment_source").saying(text));
    }
    let context = source
        .and_then(|source| source.pointer("/paypal/experience_context"))
        .or_else(|| body.get("application_context"));
    let url =
        |name: &str| context.and_then(|context| context.get(name)).and_then(Value::as_str).map(str::to_owned);
    let now = call.desk.now();
    Ok(Order {
        id: call.desk.random.base36(17),
        intent,
        status: if source.is_some() { Status::PayerActionRequired } else { Status::Created },
        units,
        has_source: source.is_some(),
        return_url: url("return_url"),
        cancel_url: url("cancel_url"),
        created_at: now,
        updated_at: now,
        is_declined: false,
        outcome: captures::Status::Completed,
        is_gone: false,
    })
}

fn read_units(body: &Value, intent: Intent) -> Result<Vec<Unit>, Refusal> {
    let given = match body.get("purchase_units") {
        None | Some(Value::Null) => return Err(fields::missing("/purchase_units")),
        Some(Value::Array(units)) => units,
        Some(_) => return Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at("/purchase_units")),
    };
    if given.is_empty() {
        return Err(Refusal::issue("INVALID_ARRAY_MIN_ITEMS").at("/purchase_units"));
    }
    if given.len() > 10 {
        return Err(Refusal::issue("INVALID_ARRAY_MAX_ITEMS").at("/purchase_units"));
    }
    let mut units: Vec<Unit> = Vec::with_capacity(given.len());
    for (index, unit) in given.iter().enumerate() {
        let unit = read_unit(unit, index, given.len())?;
        if units.iter().any(|known| known.reference_id == unit.reference_id) {
            return Err(Refusal::issue("DUPLICATE_REFERENCE_ID")
                .at(format!("/purchase_units/{index}/reference_id"))
                .with_value(&unit.reference_id));
        }
        if units.iter().any(|known| known.amount.currency != unit.amount.currency) {
            return Err(Refusal::issue("MULTI_CURRENCY_ORDER").at("/purchase_units"));
        }
        units.push(unit);
    }
    if intent == Intent::Authorize && units.len() > 1 {
        return Err(Refusal::issue("UNSUPPORTED_INTENT").at("/intent"));
    }
    Ok(units)
}

fn read_unit(unit: &Value, index: usize, count: usize) -> Result<Unit, Refusal> {
    let indexed = format!("/purchase_units/{index}");
    let reference_id = match fields::text(unit, "reference_id", &indexed, 256)? {
        Some(reference_id) => reference_id,
        None if count == 1 => "default".to_owned(),
        None => return Err(Refusal::issue("REFERENCE_ID_REQUIRED").at(format!("{indexed}/reference_id"))),
    };
    let path = format!("/purchase_units/@reference_id=='{reference_id}'");
    let given = unit.get("amount").filter(|amount| amount.is_object());
    let given = given.ok_or_else(|| fields::missing(format!("{path}/amount")))?;
    let amount_path = format!("{path}/amount");
    let amount = Money::read(given, place(&amount_path, Rule::Positive))?;
    check_breakdown(given, &amount, &amount_path)?;
    let mut details = Map::new();
    for (name, longest) in TEXTS {
        if let Some(text) = fields::text(unit, name, &path, longest)? {
            details.insert(name.to_owned(), Value::String(text));
        }
    }
    if let Some(items) = unit.get("items").and_then(Value::as_array) {
        check_items(items, given, &amount, &path)?;
        details.insert("items".to_owned(), Value::Array(items.clone()));
    }
    if let Some(shipping) = unit.get("shipping").filter(|shipping| shipping.is_object()) {
        details.insert("shipping".to_owned(), shipping.clone());
    }
    Ok(Unit {
        reference_id,
        amount,
        breakdown: given.get("breakdown").filter(|breakdown| breakdown.is_object()).cloned(),
        custom_id: fields::text(unit, "custom_id", &path, 127)?,
        invoice_id: fields::text(unit, "invoice_id", &path, 127)?,
        details,
        authorizations: Vec::new(),
        captures: Vec::new(),
    })
}

fn place(path: &str, rule: Rule) -> Place<'_> {
    // For orders the specification lists no other issue for decimals where there are none.
    Place { path, rule, no_decimals: "DECIMAL_PRECISION" }
}

/// The parts of a breakdown, and whether they make the amount larger.
const PARTS: [(&str, i64); 7] = [
    ("item_total", 1),
    ("tax_total", 1),
    ("shipping", 1),
    ("handling", 1),
    ("insurance", 1),
    ("shipping_discount", -1),
    ("discount", -1),
];

fn check_breakdown(given: &Value, amount: &Money, path: &str) -> Result<(), Refusal> {
    let Some(breakdown) = given.get("breakdown").filter(|breakdown| breakdown.is_object()) else {
        return Ok(());
    };
    let mut sum = 0_i64;
    for (name, sign) in PARTS {
        if let Some(part) = breakdown.get(name).filter(|part| part.is_object()) {
            let part_path = format!("{path}/breakdown/{name}");
            let part = Money::read(part, place(&part_path, Rule::NotNegative))?;
            sum = sum.saturating_add(part.minor.saturating_mul(sign));
        }
    }
    if sum == amount.minor {
        return Ok(());
    }
    Err(Refusal::issue("AMOUNT_MISMATCH").at(format!("{path}/value")).with_value(&amount.text()))
}

fn check_items(items: &[Value], given: &Value, amount: &Money, path: &str) -> Result<(), Refusal> {
    let (mut total, mut tax) = (0_i64, 0_i64);
    for (index, item) in items.iter().enumerate() {
        let item_path = format!("{path}/items/{index}");
        fields::text(item, "name", &item_path, 127)?
            .ok_or_else(|| fields::missing(format!("{item_path}/name")))?;
        let quantity = fields::text(item, "quantity", &item_path, 10)?
            .ok_or_else(|| fields::missing(format!("{item_path}/quantity")))?;
        let quantity: i64 = quantity
            .parse()
            .ok()
            .ok_or_else(|| Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{item_path}/quantity")))?;
        let unit_path = format!("{item_path}/unit_amount");
        let unit = item.get("unit_amount").ok_or_else(|| fields::missing(unit_path.clone()))?;
        let unit = Money::read(unit, place(&unit_path, Rule::NotNegative))?;
        total = total.saturating_add(unit.minor.saturating_mul(quantity));
        if let Some(item_tax) = item.get("tax").filter(|tax| tax.is_object()) {
            let tax_path = format!("{item_path}/tax");
            let item_tax = Money::read(item_tax, place(&tax_path, Rule::NotNegative))?;
            tax = tax.saturating_add(item_tax.minor.saturating_mul(quantity));
        }
    }
    check_total(
        given,
        &amount.with(total),
        path,
        ("item_total", "ITEM_TOTAL_REQUIRED", "ITEM_TOTAL_MISMATCH"),
    )?;
    if tax > 0 {
        check_total(
            given,
            &amount.with(tax),
            path,
            ("tax_total", "TAX_TOTAL_REQUIRED", "TAX_TOTAL_MISMATCH"),
        )?;
    }
    Ok(())
}

fn check_total(
    given: &Value,
    sum: &Money,
    path: &str,
    (name, required, mismatch): (&str, &str, &str),
) -> Result<(), Refusal> {
    let total_path = format!("{path}/amount/breakdown/{name}");
    let total = given.get("breakdown").and_then(|breakdown| breakdown.get(name));
    let total = total.ok_or_else(|| Refusal::issue(required).at(total_path.clone()))?;
    let total = Money::read(total, place(&total_path, Rule::NotNegative))?;
    if total == *sum {
        return Ok(());
    }
    Err(Refusal::issue(mismatch).at(format!("{total_path}/value")).with_value(&total.text()))
}
