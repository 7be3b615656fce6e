//! PayPal payouts: batches by time and by hand, `sender_batch_id`, the notes that trigger refusals.

use serde_json::{Value, json};

use crate::support::{Reply, World};

const PAYOUTS: &str = "/v1/payments/payouts";
const DAY: u64 = 24 * 60 * 60;

fn body(sender_batch_id: &str, receiver: &str, note: &str) -> String {
    format!(
        r#"{{"sender_batch_header": {{"sender_batch_id": "{sender_batch_id}", "email_subject": "You have a payment"}},
        "items": [{{"recipient_type": "EMAIL", "receiver": "{receiver}", "amount": {{"currency": "USD", "value": "25.00"}},
        "note": "{note}", "sender_item_id": "txn_1"}}]}}"#
    )
}

fn create(world: &World, sender_batch_id: &str) -> String {
    let body = body(sender_batch_id, "payee@example.com", "March share");
    let made = world.paypal("POST", PAYOUTS, &body).expect(201).json();
    assert_eq!(made["batch_header"]["batch_status"], "PENDING");
    made["batch_header"]["payout_batch_id"].as_str().unwrap().to_owned()
}

fn batch(world: &World, id: &str) -> Value {
    world.paypal("GET", &format!("{PAYOUTS}/{id}"), "").expect(200).json()
}

/// Returns a batch whose items have just been named, with the first item's id.
fn processing(world: &World, sender_batch_id: &str) -> (String, String) {
    let id = create(world, sender_batch_id);
    world.advance(2);
    let item = batch(world, &id)["items"][0]["payout_item_id"].as_str().unwrap().to_owned();
    (id, item)
}

fn item(world: &World, id: &str) -> Value {
    world.paypal("GET", &format!("/v1/payments/payouts-item/{id}"), "").expect(200).json()
}

fn act(world: &World, id: &str, action: &str, body: &str) -> Reply {
    world.control("POST", &format!("/_control/payouts/paypal/{id}/{action}"), body)
}

#[test]
fn a_batch_is_pending_then_processing_then_done() {
    let world = World::new();
    let id = create(&world, "b1");
    assert_eq!(id.len(), 13);
    let pending = batch(&world, &id);
    assert_eq!(pending["batch_header"]["batch_status"], "PENDING");
    assert!(pending.get("items").is_none());
    world.advance(2);
    let processing = batch(&world, &id);
    assert_eq!(processing["batch_header"]["batch_status"], "PROCESSING");
    assert_eq!(processing["items"][0]["transaction_status"], "PENDING");
    world.advance(8);
    let done = batch(&world, &id);
    assert_eq!(
        (&done["batch_header"]["batch_status"], &done["batch_header"]["time_completed"]),
        (&json!("SUCCESS"), &json!("2026-01-05T10:00:10Z"))
    );
    assert_eq!(
        (&done["batch_header"]["amount"]["value"], &done["batch_header"]["fees"]["value"]),
        (&json!("25.00"), &json!("0.25"))
    );
    let first = &done["items"][0];
    assert_eq!(
        (&first["transaction_status"], &first["payout_item"]["sender_item_id"]),
        (&json!("SUCCESS"), &json!("txn_1"))
    );
    let shown = item(&world, first["payout_item_id"].as_str().unwrap());
    assert_eq!(
        (&shown["sender_batch_id"], &shown["transaction_id"]),
        (&json!("b1"), &first["transaction_id"])
    );
    let made = world.effects("operation=payouts.create");
    assert_eq!((&made["items"][0]["id"], &made["items"][0]["reference"]), (&json!(id), &json!("txn_1")));
    assert_eq!(world.count("operation=payouts.succeed"), 1);
}

#[test]
fn a_used_sender_batch_id_leads_to_the_batch_it_made() {
    let world = World::new();
    let id = create(&world, "b1");
    let body = body("b1", "payee@example.com", "again");
    let again = world.paypal("POST", PAYOUTS, &body).expect(400).json();
    assert_eq!(
        (&again["name"], &again["details"][0]["field"]),
        (&json!("USER_BUSINESS_ERROR"), &json!("SENDER_BATCH_ID"))
    );
    let own = format!("http://{}{PAYOUTS}/{id}", world.addresses().paypal);
    assert_eq!(again["details"][0]["link"][0]["href"], json!(own));
    // The request id is no guard here: another batch id under the same one pays twice.
    let headers = [("paypal-request-id", "r1")];
    for sender_batch_id in ["b2", "b3"] {
        let body = body.replace("\"b1\"", &format!("\"{sender_batch_id}\""));
        world.paypal_with("POST", PAYOUTS, &body, &headers).expect(201);
    }
    assert_eq!(world.count("operation=payouts.create"), 3);
    world.advance(30 * DAY);
    assert_ne!(create(&world, "b1"), id);
}

#[test]
fn nobody_claims_a_payout_to_an_address_without_an_account() {
    let world = World::new();
    let made = world.paypal("POST", PAYOUTS, &body("b1", "unregistered@example.com", "x")).expect(201).json();
    let id = made["batch_header"]["payout_batch_id"].as_str().unwrap();
    world.advance(10);
    let first = batch(&world, id)["items"][0].clone();
    assert_eq!(
        (&first["transaction_status"], &first["errors"]["name"]),
        (&json!("UNCLAIMED"), &json!("RECEIVER_UNREGISTERED"))
    );
    world.advance(30 * DAY - 1);
    assert_eq!(batch(&world, id)["items"][0]["transaction_status"], "UNCLAIMED");
    world.advance(1);
    assert_eq!(batch(&world, id)["items"][0]["transaction_status"], "RETURNED");
    assert_eq!(world.count("operation=payouts.return"), 1);
}

#[test]
fn an_unclaimed_item_is_cancelled_once() {
    let world = World::new();
    let (_, id) = processing(&world, "b1");
    let cancel = || world.paypal("POST", &format!("/v1/payments/payouts-item/{id}/cancel"), "");
    assert_eq!(cancel().expect(400).json()["name"], "ITEM_INCORRECT_STATUS");
    act(&world, &id, "unclaim", "").expect(200);
    let back = cancel().expect(200).json();
    assert_eq!((&back["transaction_status"], &back["payout_item_id"]), (&json!("RETURNED"), &json!(id)));
    assert_eq!(cancel().expect(400).json()["name"], "ITEM_ALREADY_CANCELLED");
    assert_eq!(world.count("operation=payouts.cancel"), 1);
}

#[test]
fn acts_settle_items_as_their_state_allows() {
    let world = World::new();
    for (number, steps, wrong) in [
        (1, &[("succeed", "SUCCESS"), ("reverse", "REVERSED")][..], "succeed"),
        (2, &[("fail", "FAILED")][..], "return"),
        (3, &[("unclaim", "UNCLAIMED"), ("return", "RETURNED")][..], "succeed"),
        (4, &[("unclaim", "UNCLAIMED"), ("succeed", "SUCCESS"), ("refund", "REFUNDED")][..], "reverse"),
        (5, &[("hold", "ONHOLD"), ("succeed", "SUCCESS")][..], "hold"),
        (6, &[("block", "BLOCKED")][..], "fail"),
    ] {
        // By the batch's id, while it is still pending.
        let id = create(&world, &format!("b{number}"));
        for (action, status) in steps {
            act(&world, &id, action, "").expect(200);
            let found = batch(&world, &id);
            assert_eq!(found["items"][0]["transaction_status"], *status, "{number} {action}");
            assert_eq!(found["batch_header"]["batch_status"], "SUCCESS");
        }
        act(&world, &id, wrong, "").expect(400);
        world.advance(DAY);
        assert_eq!(batch(&world, &id)["items"][0]["transaction_status"], steps[steps.len() - 1].1);
    }
    let (_, id) = processing(&world, "b7");
    let failed = act(&world, &id, "fail", r#"{"reason": "RECEIVER_COUNTRY_NOT_ALLOWED"}"#).expect(200).json();
    assert_eq!(
        (&failed["status"], &failed["object"]["errors"]["name"]),
        (&json!("FAILED"), &json!("RECEIVER_COUNTRY_NOT_ALLOWED"))
    );
    act(&world, &id, "explode", "").expect(400);
    act(&world, &id, "succeed", r#"{"reason": "x"}"#).expect(400);
    act(&world, "AAAAAAAAAAAAA", "succeed", "").expect(404);
}

#[test]
fn a_batch_may_be_denied_before_its_items_are_handled() {
    let world = World::new();
    let id = create(&world, "b1");
    assert_eq!(act(&world, &id, "deny", "").expect(200).json()["status"], "DENIED");
    world.advance(DAY);
    let denied = batch(&world, &id);
    assert_eq!(denied["batch_header"]["batch_status"], "DENIED");
    assert!(denied.get("items").is_none());
    act(&world, &id, "succeed", "").expect(400);
    let (other, item) = processing(&world, "b2");
    act(&world, &item, "deny", "").expect(400);
    assert_eq!(act(&world, &other, "cancel", "").expect(200).json()["status"], "CANCELED");
    let third = create(&world, "b3");
    world.advance(10);
    act(&world, &third, "deny", "").expect(400);
    assert_eq!(world.count("operation=payouts.deny"), 1);
}

#[test]
fn notes_trigger_what_paypals_own_sandbox_refuses() {
    let world = World::new();
    for (note, status, name) in [
        ("ERRPYO001", 422, "SENDER_RESTRICTED"),
        ("ERRPYO002", 422, "SENDER_EMAIL_UNCONFIRMED"),
        ("ERRPYO003", 403, "AUTHORIZATION_ERROR"),
        ("ERRPYO005", 422, "INSUFFICIENT_FUNDS"),
        ("ERRPYO006", 500, "INTERNAL_ERROR"),
        ("ERRPYO010", 400, "VALIDATION_ERROR"),
        ("ERRPYO011", 403, "REQUIRED_SCOPE_MISSING"),
        ("ERRPYO012", 422, "SENDER_LOCKED"),
        ("ERRPYO014", 400, "USER_BUSINESS_ERROR"),
    ] {
        let refused = world.paypal("POST", PAYOUTS, &body("b1", "payee@example.com", note)).expect(status);
        assert_eq!(refused.json()["name"], name, "{note}");
    }
    let closed = world.paypal("GET", &format!("{PAYOUTS}/ERRPYO015"), "").expect(422).json();
    assert_eq!(closed["name"], "CLOSED_MARKET");
    let mocked = [("paypal-mock-response", r#"{"mock_application_codes":"INSUFFICIENT_FUNDS"}"#)];
    let mocked = world.paypal_with("POST", PAYOUTS, "{}", &mocked).expect(422).json();
    assert_eq!(mocked["name"], "INSUFFICIENT_FUNDS");
    assert_eq!(world.count("provider=paypal"), 0);
    let made =
        world.paypal("POST", PAYOUTS, &body("b1", "payee@example.com", "POSPYO001")).expect(201).json();
    let id = made["batch_header"]["payout_batch_id"].as_str().unwrap();
    assert_eq!(batch(&world, id)["items"][0]["transaction_status"], "SUCCESS");
}

#[test]
fn wrong_payouts_are_refused_with_the_field() {
    let world = World::new();
    let good = body("b1", "payee@example.com", "x");
    for (body, field) in [
        ("{}".to_owned(), "sender_batch_header"),
        (good.replace("\"items\"", "\"things\""), "items"),
        (good.replace("\"receiver\"", "\"payee\""), "items[0].receiver"),
        (good.replace("payee@example.com", "payee"), "items[0].receiver"),
        (good.replace("\"EMAIL\"", "\"PHONE\""), "items[0].receiver"),
        (good.replace("\"EMAIL\"", "\"PIGEON\""), "items[0].recipient_type"),
        (good.replace("\"currency\"", "\"currency_code\""), "items[0].amount.currency"),
        (good.replace("USD", "KWD"), "items[0].amount.currency"),
        (good.replace("USD", "TWD"), "items[0].amount.value"),
        (good.replace("25.00", "25.001"), "items[0].amount.value"),
        (good.replace("25.00", "0.00"), "items[0].amount.value"),
        (good.replace("\"25.00\"", "25"), "items[0].amount.value"),
        (good.replace("\"txn_1\"", &format!("\"{}\"", "x".repeat(64))), "items[0].sender_item_id"),
    ] {
        let refused = world.paypal("POST", PAYOUTS, &body);
        assert_eq!(refused.status, 400, "{body}\n{}", refused.text());
        let refused = refused.json();
        assert_eq!(
            (&refused["name"], &refused["details"][0]["field"]),
            (&json!("VALIDATION_ERROR"), &json!(field)),
            "{body}"
        );
    }
    let other = r#"{"receiver": "b@example.com", "amount": {"currency": "EUR", "value": "1.00"}}"#;
    let mixed = good.replace("\"items\": [", &format!("\"items\": [{other}, "));
    assert_eq!(world.paypal("POST", PAYOUTS, &mixed).expect(400).json()["details"][0]["field"], "items");
    assert_eq!(world.count("provider=paypal"), 0);
    for path in ["/v1/payments/payouts/AAAAAAAAAAAAA", "/v1/payments/payouts-item/AAAAAAAAAAAAA"] {
        assert_eq!(world.paypal("GET", path, "").expect(404).json()["name"], "RESOURCE_NOT_FOUND");
    }
}
