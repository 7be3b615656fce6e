//! RazorpayX: contacts, fund accounts and payouts, with their keys, states and balance; and features that are off.

use serde_json::{Value, json};

use crate::support::{Reply, World};

const PAYOUT: &str = r#"{"account_number": "7878780080316316", "amount": 100000, "currency": "INR", "mode": "IMPS", "purpose": "payout",
    "fund_account": {"account_type": "bank_account",
      "bank_account": {"name": "A Payee", "ifsc": "HDFC0001234", "account_number": "1121431121541121"},
      "contact": {"name": "A Payee", "email": "payee@example.com", "contact": "9876543210", "type": "vendor", "reference_id": "v-1"}},
    "queue_if_low_balance": true, "reference_id": "ref-1", "narration": "Shop payout"}"#;

fn create(world: &World, key: &str, body: &str) -> Reply {
    world.razorpay_with("POST", "/v1/payouts", body, &[("x-payout-idempotency", key)])
}

fn made(world: &World, key: &str) -> Value {
    create(world, key, PAYOUT).expect(200).json()
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn get(world: &World, payout: &Value) -> Value {
    world.razorpay("GET", &format!("/v1/payouts/{}", id(payout)), "").expect(200).json()
}

fn act(world: &World, payout: &Value, action: &str, body: &str) -> Reply {
    world.control("POST", &format!("/_control/payouts/razorpay/{}/{action}", id(payout)), body)
}

fn set(world: &World, settings: &str) {
    world.control("PUT", "/_control/settings", settings).expect(200);
}

fn description(reply: &Reply) -> String {
    reply.json()["error"]["description"].as_str().unwrap().to_owned()
}

#[test]
fn a_composite_payout_is_created_as_documented() {
    let world = World::new();
    let payout = made(&world, "key-0001");
    let account = &payout["fund_account"];
    assert_eq!(
        payout,
        json!({"id": payout["id"], "entity": "payout", "fund_account_id": account["id"], "amount": 100_000,
            "currency": "INR", "notes": [], "fees": 590, "tax": 90, "status": "processing", "utr": null, "mode": "IMPS",
            "purpose": "payout", "reference_id": "ref-1", "narration": "Shop payout", "batch_id": null,
            "status_details": null, "created_at": 1_767_607_200, "fee_type": null, "fund_account":
            {"id": account["id"], "entity": "fund_account", "contact_id": account["contact"]["id"], "contact":
              {"id": account["contact"]["id"], "entity": "contact", "name": "A Payee", "contact": "9876543210",
               "email": "payee@example.com", "type": "vendor", "reference_id": "v-1", "batch_id": null, "active": true,
               "notes": [], "created_at": 1_767_607_200},
             "account_type": "bank_account", "bank_account": {"ifsc": "HDFC0001234", "bank_name": "HDFC Bank",
               "name": "A Payee", "notes": [], "account_number": "1121431121541121"},
             "batch_id": null, "active": true, "created_at": 1_767_607_200}})
    );
    let shown = get(&world, &payout);
    assert_eq!((&shown["id"], &shown["status"]), (&payout["id"], &json!("processing")));
    let effect = world.effects("operation=payouts.create")["items"][0].clone();
    assert_eq!(
        (
            &effect["id"],
            &effect["amount"],
            &effect["currency"],
            &effect["reference"],
            &effect["idempotency_key"]
        ),
        (&payout["id"], &json!(100_000), &json!("INR"), &json!("ref-1"), &json!("key-0001"))
    );
    assert_eq!(world.count("operation=contacts.create"), 1);
    assert_eq!(world.count("operation=fund_accounts.create"), 1);
}

#[test]
fn the_key_is_mandatory_and_belongs_to_one_body_for_seven_days() {
    let world = World::new();
    let missing = world.razorpay("POST", "/v1/payouts", PAYOUT).expect(400);
    assert_eq!(
        description(&missing),
        "Idempotency key is missing. Include idempotency header and key in the request."
    );
    assert_eq!(missing.json()["error"]["field"], "X-Payout-Idempotency");
    for wrong in ["abc", "with/slash", &"x".repeat(37)] {
        create(&world, wrong, PAYOUT).expect(400);
    }
    let first = made(&world, "key 1");
    act(&world, &first, "process", "").expect(200);
    let again = made(&world, "key 1");
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("processed")));
    assert_eq!(again["fund_account"], first["fund_account"]);
    let other = create(&world, "key 1", &PAYOUT.replace("100000", "200000")).expect(400);
    assert_eq!(description(&other), "Different request body sent for the same Idempotency Header.");
    assert_eq!(world.count("operation=payouts.create"), 1);
    world.advance(7 * 24 * 60 * 60 + 1);
    assert_ne!(made(&world, "key 1")["id"], first["id"]);
}

#[test]
fn contacts_and_fund_accounts_with_the_same_content_are_one() {
    let world = World::new();
    let post = |path: &str, body: &str| world.razorpay("POST", path, body).expect(200).json();
    let body = r#"{"name": "A Payee", "email": "payee@example.com", "contact": "9876543210", "type": "vendor", "reference_id": "v-1"}"#;
    let contact = post("/v1/contacts", body);
    assert_eq!(post("/v1/contacts", body), contact);
    assert_ne!(post("/v1/contacts", r#"{"name": "A Payee"}"#)["id"], contact["id"]);
    let account = format!(
        r#"{{"contact_id": "{}", "account_type": "bank_account", "bank_account": {{"name": "A Payee",
            "ifsc": "HDFC0001234", "account_number": "1121431121541121"}}}}"#,
        id(&contact)
    );
    let stored = post("/v1/fund_accounts", &account);
    assert_eq!(post("/v1/fund_accounts", &account), stored);
    assert_eq!(made(&world, "key-0001")["fund_account_id"], stored["id"]);
    let body = format!(
        r#"{{"account_number": "7878780080316316", "amount": 100000, "currency": "INR", "mode": "NEFT", "purpose": "refund",
            "fund_account_id": "{}"}}"#,
        id(&stored)
    );
    let payout = create(&world, "key-0002", &body).expect(200).json();
    assert_eq!((&payout["fund_account_id"], payout.get("fund_account")), (&stored["id"], None));
    assert_eq!(world.count("operation=contacts.create"), 2);
    assert_eq!(world.count("operation=fund_accounts.create"), 1);
    let unknown = body.replace(id(&stored), "fa_00000000000000");
    assert_eq!(
        description(&create(&world, "key-0003", &unknown).expect(400)),
        "The id provided does not exist"
    );
    let nobody = account.replace(id(&contact), "cont_00000000000000");
    world.razorpay("POST", "/v1/fund_accounts", &nobody).expect(400);
    world.razorpay("POST", "/v1/contacts", r#"{"email": "payee@example.com"}"#).expect(400);
}

#[test]
fn wrong_payouts_are_refused_with_their_field() {
    let world = World::new();
    for (from, to, field) in [
        (r#""account_number": "7878780080316316", "#, "", "account_number"),
        ("100000", "99", "amount"),
        ("100000", "1000.5", "amount"),
        ("INR", "USD", "currency"),
        ("IMPS", "imps", "mode"),
        ("IMPS", "UPI", "mode"),
        ("IMPS", "card", "mode"),
        ("IMPS", "RTGS", "amount"),
        (r#""purpose": "payout""#, r#""purpose": "gift""#, "purpose"),
        ("Shop payout", "Shop: payout", "narration"),
        ("Shop payout", "A narration of more than thirty characters", "narration"),
        ("ref-1", "a reference of more than forty characters", "reference_id"),
        ("HDFC0001234", "HDFC1001234", "fund_account.bank_account.ifsc"),
        ("1121431121541121", "12", "fund_account.bank_account.account_number"),
        (r#""contact": {"name": "A Payee", "#, r#""contact": {"#, "fund_account.contact.name"),
        (r#""queue_if_low_balance""#, r#""urgent""#, "urgent"),
    ] {
        let body = PAYOUT.replace(from, to);
        assert_ne!(body, PAYOUT);
        let reply = create(&world, "key-0001", &body).expect(400).json();
        assert_eq!(reply["error"]["field"], field, "{to}");
    }
    assert_eq!(world.count("provider=razorpay"), 0);
    create(&world, "key-0002", &PAYOUT.replace("IMPS", "RTGS").replace("100000", "20000000")).expect(200);
}

#[test]
fn a_upi_payout_goes_to_an_address_and_ends_at_one_lakh() {
    let world = World::new();
    let body = r#"{"account_number": "7878780080316316", "amount": 10000000, "currency": "INR", "mode": "UPI", "purpose": "cashback",
        "fund_account": {"account_type": "vpa", "vpa": {"address": "name@bank"}, "contact": {"name": "A Payee"}}}"#;
    let payout = create(&world, "key-0001", body).expect(200).json();
    assert_eq!(
        payout["fund_account"]["vpa"],
        json!({"username": "name", "handle": "bank", "address": "name@bank"})
    );
    create(&world, "key-0002", &body.replace("10000000", "10000001")).expect(400);
    create(&world, "key-0003", &body.replace("name@bank", "name")).expect(400);
    create(&world, "key-0004", &body.replace("UPI", "IMPS")).expect(400);
}

#[test]
fn payouts_are_listed_by_account_and_reference() {
    let world = World::new();
    let list = |query: &str| world.razorpay("GET", &format!("/v1/payouts?{query}"), "");
    assert_eq!(list("account_number=7878780080316316&count=1").expect(200).json()["count"], 0);
    assert_eq!(list("count=1").expect(400).json()["error"]["field"], "account_number");
    let first = made(&world, "key-0001");
    create(&world, "key-0002", &PAYOUT.replace("ref-1", "ref-2")).expect(200);
    let found = list("account_number=7878780080316316&reference_id=ref-1").expect(200).json();
    assert_eq!((&found["entity"], &found["count"]), (&json!("collection"), &json!(1)));
    assert_eq!(found["items"][0], get(&world, &first));
    assert_eq!(list("account_number=7878780080316316").expect(200).json()["count"], 2);
    let wrong = list("account_number=4242424242424242").expect(400);
    assert_eq!(description(&wrong), "The RazorpayX Account number is invalid.");
    create(&world, "key-0003", &PAYOUT.replace("7878780080316316", "4242424242424242")).expect(400);
    world.razorpay("GET", "/v1/payouts/pout_00000000000000", "").expect(400);
}

#[test]
fn a_payout_is_processed_and_can_still_be_reversed() {
    let world = World::new();
    let payout = made(&world, "key-0001");
    for action in ["initiate", "reject", "cancel"] {
        assert_eq!(
            act(&world, &payout, action, "").expect(400).json()["error"]["param"],
            "action",
            "{action}"
        );
    }
    let done = act(&world, &payout, "process", "").expect(200).json();
    assert_eq!(done["status"], "processed");
    assert_eq!(
        done["object"]["status_details"],
        json!({"reason": "payout_processed", "description": "Payout is processed", "source": "beneficiary_bank"})
    );
    assert_eq!(done["object"]["utr"].as_str().unwrap().len(), 12);
    act(&world, &payout, "fail", "").expect(400);
    let back = act(&world, &payout, "reverse", r#"{"reason": "bank_account_closed"}"#).expect(200).json();
    assert_eq!(
        (&back["status"], &back["object"]["status_details"]["reason"]),
        (&json!("reversed"), &json!("bank_account_closed"))
    );
    act(&world, &payout, "process", "").expect(400);
    assert_eq!(get(&world, &payout)["status"], "reversed");
    assert_eq!(world.count("operation=payouts.process"), 1);
    assert_eq!(world.count("operation=payouts.reverse"), 1);
}

#[test]
fn a_payout_fails_with_a_documented_reason_only() {
    let world = World::new();
    let payout = made(&world, "key-0001");
    let wrong = act(&world, &payout, "fail", r#"{"reason": "bad_mood"}"#).expect(400).json();
    assert_eq!(wrong["error"]["param"], "reason");
    act(&world, &payout, "process", r#"{"reason": "gateway_down"}"#).expect(400);
    let failed = act(&world, &payout, "fail", r#"{"reason": "gateway_timeout"}"#).expect(200).json();
    assert_eq!(failed["object"]["status_details"]["source"], "gateway");
    assert_eq!(act(&world, &payout, "reverse", "").expect(200).json()["status"], "reversed");
    act(&world, &payout, "explode", "").expect(400);
    act(&world, &json!({"id": "pout_00000000000000"}), "fail", "").expect(404);
}

#[test]
fn a_payout_waits_for_approval_and_is_rejected() {
    let world = World::new();
    let (one, two) = (made(&world, "key-0001"), made(&world, "key-0002"));
    let held = act(&world, &one, "hold", "").expect(200).json();
    assert_eq!(
        (&held["status"], &held["object"]["status_details"]["reason"]),
        (&json!("pending"), &json!("pending_approval"))
    );
    assert_eq!(act(&world, &one, "reject", "").expect(200).json()["status"], "rejected");
    act(&world, &two, "hold", "").expect(200);
    assert_eq!(act(&world, &two, "initiate", "").expect(200).json()["status"], "processing");
}

#[test]
fn a_queued_payout_is_cancelled_or_starts_when_there_is_money() {
    let world = World::new();
    set(&world, r#"{"razorpay_payout_balance": 150000}"#);
    let paid = made(&world, "key-0001");
    let queued = made(&world, "key-0002");
    assert_eq!(
        (&paid["status"], &queued["status"], &queued["status_details"]["reason"]),
        (&json!("processing"), &json!("queued"), &json!("low_balance"))
    );
    let never = PAYOUT.replace(r#""queue_if_low_balance": true, "#, "");
    let refused = create(&world, "key-0003", &never).expect(400);
    assert_eq!(
        description(&refused),
        "Your account does not have enough balance to carry out the payout operation."
    );
    let cancel = |payout: &Value| world.razorpay("POST", &format!("/v1/payouts/{}/cancel", id(payout)), "");
    assert_eq!(description(&cancel(&paid).expect(400)), "Payout cannot be cancelled in processing status.");
    let third = made(&world, "key-0004");
    assert_eq!(cancel(&third).expect(200).json()["status"], "cancelled");
    cancel(&third).expect(400);
    act(&world, &paid, "fail", "").expect(200);
    world.advance(1);
    assert_eq!(get(&world, &queued)["status"], "processing");
    assert_eq!(get(&world, &third)["status"], "cancelled");
    let down = act(&world, &queued, "queue", r#"{"reason": "beneficiary_bank_down"}"#).expect(200).json();
    assert_eq!(down["status"], "queued");
    world.advance(1);
    assert_eq!(get(&world, &queued)["status"], "queued");
    assert_eq!(world.count("operation=payouts.cancel"), 1);
    assert_eq!(world.count("operation=payouts.initiate"), 1);
}

#[test]
fn features_that_are_off_are_not_found() {
    let world = World::new();
    let wrong = world.control("PUT", "/_control/settings", r#"{"razorpay_disabled_features": ["gifts"]}"#);
    assert_eq!(wrong.expect(400).json()["error"]["param"], "razorpay_disabled_features");
    set(&world, r#"{"razorpay_disabled_features": ["payouts", "subscriptions"]}"#);
    for path in ["/v1/contacts", "/v1/fund_accounts", "/v1/payouts", "/v1/plans", "/v1/subscriptions"] {
        let reply = world.razorpay("POST", path, "{}").expect(400).json();
        assert_eq!(reply["error"]["description"], "The requested URL was not found on the server.", "{path}");
        assert_eq!(reply["error"]["reason"], "NA", "{path}");
    }
    world.razorpay("POST", "/v1/payment_links", r#"{"amount": 100}"#).expect(200);
    set(&world, r#"{"razorpay_disabled_features": []}"#);
    made(&world, "key-0001");
    let settings = world.control("GET", "/_control/settings", "").expect(200).json();
    assert_eq!(settings["razorpay_disabled_features"], json!([]));
}

#[test]
fn a_fund_account_is_read_by_its_id() {
    let world = World::new();
    let account = &made(&world, "key-0001")["fund_account"];
    let path = format!("/v1/fund_accounts/{}", id(account));
    let read = world.razorpay("GET", &path, "").expect(200).json();
    assert_eq!(
        (&read["id"], &read["account_type"], &read["bank_account"]),
        (&account["id"], &json!("bank_account"), &account["bank_account"])
    );
    let missing = world.razorpay("GET", "/v1/fund_accounts/fa_00000000000000", "").expect(400);
    assert_eq!(description(&missing), "The id provided does not exist");
}
