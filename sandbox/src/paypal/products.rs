//! PayPal catalog products: what a plan sells.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    clock,
    desk::{Change, Desk},
    routes::Route,
};

use super::{
    Call, Done, Handler, View, fields,
    listing::{Page, Sizes},
    refusal::Refusal,
    repeats::Kept,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/catalogs/products", operation: "products.create", handler: create },
    Route { method: "GET", path: "/v1/catalogs/products", operation: "products.list", handler: list },
    Route { method: "GET", path: "/v1/catalogs/products/{id}", operation: "products.get", handler: get },
];

/// How long the lists of catalog and subscriptions are.
pub(super) const SIZES: Sizes = Sizes { usual: 10, most: 20 };
/// What PayPal begins its own ids with.
const PREFIX: &str = "PROD-";

/// A product.
#[derive(Debug)]
pub(super) struct Product {
    id: String,
    /// Name, type and what else comes back as it was sent.
    details: Map<String, Value>,
    created_at: i64,
}

impl Product {
    fn shown(&self, names: &[&str], desk: &Desk) -> Value {
        let mut product = Map::new();
        product.insert("id".to_owned(), json!(self.id));
        let details = self.details.iter().filter(|(name, _)| names.contains(&name.as_str()));
        product.extend(details.map(|(name, value)| (name.clone(), value.clone())));
        product.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        product.insert("update_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        let own = format!("http://{}/v1/catalogs/products/{}", desk.addresses.paypal, self.id);
        let links = json!([{"href": own, "rel": "self", "method": "GET"}]);
        product.insert("links".to_owned(), links);
        Value::Object(product)
    }

    /// Returns the product as PayPal writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        self.shown(&["name", "description", "type", "category", "image_url", "home_url"], desk)
    }
}

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let body = &call.body;
    let mut details = Map::new();
    let name = fields::sized(body, "name", "", 1..=127)?.ok_or_else(|| fields::missing("/name"))?;
    details.insert("name".to_owned(), json!(name));
    for (field, longest) in [("description", 256), ("category", 256), ("image_url", 2000), ("home_url", 2000)]
    {
        if let Some(text) = fields::sized(body, field, "", 1..=longest)? {
            details.insert(field.to_owned(), json!(text));
        }
    }
    let kind = fields::word(body, "type", "", &["PHYSICAL", "DIGITAL", "SERVICE"])?;
    details.insert("type".to_owned(), json!(kind.ok_or_else(|| fields::missing("/type"))?));
    let id = match fields::sized(body, "id", "", 6..=50)? {
        None => format!("{PREFIX}{}", call.desk.random.base36(17)),
        Some(id) if id.starts_with(PREFIX) => {
            let text = "Input identifier must not use system prefix(PROD-).";
            return Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at("/id").with_value(&id).saying(text));
        }
        Some(id) if call.merchant.products.get(&id).is_some() => {
            return Err(Refusal::issue("DUPLICATE_RESOURCE_IDENTIFIER").at("/id").with_value(&id));
        }
        Some(id) => id,
    };
    call.desk.report(Change {
        operation: "products.create",
        merchant: &call.merchant.client_id,
        id: &id,
        amount: Value::Null,
        currency: None,
        reference: Some(&name),
    });
    let product = Product { id: id.clone(), details, created_at: call.desk.now() };
    call.merchant.products.insert(&id, product);
    Ok(Done::Object { status: StatusCode::CREATED, object: Kept::Product(id), view: View::AsPreferred })
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if call.merchant.products.get(call.id).is_none() {
        return Err(Refusal::issue("INVALID_RESOURCE_ID").at_path("product_id", call.id));
    }
    Ok(Done::Object { status: StatusCode::OK, object: Kept::Product(call.id.to_owned()), view: View::Whole })
}

fn list(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let page = Page::read(call.incoming, SIZES)?;
    let products = call.merchant.products.newest();
    let shown = products.map(|product| product.shown(&["name", "description"], call.desk)).collect();
    Ok(Done::Said(page.answer("products", shown, call)))
}
