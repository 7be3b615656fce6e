//! Razorpay refunds: amounts, idempotency keys, states, and what the payment shows of them.

use serde_json::{Value, json};

use crate::support::{JSON, RAZORPAY_KEY, Reply, World, basic, call};

const KEY: (&str, &str) = ("x-refund-idempotency", "refund-key-0001");

/// Returns the id of a captured payment of 500 rupees, and of its order.
fn paid(world: &World) -> (String, String) {
    let body = r#"{"amount": 50000, "currency": "INR", "receipt": "r1"}"#;
    let order = world.razorpay("POST", "/v1/orders", body).expect(200).json();
    let order = order["id"].as_str().unwrap().to_owned();
    let done = world.payer("razorpay", &order, "pay").expect(200).json();
    (done["payment_id"].as_str().unwrap().to_owned(), order)
}

fn refund(world: &World, payment: &str, body: &str, more: &[(&str, &str)]) -> Reply {
    world.razorpay_with("POST", &format!("/v1/payments/{payment}/refund"), body, more)
}

fn payment(world: &World, id: &str) -> Value {
    world.razorpay("GET", &format!("/v1/payments/{id}"), "").expect(200).json()
}

fn act(world: &World, refund: &Value, action: &str) -> Reply {
    let id = refund["id"].as_str().unwrap();
    world.control("POST", &format!("/_control/refunds/razorpay/{id}/{action}"), "")
}

fn description(reply: &Reply) -> String {
    reply.json()["error"]["description"].as_str().unwrap().to_owned()
}

#[test]
fn a_part_is_refunded_as_documented() {
    let world = World::new();
    let (id, order) = paid(&world);
    let body = r#"{"amount": 20000, "notes": {"reason": "returned"}, "receipt": "back-1"}"#;
    let refund = refund(&world, &id, body, &[KEY]).expect(200).json();
    assert_eq!(refund["id"].as_str().unwrap().len(), "rfnd_".len() + 14);
    assert_eq!(
        refund,
        json!({"id": refund["id"], "entity": "refund", "amount": 20000, "currency": "INR", "payment_id": id,
            "notes": {"reason": "returned"}, "receipt": "back-1", "acquirer_data": {"arn": null},
            "created_at": 1_767_607_200, "batch_id": null, "status": "processed", "speed_processed": "normal",
            "speed_requested": "normal"})
    );
    let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
    assert_eq!(world.razorpay("GET", &path, "").expect(200).json(), refund);
    let shown = payment(&world, &id);
    assert_eq!(
        (&shown["status"], &shown["amount_refunded"], &shown["refund_status"], &shown["captured"]),
        (&json!("captured"), &json!(20000), &json!("partial"), &json!(true))
    );
    let of_order = world.razorpay("GET", &format!("/v1/orders/{order}/payments"), "").expect(200).json();
    assert_eq!(of_order["items"][0], shown);
    let order = world.razorpay("GET", &format!("/v1/orders/{order}"), "").expect(200).json();
    assert_eq!((&order["status"], &order["amount_paid"]), (&json!("paid"), &json!(50000)));
    let effects = world.effects("operation=refunds.create");
    assert_eq!(effects["count"], 1);
    let effect = &effects["items"][0];
    assert_eq!(
        (
            &effect["id"],
            &effect["amount"],
            &effect["currency"],
            &effect["reference"],
            &effect["idempotency_key"]
        ),
        (&refund["id"], &json!(20000), &json!("INR"), &json!("back-1"), &json!(KEY.1))
    );
}

#[test]
fn without_an_amount_all_that_is_left_goes_back_once() {
    let world = World::new();
    let (id, order) = paid(&world);
    refund(&world, &id, r#"{"amount": 20000}"#, &[]).expect(200);
    let rest = refund(&world, &id, "", &[]).expect(200).json();
    assert_eq!((&rest["amount"], &rest["notes"]), (&json!(30000), &json!([])));
    let shown = payment(&world, &id);
    assert_eq!(
        (&shown["status"], &shown["amount_refunded"], &shown["refund_status"], &shown["captured"]),
        (&json!("refunded"), &json!(50000), &json!("full"), &json!(true))
    );
    let again = refund(&world, &id, "{}", &[]).expect(400);
    assert_eq!(description(&again), "The payment has been fully refunded already.");
    let order = world.razorpay("GET", &format!("/v1/orders/{order}"), "").expect(200).json();
    assert_eq!(order["status"], "paid");
    let of_payment = world.razorpay("GET", &format!("/v1/payments/{id}/refunds"), "").expect(200).json();
    assert_eq!((&of_payment["entity"], &of_payment["count"]), (&json!("collection"), &json!(2)));
    assert_eq!(of_payment["items"][0], rest);
    let (other, _) = paid(&world);
    refund(&world, &other, "{}", &[]).expect(200);
    let all = world.razorpay("GET", "/v1/refunds?count=2&skip=1", "").expect(200).json();
    assert_eq!((&all["count"], &all["items"][0]), (&json!(2), &rest));
}

#[test]
fn wrong_refunds_are_refused_and_change_nothing() {
    let world = World::new();
    let (id, _) = paid(&world);
    for (body, message) in [
        (r#"{"amount": 50001}"#, "The refund amount provided is greater than amount captured."),
        (r#"{"amount": 99}"#, "The amount must be at least INR 1.00"),
        (r#"{"amount": 20000.5}"#, "The amount must be an integer."),
        (r#"{"speed": "fast"}"#, "The selected speed is invalid."),
        (r#"{"reason": "x"}"#, "reason is/are not required and should not be sent"),
    ] {
        assert_eq!(description(&refund(&world, &id, body, &[]).expect(400)), message);
    }
    refund(&world, &id, r#"{"amount": 30000}"#, &[]).expect(200);
    let over = refund(&world, &id, r#"{"amount": 20001}"#, &[]).expect(400).json();
    assert_eq!(over["error"]["field"], "amount");
    for (id, message) in [
        ("pay_00000000000000", "The id provided does not exist"),
        ("pay_1", "pay_1 is not a valid id"),
        ("order_00000000000000", "order_00000000000000 is not a valid id"),
    ] {
        assert_eq!(description(&refund(&world, id, "{}", &[]).expect(400)), message);
    }
    for path in
        ["/v1/refunds/rfnd_1", "/v1/refunds/rfnd_00000000000000", "/v1/payments/pay_00000000000000/refunds"]
    {
        world.razorpay("GET", path, "").expect(400);
    }
    assert_eq!(world.count("operation=refunds.create"), 1);
}

#[test]
fn only_a_captured_payment_can_be_refunded() {
    let world = World::new();
    let body = r#"{"amount": 50000, "currency": "INR"}"#;
    for action in ["authorize", "decline", "abandon"] {
        let order = world.razorpay("POST", "/v1/orders", body).expect(200).json();
        let done = world.payer("razorpay", order["id"].as_str().unwrap(), action).expect(200).json();
        let reply = refund(&world, done["payment_id"].as_str().unwrap(), "{}", &[]).expect(400);
        assert!(description(&reply).contains("captured"), "{action}");
    }
}

#[test]
fn a_repeated_key_gets_the_first_answer_and_another_body_is_409() {
    let world = World::new();
    let (id, _) = paid(&world);
    let first = refund(&world, &id, r#"{"amount": 20000, "speed": "normal"}"#, &[KEY]).expect(200).json();
    act(&world, &first, "fail").expect(200);
    let again = refund(&world, &id, r#"{"speed": "normal", "amount": 20000}"#, &[KEY]).expect(200).json();
    assert_eq!(again, first);
    let other = refund(&world, &id, r#"{"amount": 10000}"#, &[KEY]).expect(409).json();
    assert_eq!(
        other["error"],
        json!({"code": "BAD_REQUEST_ERROR", "source": "NA", "step": "NA", "reason": "NA", "metadata": {},
            "description": "Different request with the same idempotency key has already been processed."})
    );
    let (second, _) = paid(&world);
    refund(&world, &second, r#"{"amount": 20000, "speed": "normal"}"#, &[KEY]).expect(409);
    refund(&world, &second, "{}", &[("x-refund-idempotency", "short")]).expect(400);
    refund(&world, &second, "{}", &[("x-refund-idempotency", "not allowed!")]).expect(400);
    assert_eq!(world.count("operation=refunds.create"), 1);
    let live = basic("rzp_live_00000000000000", "secret");
    let path = format!("/v1/payments/{id}/refund");
    let headers = [("authorization", live.as_str()), JSON, KEY];
    let foreign =
        call(world.addresses().razorpay, ("POST", &path), &headers, r#"{"amount": 20000}"#).expect(400);
    assert_eq!(description(&foreign), "The id provided does not exist");
}

#[test]
fn a_refused_refund_leaves_its_key_free() {
    let world = World::new();
    let (id, _) = paid(&world);
    refund(&world, &id, r#"{"amount": 60000}"#, &[KEY]).expect(400);
    refund(&world, &id, r#"{"amount": 50000}"#, &[KEY]).expect(200);
}

#[test]
fn a_key_is_in_use_until_the_first_answer_leaves() {
    let world = World::new();
    let (id, _) = paid(&world);
    world.fault(
        r#"{"provider": "razorpay", "operation": "refunds.create", "times": 1, "fault": {"latency_ms": 5000}}"#,
    );
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| refund(&world, &id, r#"{"amount": 20000}"#, &[KEY]));
        // Whichever request comes first is the slow one; this one waits until that has been recorded.
        while world.count("operation=refunds.create") == 0 {
            std::thread::yield_now();
        }
        let meanwhile = refund(&world, &id, r#"{"amount": 20000}"#, &[KEY]).expect(409);
        assert_eq!(
            description(&meanwhile),
            "Another request with the same idempotency key is still in progress."
        );
        slow.join().unwrap().expect(200);
    });
    refund(&world, &id, r#"{"amount": 20000}"#, &[KEY]).expect(200);
    assert_eq!(world.count("operation=refunds.create"), 1);
}

#[test]
fn a_pending_refund_is_processed_or_fails() {
    let world = World::new();
    world.control("PUT", "/_control/settings", r#"{"razorpay_pending_refunds": true}"#).expect(200);
    let (id, _) = paid(&world);
    let one = refund(&world, &id, r#"{"amount": 20000, "speed": "optimum"}"#, &[]).expect(200).json();
    assert_eq!((&one["status"], &one["speed_processed"]), (&json!("pending"), &Value::Null));
    let done = act(&world, &one, "process").expect(200).json();
    assert_eq!(
        (&done["status"], &done["object"]["speed_processed"]),
        (&json!("processed"), &json!("instant"))
    );
    assert_eq!(act(&world, &one, "process").expect(400).json()["error"]["param"], "action");
    let two = refund(&world, &id, r#"{"amount": 30000}"#, &[]).expect(200).json();
    assert_eq!(payment(&world, &id)["refund_status"], "full");
    assert_eq!(act(&world, &two, "fail").expect(200).json()["status"], "failed");
    act(&world, &two, "fail").expect(400);
    act(&world, &two, "process").expect(400);
    let shown = payment(&world, &id);
    assert_eq!(
        (&shown["status"], &shown["amount_refunded"], &shown["refund_status"]),
        (&json!("captured"), &json!(20000), &json!("partial"))
    );
    refund(&world, &id, r#"{"amount": 30000}"#, &[]).expect(200);
    assert_eq!(world.count("operation=refunds.fail"), 1);
    assert_eq!(world.count("operation=refunds.process"), 1);
    act(&world, &two, "explode").expect(400);
    act(&world, &json!({"id": "rfnd_00000000000000"}), "fail").expect(404);
}

#[test]
fn the_refund_of_a_payment_older_than_six_months_fails() {
    let world = World::new();
    let (id, _) = paid(&world);
    world.advance(200 * 24 * 60 * 60);
    let made = refund(&world, &id, "{}", &[]).expect(200).json();
    assert_eq!(made["status"], "pending");
    world.advance(2 * 60 * 60);
    let path = format!("/v1/refunds/{}", made["id"].as_str().unwrap());
    assert_eq!(world.razorpay("GET", &path, "").expect(200).json()["status"], "failed");
    assert_eq!(payment(&world, &id)["amount_refunded"], 0);
    assert_eq!(world.effects("operation=refunds.fail")["items"][0]["merchant"], RAZORPAY_KEY);
}
