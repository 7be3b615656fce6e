//! Stripe: authentication, parameters, the intent's states, idempotency.

use serde_json::{Value, json};

use crate::support::{STRIPE_KEY, World, basic, call};

const CREATE: &str = "amount=2000&currency=usd&automatic_payment_methods[enabled]=true";

fn create(world: &World, body: &str) -> Value {
    world.stripe("POST", "/v1/payment_intents", body).expect(200).json()
}

fn step(world: &World, intent: &Value, step: &str, body: &str) -> crate::support::Reply {
    let path = format!("/v1/payment_intents/{}/{step}", intent["id"].as_str().unwrap());
    world.stripe("POST", &path, body)
}

#[test]
fn keys_are_taken_as_bearer_or_basic() {
    let world = World::new();
    let address = world.addresses().stripe;
    let get =
        |credentials: &str| call(address, ("GET", "/v1/account"), &[("authorization", credentials)], "");
    let bearer = get(&format!("Bearer {STRIPE_KEY}")).expect(200).json();
    let basic = get(&basic(STRIPE_KEY, "")).expect(200).json();
    assert_eq!(bearer["id"], basic["id"]);
    let live = get("Bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc").expect(200).json();
    assert_ne!(live["id"], bearer["id"]);
    let wrong = get("Bearer nonsense1234").expect(401).json();
    assert_eq!(wrong["error"]["message"], "Invalid API Key provided: ***1234");
    assert_eq!(wrong["error"]["type"], "invalid_request_error");
    let public = get("Bearer pk_test_abc").expect(403).json();
    assert_eq!(public["error"]["code"], "secret_key_required");
    let none = call(address, ("GET", "/v1/account"), &[], "").expect(401);
    assert!(none.json()["error"]["message"].as_str().unwrap().starts_with("You did not provide an API key."));
}

#[test]
fn an_intent_is_created_as_documented() {
    let world = World::new();
    let body = format!("{CREATE}&metadata[gateway_order_id]=ord_01H&description=Order+42");
    let headers = [("stripe-version", "2023-08-16"), ("idempotency-key", "k1")];
    let reply = world.stripe_with("POST", "/v1/payment_intents", &body, &headers).expect(200);
    assert!(reply.header("request-id").unwrap().starts_with("req_"));
    assert_eq!(reply.header("stripe-version"), Some("2023-08-16"));
    assert_eq!(reply.header("idempotency-key"), Some("k1"));
    assert_eq!(reply.header("x-sandbox"), Some("true"));
    let intent = reply.json();
    let id = intent["id"].as_str().unwrap();
    assert!(id.starts_with("pi_3"));
    assert!(intent["client_secret"].as_str().unwrap().starts_with(&format!("{id}_secret_")));
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["amount_received"], 0);
    assert_eq!(intent["metadata"], json!({"gateway_order_id": "ord_01H"}));
    assert_eq!(intent["description"], "Order 42");
    assert_eq!(intent["automatic_payment_methods"], json!({"allow_redirects": "always", "enabled": true}));
    assert_eq!(intent["livemode"], false);
    let path = format!("/v1/payment_intents/{id}");
    assert_eq!(world.stripe("GET", &path, "").expect(200).json(), intent);
}

#[test]
fn wrong_parameters_are_refused_with_code_and_param() {
    let world = World::new();
    for (body, code, param, message) in [
        ("currency=usd", "parameter_missing", "amount", "Missing required param: amount."),
        ("amount=2000", "parameter_missing", "currency", "Missing required param: currency."),
        (
            "amount=2000&currency=usd&colour=red",
            "parameter_unknown",
            "colour",
            "Received unknown parameter: colour",
        ),
        (
            "amount=2000&currency=usd&automatic_payment_methods[enable]=true",
            "parameter_unknown",
            "automatic_payment_methods[enable]",
            "Received unknown parameter: automatic_payment_methods[enable]",
        ),
        ("amount=ten&currency=usd", "parameter_invalid_integer", "amount", "Invalid integer: ten"),
        ("amount=49&currency=usd", "amount_too_small", "amount", "Amount must be at least $0.50 usd"),
        (
            "amount=100000000&currency=usd",
            "amount_too_large",
            "amount",
            "Amount must be no more than $999999.99 usd",
        ),
    ] {
        let error = world.stripe("POST", "/v1/payment_intents", body).expect(400).json()["error"].clone();
        assert_eq!(error["type"], "invalid_request_error", "{body}");
        assert_eq!(error["code"], code, "{body}");
        assert_eq!(error["param"], param, "{body}");
        assert_eq!(error["message"], message, "{body}");
    }
    for body in [
        "amount=2000&currency=xyz",
        "amount=2000&currency=usd&capture_method=later",
        "amount=2000&currency=usd&confirm=maybe",
        "amount=2000&currency=usd&description=",
        "amount=2000&currency=usd&customer=cus_unknown",
        "amount=2000&currency=usd&payment_method=pm_unknown",
        "amount=2000&currency=usd&expand[]=colour",
        "amount=2000&currency=usd&return_url=https://shop.example",
        "amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa",
    ] {
        world.stripe("POST", "/v1/payment_intents", body).expect(400);
    }
    let json = [("content-type", "application/json")];
    let headers = [("authorization", format!("Bearer {STRIPE_KEY}"))];
    let headers = [(headers[0].0, headers[0].1.as_str()), json[0]];
    call(world.addresses().stripe, ("POST", "/v1/payment_intents"), &headers, r#"{"amount":1}"#).expect(400);
    assert_eq!(world.count("provider=stripe"), 0);
}

#[test]
fn unknown_objects_urls_and_versions_are_refused() {
    let world = World::new();
    let missing = world.stripe("GET", "/v1/payment_intents/pi_x", "").expect(404).json();
    assert_eq!(missing["error"]["code"], "resource_missing");
    assert_eq!(missing["error"]["message"], "No such payment_intent: 'pi_x'");
    assert_eq!(missing["error"]["param"], "intent");
    let url = world.stripe("GET", "/v1/nope", "").expect(404).json();
    assert!(
        url["error"]["message"].as_str().unwrap().starts_with("Unrecognized request URL (GET: /v1/nope).")
    );
    world.stripe_with("GET", "/v1/balance", "", &[("stripe-version", "yesterday")]).expect(400);
}

#[test]
fn a_test_object_asked_for_with_a_live_key_is_hinted_at() {
    let world = World::new();
    let intent = create(&world, CREATE);
    let path = format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap());
    let live = [("authorization", "Bearer sk_live_abc")];
    let reply = call(world.addresses().stripe, ("GET", &path), &live, "").expect(404).json();
    assert!(reply["error"]["message"].as_str().unwrap().contains("a similar object exists in test mode"));
}

#[test]
fn payment_method_types_end_with_endive() {
    let world = World::new();
    let body = "amount=2000&currency=usd&payment_method_types[]=card";
    create(&world, body);
    let endive = [("stripe-version", "2026-09-30.endive")];
    let reply = world.stripe_with("POST", "/v1/payment_intents", body, &endive).expect(400).json();
    assert_eq!(reply["error"]["code"], "payment_method_types_no_longer_supported");
}

#[test]
fn a_good_card_succeeds_and_a_bad_one_leaves_the_intent_usable() {
    let world = World::new();
    let intent = create(&world, CREATE);
    let url = "return_url=https://shop.example/done";
    let declined =
        step(&world, &intent, "confirm", &format!("payment_method=pm_card_chargeDeclined&{url}")).expect(402);
    let error = declined.json()["error"].clone();
    assert_eq!(
        (&error["type"], &error["code"], &error["decline_code"]),
        (&json!("card_error"), &json!("card_declined"), &json!("generic_decline"))
    );
    assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
    assert_eq!(error["payment_intent"]["last_payment_error"]["code"], "card_declined");
    let poor = format!("payment_method=pm_card_visa_chargeDeclinedInsufficientFunds&{url}");
    let poor = step(&world, &intent, "confirm", &poor).expect(402).json();
    assert_eq!(poor["error"]["decline_code"], "insufficient_funds");
    let good = format!("payment_method=pm_card_visa&{url}&expand[]=latest_charge");
    let good = step(&world, &intent, "confirm", &good).expect(200).json();
    assert_eq!(good["status"], "succeeded");
    assert_eq!(good["amount_received"], 2000);
    assert_eq!(good["latest_charge"]["object"], "charge");
    assert_eq!(good["latest_charge"]["amount_captured"], 2000);
    let again = step(&world, &intent, "confirm", url).expect(400).json();
    assert_eq!(again["error"]["code"], "payment_intent_unexpected_state");
}

#[test]
fn three_d_secure_asks_the_payer() {
    let world = World::new();
    let body = format!(
        "{CREATE}&confirm=true&payment_method=pm_card_threeDSecure2Required&return_url=https://shop.example/done"
    );
    let intent = create(&world, &body);
    assert_eq!(intent["status"], "requires_action");
    let url = intent["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    let id = intent["id"].as_str().unwrap();
    assert_eq!(url, format!("http://{}/pay/stripe/{id}", world.addresses().control));
    let approved = world.payer("stripe", id, "approve").expect(200).json();
    assert_eq!(approved["status"], "succeeded");
    assert!(
        approved["redirect_url"]
            .as_str()
            .unwrap()
            .starts_with("https://shop.example/done?payment_intent=pi_3")
    );
    let off = format!("{CREATE}&confirm=true&off_session=true&payment_method=pm_card_threeDSecure2Required");
    let refused = world.stripe("POST", "/v1/payment_intents", &off).expect(402).json();
    assert_eq!(refused["error"]["decline_code"], "authentication_required");
}

#[test]
fn a_manual_intent_is_captured_in_part_or_canceled() {
    let world = World::new();
    let manual = format!("{CREATE}&capture_method=manual");
    let intent = create(&world, &manual);
    let early = step(&world, &intent, "capture", "").expect(400).json();
    assert_eq!(early["error"]["code"], "payment_intent_unexpected_state");
    assert_eq!(early["error"]["payment_intent"]["id"], intent["id"]);
    let paid = world.payer("stripe", intent["id"].as_str().unwrap(), "pay").expect(200).json();
    assert_eq!(paid["status"], "requires_capture");
    assert_eq!(paid["object"]["amount_capturable"], 2000);
    step(&world, &intent, "capture", "amount_to_capture=2001").expect(400);
    let captured = step(&world, &intent, "capture", "amount_to_capture=1500").expect(200).json();
    assert_eq!((&captured["status"], &captured["amount_received"]), (&json!("succeeded"), &json!(1500)));
    step(&world, &intent, "cancel", "").expect(400);
    let other = create(&world, &manual);
    step(&world, &other, "cancel", "cancellation_reason=bored").expect(400);
    let canceled = step(&world, &other, "cancel", "cancellation_reason=abandoned").expect(200).json();
    assert_eq!(
        (&canceled["status"], &canceled["cancellation_reason"]),
        (&json!("canceled"), &json!("abandoned"))
    );
    assert_eq!(world.count("provider=stripe&operation=orders.capture"), 1);
    assert_eq!(world.count("provider=stripe&operation=orders.cancel"), 1);
}

#[test]
fn time_releases_what_is_not_captured_and_settles_bank_debits() {
    let world = World::new();
    let manual = create(&world, &format!("{CREATE}&capture_method=manual"));
    world.payer("stripe", manual["id"].as_str().unwrap(), "authorize").expect(200);
    let debit = |token: &str| {
        create(&world, &format!("{CREATE}&confirm=true&off_session=true&payment_method={token}"))
    };
    let (good, bad) = (debit("pm_usBankAccount_success"), debit("pm_usBankAccount_insufficientFunds"));
    assert_eq!((&good["status"], &bad["status"]), (&json!("processing"), &json!("processing")));
    world.advance(7 * 24 * 60 * 60);
    let get = |intent: &Value| {
        world.stripe("GET", &format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap()), "").json()
    };
    assert_eq!(get(&manual)["cancellation_reason"], "automatic");
    assert_eq!(get(&good)["status"], "succeeded");
    assert_eq!(get(&bad)["status"], "requires_payment_method");
    assert_eq!(get(&bad)["last_payment_error"]["code"], "insufficient_funds");
}

#[test]
fn metadata_is_added_to_and_unset_by_empty_values() {
    let world = World::new();
    let intent = create(&world, &format!("{CREATE}&metadata[a]=1&metadata[b]=2&receipt_email=a@example.com"));
    let path = format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap());
    let body = "metadata[a]=&metadata[c]=3&amount=2500&receipt_email=";
    let updated = world.stripe("POST", &path, body).expect(200).json();
    assert_eq!(updated["metadata"], json!({"b": "2", "c": "3"}));
    assert_eq!((&updated["amount"], &updated["receipt_email"]), (&json!(2500), &json!(null)));
    let emptied = world.stripe("POST", &path, "metadata=").expect(200).json();
    assert_eq!(emptied["metadata"], json!({}));
}

#[test]
fn lists_are_paged_newest_first() {
    let world = World::new();
    let mut ids: Vec<String> =
        (0..5).map(|_| create(&world, CREATE)["id"].as_str().unwrap().to_owned()).collect();
    ids.reverse();
    let list =
        |query: &str| world.stripe("GET", &format!("/v1/payment_intents?{query}"), "").expect(200).json();
    let names = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = list("limit=2");
    assert_eq!((names(&first), &first["has_more"]), (ids[..2].to_vec(), &json!(true)));
    let rest = list(&format!("limit=10&starting_after={}", ids[1]));
    assert_eq!((names(&rest), &rest["has_more"]), (ids[2..].to_vec(), &json!(false)));
    let before = list(&format!("limit=2&ending_before={}", ids[3]));
    assert_eq!((names(&before), &before["has_more"]), (ids[1..3].to_vec(), &json!(true)));
    assert_eq!(names(&list("created[gte]=1767607200")).len(), 5);
    assert_eq!(names(&list("created%5Bgt%5D=1767607200")).len(), 0);
    world.stripe("GET", "/v1/payment_intents?limit=0", "").expect(400);
}

#[test]
fn a_repeated_key_gets_the_stored_answer() {
    let world = World::new();
    let send = |key: &str, body: &str| {
        world.stripe_with("POST", "/v1/payment_intents", body, &[("idempotency-key", key)])
    };
    let first = send("k1", CREATE).expect(200);
    let again = send("k1", CREATE).expect(200);
    assert_eq!(first.body, again.body);
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(again.header("original-request"), first.header("request-id"));
    let reordered = "currency=usd&automatic_payment_methods%5Benabled%5D=true&amount=2000";
    assert_eq!(send("k1", reordered).expect(200).body, first.body);
    assert_eq!(world.count("provider=stripe&operation=orders.create"), 1);
    let other = send("k1", "amount=2001&currency=usd").expect(400).json();
    assert_eq!(other["error"]["type"], "idempotency_error");
    assert!(other["error"]["message"].as_str().unwrap().contains("same parameters"));
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let elsewhere = format!("/v1/payment_intents/{id}/cancel");
    let elsewhere =
        world.stripe_with("POST", &elsewhere, "", &[("idempotency-key", "k1")]).expect(400).json();
    assert!(elsewhere["error"]["message"].as_str().unwrap().contains("same endpoint"));
    world.advance(24 * 60 * 60);
    assert_ne!(send("k1", CREATE).expect(200).body, first.body);
}

#[test]
fn refused_parameters_are_not_stored_but_declines_are() {
    let world = World::new();
    let send = |key: &str, body: &str| {
        world.stripe_with("POST", "/v1/payment_intents", body, &[("idempotency-key", key)])
    };
    send("k1", "amount=ten&currency=usd").expect(400);
    send("k1", CREATE).expect(200);
    let declined = format!("{CREATE}&confirm=true&off_session=true&payment_method=pm_card_chargeDeclined");
    let first = send("k2", &declined).expect(402);
    let again = send("k2", &declined).expect(402);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.body, again.body);
    assert_eq!(world.count("provider=stripe&operation=orders.confirm"), 1);
}

#[test]
fn the_balance_shows_what_was_earned() {
    let world = World::new();
    create(&world, &format!("{CREATE}&confirm=true&off_session=true&payment_method=pm_card_visa"));
    let balance = world.stripe("GET", "/v1/balance", "").expect(200).json();
    assert_eq!(balance["pending"][0]["amount"], 2000);
}
