//! Every kind of fault, seen from the socket.

use std::{
    io::{ErrorKind, Read, Write},
    time::Duration,
};

use crate::support::{JSON, RAZORPAY_KEY, STRIPE_KEY, World, basic, connect, exchange, parse, request};

const ORDER: &str = r#"{"amount": 50000, "currency": "INR"}"#;

fn create() -> Vec<u8> {
    let credentials = basic(RAZORPAY_KEY, "secret");
    request("POST", "/v1/orders", &[("authorization", &credentials), JSON], ORDER)
}

fn rule(fault: &str) -> String {
    format!(r#"{{"provider": "razorpay", "operation": "orders.create", "times": 1, "fault": {fault}}}"#)
}

/// Sets a fault of this kind for the next order, and returns what came of creating one.
fn meet(world: &World, kind: &str) -> std::io::Result<Vec<u8>> {
    world.fault(&rule(&format!(r#"{{"kind": "{kind}"}}"#)));
    exchange(world.addresses().razorpay, &create())
}

/// Waits until a provider has made its one order, whoever was told.
fn until_made(world: &World, provider: &str) {
    while world.count(&format!("provider={provider}&operation=orders.create")) == 0 {
        std::thread::yield_now();
    }
}

/// Checks how many orders there are, what the call's record says, and that the next order works again.
#[track_caller]
fn check_after(world: &World, fault: &str, (effects, status): (u64, Option<u16>)) {
    assert_eq!(world.count("provider=razorpay&operation=orders.create"), effects, "{fault}");
    let calls = world.calls("provider=razorpay");
    assert_eq!(calls["items"][0]["fault"], fault);
    assert_eq!(calls["items"][0]["status"].as_u64(), status.map(u64::from), "{fault}");
    world.razorpay("POST", "/v1/orders", ORDER).expect(200);
}

#[test]
fn a_reset_before_reading_executes_nothing() {
    let world = World::new();
    let error = meet(&world, "reset_before_read").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(world.calls("")["items"][0]["body"], "");
    check_after(&world, "reset_before_read", (0, None));
}

#[test]
fn a_reset_before_reading_does_not_wait_for_the_body() {
    let world = World::new();
    world.fault(&rule(r#"{"kind": "reset_before_read"}"#));
    let mut stream = connect(world.addresses().razorpay);
    let head = create();
    let end = head.len() - ORDER.len();
    stream.write_all(&head[..end]).unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_reset_after_reading_executes_nothing() {
    let world = World::new();
    let error = meet(&world, "reset_after_read").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(world.calls("")["items"][0]["body"], ORDER);
    check_after(&world, "reset_after_read", (0, None));
}

#[test]
fn execute_then_reset_makes_the_order_and_tells_nobody() {
    let world = World::new();
    let error = meet(&world, "execute_then_reset").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    check_after(&world, "execute_then_reset", (1, Some(200)));
}

#[test]
fn a_hang_never_answers() {
    for (kind, effects, status) in [("hang", 0, None), ("execute_then_hang", 1, Some(200))] {
        let world = World::new();
        world.fault(&rule(&format!(r#"{{"kind": "{kind}"}}"#)));
        let mut stream = connect(world.addresses().razorpay);
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream.write_all(&create()).unwrap();
        let error = stream.read(&mut [0; 1]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind}: {error}");
        check_after(&world, kind, (effects, status));
    }
}

#[test]
fn half_a_body_is_less_than_its_length_says() {
    let world = World::new();
    let bytes = meet(&world, "half_body").unwrap();
    assert!(parse(&bytes).is_none());
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert_eq!(length.parse::<usize>().unwrap() / 2, body.len());
    assert!(head.contains("x-sandbox: true"));
    check_after(&world, "half_body", (1, Some(200)));
}

#[test]
fn garbage_is_not_http() {
    let world = World::new();
    let bytes = meet(&world, "garbage").unwrap();
    assert!(!bytes.is_empty());
    assert!(!bytes.starts_with(b"HTTP/"));
    check_after(&world, "garbage", (0, None));
}

#[test]
fn an_edge_answers_502_in_html() {
    let world = World::new();
    let reply = parse(&meet(&world, "html_502").unwrap()).unwrap();
    assert_eq!((reply.status, reply.header("content-type")), (502, Some("text/html")));
    assert!(reply.text().contains("<h1>502 Bad Gateway</h1>"));
    assert_eq!(reply.header("x-sandbox"), Some("true"));
    check_after(&world, "html_502", (0, Some(502)));
}

#[test]
fn a_slow_body_comes_byte_by_byte() {
    let world = World::new();
    world.fault(&rule(r#"{"kind": "slow_body"}"#));
    let mut stream = connect(world.addresses().razorpay);
    stream.set_read_timeout(Some(Duration::from_millis(900))).unwrap();
    stream.write_all(&create()).unwrap();
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    while bytes.windows(5).all(|window| window != b"\n\r\n{\"") {
        let count = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..count]);
    }
    // Two bytes of a body that is some two hundred.
    assert!(parse(&bytes).is_none());
    drop(stream);
    check_after(&world, "slow_body", (1, Some(200)));
}

#[test]
fn an_endless_body_does_not_end() {
    let world = World::new();
    world.fault(&rule(r#"{"kind": "endless_body"}"#));
    let mut stream = connect(world.addresses().razorpay);
    stream.write_all(&create()).unwrap();
    let mut piece = vec![0; 64 * 1024];
    let mut total = 0;
    while total < 4 * 1024 * 1024 {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "ended after {total} bytes");
        total += count;
    }
    drop(stream);
    check_after(&world, "endless_body", (0, None));
}

#[test]
fn a_gzip_bomb_is_small_on_the_wire() {
    let world = World::new();
    let reply = parse(&meet(&world, "gzip_bomb").unwrap()).unwrap();
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert!(reply.body.starts_with(&[0x1f, 0x8b]));
    let unpacked = u32::from_le_bytes(reply.body[reply.body.len() - 4..].try_into().unwrap());
    assert_eq!(unpacked, 1_082_130_433);
    assert!(reply.body.len() < 7_000_000);
    check_after(&world, "gzip_bomb", (0, None));
}

#[test]
fn a_custom_answer_replaces_the_providers() {
    let world = World::new();
    world.fault(&rule(
        r#"{"status": 429, "body": {"error": {"code": "X"}}, "headers": {"Retry-After": "2"}}"#,
    ));
    let reply = world.razorpay("POST", "/v1/orders", ORDER).expect(429);
    assert_eq!((reply.json()["error"]["code"].as_str(), reply.header("retry-after")), (Some("X"), Some("2")));
    check_after(&world, "status", (0, Some(429)));
    world.fault(&rule(r#"{"status": 503, "body": "<html>down</html>"}"#));
    let reply = world.razorpay("POST", "/v1/orders", ORDER).expect(503);
    assert_eq!(
        (reply.text().as_str(), reply.header("content-type")),
        ("<html>down</html>", Some("text/html"))
    );
}

#[test]
fn latency_delays_the_answer_of_a_request_that_was_executed_at_once() {
    let world = World::new();
    world.fault(&rule(r#"{"latency_ms": 60000}"#));
    let mut slow = connect(world.addresses().razorpay);
    slow.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    slow.write_all(&create()).unwrap();
    until_made(&world, "razorpay");
    assert!(slow.read(&mut [0; 1]).is_err());
    check_after(&world, "latency_ms", (1, Some(200)));
    world.fault(&rule(r#"{"latency_ms": 20}"#));
    world.razorpay("POST", "/v1/orders", ORDER).expect(200);
}

#[test]
fn faults_stack_in_order() {
    let world = World::new();
    world.fault(&rule(r#"{"latency_ms": 5}"#));
    world.fault(&rule(r#"{"status": 500}"#));
    world.fault(&rule(r#"{"kind": "garbage"}"#));
    world.razorpay("POST", "/v1/orders", ORDER).expect(500);
    let bytes = exchange(world.addresses().razorpay, &create()).unwrap();
    assert!(!bytes.starts_with(b"HTTP/"));
    world.razorpay("POST", "/v1/orders", ORDER).expect(200);
    let calls = world.calls("provider=razorpay");
    let names: Vec<_> = calls["items"].as_array().unwrap().iter().map(|call| call["fault"].clone()).collect();
    assert_eq!(names, ["latency_ms+status".into(), "garbage".into(), serde_json::Value::Null]);
}

#[test]
fn a_fault_meets_its_operation_and_merchant_only() {
    let world = World::new();
    world.fault(r#"{"provider": "razorpay", "operation": "orders.get", "fault": {"status": 500}}"#);
    world.fault(
        r#"{"provider": "razorpay", "merchant": "rzp_test_99999999999999", "fault": {"status": 500}}"#,
    );
    world.fault(&format!(
        r#"{{"provider": "stripe", "merchant": "{STRIPE_KEY}", "fault": {{"status": 500}}}}"#
    ));
    world.razorpay("POST", "/v1/orders", ORDER).expect(200);
    world.razorpay("GET", "/v1/orders/order_00000000000000", "").expect(500);
    world.stripe("GET", "/v1/balance", "").expect(500);
    let other = [("authorization", "Bearer sk_test_other")];
    crate::support::call(world.addresses().stripe, ("GET", "/v1/balance"), &other, "").expect(200);
    world.control("DELETE", "/_control/faults", "").expect(200);
    world.stripe("GET", "/v1/balance", "").expect(200);
}

#[test]
fn a_probability_of_one_half_meets_about_half() {
    let world = World::new();
    world.fault(r#"{"provider": "razorpay", "probability": 0.5, "fault": {"status": 500}}"#);
    let failed = (0..200).filter(|_| world.razorpay("GET", "/v1/orders", "").status == 500).count();
    assert!((60..140).contains(&failed), "{failed} of 200");
}

#[test]
fn a_key_is_in_use_while_its_first_answer_is_late() {
    let world = World::new();
    world.fault(
        r#"{"provider": "stripe", "operation": "orders.create", "times": 1, "fault": {"latency_ms": 60000}}"#,
    );
    let bearer = format!("Bearer {STRIPE_KEY}");
    let form = "amount=2000&currency=usd";
    let headers = [("authorization", bearer.as_str()), crate::support::FORM, ("idempotency-key", "k1")];
    let mut slow = connect(world.addresses().stripe);
    slow.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    slow.write_all(&request("POST", "/v1/payment_intents", &headers, form)).unwrap();
    until_made(&world, "stripe");
    assert!(slow.read(&mut [0; 1]).is_err());
    let send = || world.stripe_with("POST", "/v1/payment_intents", form, &[("idempotency-key", "k1")]);
    let busy = send().expect(409).json();
    assert_eq!(busy["error"]["code"], "idempotency_key_in_use");
    drop(slow);
    // The sandbox notices that the first caller left; its stored answer is then free.
    let replayed = (0..100).map(|_| send()).find(|reply| reply.status != 409).unwrap().expect(200);
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
    assert_eq!(world.count("provider=stripe&operation=orders.create"), 1);
}
