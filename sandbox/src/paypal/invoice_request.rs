//! Reading the request that creates a PayPal invoice: its details, recipients and items.

use serde_json::{Map, Value, json};
use time::{Date, Duration, macros::format_description};

use super::{
    Call, fields,
    invoice::{self, Invoice, Status},
    money::{self, Money, Place, Rule},
    refusal::Refusal,
};

/// Texts of the details with their longest form and what PayPal says of a longer one.
const TEXTS: [(&str, usize, &str); 4] = [
    ("reference", 120, "Reference field length should be less than 120 characters."),
    ("note", 4000, "Invoice note length should be less than 4000 characters."),
    ("terms_and_conditions", 4000, "Terms and Conditions length should be less than 4000 characters."),
    ("memo", 500, "Memo length should be less than 4000 characters."),
];
/// Payment terms with the days that a payer has.
const TERMS: [(&str, Option<i64>); 9] = [
    ("DUE_ON_RECEIPT", Some(0)),
    ("DUE_ON_DATE_SPECIFIED", None),
    ("NET_10", Some(10)),
    ("NET_15", Some(15)),
    ("NET_30", Some(30)),
    ("NET_45", Some(45)),
    ("NET_60", Some(60)),
    ("NET_90", Some(90)),
    ("NO_DUE_DATE", None),
];
/// The account's own confirmed address: no other may stand as the invoicer's.
const OWN_EMAIL: &str = "merchant@example.com";
/// The largest price of one item.
const MOST_MAJOR: i64 = 1_000_000;
/// A quantity has up to five decimals.
const QUANTITY_DECIMALS: usize = 5;

/// Returns the draft that the request asks for.
pub(super) fn read_invoice(call: &mut Call<'_>) -> Result<Invoice, Refusal> {
    let body = &call.body;
    let given = body.get("detail").filter(|detail| detail.is_object());
    let given = given.ok_or_else(|| fields::missing("/detail"))?;
    let currency = read_currency(given)?;
    let mut detail = Map::new();
    for (name, longest, text) in TEXTS {
        if let Some(value) = bounded(given, name, "/detail", (longest, text))? {
            detail.insert(name.to_owned(), json!(value));
        }
    }
    let number = read_number(call, given)?;
    let now = call.desk.now();
    let date = read_date(given, "invoice_date", ("/detail", "Invoice date is invalid."))?;
    let date = date.unwrap_or_else(|| invoice::day_of(now));
    let (term, due_date) = read_term(given, &date)?;
    fields::without(body, "", &["amount"])?;
    let (items, total) = read_items(body, &currency)?;
    let (members, least_part) = read_members(body, &currency)?;
    let mut group = || call.desk.random.base36(4);
    let id = format!("INV2-{}-{}-{}-{}", group(), group(), group(), group());
    Ok(Invoice {
        id,
        number,
        detail,
        date,
        term,
        due_date,
        members,
        items,
        total,
        least_part,
        status: Status::Draft,
        payments: Vec::new(),
        sent_at: None,
        canceled_at: None,
        created_at: now,
    })
}

fn read_currency(detail: &Value) -> Result<String, Refusal> {
    let currency = fields::text(detail, "currency_code", "/detail", 32)?
        .ok_or_else(|| fields::missing("/detail/currency_code"))?;
    let refuse = |issue: &str| Refusal::issue(issue).at("/detail/currency_code").with_value(&currency);
    if currency.chars().count() != 3 {
        return Err(refuse("INVALID_STRING_LENGTH").saying("Currency code length should be 3 characters."));
    }
    if !money::is_known(&currency) {
        return Err(refuse("NOT_SUPPORTED"));
    }
    Ok(currency)
}

/// The caller's number must be new; where there is none, the next free one is taken.
fn read_number(call: &Call<'_>, detail: &Value) -> Result<String, Refusal> {
    let text = "Invoice number length should be less than 25 characters.";
    let numbers = &call.merchant.invoice_numbers;
    match bounded(detail, "invoice_number", "/detail", (25, text))? {
        Some(number) if numbers.get(&number).is_some() => {
            Err(Refusal::issue("DUPLICATE_INVOICE_NUMBER").at("/detail/invoice_number").with_value(&number))
        }
        Some(number) => Ok(number),
        None => {
            let mut free = (1_u32..).map(|number| format!("{number:04}"));
            Ok(free.find(|number| numbers.get(number).is_none()).unwrap_or_default())
        }
    }
}

fn bounded(
    object: &Value,
    name: &str,
    path: &str,
    (longest, text): (usize, &str),
) -> Result<Option<String>, Refusal> {
    fields::sized(object, name, path, 0..=longest).map_err(|refusal| refusal.saying(text))
}

fn read_date(object: &Value, name: &str, (path, text): (&str, &str)) -> Result<Option<String>, Refusal> {
    let Some(given) = fields::text(object, name, path, 32)? else { return Ok(None) };
    if parse_day(&given).is_none() {
        let refusal = Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/{name}"));
        return Err(refusal.with_value(&given).saying(text));
    }
    Ok(Some(given))
}

fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

fn read_term(detail: &Value, date: &str) -> Result<(&'static str, Option<String>), Refusal> {
    let path = "/detail/payment_term";
    let given = detail.get("payment_term").cloned().unwrap_or_default();
    let term = fields::word(&given, "term_type", path, &TERMS.map(|(term, _)| term))?;
    let due_date = read_date(&given, "due_date", (path, "Due date is invalid."))?;
    let term = term.unwrap_or(if due_date.is_some() { "DUE_ON_DATE_SPECIFIED" } else { "DUE_ON_RECEIPT" });
    let days = TERMS.into_iter().find(|(known, _)| *known == term).and_then(|(_, days)| days);
    let by_term = days.and_then(|days| parse_day(date)?.checked_add(Duration::days(days)));
    Ok((term, by_term.map(|day| day.to_string()).or(due_date)))
}

fn read_items(body: &Value, currency: &str) -> Result<(Vec<Value>, Money), Refusal> {
    let items = body.get("items").and_then(Value::as_array).filter(|items| !items.is_empty());
    let items = items.ok_or_else(|| fields::missing("/items"))?;
    if items.len() > 100 {
        return Err(Refusal::issue("INVALID_ARRAY_MAX_ITEMS").at("/items"));
    }
    let mut sum = 0_i64;
    for (index, item) in items.iter().enumerate() {
        sum = sum.saturating_add(read_item(item, &format!("/items/{index}"), currency)?);
    }
    Ok((items.clone(), Money { currency: currency.to_owned(), minor: sum }))
}

/// Returns what the item costs, in the smallest unit.
fn read_item(item: &Value, path: &str, currency: &str) -> Result<i64, Refusal> {
    let required = |name: &str| fields::missing(format!("{path}/{name}"));
    bounded(item, "name", path, (200, "Item name length should be less than 200 characters."))?
        .ok_or_else(|| required("name"))?;
    bounded(
        item,
        "description",
        path,
        (1000, "Item description length should be less than 1000 characters."),
    )?;
    fields::word(item, "unit_of_measure", path, &["QUANTITY", "HOURS", "AMOUNT"])?;
    fields::without(item, path, &["tax", "discount"])?;
    let quantity = fields::text(item, "quantity", path, 14)
        .map_err(|refusal| refusal.saying("Item quantity length should be 1 and 14."))?
        .ok_or_else(|| required("quantity"))?;
    let hundred_thousandths = scaled(&quantity).ok_or_else(|| {
        Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/quantity")).with_value(&quantity)
    })?;
    let price_path = format!("{path}/unit_amount");
    let price = item.get("unit_amount").ok_or_else(|| required("unit_amount"))?;
    let place = Place { path: &price_path, rule: Rule::NotNegative, no_decimals: "DECIMALS_NOT_SUPPORTED" };
    let price = Money::read(price, place)?;
    let refuse = |issue: &str, name: &str| Refusal::issue(issue).at(format!("{price_path}/{name}"));
    if price.currency != currency {
        return Err(refuse("CURRENCY_MISMATCH", "currency_code").with_value(&price.currency));
    }
    let most = if money::decimals(currency) == 2 { MOST_MAJOR.saturating_mul(100) } else { MOST_MAJOR };
    if price.minor > most {
        return Err(refuse("MAX_VALUE_EXCEEDED", "value").with_value(&price.text()));
    }
    let product = i128::from(price.minor).saturating_mul(i128::from(hundred_thousandths));
    let rounded = product.saturating_add(50_000) / 100_000;
    i64::try_from(rounded).ok().ok_or_else(|| refuse("MAX_VALUE_EXCEEDED", "value"))
}

/// Returns a quantity of at most five decimals in hundred thousandths.
fn scaled(quantity: &str) -> Option<i64> {
    let (whole, fraction) = quantity.split_once('.').unwrap_or((quantity, ""));
    let are_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits || fraction.len() > QUANTITY_DECIMALS {
        return None;
    }
    format!("{whole}{fraction:0<QUANTITY_DECIMALS$}").parse().ok()
}

fn read_members(body: &Value, currency: &str) -> Result<(Map<String, Value>, Option<i64>), Refusal> {
    let mut members = Map::new();
    if let Some(invoicer) = body.get("invoicer").filter(|invoicer| invoicer.is_object()) {
        if invoicer.get("email_address").is_some_and(|email| email != OWN_EMAIL) {
            return Err(Refusal::issue("USER_NOT_FOUND").at("/invoicer/email_address"));
        }
        members.insert("invoicer".to_owned(), invoicer.clone());
    }
    if let Some(recipients) = body.get("primary_recipients").and_then(Value::as_array) {
        for (index, recipient) in recipients.iter().enumerate() {
            let path = format!("/primary_recipients/{index}/billing_info");
            let billing = recipient.get("billing_info").cloned().unwrap_or_default();
            let email = fields::text(&billing, "email_address", &path, 254)
                .map_err(|refusal| refusal.saying("Email address length should be between 3 and 254."))?;
            if email.is_some_and(|email| !email.contains('@')) {
                return Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/email_address")));
            }
        }
        members.insert("primary_recipients".to_owned(), json!(recipients));
    }
    let mut least_part = None;
    if let Some(configuration) = body.get("configuration").filter(|given| given.is_object()) {
        let path = "/configuration/partial_payment";
        let partial = configuration.get("partial_payment").cloned().unwrap_or_default();
        if fields::flag(&partial, "allow_partial_payment", path)?.unwrap_or(false) {
            let path = format!("{path}/minimum_amount_due");
            let place = Place { path: &path, rule: Rule::NotNegative, no_decimals: "DECIMALS_NOT_SUPPORTED" };
            let least = partial.get("minimum_amount_due").filter(|least| !least.is_null());
            let least = least.map(|least| Money::read(least, place)).transpose()?;
            if least.as_ref().is_some_and(|least| least.currency != currency) {
                return Err(Refusal::issue("CURRENCY_MISMATCH").at(path));
            }
            least_part = Some(least.map_or(1, |least| least.minor.max(1)));
        }
        members.insert("configuration".to_owned(), configuration.clone());
    }
    Ok((members, least_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_an_exact_decimal() {
        for (text, expected) in [
            ("1", Some(100_000)),
            ("2.5", Some(250_000)),
            ("0.00001", Some(1)),
            ("0.000001", None),
            ("-1", None),
            (".5", None),
            ("1,5", None),
            ("", None),
        ] {
            assert_eq!(scaled(text), expected, "{text}");
        }
    }
}
