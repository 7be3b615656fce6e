//! Stripe products: create, get, update and list.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{desk::Desk, routes::Route};

use super::{
    Account, Call, Handler,
    effects::{self, Effect},
    expansion, pages,
    parameters::{Kind, Parameter, Parameters},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/products", operation: "products.create", handler: create },
    Route { method: "GET", path: "/v1/products", operation: "products.list", handler: list },
    Route { method: "GET", path: "/v1/products/{id}", operation: "products.get", handler: get },
    Route { method: "POST", path: "/v1/products/{id}", operation: "products.update", handler: update },
];

/// The parameters of create and update; `id` is of create only.
const WRITE: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("default_price", Kind::NotSimulated),
    ("default_price_data", Kind::NotSimulated),
    ("description", Kind::Unsettable),
    ("expand", Kind::List),
    ("features", Kind::Open),
    ("id", Kind::Text(5000)),
    ("images", Kind::Open),
    ("marketing_features", Kind::Open),
    ("metadata", Kind::Metadata),
    ("name", Kind::Text(5000)),
    ("package_dimensions", Kind::NotSimulated),
    ("shippable", Kind::Boolean),
    ("statement_descriptor", Kind::Text(22)),
    ("tax_code", Kind::Unsettable),
    ("unit_label", Kind::Unsettable),
    ("url", Kind::Unsettable),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const LIST: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("ids", Kind::List),
    ("limit", Kind::Integer),
    ("shippable", Kind::Boolean),
    ("starting_after", Kind::Text(5000)),
    ("url", Kind::Text(5000)),
];

const EXPANDABLE: &[&str] = &["default_price", "tax_code"];

/// Members that come back as they were sent.
const DETAILS: [&str; 8] = [
    "description",
    "features",
    "images",
    "marketing_features",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
];

/// A product.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub(super) id: String,
    pub(super) name: String,
    is_active: bool,
    is_shippable: Option<bool>,
    created: i64,
    updated: i64,
    is_live: bool,
    metadata: Map<String, Value>,
    details: Map<String, Value>,
}

impl Product {
    /// Returns a new product of this name.
    pub(super) fn new(desk: &mut Desk, account: &Account, name: &str) -> Self {
        Self {
            id: format!("prod_{}", desk.random.base62(14)),
            name: name.to_owned(),
            is_active: true,
            is_shippable: None,
            created: desk.now(),
            updated: desk.now(),
            is_live: account.is_live,
            metadata: Map::new(),
            details: Map::new(),
        }
    }

    /// Returns the product as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let detail = |name: &str| self.details.get(name).cloned().unwrap_or_default();
        let list = |name: &str| self.details.get(name).cloned().unwrap_or_else(|| json!([]));
        json!({
            "id": self.id, "object": "product", "active": self.is_active, "created": self.created,
            "default_price": null, "description": detail("description"), "features": list("features"),
            "images": list("images"), "livemode": self.is_live, "marketing_features": list("marketing_features"),
            "metadata": self.metadata, "name": self.name, "package_dimensions": null,
            "shippable": self.is_shippable, "statement_descriptor": detail("statement_descriptor"),
            "tax_code": detail("tax_code"), "unit_label": detail("unit_label"), "updated": self.updated,
            "url": detail("url"),
        })
    }

    /// Takes over what the request says.
    pub(super) fn apply(&mut self, given: &Parameters) {
        given.apply_metadata(&mut self.metadata);
        if let Some(name) = given.text("name") {
            name.clone_into(&mut self.name);
        }
        if let Some(active) = given.text("active") {
            self.is_active = active == "true";
        }
        if let Some(shippable) = given.text("shippable") {
            self.is_shippable = Some(shippable == "true");
        }
        for name in DETAILS {
            match given.value(name) {
                Some(Value::String(text)) if text.is_empty() => drop(self.details.remove(name)),
                Some(value) => drop(self.details.insert(name.to_owned(), value.clone())),
                None => {}
            }
        }
    }
}

/// Keeps a new product with the account.
pub(super) fn keep(desk: &mut Desk, account: &mut Account, product: Product) {
    let id = product.id.clone();
    account.products.insert(&id, product);
    report(desk, account, &id, "products.create");
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(WRITE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let name = given.text("name").ok_or_else(|| Refusal::missing("name"))?;
    let mut product = Product::new(call.desk, call.account, name);
    if let Some(id) = given.text("id") {
        if call.account.products.get(id).is_some() {
            return Err(Refusal::state(Some("resource_already_exists"), "Product already exists."));
        }
        id.clone_into(&mut product.id);
    }
    product.apply(&given);
    let id = product.id.clone();
    keep(call.desk, call.account, product);
    Ok(call.shown(&id, &given))
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    call.account.products.get(call.id).ok_or_else(|| call.missing("product"))?;
    Ok(call.shown(call.id, &given))
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(WRITE)?;
    if given.has("id") {
        return Err(Refusal::parameter(Some("parameter_unknown"), "id", "Received unknown parameter: id"));
    }
    expansion::check(&given, EXPANDABLE, "")?;
    let missing = call.missing("product");
    let product = call.account.products.get_mut(call.id).ok_or(missing)?;
    product.apply(&given);
    product.updated = call.desk.now();
    report(call.desk, call.account, call.id, "products.update");
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    let ids = given.texts("ids");
    let is_flag = |flag: bool, name: &str| given.text(name).is_none_or(|wanted| (wanted == "true") == flag);
    let products = call.account.products.newest();
    let fitting = products
        .filter(|product| pages::is_in_range(product.created, &given, "created"))
        .filter(|product| is_flag(product.is_active, "active"))
        .filter(|product| is_flag(product.is_shippable == Some(true), "shippable"))
        .filter(|product| pages::fits(product.details.get("url").and_then(Value::as_str), &given, "url"))
        .filter(|product| ids.is_empty() || ids.contains(&product.id.as_str()));
    let page = pages::page(&given, "product", fitting, |product| &product.id)?;
    let data = page.items.into_iter().map(Product::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/products", (data, page.has_more)))
}

/// Refuses a product that the account does not have; `param` is the parameter to blame.
pub(super) fn check(account: &Account, id: &str, param: &str) -> Result<(), Refusal> {
    match account.products.get(id) {
        Some(_) => Ok(()),
        None => Err(Refusal::no_such(StatusCode::BAD_REQUEST, "product", id, param)),
    }
}

fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(product) = account.products.get(id) else { return };
    effects::report(desk, account, operation, Effect { id, money: None, metadata: &product.metadata });
}
