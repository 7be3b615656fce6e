//! Stripe subscriptions: creation with every payment behaviour, first payments, update, cancel, versions, repeats.

use serde_json::{Value, json};

use crate::support::{Reply, World};

const HOUR: u64 = 60 * 60;

pub(crate) fn post(world: &World, path: &str, body: &str) -> Value {
    world.stripe("POST", path, body).expect(200).json()
}

pub(crate) fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

/// Returns a new customer, with a default payment method where a token is given.
pub(crate) fn customer(world: &World, token: &str) -> Value {
    let body = if token.is_empty() {
        "email=a@example.com".to_owned()
    } else {
        format!("email=a@example.com&invoice_settings[default_payment_method]={token}")
    };
    post(world, "/v1/customers", &body)
}

/// Returns a new price of 15.00 USD a month.
pub(crate) fn monthly(world: &World) -> Value {
    post(
        world,
        "/v1/prices",
        "currency=usd&unit_amount=1500&product_data[name]=Plan&recurring[interval]=month",
    )
}

/// Tries to create a subscription of two pieces.
pub(crate) fn subscribe(world: &World, token: &str, more: &str) -> Reply {
    let (customer, price) = (customer(world, token), monthly(world));
    let body =
        format!("customer={}&items[0][price]={}&items[0][quantity]=2{more}", id(&customer), id(&price));
    world.stripe("POST", "/v1/subscriptions", &body)
}

pub(crate) fn shown(world: &World, subscription: &Value) -> Value {
    let path = format!("/v1/subscriptions/{}?expand[]=latest_invoice.payment_intent", id(subscription));
    world.stripe("GET", &path, "").expect(200).json()
}

pub(crate) fn act(world: &World, subscription: &Value, name: &str) -> Reply {
    world.control("POST", &format!("/_control/subscriptions/stripe/{}/{name}", id(subscription)), "")
}

const WAITING: &str = "&payment_behavior=default_incomplete&expand[0]=latest_invoice.payment_intent";

#[test]
fn an_incomplete_subscription_is_active_once_its_payer_confirms() {
    let world = World::new();
    let made = subscribe(&world, "", &format!("{WAITING}&metadata[gateway_subscription_id]=gsub_01H"))
        .expect(200)
        .json();
    assert_eq!((&made["status"], &made["currency"]), (&json!("incomplete"), &json!("usd")));
    let invoice = &made["latest_invoice"];
    assert_eq!((&invoice["status"], &invoice["amount_due"]), (&json!("open"), &json!(3000)));
    assert_eq!(invoice["billing_reason"], "subscription_create");
    let intent = &invoice["payment_intent"];
    assert_eq!((&intent["status"], &intent["amount"]), (&json!("requires_payment_method"), &json!(3000)));
    assert_eq!((&intent["invoice"], &intent["customer"]), (&invoice["id"], &made["customer"]));
    // 2026-01-05 to 2026-02-05.
    assert_eq!(
        made["current_period_end"].as_i64().unwrap() - made["current_period_start"].as_i64().unwrap(),
        31 * 86_400
    );
    let steps = format!("/v1/payment_intents/{}", id(intent));
    world.stripe("POST", &format!("{steps}/cancel"), "").expect(400);
    let declined = world.stripe("POST", &format!("{steps}/confirm"), "payment_method=pm_card_chargeDeclined");
    declined.expect(402);
    assert_eq!(shown(&world, &made)["status"], "incomplete");
    post(&world, &format!("{steps}/confirm"), "payment_method=pm_card_visa");
    let active = shown(&world, &made);
    assert_eq!((&active["status"], &active["latest_invoice"]["status"]), (&json!("active"), &json!("paid")));
    let paid = world.stripe("GET", &format!("/v1/invoices/{}", id(invoice)), "").expect(200).json();
    assert_eq!((&paid["paid"], &paid["amount_paid"]), (&json!(true), &json!(3000)));
    assert!(paid["charge"].as_str().unwrap().starts_with("ch_"));
    for operation in ["subscriptions.create", "invoices.create", "invoices.pay", "subscriptions.activate"] {
        assert_eq!(world.count(&format!("provider=stripe&operation={operation}")), 1, "{operation}");
    }
    let effect = &world.effects("operation=subscriptions.create")["items"][0];
    assert_eq!((&effect["amount"], &effect["reference"]), (&json!(3000), &json!("gsub_01H")));
    assert_eq!(world.count("provider=stripe&operation=orders.create"), 0);
}

#[test]
fn a_first_payment_that_never_comes_expires_after_23_hours() {
    let world = World::new();
    let made = subscribe(&world, "", WAITING).expect(200).json();
    world.advance(23 * HOUR - 1);
    assert_eq!(shown(&world, &made)["status"], "incomplete");
    world.advance(1);
    let expired = shown(&world, &made);
    assert_eq!(
        (&expired["status"], &expired["latest_invoice"]["status"]),
        (&json!("incomplete_expired"), &json!("void"))
    );
    assert_eq!(expired["latest_invoice"]["payment_intent"]["status"], "canceled");
    act(&world, &made, "pay").expect(400);
    assert_eq!(world.count("provider=stripe&operation=subscriptions.expire"), 1);
    let other = subscribe(&world, "", WAITING).expect(200).json();
    assert_eq!(act(&world, &other, "expire").expect(200).json()["status"], "incomplete_expired");
    act(&world, &other, "expire").expect(400);
}

#[test]
fn payment_behaviours_decide_over_a_first_payment_that_fails() {
    let world = World::new();
    let poor = subscribe(&world, "", "").expect(400).json();
    assert_eq!(poor["error"]["code"], "resource_missing");
    assert!(poor["error"]["message"].as_str().unwrap().contains("no attached payment source"));
    let bad = "pm_card_chargeDeclined";
    let allowed = subscribe(&world, bad, "&expand[]=latest_invoice.payment_intent").expect(200).json();
    assert_eq!(allowed["status"], "incomplete");
    assert_eq!(allowed["latest_invoice"]["payment_intent"]["last_payment_error"]["code"], "card_declined");
    let before = world.count("provider=stripe&operation=subscriptions.create");
    let refused = subscribe(&world, bad, "&payment_behavior=error_if_incomplete").expect(402).json();
    assert_eq!(
        (&refused["error"]["type"], &refused["error"]["code"]),
        (&json!("card_error"), &json!("card_declined"))
    );
    let asks = "pm_card_threeDSecure2Required";
    let asks = subscribe(&world, asks, "&payment_behavior=error_if_incomplete").expect(402).json();
    assert_eq!(asks["error"]["code"], "subscription_payment_intent_requires_action");
    assert_eq!(world.count("provider=stripe&operation=subscriptions.create"), before);
    let list = world.stripe("GET", "/v1/subscriptions?status=all", "").json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    subscribe(&world, "", "&payment_behavior=pending_if_incomplete").expect(400);
    let paid = subscribe(&world, "pm_card_visa", "").expect(200).json();
    assert_eq!(paid["status"], "active");
    let waits = subscribe(&world, "pm_card_visa", WAITING).expect(200).json();
    assert_eq!(waits["latest_invoice"]["payment_intent"]["status"], "requires_confirmation");
}

#[test]
fn a_debit_makes_it_active_until_it_bounces() {
    let world = World::new();
    let good = subscribe(&world, "pm_usBankAccount_success", "").expect(200).json();
    let bad = subscribe(&world, "pm_usBankAccount_insufficientFunds", "").expect(200).json();
    assert_eq!((&good["status"], &bad["status"]), (&json!("active"), &json!("active")));
    act(&world, &bad, "pay").expect(400);
    world.advance(4 * 24 * HOUR);
    assert_eq!(shown(&world, &good)["latest_invoice"]["status"], "paid");
    assert_eq!(shown(&world, &bad)["status"], "past_due");
    assert_eq!(act(&world, &bad, "pay").expect(200).json()["status"], "active");
}

#[test]
fn wrong_requests_are_refused_before_anything_is_kept() {
    let world = World::new();
    let (customer, price) = (customer(&world, "pm_card_visa"), monthly(&world));
    let once = post(&world, "/v1/prices", "currency=usd&unit_amount=1500&product_data[name]=Once");
    let euro = post(
        &world,
        "/v1/prices",
        "currency=eur&unit_amount=1500&product_data[name]=E&recurring[interval]=month",
    );
    let cheap = post(
        &world,
        "/v1/prices",
        "currency=usd&unit_amount=1&product_data[name]=C&recurring[interval]=month",
    );
    let before = world.count("provider=stripe");
    let (customer, price) = (id(&customer), id(&price));
    let good = format!("customer={customer}&items[0][price]={price}");
    for (body, param) in [
        (format!("items[0][price]={price}"), "customer"),
        (format!("customer=cus_x&items[0][price]={price}"), "customer"),
        (format!("customer={customer}"), "items"),
        (format!("customer={customer}&items[0][quantity]=1"), "items[0][price]"),
        (format!("customer={customer}&items[0][price]=price_x"), "items[0][price]"),
        (format!("customer={customer}&items[0][price]={}", id(&once)), "items[0][price]"),
        (format!("{good}&items[1][price]={}", id(&euro)), "items[1][price]"),
        (format!("{good}&items[1][price]={price}"), "items"),
        (format!("customer={customer}&items[0][price]={}", id(&cheap)), "items"),
        (format!("{good}&items[0][quantity]=-1"), "items[0][quantity]"),
        (format!("{good}&items[0][colour]=red"), "items[0][colour]"),
        (format!("{good}&trial_period_days=0"), "trial_period_days"),
        (format!("{good}&trial_period_days=3&trial_end=now"), "trial_end"),
        (format!("{good}&trial_end=1"), "trial_end"),
        (format!("{good}&cancel_at=1"), "cancel_at"),
        (format!("{good}&collection_method=send_invoice"), "days_until_due"),
        (format!("{good}&days_until_due=5"), "days_until_due"),
        (format!("{good}&default_payment_method=pm_x"), "default_payment_method"),
        (format!("{good}&coupon=x"), "coupon"),
        (format!("{good}&expand[]=latest_invoice.confirmation_secret"), "expand"),
        (
            format!(
                "customer={customer}&items[0][price_data][currency]=usd&items[0][price_data][product]=prod_x&items[0][price_data][unit_amount]=1500&items[0][price_data][recurring][interval]=month"
            ),
            "items[0][price_data][product]",
        ),
    ] {
        let error = world.stripe("POST", "/v1/subscriptions", &body).expect(400).json()["error"].clone();
        assert_eq!(error["param"], param, "{body}\n{error}");
    }
    assert_eq!(world.count("provider=stripe"), before);
}

#[test]
fn an_inline_price_needs_a_product_that_exists() {
    let world = World::new();
    let customer = customer(&world, "pm_card_visa");
    let product = post(&world, "/v1/products", "name=Plan");
    let body = format!(
        "customer={}&items[0][price_data][currency]=usd&items[0][price_data][product]={}&items[0][price_data][unit_amount]=900&items[0][price_data][recurring][interval]=week",
        id(&customer),
        id(&product)
    );
    let made = post(&world, "/v1/subscriptions", &body);
    let price = &made["items"]["data"][0]["price"];
    assert_eq!((&price["unit_amount"], &price["active"]), (&json!(900), &json!(false)));
    assert_eq!(world.stripe("GET", &format!("/v1/prices/{}", id(price)), "").expect(200).json(), *price);
}

#[test]
fn basil_moves_periods_to_the_items_and_the_secret_to_the_invoice() {
    let world = World::new();
    let (customer, price) = (customer(&world, ""), monthly(&world));
    let body = format!(
        "customer={}&items[0][price]={}&payment_behavior=default_incomplete&expand[]=latest_invoice.confirmation_secret",
        id(&customer),
        id(&price)
    );
    let basil = [("stripe-version", "2025-03-31.basil")];
    let made = world.stripe_with("POST", "/v1/subscriptions", &body, &basil).expect(200).json();
    assert_eq!(made.get("current_period_end"), None);
    assert!(made["items"]["data"][0]["current_period_end"].as_i64() > made["created"].as_i64());
    let invoice = &made["latest_invoice"];
    let secret = invoice["confirmation_secret"]["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("pi_3") && secret.contains("_secret_"));
    assert_eq!(invoice.get("payment_intent"), None);
    assert_eq!(invoice["parent"]["subscription_details"]["subscription"], made["id"]);
    let path = format!("/v1/subscriptions/{}?expand[]=latest_invoice.payment_intent", id(&made));
    world.stripe_with("GET", &path, "", &basil).expect(400);
    let old = shown(&world, &made);
    assert_eq!(old["latest_invoice"]["payment_intent"]["client_secret"], secret);
}

#[test]
fn a_subscription_is_updated_canceled_and_then_over() {
    let world = World::new();
    let made = subscribe(&world, "pm_card_visa", "&metadata[a]=1").expect(200).json();
    let path = format!("/v1/subscriptions/{}", id(&made));
    let leaving = post(&world, &path, "cancel_at_period_end=true&metadata[b]=2");
    assert_eq!(
        (&leaving["cancel_at"], &leaving["metadata"]),
        (&made["current_period_end"], &json!({"a": "1", "b": "2"}))
    );
    assert_eq!((&leaving["status"], &leaving["ended_at"]), (&json!("active"), &Value::Null));
    let staying = post(&world, &path, "cancel_at_period_end=false");
    assert_eq!((&staying["cancel_at"], &staying["canceled_at"]), (&Value::Null, &Value::Null));
    world.stripe("POST", &path, "items[0][quantity]=3").expect(400);
    let canceled = world
        .stripe("DELETE", &path, "cancellation_details[comment]=Enough&invoice_now=false")
        .expect(200)
        .json();
    assert_eq!((&canceled["status"], &canceled["ended_at"]), (&json!("canceled"), &canceled["canceled_at"]));
    assert_eq!(canceled["cancellation_details"]["comment"], "Enough");
    assert_eq!(canceled["cancellation_details"]["reason"], "cancellation_requested");
    assert_eq!(world.stripe("DELETE", &path, "").expect(404).json()["error"]["code"], "resource_missing");
    world.stripe("POST", &path, "cancel_at_period_end=true").expect(400);
    post(&world, &path, "metadata[c]=3");
    assert_eq!(shown(&world, &made)["status"], "canceled");
    act(&world, &made, "charge").expect(400);
    act(&world, &made, "cancel").expect(400);
    assert_eq!(world.count("provider=stripe&operation=subscriptions.cancel"), 1);
    assert_eq!(world.count("provider=stripe&operation=subscriptions.update"), 3);
}

#[test]
fn canceling_what_is_incomplete_leaves_nothing_to_pay() {
    let world = World::new();
    let made = subscribe(&world, "", WAITING).expect(200).json();
    // Parameters of a DELETE are taken from the query too, and its key is ignored.
    let path = format!("/v1/subscriptions/{}?expand[]=latest_invoice.payment_intent", id(&made));
    let key = [("idempotency-key", "k1")];
    let canceled = world.stripe_with("DELETE", &path, "", &key).expect(200).json();
    assert_eq!(
        (&canceled["status"], &canceled["latest_invoice"]["status"]),
        (&json!("canceled"), &json!("void"))
    );
    world.stripe_with("DELETE", &path, "", &key).expect(404);
    let intent = id(&canceled["latest_invoice"]["payment_intent"]).to_owned();
    world
        .stripe("POST", &format!("/v1/payment_intents/{intent}/confirm"), "payment_method=pm_card_visa")
        .expect(400);
}

#[test]
fn subscriptions_are_listed_without_the_canceled_unless_asked() {
    let world = World::new();
    let first = subscribe(&world, "pm_card_visa", "").expect(200).json();
    let second = subscribe(&world, "pm_card_visa", "").expect(200).json();
    world.stripe("DELETE", &format!("/v1/subscriptions/{}", id(&first)), "").expect(200);
    let list = |query: &str| -> Vec<Value> {
        let list = world.stripe("GET", &format!("/v1/subscriptions?{query}"), "").expect(200).json();
        list["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(list(""), [second["id"].clone()]);
    assert_eq!(list("status=all"), [second["id"].clone(), first["id"].clone()]);
    assert_eq!(list("status=canceled"), [first["id"].clone()]);
    assert_eq!(list(&format!("customer={}", second["customer"].as_str().unwrap())), [second["id"].clone()]);
    let price = id(&second["items"]["data"][0]["price"]);
    assert_eq!(list(&format!("price={price}")), [second["id"].clone()]);
    assert_eq!(list("collection_method=send_invoice"), [] as [Value; 0]);
}

#[test]
fn a_repeated_key_subscribes_once() {
    let world = World::new();
    let (customer, price) = (customer(&world, "pm_card_visa"), monthly(&world));
    let body = format!("customer={}&items[0][price]={}", id(&customer), id(&price));
    let send = || world.stripe_with("POST", "/v1/subscriptions", &body, &[("idempotency-key", "k1")]);
    let (first, again) = (send().expect(200), send().expect(200));
    assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
    assert_eq!(world.count("provider=stripe&operation=subscriptions.create"), 1);
    assert_eq!(world.count("provider=stripe&operation=invoices.pay"), 1);
}
