//! The payer's page, as a browser without scripts uses it.

use crate::support::{FORM, World, call};

const ORDER: &str = r#"{"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "100.00"},
    "description": "<b>Order 42</b>"}],
    "application_context": {"return_url": "https://shop.example/return", "cancel_url": "https://shop.example/cancel"}}"#;

fn press(world: &World, path: &str, button: &str) -> crate::support::Reply {
    call(world.addresses().control, ("POST", path), &[FORM], &format!("action={button}"))
}

#[test]
fn paying_at_paypal_leads_back_to_the_shop() {
    let world = World::new();
    let order = world.paypal("POST", "/v2/checkout/orders", ORDER).expect(201).json();
    let id = order["id"].as_str().unwrap();
    let path = format!("/pay/paypal/{id}");
    let page = world.control("GET", &path, "").expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let html = page.text();
    assert!(
        html.contains("Pay 100.00 USD") && html.contains("Decline") && html.contains("Cancel and return")
    );
    assert!(html.contains("&lt;b&gt;Order 42&lt;/b&gt;"));
    for outside in ["http://", "https://", "src=", "@import"] {
        assert!(!html.contains(outside), "{outside}");
    }
    let left = press(&world, &path, "abandon").expect(303);
    assert_eq!(left.header("location"), Some(format!("https://shop.example/cancel?token={id}").as_str()));
    let back = press(&world, &path, "pay").expect(303);
    let expected = format!("https://shop.example/return?token={id}&PayerID=QYR5Z8XDVJNXQ");
    assert_eq!(back.header("location"), Some(expected.as_str()));
    assert!(world.control("GET", &path, "").text().contains("Nothing to pay here any more"));
    world.paypal("POST", &format!("/v2/checkout/orders/{id}/capture"), "{}").expect(201);
}

#[test]
fn paying_without_a_return_address_shows_the_page_again() {
    let world = World::new();
    let order = world.razorpay("POST", "/v1/orders", r#"{"amount": 50000, "currency": "INR"}"#).json();
    let path = format!("/pay/razorpay/{}", order["id"].as_str().unwrap());
    assert!(world.control("GET", &path, "").expect(200).text().contains("500.00 INR"));
    assert_eq!(press(&world, &path, "decline").expect(303).header("location"), Some(path.as_str()));
    assert!(world.control("GET", &path, "").text().contains("attempted"));
    press(&world, &path, "pay").expect(303);
    assert!(world.control("GET", &path, "").text().contains("paid"));
    press(&world, &path, "pay").expect(400);
}

#[test]
fn an_unknown_order_or_button_is_refused() {
    let world = World::new();
    world.control("GET", "/pay/stripe/pi_x", "").expect(404);
    world.control("GET", "/pay/adyen/x", "").expect(400);
    world.control("GET", "/pay/stripe", "").expect(404);
    let intent = world.stripe("POST", "/v1/payment_intents", "amount=2000&currency=usd").expect(200).json();
    let path = format!("/pay/stripe/{}", intent["id"].as_str().unwrap());
    assert!(world.control("GET", &path, "").expect(200).text().contains("20.00 USD"));
    press(&world, &path, "steal").expect(400);
    press(&world, &path, "pay").expect(303);
}
