//! Razorpay payment links: fields, unique references, paying whole and in parts, expiry and cancellation.

use serde_json::{Value, json};

use crate::support::{FORM, JSON, Reply, World, basic, call};

const LINK: &str = r#"{"amount": 50000, "currency": "INR", "reference_id": "ref-1", "description": "Invoice 42",
    "customer": {"name": "A Payer", "email": "payer@example.com", "contact": "+919999999999"},
    "notify": {"sms": false, "email": false}, "reminder_enable": false, "callback_url": "https://shop.example/return",
    "callback_method": "get"}"#;
const NOW: u64 = 1_767_607_200;

fn create(world: &World, body: &str) -> Reply {
    world.razorpay("POST", "/v1/payment_links", body)
}

fn made(world: &World, body: &str) -> (String, Value) {
    let link = create(world, body).expect(200).json();
    (link["id"].as_str().unwrap().to_owned(), link)
}

fn get(world: &World, id: &str) -> Value {
    world.razorpay("GET", &format!("/v1/payment_links/{id}"), "").expect(200).json()
}

fn cancel(world: &World, id: &str) -> Reply {
    world.razorpay("POST", &format!("/v1/payment_links/{id}/cancel"), "")
}

fn act(world: &World, id: &str, action: &str, body: &str) -> Reply {
    world.control("POST", &format!("/_control/payment_links/razorpay/{id}/{action}"), body)
}

fn description(reply: &Reply) -> String {
    reply.json()["error"]["description"].as_str().unwrap().to_owned()
}

#[test]
fn a_link_is_created_as_documented() {
    let world = World::new();
    let (id, link) = made(&world, LINK);
    assert_eq!(id.len(), "plink_".len() + 14);
    assert_eq!(
        link,
        json!({"accept_partial": false, "amount": 50000, "amount_paid": 0, "callback_method": "get",
            "callback_url": "https://shop.example/return", "cancelled_at": 0, "created_at": NOW, "currency": "INR",
            "customer": {"contact": "+919999999999", "email": "payer@example.com", "name": "A Payer"},
            "description": "Invoice 42", "expire_by": 0, "expired_at": 0, "first_min_partial_amount": 0, "id": id,
            "notes": null, "notify": {"email": false, "sms": false, "whatsapp": false}, "payments": null,
            "reference_id": "ref-1", "reminder_enable": false, "reminders": [],
            "short_url": format!("http://{}/pay/razorpay/{id}", world.addresses().control), "status": "created",
            "updated_at": NOW, "upi_link": false, "user_id": "", "whatsapp_link": false})
    );
    assert_eq!(get(&world, &id), link);
    let slash =
        world.razorpay("POST", "/v1/payment_links/", r#"{"amount": 100, "notes": {"a": "b"}}"#).expect(200);
    assert_eq!((&slash.json()["currency"], &slash.json()["notes"]), (&json!("INR"), &json!({"a": "b"})));
    let found = world.razorpay("GET", "/v1/payment_links?reference_id=ref-1", "").expect(200).json();
    assert_eq!(found, json!({"payment_links": [link]}));
    let none = world.razorpay("GET", "/v1/payment_links/?reference_id=ref-2", "").expect(200).json();
    assert_eq!(none, json!({"payment_links": []}));
    let effect = world.effects("operation=payment_links.create")["items"][0].clone();
    assert_eq!(
        (&effect["id"], &effect["amount"], &effect["currency"], &effect["reference"]),
        (&json!(id), &json!(50000), &json!("INR"), &json!("ref-1"))
    );
}

#[test]
fn a_reference_is_taken_once_and_finds_its_link() {
    let world = World::new();
    let (id, _) = made(&world, LINK);
    let again = create(&world, LINK).expect(400);
    assert_eq!(description(&again), "payment link creation with reference ID already attempted");
    cancel(&world, &id).expect(200);
    create(&world, LINK).expect(400);
    create(&world, r#"{"amount": 50000}"#).expect(200);
    create(&world, r#"{"amount": 50000}"#).expect(200);
    let live = basic("rzp_live_00000000000000", "secret");
    let headers = [("authorization", live.as_str()), JSON];
    call(world.addresses().razorpay, ("POST", "/v1/payment_links"), &headers, LINK).expect(200);
    assert_eq!(world.count("operation=payment_links.create"), 4);
}

#[test]
fn wrong_links_are_refused() {
    let world = World::new();
    let long = format!(r#"{{"amount": 500, "reference_id": "{}"}}"#, "x".repeat(41));
    let note = format!(r#"{{"amount": 500, "notes": {{"a": "{}"}}}}"#, "x".repeat(256));
    let late = format!(r#"{{"amount": 500, "expire_by": {}}}"#, NOW + 190 * 24 * 60 * 60);
    for (body, field) in [
        ("{}", "amount"),
        (r#"{"amount": 99}"#, "amount"),
        (r#"{"amount": "500"}"#, "amount"),
        (r#"{"amount": 500, "first_min_partial_amount": 100}"#, "first_min_partial_amount"),
        (r#"{"amount": 500, "callback_url": "https://shop.example"}"#, "callback_method"),
        (r#"{"amount": 500, "callback_method": "get"}"#, "callback_url"),
        (
            r#"{"amount": 500, "callback_url": "https://shop.example", "callback_method": "post"}"#,
            "callback_method",
        ),
        (r#"{"amount": 500, "callback_url": "javascript:1", "callback_method": "get"}"#, "callback_url"),
        (r#"{"amount": 500, "customer": {"id": "x"}}"#, "customer.id"),
        (r#"{"amount": 500, "receipt": "x"}"#, "receipt"),
        (long.as_str(), "reference_id"),
        (note.as_str(), "notes"),
        (late.as_str(), "expire_by"),
    ] {
        assert_eq!(create(&world, body).expect(400).json()["error"]["field"], field, "{body}");
    }
    let soon = format!(r#"{{"amount": 500, "expire_by": {}}}"#, NOW + 14 * 60);
    assert_eq!(
        description(&create(&world, &soon).expect(400)),
        "timestamp must be atleast 15 minutes in future"
    );
    let upi = create(&world, r#"{"amount": 500, "upi_link": true}"#).expect(400);
    assert!(description(&upi).starts_with("UPI Payment Links is not supported in Test Mode."));
    world.razorpay("GET", "/v1/payment_links/plink_00000000000000", "").expect(400);
    world.razorpay("GET", "/v1/payment_links/order_00000000000000", "").expect(400);
    assert_eq!(world.count("operation=payment_links.create"), 0);
}

#[test]
fn paying_on_the_page_leads_back_to_the_shop() {
    let world = World::new();
    let (id, _) = made(&world, LINK);
    let path = format!("/pay/razorpay/{id}");
    let page = world.control("GET", &path, "").expect(200).text();
    assert!(page.contains("Pay 500.00 INR") && page.contains("Invoice 42"));
    let press =
        |button: &str| call(world.addresses().control, ("POST", &path), &[FORM], &format!("action={button}"));
    assert_eq!(press("decline").expect(303).header("location"), Some(path.as_str()));
    assert_eq!(get(&world, &id)["status"], "created");
    let back = press("pay").expect(303);
    let link = get(&world, &id);
    assert_eq!((&link["status"], &link["amount_paid"]), (&json!("paid"), &json!(50000)));
    let payment = &link["payments"][0];
    let payment_id = payment["payment_id"].as_str().unwrap();
    assert_eq!(
        *payment,
        json!({"amount": 50000, "created_at": NOW, "method": "upi", "payment_id": payment_id, "status": "captured"})
    );
    let expected = format!(
        "https://shop.example/return?razorpay_payment_id={payment_id}&razorpay_payment_link_id={id}\
         &razorpay_payment_link_reference_id=ref-1&razorpay_payment_link_status=paid"
    );
    assert_eq!(back.header("location"), Some(expected.as_str()));
    assert!(world.control("GET", &path, "").text().contains("Nothing to pay here any more"));
    press("pay").expect(400);
    let order = link["order_id"].as_str().unwrap();
    let order = world.razorpay("GET", &format!("/v1/orders/{order}"), "").expect(200).json();
    assert_eq!(
        (&order["status"], &order["receipt"], &order["attempts"]),
        (&json!("paid"), &json!("ref-1"), &json!(2))
    );
    world.razorpay("POST", &format!("/v1/payments/{payment_id}/refund"), "{}").expect(200);
    assert_eq!(get(&world, &id)["status"], "paid");
    assert_eq!(world.count("operation=payment_links.pay"), 1);
    assert_eq!(world.count("operation=payment_links.decline"), 1);
    assert_eq!(world.count("operation=orders.create"), 0);
}

#[test]
fn a_link_is_paid_in_parts_only_where_it_accepts_them() {
    let world = World::new();
    let (whole, _) = made(&world, r#"{"amount": 50000}"#);
    assert_eq!(
        act(&world, &whole, "pay_part", r#"{"amount": 20000}"#).expect(400).json()["error"]["param"],
        "amount"
    );
    let body = r#"{"amount": 50000, "accept_partial": true, "first_min_partial_amount": 10000}"#;
    let (id, _) = made(&world, body);
    act(&world, &id, "pay_part", "").expect(400);
    act(&world, &id, "pay_part", r#"{"amount": 9999}"#).expect(400);
    let part = act(&world, &id, "pay_part", r#"{"amount": 20000}"#).expect(200).json();
    assert_eq!((&part["status"], &part["object"]["amount_paid"]), (&json!("partially_paid"), &json!(20000)));
    let refused = cancel(&world, &id).expect(400);
    assert_eq!(description(&refused), "cannot cancel or expire an already paid/partially paid link");
    act(&world, &id, "expire", "").expect(400);
    act(&world, &id, "pay_part", r#"{"amount": 30001}"#).expect(400);
    world.advance(200 * 24 * 60 * 60);
    assert_eq!(get(&world, &id)["status"], "partially_paid");
    let rest = act(&world, &id, "pay", "").expect(200).json();
    assert_eq!((&rest["status"], rest["object"]["payments"].as_array().unwrap().len()), (&json!("paid"), 2));
    act(&world, &id, "pay", "").expect(400);
}

#[test]
fn the_order_behind_a_link_is_paid_through_the_link() {
    let world = World::new();
    let (id, _) = made(&world, r#"{"amount": 50000}"#);
    act(&world, &id, "decline", "").expect(200);
    let order = get(&world, &id)["order_id"].as_str().unwrap().to_owned();
    assert_eq!(world.payer("razorpay", &order, "pay").expect(200).json()["status"], "paid");
    assert_eq!(get(&world, &id)["status"], "paid");
    let second = made(&world, r#"{"amount": 50000}"#).0;
    assert_eq!(world.payer("razorpay", &second, "authorize").expect(400).json()["error"]["param"], "action");
    assert_eq!(world.payer("razorpay", &second, "pay").expect(200).json()["status"], "paid");
}

#[test]
fn a_link_expires_and_is_cancelled_once() {
    let world = World::new();
    let (short, _) = made(&world, &format!(r#"{{"amount": 50000, "expire_by": {}}}"#, NOW + 15 * 60));
    let (long, _) = made(&world, r#"{"amount": 50000}"#);
    world.advance(15 * 60);
    let expired = get(&world, &short);
    assert_eq!((&expired["status"], &expired["expired_at"]), (&json!("expired"), &json!(NOW + 15 * 60)));
    assert_eq!(description(&cancel(&world, &short).expect(400)), "cannot cancel or expire an expired link");
    act(&world, &short, "pay", "").expect(400);
    act(&world, &short, "expire", "").expect(400);
    assert_eq!(get(&world, &long)["status"], "created");
    world.advance(184 * 24 * 60 * 60);
    assert_eq!(get(&world, &long)["status"], "expired");
    let (id, _) = made(&world, r#"{"amount": 50000}"#);
    let cancelled = cancel(&world, &id).expect(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["cancelled_at"], cancelled["updated_at"]);
    cancel(&world, &id).expect(400);
    act(&world, &id, "pay", "").expect(400);
    let (other, _) = made(&world, r#"{"amount": 50000}"#);
    assert_eq!(act(&world, &other, "expire", "").expect(200).json()["status"], "expired");
    assert_eq!(world.count("operation=payment_links.expire"), 3);
    assert_eq!(world.count("operation=payment_links.cancel"), 1);
    act(&world, &other, "explode", "").expect(400);
    act(&world, "plink_00000000000000", "pay", "").expect(404);
}

#[test]
fn the_payer_is_told_again_while_the_link_is_open() {
    let world = World::new();
    let (id, _) = made(&world, LINK);
    let notify =
        |id: &str, by: &str| world.razorpay("POST", &format!("/v1/payment_links/{id}/notify_by/{by}"), "");
    assert_eq!(notify(&id, "sms").expect(200).json(), json!({"success": true}));
    notify(&id, "email").expect(200);
    assert_eq!(
        description(&notify(&id, "fax").expect(400)),
        "The requested URL was not found on the server."
    );
    let (nobody, _) = made(&world, r#"{"amount": 50000}"#);
    notify(&nobody, "email").expect(400);
    cancel(&world, &id).expect(200);
    notify(&id, "sms").expect(400);
    assert_eq!(world.count("operation=payment_links.notify"), 2);
}
