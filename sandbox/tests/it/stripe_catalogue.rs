//! Stripe customers, products and prices.

use serde_json::{Value, json};

use crate::support::World;

fn post(world: &World, path: &str, body: &str) -> Value {
    world.stripe("POST", path, body).expect(200).json()
}

fn error(world: &World, path: &str, body: &str) -> Value {
    world.stripe("POST", path, body).expect(400).json()["error"].clone()
}

fn ids(world: &World, path: &str) -> Vec<String> {
    let list = world.stripe("GET", path, "").expect(200).json();
    list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn customers_are_created_changed_and_listed_and_never_merged() {
    let world = World::new();
    let body =
        "email=a@example.com&name=Ann&metadata[k]=v&invoice_settings[default_payment_method]=pm_card_visa";
    let one = post(&world, "/v1/customers", body);
    let two = post(&world, "/v1/customers", "email=a@example.com");
    assert_ne!(one["id"], two["id"]);
    assert_eq!((&one["email"], &one["name"]), (&json!("a@example.com"), &json!("Ann")));
    assert!(one["invoice_settings"]["default_payment_method"].as_str().unwrap().starts_with("pm_1"));
    let path = format!("/v1/customers/{}", one["id"].as_str().unwrap());
    let changed = post(&world, &path, "name=&phone=%2B15558675310&metadata[k]=");
    assert_eq!((&changed["name"], &changed["phone"]), (&Value::Null, &json!("+15558675310")));
    assert_eq!(changed["metadata"], json!({}));
    let expanded = format!("{path}?expand[]=invoice_settings.default_payment_method");
    let expanded = world.stripe("GET", &expanded, "").expect(200).json();
    let method = &expanded["invoice_settings"]["default_payment_method"];
    assert_eq!((&method["object"], &method["customer"]), (&json!("payment_method"), &one["id"]));
    assert_eq!(ids(&world, "/v1/customers?email=a@example.com").len(), 2);
    assert_eq!(ids(&world, "/v1/customers?email=b@example.com").len(), 0);
    for body in ["email=nobody", "payment_method=pm_x", "colour=red", "balance=5"] {
        world.stripe("POST", "/v1/customers", body).expect(400);
    }
    assert_eq!(
        world.stripe("GET", "/v1/customers/cus_x", "").expect(404).json()["error"]["code"],
        "resource_missing"
    );
    assert_eq!(world.count("provider=stripe&operation=customers.create"), 2);
    assert_eq!(world.count("provider=stripe&operation=customers.update"), 1);
}

#[test]
fn an_intents_customer_must_exist() {
    let world = World::new();
    let unknown = error(&world, "/v1/payment_intents", "amount=2000&currency=usd&customer=cus_x");
    assert_eq!((&unknown["code"], &unknown["param"]), (&json!("resource_missing"), &json!("customer")));
    let customer = post(&world, "/v1/customers", "");
    let id = customer["id"].as_str().unwrap();
    let intent = post(
        &world,
        "/v1/payment_intents",
        &format!("amount=2000&currency=usd&customer={id}&expand[]=customer"),
    );
    assert_eq!(intent["customer"], customer);
    post(&world, "/v1/payment_intents", "amount=2000&currency=usd");
    assert_eq!(ids(&world, &format!("/v1/payment_intents?customer={id}")).len(), 1);
}

#[test]
fn a_price_brings_its_product_or_names_one() {
    let world = World::new();
    let price =
        post(&world, "/v1/prices", "currency=USD&unit_amount=1500&product_data[name]=Tea&expand[]=product");
    assert_eq!((&price["type"], &price["unit_amount"]), (&json!("one_time"), &json!(1500)));
    assert_eq!((&price["currency"], &price["unit_amount_decimal"]), (&json!("usd"), &json!("1500")));
    assert_eq!(price["product"]["name"], "Tea");
    let product = price["product"]["id"].as_str().unwrap();
    let body = format!(
        "currency=usd&unit_amount_decimal=0&product={product}&recurring[interval]=month&recurring[interval_count]=3"
    );
    let other = post(&world, "/v1/prices", &body);
    assert_eq!((&other["type"], &other["recurring"]["interval_count"]), (&json!("recurring"), &json!(3)));
    assert_eq!(ids(&world, &format!("/v1/prices?product={product}")).len(), 2);
    assert_eq!(ids(&world, "/v1/prices?type=recurring"), [other["id"].as_str().unwrap()]);
    assert_eq!(world.count("provider=stripe&operation=products.create"), 1);
    assert_eq!(world.count("provider=stripe&operation=prices.create"), 2);
}

#[test]
fn wrong_prices_are_refused_with_their_parameter() {
    let world = World::new();
    for (body, param) in [
        ("unit_amount=1&product_data[name]=x", "currency"),
        ("currency=usd&product_data[name]=x", "unit_amount"),
        ("currency=usd&unit_amount=1", "product"),
        ("currency=usd&unit_amount=1&product=prod_x", "product"),
        ("currency=usd&unit_amount=1&product=prod_x&product_data[name]=x", "product"),
        ("currency=usd&unit_amount=-1&product_data[name]=x", "unit_amount"),
        ("currency=ugx&unit_amount=150&product_data[name]=x", "unit_amount"),
        ("currency=kwd&unit_amount=5124&product_data[name]=x", "unit_amount"),
        ("currency=usd&unit_amount_decimal=0.5&product_data[name]=x", "unit_amount_decimal"),
        (
            "currency=usd&unit_amount=1&product_data[name]=x&recurring[interval_count]=1",
            "recurring[interval]",
        ),
        (
            "currency=usd&unit_amount=1&product_data[name]=x&recurring[interval]=year&recurring[interval_count]=4",
            "recurring[interval_count]",
        ),
        (
            "currency=usd&unit_amount=1&product_data[name]=x&custom_unit_amount[enabled]=true",
            "custom_unit_amount",
        ),
        ("currency=usd&unit_amount=1&product_data[title]=x", "product_data[title]"),
    ] {
        assert_eq!(error(&world, "/v1/prices", body)["param"], param, "{body}");
    }
    assert_eq!(world.count("provider=stripe"), 0);
}

#[test]
fn a_lookup_key_finds_one_price_again() {
    let world = World::new();
    let body = "currency=usd&unit_amount=1500&product_data[name]=Tea&lookup_key=tea_usd_1500";
    let price = post(&world, "/v1/prices", body);
    let find = "/v1/prices?lookup_keys[]=tea_usd_1500&lookup_keys[]=other&active=true";
    assert_eq!(ids(&world, find), [price["id"].as_str().unwrap()]);
    assert_eq!(error(&world, "/v1/prices", body)["param"], "lookup_key");
    let moved = post(&world, "/v1/prices", &format!("{body}&transfer_lookup_key=true"));
    assert_eq!(ids(&world, find), [moved["id"].as_str().unwrap()]);
    let path = format!("/v1/prices/{}", moved["id"].as_str().unwrap());
    let inactive = post(&world, &path, "active=false&metadata[k]=v");
    assert_eq!((&inactive["active"], &inactive["lookup_key"]), (&json!(false), &json!("tea_usd_1500")));
    assert_eq!(ids(&world, find).len(), 0);
    // The amount of a price is for ever.
    assert_eq!(error(&world, &path, "unit_amount=1")["code"], "parameter_unknown");
    post(&world, &path, "lookup_key=other");
    let reused = post(&world, "/v1/prices", body);
    assert_eq!(ids(&world, find), [reused["id"].as_str().unwrap()]);
}

#[test]
fn products_have_a_name_and_are_listed() {
    let world = World::new();
    assert_eq!(error(&world, "/v1/products", "description=x")["param"], "name");
    let tea = post(&world, "/v1/products", "name=Tea&id=tea&description=Green");
    assert_eq!((&tea["id"], &tea["description"]), (&json!("tea"), &json!("Green")));
    assert_eq!(error(&world, "/v1/products", "name=Tea&id=tea")["code"], "resource_already_exists");
    let milk = post(&world, "/v1/products", "name=Milk");
    world.advance(60);
    let changed = post(&world, "/v1/products/tea", "active=false&name=Black+tea");
    assert_eq!((&changed["name"], &changed["active"]), (&json!("Black tea"), &json!(false)));
    assert!(changed["updated"].as_i64() > changed["created"].as_i64());
    assert_eq!(ids(&world, "/v1/products?active=true"), [milk["id"].as_str().unwrap()]);
    assert_eq!(ids(&world, "/v1/products?ids[]=tea"), ["tea"]);
    assert_eq!(world.count("provider=stripe&operation=products.update"), 1);
}
