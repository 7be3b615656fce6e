//! Stripe customers: create, get, update, list, and the payment methods attached to them.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{desk::Desk, routes::Route};

use super::{
    Account, Call, Handler,
    effects::{self, Effect},
    expansion, order_steps, pages,
    parameters::{Kind, Parameter, Parameters},
    payment_methods::PaymentMethod,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/customers", operation: "customers.create", handler: create },
    Route { method: "GET", path: "/v1/customers", operation: "customers.list", handler: list },
    Route { method: "GET", path: "/v1/customers/{id}", operation: "customers.get", handler: get },
    Route { method: "POST", path: "/v1/customers/{id}", operation: "customers.update", handler: update },
];

const INVOICE_SETTINGS: &[Parameter] = &[
    ("custom_fields", Kind::NotSimulated),
    ("default_payment_method", Kind::Text(5000)),
    ("footer", Kind::Text(5000)),
    ("rendering_options", Kind::NotSimulated),
];

/// The parameters of create and update; `payment_method` is of create only.
const WRITE: &[Parameter] = &[
    ("address", Kind::Open),
    ("balance", Kind::NotSimulated),
    ("cash_balance", Kind::NotSimulated),
    ("coupon", Kind::NotSimulated),
    ("description", Kind::Unsettable),
    ("email", Kind::Unsettable),
    ("expand", Kind::List),
    ("invoice_prefix", Kind::NotSimulated),
    ("invoice_settings", Kind::Hash(INVOICE_SETTINGS)),
    ("metadata", Kind::Metadata),
    ("name", Kind::Unsettable),
    ("next_invoice_sequence", Kind::NotSimulated),
    ("payment_method", Kind::Text(5000)),
    ("phone", Kind::Unsettable),
    ("preferred_locales", Kind::List),
    ("promotion_code", Kind::NotSimulated),
    ("shipping", Kind::Open),
    ("source", Kind::NotSimulated),
    ("tax", Kind::NotSimulated),
    ("tax_exempt", Kind::Choice(&["exempt", "none", "reverse"])),
    ("tax_id_data", Kind::NotSimulated),
    ("test_clock", Kind::NotSimulated),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const LIST: &[Parameter] = &[
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("email", Kind::Text(512)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("starting_after", Kind::Text(5000)),
    ("test_clock", Kind::NotSimulated),
];

const EXPANDABLE: &[&str] = &["default_source", "invoice_settings.default_payment_method"];

/// Members that come back as they were sent, with what they are when nothing was.
const DETAILS: [&str; 8] =
    ["address", "description", "email", "name", "phone", "preferred_locales", "shipping", "tax_exempt"];

/// A customer.
#[derive(Clone, Debug)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) is_live: bool,
    /// The payment method that invoices are collected with.
    pub(super) default_payment_method: Option<String>,
    pub(super) invoice_prefix: String,
    /// The number of the next invoice, from 1.
    pub(super) next_invoice: u32,
    footer: Option<String>,
    pub(super) metadata: Map<String, Value>,
    details: Map<String, Value>,
}

impl Customer {
    /// Returns a member that came with the request: `email`, `name` …
    pub(super) fn detail(&self, name: &str) -> Value {
        self.details.get(name).cloned().unwrap_or_default()
    }

    /// Returns the customer as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let or = |name: &str, default: Value| self.details.get(name).cloned().unwrap_or(default);
        json!({
            "id": self.id, "object": "customer", "address": self.detail("address"), "balance": 0,
            "created": self.created, "currency": null, "default_source": null, "delinquent": false,
            "description": self.detail("description"), "discount": null, "email": self.detail("email"),
            "invoice_prefix": self.invoice_prefix, "invoice_settings": {
                "custom_fields": null, "default_payment_method": self.default_payment_method,
                "footer": self.footer, "rendering_options": null,
            },
            "livemode": self.is_live, "metadata": self.metadata, "name": self.detail("name"),
            "next_invoice_sequence": self.next_invoice, "phone": self.detail("phone"),
            "preferred_locales": or("preferred_locales", json!([])), "shipping": self.detail("shipping"),
            "tax_exempt": or("tax_exempt", json!("none")), "test_clock": null,
        })
    }
}

/// Refuses a `customer` that the account does not have.
pub(super) fn check(account: &Account, given: &Parameters) -> Result<(), Refusal> {
    match given.text("customer") {
        Some(id) if account.customers.get(id).is_none() => {
            Err(Refusal::no_such(StatusCode::BAD_REQUEST, "customer", id, "customer"))
        }
        _ => Ok(()),
    }
}

/// Makes a customer of whom nothing is known but the e-mail address, and returns its id.
pub(super) fn make(desk: &mut Desk, account: &mut Account, email: Option<&str>) -> String {
    let mut customer = new(desk, account);
    if let Some(email) = email {
        customer.details.insert("email".to_owned(), json!(email));
    }
    let id = customer.id.clone();
    account.customers.insert(&id, customer);
    report(desk, account, &id, "customers.create");
    id
}

/// Attaches a payment method to a customer.
pub(super) fn attach(account: &mut Account, method_id: &str, customer_id: &str) {
    if let Some(method) = account.methods.get_mut(method_id) {
        method.customer = Some(customer_id.to_owned());
    }
}

fn new(desk: &mut Desk, account: &Account) -> Customer {
    Customer {
        id: format!("cus_{}", desk.random.base62(14)),
        created: desk.now(),
        is_live: account.is_live,
        default_payment_method: None,
        invoice_prefix: desk.random.base36(8),
        next_invoice: 1,
        footer: None,
        metadata: Map::new(),
        details: Map::new(),
    }
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(WRITE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    check_email(&given)?;
    let methods = named_methods(call, &given)?;
    let mut customer = new(call.desk, call.account);
    apply(&mut customer, &given, methods.last());
    let id = customer.id.clone();
    for method in &methods {
        attach(call.account, &method.id, &id);
    }
    call.account.customers.insert(&id, customer);
    report(call.desk, call.account, &id, "customers.create");
    Ok(call.shown(&id, &given))
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    call.account.customers.get(call.id).ok_or_else(|| call.missing("customer"))?;
    Ok(call.shown(call.id, &given))
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(WRITE)?;
    if given.has("payment_method") {
        let message = "Received unknown parameter: payment_method";
        return Err(Refusal::parameter(Some("parameter_unknown"), "payment_method", message));
    }
    expansion::check(&given, EXPANDABLE, "")?;
    check_email(&given)?;
    call.account.customers.get(call.id).ok_or_else(|| call.missing("customer"))?;
    let methods = named_methods(call, &given)?;
    for method in &methods {
        attach(call.account, &method.id, call.id);
    }
    let missing = call.missing("customer");
    apply(call.account.customers.get_mut(call.id).ok_or(missing)?, &given, methods.last());
    report(call.desk, call.account, call.id, "customers.update");
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    let customers = call.account.customers.newest();
    let fitting =
        customers.filter(|customer| pages::is_in_range(customer.created, &given, "created")).filter(
            |customer| pages::fits(customer.details.get("email").and_then(Value::as_str), &given, "email"),
        );
    let page = pages::page(&given, "customer", fitting, |customer| &customer.id)?;
    let data = page.items.into_iter().map(Customer::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/customers", (data, page.has_more)))
}

fn check_email(given: &Parameters) -> Result<(), Refusal> {
    match given.text("email") {
        Some(email) if !email.contains('@') || email.chars().count() > 512 => {
            let message = format!("Invalid email address: {email}");
            Err(Refusal::parameter(Some("email_invalid"), "email", message))
        }
        _ => Ok(()),
    }
}

/// Returns the payment methods that the request names: one to attach, then the one to collect invoices with.
fn named_methods(call: &mut Call<'_>, given: &Parameters) -> Result<Vec<PaymentMethod>, Refusal> {
    let default = given.nested_text("invoice_settings", "default_payment_method");
    let named = [
        ("payment_method", given.text("payment_method")),
        ("invoice_settings[default_payment_method]", default),
    ];
    let mut methods: Vec<PaymentMethod> = Vec::new();
    for (param, name) in named {
        let Some(name) = name else { continue };
        // The same test token twice is one payment method.
        if methods.len() == 1 && given.text("payment_method") == Some(name) {
            continue;
        }
        let method = order_steps::known_or_new_method(call.desk, call.account, name);
        let unknown = || Refusal::no_such(StatusCode::BAD_REQUEST, "PaymentMethod", name, param);
        methods.push(method.ok_or_else(unknown)?);
    }
    Ok(methods)
}

fn apply(customer: &mut Customer, given: &Parameters, default: Option<&PaymentMethod>) {
    given.apply_metadata(&mut customer.metadata);
    for name in DETAILS {
        match given.value(name) {
            Some(Value::String(text)) if text.is_empty() => drop(customer.details.remove(name)),
            Some(value) => drop(customer.details.insert(name.to_owned(), value.clone())),
            None => {}
        }
    }
    if let Some(footer) = given.nested_text("invoice_settings", "footer") {
        customer.footer = Some(footer.to_owned());
    }
    if given.nested_text("invoice_settings", "default_payment_method").is_some() {
        customer.default_payment_method = default.map(|method| method.id.clone());
    }
}

fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(customer) = account.customers.get(id) else { return };
    effects::report(desk, account, operation, Effect { id, money: None, metadata: &customer.metadata });
}
