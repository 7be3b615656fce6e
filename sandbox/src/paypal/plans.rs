//! PayPal billing plans: create, get, list, activate, deactivate.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    clock,
    desk::{Change, Desk},
    exchange::Answer,
    routes::Route,
};

use super::{
    Call, Done, Handler, View, fields, listing::Page, prefers_whole, products, refusal::Refusal,
    repeats::Kept, terms::Terms, terms_request,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/billing/plans", operation: "plans.create", handler: create },
    Route { method: "GET", path: "/v1/billing/plans", operation: "plans.list", handler: list },
    Route { method: "GET", path: "/v1/billing/plans/{id}", operation: "plans.get", handler: get },
    Route {
        method: "POST",
        path: "/v1/billing/plans/{id}/activate",
        operation: "plans.activate",
        handler: activate,
    },
    Route {
        method: "POST",
        path: "/v1/billing/plans/{id}/deactivate",
        operation: "plans.deactivate",
        handler: deactivate,
    },
];

/// A plan.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) id: String,
    pub(super) product_id: String,
    pub(super) name: String,
    description: Option<String>,
    pub(super) status: Status,
    pub(super) terms: Terms,
    pub(super) has_quantity: bool,
    created_at: i64,
    updated_at: i64,
}

/// A plan's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    Active,
    Inactive,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

impl Plan {
    fn change<'c>(&'c self, operation: &'static str, merchant: &'c str, price: &'c str) -> Change<'c> {
        Change {
            operation,
            merchant,
            id: &self.id,
            amount: json!(price),
            currency: self.terms.cycles.last().map(|cycle| cycle.price.currency.as_str()),
            reference: Some(&self.name),
        }
    }

    /// Returns the plan as PayPal writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        self.with_terms(&self.terms, desk)
    }

    /// Returns the plan as PayPal writes it with the terms of a subscription.
    pub(super) fn with_terms(&self, terms: &Terms, desk: &Desk) -> Value {
        let mut plan = Map::new();
        plan.insert("id".to_owned(), json!(self.id));
        plan.insert("product_id".to_owned(), json!(self.product_id));
        plan.insert("name".to_owned(), json!(self.name));
        plan.insert("status".to_owned(), json!(self.status.name()));
        if let Some(description) = &self.description {
            plan.insert("description".to_owned(), json!(description));
        }
        plan.insert("usage_type".to_owned(), json!("LICENSED"));
        let created = clock::rfc3339(self.created_at);
        plan.insert("billing_cycles".to_owned(), terms.cycles_json(&created));
        plan.insert("payment_preferences".to_owned(), terms.preferences_json());
        plan.insert("quantity_supported".to_owned(), json!(self.has_quantity));
        plan.insert("create_time".to_owned(), json!(created));
        plan.insert("update_time".to_owned(), json!(clock::rfc3339(self.updated_at)));
        let own = format!("http://{}/v1/billing/plans/{}", desk.addresses.paypal, self.id);
        let step = if self.status == Status::Active { "deactivate" } else { "activate" };
        let links = json!([
            {"href": own, "rel": "self", "method": "GET"},
            {"href": own, "rel": "edit", "method": "PATCH"},
            {"href": format!("{own}/{step}"), "rel": step, "method": "POST"},
        ]);
        plan.insert("links".to_owned(), links);
        Value::Object(plan)
    }
}

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let body = &call.body;
    let required = |name: &str| fields::missing(format!("/{name}"));
    let product_id = fields::sized(body, "product_id", "", 6..=50)?.ok_or_else(|| required("product_id"))?;
    let name = fields::sized(body, "name", "", 1..=127)?.ok_or_else(|| required("name"))?;
    let description = fields::sized(body, "description", "", 1..=127)?;
    let status = match fields::word(body, "status", "", &["CREATED", "ACTIVE", "INACTIVE"])? {
        Some("CREATED") => Status::Created,
        Some("INACTIVE") => Status::Inactive,
        _ => Status::Active,
    };
    fields::without(body, "", &["taxes"])?;
    let terms = terms_request::read_terms(body)?;
    let has_quantity = fields::flag(body, "quantity_supported", "")?.unwrap_or(false);
    if call.merchant.products.get(&product_id).is_none() {
        return Err(Refusal::issue("INVALID_RESOURCE_ID").at("/product_id").with_value(&product_id));
    }
    let now = call.desk.now();
    let plan = Plan {
        id: format!("P-{}", call.desk.random.base36(24)),
        product_id,
        name,
        description,
        status,
        terms,
        has_quantity,
        created_at: now,
        updated_at: now,
    };
    let price = plan.terms.price().text();
    call.desk.report(plan.change("plans.create", &call.merchant.client_id, &price));
    let id = plan.id.clone();
    call.merchant.plans.insert(&id, plan);
    Ok(Done::Object { status: StatusCode::CREATED, object: Kept::Plan(id), view: View::AsPreferred })
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    Ok(Done::Object { status: StatusCode::OK, object: Kept::Plan(call.id.to_owned()), view: View::Whole })
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Plan, Refusal> {
    let id = call.id;
    let unknown = || Refusal::issue("INVALID_RESOURCE_ID").at_path("id", id);
    call.merchant.plans.get_mut(id).ok_or_else(unknown)
}

fn list(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let page = Page::read(call.incoming, products::SIZES)?;
    let pairs = call.incoming.query_pairs();
    let filter = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let (product, ids) = (filter("product_id"), filter("plan_ids"));
    let is_wanted = |plan: &&Plan| {
        product.is_none_or(|product| product == plan.product_id)
            && ids.is_none_or(|ids| ids.split(',').any(|id| id == plan.id))
    };
    let is_whole = prefers_whole(call.incoming);
    let show = |plan: &Plan| {
        let mut shown = plan.to_json(call.desk);
        if let (false, Value::Object(shown)) = (is_whole, &mut shown) {
            for name in ["billing_cycles", "payment_preferences", "quantity_supported", "update_time"] {
                shown.shift_remove(name);
            }
        }
        shown
    };
    let shown = call.merchant.plans.newest().filter(is_wanted).map(show).collect();
    Ok(Done::Said(page.answer("plans", shown, call)))
}

fn activate(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if find(call)?.status == Status::Active {
        return Err(Refusal::issue("PLAN_STATUS_INVALID").saying(
            "Invalid plan status for activate action; plan status should be either created or inactive.",
        ));
    }
    turn(call, Status::Active, "plans.activate")
}

fn deactivate(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if find(call)?.status != Status::Active {
        return Err(Refusal::issue("PLAN_STATUS_INVALID")
            .saying("Invalid plan status for deactivate action; plan status should be active."));
    }
    turn(call, Status::Inactive, "plans.deactivate")
}

fn turn(call: &mut Call<'_>, status: Status, operation: &'static str) -> Result<Done, Refusal> {
    let now = call.desk.now();
    let plan = find(call)?;
    plan.status = status;
    plan.updated_at = now;
    if let Some(plan) = call.merchant.plans.get(call.id) {
        let price = plan.terms.price().text();
        call.desk.report(plan.change(operation, &call.merchant.client_id, &price));
    }
    Ok(Done::Said(Answer::empty(StatusCode::NO_CONTENT)))
}
