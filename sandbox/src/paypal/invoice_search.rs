//! Finding PayPal invoices: the list, and the search that stands in for a missing request id.

use serde_json::Value;

use super::{
    Call, Done, fields,
    invoice::Invoice,
    invoices,
    listing::{Page, Sizes},
    refusal::Refusal,
};

/// How long a list of invoices is.
const SIZES: Sizes = Sizes { usual: 20, most: 100 };
/// What a search may ask for with a text, and the longest one.
const TEXTS: [(&str, usize); 5] = [
    ("invoice_number", 25),
    ("reference", 120),
    ("currency_code", 3),
    ("memo", 500),
    ("recipient_email", 254),
];
/// What PayPal searches by and the sandbox does not.
const UNKNOWN: [&str; 9] = [
    "recipient_first_name",
    "recipient_last_name",
    "recipient_business_name",
    "total_amount_range",
    "invoice_date_range",
    "due_date_range",
    "payment_date_range",
    "creation_date_range",
    "archived",
];

/// Lists all invoices, the newest first.
pub(super) fn list(call: &mut Call<'_>) -> Result<Done, Refusal> {
    answer(call, |_, _| true)
}

/// Lists the invoices that have every member the body asks for.
pub(super) fn search(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let body = std::mem::take(&mut call.body);
    fields::without(&body, "", &UNKNOWN)?;
    let mut wanted = Vec::new();
    for (name, longest) in TEXTS {
        if let Some(text) = fields::sized(&body, name, "", 0..=longest)? {
            wanted.push((name, text));
        }
    }
    let statuses = body.get("status").and_then(Value::as_array);
    if statuses.is_some_and(|statuses| statuses.len() > 5) {
        return Err(Refusal::issue("INVALID_ARRAY_MAX_ITEMS").at("/status"));
    }
    answer(call, |found, status| {
        let has_texts = wanted.iter().all(|(name, text)| has(found, name, text));
        has_texts && statuses.is_none_or(|statuses| statuses.iter().any(|known| known == status))
    })
}

fn has(found: &Invoice, name: &str, text: &str) -> bool {
    match name {
        "invoice_number" => found.number == text,
        "currency_code" => found.total.currency == text,
        "recipient_email" => {
            let recipients = found.members.get("primary_recipients").and_then(Value::as_array);
            let mut emails = recipients
                .into_iter()
                .flatten()
                .filter_map(|recipient| recipient.pointer("/billing_info/email_address"));
            emails.any(|email| email == text)
        }
        name => found.detail.get(name).is_some_and(|value| value == text),
    }
}

fn answer(call: &mut Call<'_>, is_wanted: impl Fn(&Invoice, &str) -> bool) -> Result<Done, Refusal> {
    let page = Page::read(call.incoming, SIZES)?;
    for id in call.merchant.invoices.ids() {
        invoices::settle(call.desk, call.merchant, &id);
    }
    let merchant = &*call.merchant;
    let found = merchant.invoices.newest().filter(|found| is_wanted(found, found.status_name(merchant)));
    let shown = found.map(|found| found.to_json(merchant, call.desk)).collect();
    Ok(Done::Said(page.answer("items", shown, call)))
}
