//! Stripe payment links and the checkout sessions that they make.

use serde_json::{Value, json};

use crate::support::{FORM, Reply, World, call};

const DAY: u64 = 24 * 60 * 60;

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn price(world: &World, terms: &str) -> Value {
    let body = format!("{terms}&product_data[name]=Tea");
    world.stripe("POST", "/v1/prices", &body).expect(200).json()
}

/// Tries to create a link to two pieces of 10.00 USD.
fn link(world: &World, more: &str) -> Reply {
    let price = price(world, "currency=usd&unit_amount=1000");
    let body = format!("line_items[0][price]={}&line_items[0][quantity]=2{more}", id(&price));
    world.stripe("POST", "/v1/payment_links", &body)
}

fn act(world: &World, link: &Value, name: &str, body: &str) -> Reply {
    world.control("POST", &format!("/_control/payment_links/stripe/{}/{name}", id(link)), body)
}

fn shown(world: &World, link: &Value) -> Value {
    world.stripe("GET", &format!("/v1/payment_links/{}", id(link)), "").expect(200).json()
}

fn sessions(world: &World, query: &str) -> Vec<Value> {
    let list = world.stripe("GET", &format!("/v1/checkout/sessions?{query}"), "").expect(200).json();
    list["data"].as_array().unwrap().clone()
}

#[test]
fn a_link_is_paid_on_its_page_by_way_of_a_checkout_session() {
    let world = World::new();
    let url = "https://shop.example/done?session={CHECKOUT_SESSION_ID}";
    let more = format!(
        "&metadata[gateway_link_id]=glnk_01H&after_completion[type]=redirect&after_completion[redirect][url]={url}"
    );
    let made = link(&world, &more).expect(200).json();
    assert_eq!((&made["active"], &made["currency"]), (&json!(true), &json!("usd")));
    let own = format!("/pay/stripe/{}", id(&made));
    assert!(made["url"].as_str().unwrap().ends_with(&own));
    let page = world.control("GET", &own, "").expect(200).text();
    assert!(page.contains("Pay 20.00 USD") && page.contains("Tea"));
    let press =
        |button: &str| call(world.addresses().control, ("POST", &own), &[FORM], &format!("action={button}"));
    assert_eq!(press("decline").expect(303).header("location"), Some(own.as_str()));
    let paid = press("pay").expect(303);
    let found = sessions(&world, &format!("payment_link={}", id(&made)));
    assert_eq!(found.len(), 1, "the declined payer tried again in the same session");
    let session = &found[0];
    assert_eq!(paid.header("location"), Some(url.replace("{CHECKOUT_SESSION_ID}", id(session)).as_str()));
    assert_eq!((&session["status"], &session["payment_status"]), (&json!("complete"), &json!("paid")));
    assert_eq!((&session["amount_total"], &session["metadata"]), (&json!(2000), &made["metadata"]));
    let path = format!(
        "/v1/checkout/sessions/{}?expand[]=payment_intent.latest_charge&expand[]=line_items",
        id(session)
    );
    let whole = world.stripe("GET", &path, "").expect(200).json();
    assert_eq!(whole["payment_intent"]["latest_charge"]["paid"], true);
    assert_eq!(whole["line_items"]["data"][0]["amount_total"], 2000);
    // The link itself stays as it is, for the next payer.
    assert_eq!(shown(&world, &made), made);
    act(&world, &made, "pay", "").expect(200);
    assert_eq!(sessions(&world, &format!("payment_link={}", id(&made))).len(), 2);
    assert_eq!(world.count("provider=stripe&operation=payment_links.pay"), 2);
    assert_eq!(world.count("provider=stripe&operation=payment_links.decline"), 1);
    let effect = &world.effects("operation=payment_links.create")["items"][0];
    assert_eq!((&effect["amount"], &effect["reference"]), (&json!(2000), &json!("glnk_01H")));
}

#[test]
fn a_link_for_one_payer_is_inactive_after_the_first() {
    let world = World::new();
    let made = link(&world, "&restrictions[completed_sessions][limit]=1&customer_creation=always")
        .expect(200)
        .json();
    let declined = act(&world, &made, "decline", "").expect(200).json();
    assert_eq!((&declined["status"], &declined["object"]["status"]), (&json!("unpaid"), &json!("open")));
    let paid = act(&world, &made, "pay", "").expect(200).json();
    assert_eq!(paid["status"], "paid");
    assert!(paid["object"]["customer"].as_str().unwrap().starts_with("cus_"));
    let used = shown(&world, &made);
    assert_eq!(
        (&used["active"], &used["restrictions"]["completed_sessions"]["count"]),
        (&json!(false), &json!(1))
    );
    act(&world, &made, "pay", "").expect(400);
    let page = world.control("GET", &format!("/pay/stripe/{}", id(&made)), "").expect(200).text();
    assert!(page.contains("Nothing to pay here"));
}

#[test]
fn an_inactive_link_takes_no_payment_until_it_is_active_again() {
    let world = World::new();
    let made = link(&world, "").expect(200).json();
    let path = format!("/v1/payment_links/{}", id(&made));
    let update = |body: &str| world.stripe("POST", &path, body);
    assert_eq!(update("active=false&metadata[k]=v").expect(200).json()["active"], false);
    act(&world, &made, "pay", "").expect(400);
    update("active=true").expect(200);
    act(&world, &made, "pay", "").expect(200);
    update("line_items[0][quantity]=3").expect(400);
    assert_eq!(world.count("provider=stripe&operation=payment_links.update"), 2);
    let list = |query: &str| {
        world.stripe("GET", &format!("/v1/payment_links?{query}"), "").expect(200).json()["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((list("active=true"), list("active=false")), (1, 0));
}

#[test]
fn wrong_links_are_refused_with_their_parameter() {
    let world = World::new();
    let (good, cheap) =
        (price(&world, "currency=usd&unit_amount=1000"), price(&world, "currency=usd&unit_amount=20"));
    let euro = price(&world, "currency=eur&unit_amount=1000");
    let monthly = price(&world, "currency=usd&unit_amount=1000&recurring[interval]=month");
    let before = world.count("provider=stripe");
    let line = |price: &Value| format!("line_items[0][price]={}&line_items[0][quantity]=1", id(price));
    for (body, code, param) in [
        ("metadata[k]=v".to_owned(), json!("parameter_missing"), "line_items"),
        (
            format!("line_items[0][price]={}", id(&good)),
            json!("parameter_missing"),
            "line_items[0][quantity]",
        ),
        ("line_items[0][quantity]=1".to_owned(), json!("parameter_missing"), "line_items[0][price]"),
        (
            "line_items[0][price]=price_x&line_items[0][quantity]=1".to_owned(),
            json!("resource_missing"),
            "line_items[0][price]",
        ),
        (line(&cheap), json!("amount_too_small"), "line_items"),
        (line(&monthly), Value::Null, "line_items[0][price]"),
        (
            format!("{}&line_items[1][price]={}&line_items[1][quantity]=1", line(&good), id(&euro)),
            Value::Null,
            "line_items",
        ),
        (
            format!("{}&after_completion[type]=redirect", line(&good)),
            json!("parameter_missing"),
            "after_completion[redirect][url]",
        ),
        (
            format!("{}&restrictions[completed_sessions][limit]=0", line(&good)),
            json!("parameter_invalid_integer"),
            "restrictions[completed_sessions][limit]",
        ),
        (format!("{}&active=false", line(&good)), json!("parameter_unknown"), "active"),
        (
            "line_items[0][price_data][currency]=usd&line_items[0][quantity]=1".to_owned(),
            json!("parameter_unknown"),
            "line_items[0][price_data]",
        ),
    ] {
        let error = world.stripe("POST", "/v1/payment_links", &body).expect(400).json()["error"].clone();
        assert_eq!(
            (error.get("code").cloned().unwrap_or_default(), error["param"].as_str()),
            (code, Some(param)),
            "{body}"
        );
    }
    assert_eq!(world.count("provider=stripe"), before);
    assert_eq!(
        world.stripe("GET", "/v1/payment_links/plink_x", "").expect(404).json()["error"]["code"],
        "resource_missing"
    );
}

#[test]
fn newer_versions_take_inline_prices() {
    let world = World::new();
    let body = "line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=1500&line_items[0][price_data][product_data][name]=Cake&line_items[0][quantity]=1&expand[]=line_items";
    let version = [("stripe-version", "2025-07-30.basil")];
    let made = world.stripe_with("POST", "/v1/payment_links", body, &version).expect(200).json();
    assert_eq!(made["line_items"]["data"][0]["description"], "Cake");
    let lines = format!("/v1/payment_links/{}/line_items", id(&made));
    let lines = world.stripe("GET", &lines, "").expect(200).json();
    assert_eq!(lines["data"], made["line_items"]["data"]);
    for noun in ["products", "prices", "payment_links"] {
        assert_eq!(world.count(&format!("provider=stripe&operation={noun}.create")), 1, "{noun}");
    }
}

#[test]
fn a_debit_is_unpaid_until_it_has_settled() {
    let world = World::new();
    let made = link(&world, "").expect(200).json();
    let body = r#"{"payment_method": "pm_usBankAccount_success"}"#;
    let begun = act(&world, &made, "pay", body).expect(200).json();
    assert_eq!((&begun["status"], &begun["object"]["status"]), (&json!("unpaid"), &json!("complete")));
    world.advance(4 * DAY);
    assert_eq!(sessions(&world, "")[0]["payment_status"], "paid");
    let wrong = act(&world, &made, "pay", r#"{"payment_method": "pm_x"}"#).expect(400).json();
    assert_eq!(wrong["error"]["param"], "payment_method");
    act(&world, &made, "decline", body).expect(400);
    act(&world, &made, "steal", "").expect(400);
}

#[test]
fn three_d_secure_completes_the_session_when_the_payer_approves() {
    let world = World::new();
    let made = link(&world, "&payment_intent_data[capture_method]=manual").expect(200).json();
    let body = r#"{"payment_method": "pm_card_threeDSecure2Required"}"#;
    let asked = act(&world, &made, "pay", body).expect(200).json();
    assert_eq!(asked["object"]["status"], "open");
    let intent = asked["object"]["payment_intent"].as_str().unwrap();
    world.payer("stripe", intent, "approve").expect(200);
    let session = &sessions(&world, &format!("payment_intent={intent}"))[0];
    assert_eq!((&session["status"], &session["payment_status"]), (&json!("complete"), &json!("unpaid")));
    world.stripe("POST", &format!("/v1/payment_intents/{intent}/capture"), "").expect(200);
    let path = format!("/v1/checkout/sessions/{}", id(session));
    assert_eq!(world.stripe("GET", &path, "").expect(200).json()["payment_status"], "paid");
}

#[test]
fn a_session_that_nobody_finishes_expires_after_a_day() {
    let world = World::new();
    let made = link(&world, "").expect(200).json();
    world.payer("stripe", id(&made), "abandon").expect(200);
    assert_eq!(sessions(&world, "")[0]["status"], "open");
    world.advance(DAY);
    let session = &sessions(&world, "")[0];
    assert_eq!((&session["status"], &session["payment_status"]), (&json!("expired"), &json!("unpaid")));
    let intent = session["payment_intent"].as_str().unwrap();
    world.payer("stripe", intent, "pay").expect(400);
    assert_eq!(
        world.stripe("GET", "/v1/checkout/sessions/cs_x", "").expect(404).json()["error"]["code"],
        "resource_missing"
    );
}

#[test]
fn a_repeated_key_makes_one_link() {
    let world = World::new();
    let price = price(&world, "currency=usd&unit_amount=1000");
    let body = format!("line_items[0][price]={}&line_items[0][quantity]=1", id(&price));
    let send = || world.stripe_with("POST", "/v1/payment_links", &body, &[("idempotency-key", "k1:link")]);
    let (first, again) = (send().expect(200), send().expect(200));
    assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
    assert_eq!(world.count("provider=stripe&operation=payment_links.create"), 1);
}
