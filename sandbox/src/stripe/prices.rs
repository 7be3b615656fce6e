//! Stripe prices: create, get, update and list.

use serde_json::Value;

use crate::routes::Route;

use super::{
    Call, Handler, expansion, pages,
    parameters::{Kind, Parameter, Parameters},
    price::{self, PRODUCT_DATA, Price, RECURRING, TAX_BEHAVIORS, Terms},
    products,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/prices", operation: "prices.create", handler: create },
    Route { method: "GET", path: "/v1/prices", operation: "prices.list", handler: list },
    Route { method: "GET", path: "/v1/prices/{id}", operation: "prices.get", handler: get },
    Route { method: "POST", path: "/v1/prices/{id}", operation: "prices.update", handler: update },
];

const CREATE: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("billing_scheme", Kind::Choice(&["per_unit"])),
    ("currency", Kind::Text(3)),
    ("currency_options", Kind::NotSimulated),
    ("custom_unit_amount", Kind::NotSimulated),
    ("expand", Kind::List),
    ("lookup_key", Kind::Text(200)),
    ("metadata", Kind::Metadata),
    ("nickname", Kind::Text(5000)),
    ("product", Kind::Text(5000)),
    ("product_data", Kind::Hash(PRODUCT_DATA)),
    ("recurring", Kind::Hash(RECURRING)),
    ("tax_behavior", TAX_BEHAVIORS),
    ("tiers", Kind::NotSimulated),
    ("tiers_mode", Kind::NotSimulated),
    ("transfer_lookup_key", Kind::Boolean),
    ("transform_quantity", Kind::NotSimulated),
    ("unit_amount", Kind::Integer),
    ("unit_amount_decimal", Kind::Text(40)),
];

const UPDATE: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("currency_options", Kind::NotSimulated),
    ("expand", Kind::List),
    ("lookup_key", Kind::Text(200)),
    ("metadata", Kind::Metadata),
    ("nickname", Kind::Text(5000)),
    ("tax_behavior", TAX_BEHAVIORS),
    ("transfer_lookup_key", Kind::Boolean),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const LIST: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("currency", Kind::Text(3)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("lookup_keys", Kind::List),
    ("product", Kind::Text(5000)),
    ("recurring", Kind::NotSimulated),
    ("starting_after", Kind::Text(5000)),
    ("type", Kind::Choice(&["one_time", "recurring"])),
];

const EXPANDABLE: &[&str] = &["currency_options", "product", "tiers"];

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(CREATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let terms = Terms::read(&given, "")?;
    check_lookup_key(call, &given, None)?;
    let (product_id, product) = price::product_of(call, &given, "")?;
    let mut price = Price::new(call.desk, call.account, (product_id, terms));
    apply(&mut price, &given);
    take_lookup_key(call, &given);
    if let Some(product) = product {
        products::keep(call.desk, call.account, product);
    }
    let id = price.id.clone();
    price::keep(call.desk, call.account, price);
    remember_lookup_key(call, &given, &id);
    Ok(call.shown(&id, &given))
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    call.account.prices.get(call.id).ok_or_else(|| call.missing("price"))?;
    Ok(call.shown(call.id, &given))
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(UPDATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let missing = call.missing("price");
    call.account.prices.get(call.id).ok_or(missing)?;
    check_lookup_key(call, &given, Some(call.id))?;
    take_lookup_key(call, &given);
    if let Some(price) = call.account.prices.get_mut(call.id) {
        let old_key = if given.has("lookup_key") { price.lookup_key.take() } else { None };
        apply(price, &given);
        if let Some(old_key) = old_key {
            call.account.lookup_keys.remove(&old_key);
        }
    }
    remember_lookup_key(call, &given, call.id);
    price::report(call.desk, call.account, call.id, "prices.update");
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    let keys = given.texts("lookup_keys");
    let kind_of = |price: &Price| if price.terms.recurring.is_some() { "recurring" } else { "one_time" };
    let prices = call.account.prices.newest();
    let fitting = prices
        .filter(|price| pages::is_in_range(price.created, &given, "created"))
        .filter(|price| given.text("active").is_none_or(|active| (active == "true") == price.is_active))
        .filter(|price| pages::fits(Some(&price.terms.currency), &given, "currency"))
        .filter(|price| pages::fits(Some(&price.product), &given, "product"))
        .filter(|price| pages::fits(Some(kind_of(price)), &given, "type"))
        .filter(|price| {
            keys.is_empty() || price.lookup_key.as_deref().is_some_and(|known| keys.contains(&known))
        });
    let page = pages::page(&given, "price", fitting, |price| &price.id)?;
    let data = page.items.into_iter().map(Price::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/prices", (data, page.has_more)))
}

fn apply(price: &mut Price, given: &Parameters) {
    given.apply_metadata(&mut price.metadata);
    if let Some(active) = given.text("active") {
        price.is_active = active == "true";
    }
    for (name, member) in [("lookup_key", &mut price.lookup_key), ("nickname", &mut price.nickname)] {
        if let Some(text) = given.text(name) {
            *member = Some(text.to_owned());
        }
    }
    if let Some(behavior) = given.text("tax_behavior") {
        behavior.clone_into(&mut price.tax_behavior);
    }
}

/// A lookup key belongs to one price, unless the request says that it is to be taken from the other.
fn check_lookup_key(call: &Call<'_>, given: &Parameters, own_id: Option<&str>) -> Result<(), Refusal> {
    let Some(key) = given.text("lookup_key") else { return Ok(()) };
    // A price that was forgotten for want of room holds its key no longer.
    let owner = call.account.lookup_keys.get(key).filter(|id| call.account.prices.get(id).is_some());
    match owner {
        Some(owner) if Some(owner.as_str()) != own_id && !given.is_true("transfer_lookup_key") => {
            let message = format!("A price (`{owner}`) already uses that lookup key.");
            Err(Refusal::parameter(None, "lookup_key", message))
        }
        _ => Ok(()),
    }
}

fn take_lookup_key(call: &mut Call<'_>, given: &Parameters) {
    let owner = given.text("lookup_key").and_then(|key| call.account.lookup_keys.get(key));
    if let Some(price) = owner.and_then(|id| call.account.prices.get_mut(id)) {
        price.lookup_key = None;
    }
}

fn remember_lookup_key(call: &mut Call<'_>, given: &Parameters, id: &str) {
    if let Some(key) = given.text("lookup_key") {
        call.account.lookup_keys.insert(key, id.to_owned());
    }
}
