//! Stripe payment links: create, get, update, list and their lines.

use serde_json::{Map, Value};

use crate::{desk::Desk, routes::Route};

use super::{
    Account, Call, Handler, currencies,
    effects::{self, Effect},
    expansion,
    orders::{CAPTURE_METHODS, FUTURE_USAGES},
    pages,
    parameters::{Kind, Parameter, Parameters},
    payment_link::{Completion, Line, PaymentLink},
    price::{Offer, PRODUCT_DATA, TAX_BEHAVIORS},
    refusal::Refusal,
    versions,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/payment_links", operation: "payment_links.create", handler: create },
    Route { method: "GET", path: "/v1/payment_links", operation: "payment_links.list", handler: list },
    Route { method: "GET", path: "/v1/payment_links/{id}", operation: "payment_links.get", handler: get },
    Route {
        method: "POST",
        path: "/v1/payment_links/{id}",
        operation: "payment_links.update",
        handler: update,
    },
    Route {
        method: "GET",
        path: "/v1/payment_links/{id}/line_items",
        operation: "payment_links.list_lines",
        handler: list_lines,
    },
];

const MOST_LINES: usize = 20;

const PRICE_DATA: &[Parameter] = &[
    ("currency", Kind::Text(3)),
    ("product", Kind::Text(5000)),
    ("product_data", Kind::Hash(PRODUCT_DATA)),
    ("recurring", Kind::NotSimulated),
    ("tax_behavior", TAX_BEHAVIORS),
    ("unit_amount", Kind::Integer),
    ("unit_amount_decimal", Kind::Text(40)),
];

const LINE: &[Parameter] = &[
    ("adjustable_quantity", Kind::NotSimulated),
    ("price", Kind::Text(5000)),
    ("price_data", Kind::Hash(PRICE_DATA)),
    ("quantity", Kind::Integer),
];

const COMPLETION: &[Parameter] = &[
    ("hosted_confirmation", Kind::Hash(&[("custom_message", Kind::Text(500))])),
    ("redirect", Kind::Hash(&[("url", Kind::Text(5000))])),
    ("type", Kind::Choice(&["hosted_confirmation", "redirect"])),
];

const INTENT_DATA: &[Parameter] = &[
    ("capture_method", CAPTURE_METHODS),
    ("description", Kind::Text(1000)),
    ("metadata", Kind::Metadata),
    ("setup_future_usage", FUTURE_USAGES),
    ("statement_descriptor", Kind::Text(22)),
    ("statement_descriptor_suffix", Kind::Text(22)),
    ("transfer_group", Kind::Text(5000)),
];

/// The parameters of create and update; `line_items` and `payment_intent_data` are of create only.
const WRITE: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("after_completion", Kind::Hash(COMPLETION)),
    ("allow_promotion_codes", Kind::NotSimulated),
    ("application_fee_amount", Kind::NotSimulated),
    ("application_fee_percent", Kind::NotSimulated),
    ("automatic_tax", Kind::NotSimulated),
    ("billing_address_collection", Kind::Choice(&["auto", "required"])),
    ("consent_collection", Kind::NotSimulated),
    ("currency", Kind::Text(3)),
    ("custom_fields", Kind::NotSimulated),
    ("custom_text", Kind::NotSimulated),
    ("customer_creation", Kind::Choice(&["always", "if_required"])),
    ("expand", Kind::List),
    ("inactive_message", Kind::Unsettable),
    ("invoice_creation", Kind::NotSimulated),
    ("line_items", Kind::Hashes(LINE)),
    ("metadata", Kind::Metadata),
    ("on_behalf_of", Kind::NotSimulated),
    ("payment_intent_data", Kind::Hash(INTENT_DATA)),
    ("payment_method_collection", Kind::Choice(&["always", "if_required"])),
    ("payment_method_types", Kind::Open),
    ("phone_number_collection", Kind::NotSimulated),
    ("restrictions", Kind::Hash(&[("completed_sessions", Kind::Hash(&[("limit", Kind::Integer)]))])),
    ("shipping_address_collection", Kind::NotSimulated),
    ("shipping_options", Kind::NotSimulated),
    ("submit_type", Kind::Choice(&["auto", "book", "donate", "pay"])),
    ("subscription_data", Kind::NotSimulated),
    ("tax_id_collection", Kind::NotSimulated),
    ("transfer_data", Kind::NotSimulated),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const LIST: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("starting_after", Kind::Text(5000)),
];

const EXPANDABLE: &[&str] = &["line_items", "line_items.data.price.product"];

/// Members that come back as they were sent.
const DETAILS: [&str; 6] = [
    "billing_address_collection",
    "customer_creation",
    "inactive_message",
    "payment_method_collection",
    "payment_method_types",
    "submit_type",
];

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(WRITE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    if given.has("active") {
        return Err(unknown("active"));
    }
    let completion = completion(&given)?.unwrap_or(Completion::HostedConfirmation(None));
    let limit = limit(&given)?;
    let offers = offers(call, &given)?;
    let (currency, total) = total(&given, &offers)?;
    let id = format!("plink_1{}", call.desk.random.base62(23));
    let mut link = PaymentLink {
        id: id.clone(),
        is_active: true,
        is_live: call.account.is_live,
        url: call.desk.pay_url(&id),
        currency,
        total,
        lines: Vec::new(),
        completion,
        limit,
        completed: 0,
        intent_data: given
            .value("payment_intent_data")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        details: Map::new(),
        metadata: Map::new(),
    };
    apply(&mut link, &given);
    for (offer, quantity) in offers {
        let price = offer.keep(call.desk, call.account);
        let product = call.account.products.get(&price.product);
        let description = product.map_or_else(String::new, |product| product.name.clone());
        let id = format!("li_1{}", call.desk.random.base62(23));
        link.lines.push(Line { id, price, quantity, description });
    }
    call.account.links.insert(&id, link);
    report(call.desk, call.account, &id, "payment_links.create");
    Ok(call.shown(&id, &given))
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    call.account.links.get(call.id).ok_or_else(|| call.missing("payment_link"))?;
    Ok(call.shown(call.id, &given))
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(WRITE)?;
    if let Some(name) =
        ["line_items", "payment_intent_data", "currency"].into_iter().find(|name| given.has(name))
    {
        return Err(unknown(name));
    }
    expansion::check(&given, EXPANDABLE, "")?;
    let completion = completion(&given)?;
    let limit = limit(&given)?;
    let missing = call.missing("payment_link");
    let link = call.account.links.get_mut(call.id).ok_or(missing)?;
    apply(link, &given);
    if let Some(active) = given.text("active") {
        link.is_active = active == "true";
    }
    if let Some(completion) = completion {
        link.completion = completion;
    }
    if limit.is_some() {
        link.limit = limit;
    }
    report(call.desk, call.account, call.id, "payment_links.update");
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    let links = call.account.links.newest();
    let fitting =
        links.filter(|link| given.text("active").is_none_or(|active| (active == "true") == link.is_active));
    let page = pages::page(&given, "payment_link", fitting, |link| &link.id)?;
    let data = page.items.into_iter().map(PaymentLink::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/payment_links", (data, page.has_more)))
}

fn list_lines(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, &["price.product"], "data.")?;
    let link = call.account.links.get(call.id).ok_or_else(|| call.missing("payment_link"))?;
    let page = pages::page(&given, "item", link.lines.iter(), |line| &line.id)?;
    let data = page.items.into_iter().map(Line::to_json).collect();
    let url = format!("/v1/payment_links/{}/line_items", call.id);
    Ok(expansion::list(call.account, &given, &url, (data, page.has_more)))
}

fn apply(link: &mut PaymentLink, given: &Parameters) {
    given.apply_metadata(&mut link.metadata);
    for name in DETAILS {
        match given.value(name) {
            Some(Value::String(text)) if text.is_empty() => drop(link.details.remove(name)),
            Some(value) => drop(link.details.insert(name.to_owned(), value.clone())),
            None => {}
        }
    }
}

fn completion(given: &Parameters) -> Result<Option<Completion>, Refusal> {
    let Some(completion) = given.nested("after_completion") else { return Ok(None) };
    let kind = completion.text("type").ok_or_else(|| Refusal::missing("after_completion[type]"))?;
    if kind == "redirect" {
        let param = "after_completion[redirect][url]";
        let url = completion.nested_text("redirect", "url").ok_or_else(|| Refusal::missing(param))?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(Refusal::parameter(Some("url_invalid"), param, "Not a valid URL"));
        }
        return Ok(Some(Completion::Redirect(url.to_owned())));
    }
    let message = completion.nested_text("hosted_confirmation", "custom_message").map(str::to_owned);
    Ok(Some(Completion::HostedConfirmation(message)))
}

fn limit(given: &Parameters) -> Result<Option<i64>, Refusal> {
    let Some(restrictions) = given.nested("restrictions") else { return Ok(None) };
    let param = "restrictions[completed_sessions][limit]";
    let sessions = restrictions.nested("completed_sessions").ok_or_else(|| Refusal::missing(param))?;
    match sessions.integer("limit").ok_or_else(|| Refusal::missing(param))? {
        limit @ 1.. => Ok(Some(limit)),
        _ => {
            let code = Some("parameter_invalid_integer");
            Err(Refusal::parameter(code, param, "This value must be greater than or equal to 1."))
        }
    }
}

fn offers(call: &mut Call<'_>, given: &Parameters) -> Result<Vec<(Offer, i64)>, Refusal> {
    let lines = given.each("line_items");
    if lines.is_empty() {
        return Err(Refusal::missing("line_items"));
    }
    if lines.len() > MOST_LINES {
        let message = format!("A payment link has at most {MOST_LINES} lines.");
        return Err(Refusal::parameter(None, "line_items", message));
    }
    let mut offers = Vec::new();
    for (position, line) in lines.iter().enumerate() {
        let prefix = format!("line_items[{position}]");
        if line.has("price_data") && call.version < versions::INLINE_LINK_PRICES {
            return Err(unknown(&format!("{prefix}[price_data]")));
        }
        let offer = Offer::read(call, line, &prefix)?;
        if offer.price.terms.recurring.is_some() {
            let message = "payment links with recurring prices are not simulated by the sandbox";
            return Err(Refusal::parameter(None, &format!("{prefix}[price]"), message));
        }
        let param = format!("{prefix}[quantity]");
        let quantity = line.integer("quantity").ok_or_else(|| Refusal::missing(&param))?;
        if quantity < 1 {
            let code = Some("parameter_invalid_integer");
            let message = "This value must be greater than or equal to 1.";
            return Err(Refusal::parameter(code, &param, message));
        }
        offers.push((offer, quantity));
    }
    Ok(offers)
}

/// Returns the currency that all lines share, and what they cost together.
fn total(given: &Parameters, offers: &[(Offer, i64)]) -> Result<(String, i64), Refusal> {
    let first = offers.first().map(|(offer, _)| offer.price.terms.currency.clone()).unwrap_or_default();
    let wanted = given.text("currency").map_or_else(|| first.clone(), str::to_ascii_lowercase);
    if offers.iter().any(|(offer, _)| offer.price.terms.currency != wanted) {
        let message = format!("All prices of a payment link must be in its currency, {wanted}.");
        return Err(Refusal::parameter(None, "line_items", message));
    }
    let sum = offers
        .iter()
        .try_fold(0_i64, |sum, (offer, quantity)| sum.checked_add(offer.price.amount_of(*quantity)?));
    let sum = sum.unwrap_or(i64::MAX);
    currencies::check_amount(sum, &wanted, "line_items")?;
    Ok((wanted, sum))
}

fn unknown(name: &str) -> Refusal {
    Refusal::parameter(Some("parameter_unknown"), name, format!("Received unknown parameter: {name}"))
}

/// Records that a payment link was created or changed, or that a payer did something with it.
pub(super) fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(link) = account.links.get(id) else { return };
    let money = Some((link.total, link.currency.as_str()));
    effects::report(desk, account, operation, Effect { id, money, metadata: &link.metadata });
}
