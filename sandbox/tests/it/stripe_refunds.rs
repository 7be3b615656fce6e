//! Stripe refunds: whole and in part, what follows on the charge and the balance, late outcomes, repeats.

use serde_json::{Value, json};

use crate::support::{Reply, World};

const DAY: u64 = 24 * 60 * 60;

/// Returns a confirmed intent of 20.00 USD with its charge.
fn pay_with(world: &World, token: &str) -> Value {
    let body = format!(
        "amount=2000&currency=usd&confirm=true&off_session=true&payment_method={token}&expand[]=latest_charge"
    );
    world.stripe("POST", "/v1/payment_intents", &body).expect(200).json()
}

fn refund(world: &World, intent: &Value, more: &str) -> Reply {
    let body = format!("payment_intent={}{more}", intent["id"].as_str().unwrap());
    world.stripe("POST", "/v1/refunds", &body)
}

fn charge_of(world: &World, intent: &Value) -> Value {
    let path = format!("/v1/charges/{}?expand[]=refunds", intent["latest_charge"]["id"].as_str().unwrap());
    world.stripe("GET", &path, "").expect(200).json()
}

fn shown(world: &World, refund: &Value) -> Value {
    let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
    world.stripe("GET", &path, "").expect(200).json()
}

fn act(world: &World, refund: &Value, name: &str, body: &str) -> Reply {
    let path = format!("/_control/refunds/stripe/{}/{name}", refund["id"].as_str().unwrap());
    world.control("POST", &path, body)
}

#[test]
fn a_refund_in_parts_is_followed_by_the_charge_and_the_balance() {
    let world = World::new();
    let intent = pay_with(&world, "pm_card_bypassPending");
    let available =
        || world.stripe("GET", "/v1/balance", "").json()["available"][0]["amount"].as_i64().unwrap();
    let before = available();
    let more = "&amount=500&reason=requested_by_customer&metadata[gateway_refund_id]=rfd_01H";
    let part = refund(&world, &intent, more).expect(200).json();
    assert_eq!((&part["status"], &part["amount"]), (&json!("succeeded"), &json!(500)));
    assert_eq!(part["reason"], "requested_by_customer");
    assert_eq!((&part["payment_intent"], &part["charge"]), (&intent["id"], &intent["latest_charge"]["id"]));
    assert_eq!(available(), before - 500);
    let charge = charge_of(&world, &intent);
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(500), &json!(false)));
    assert_eq!(charge["refunds"]["data"], json!([part]));
    let rest = refund(&world, &intent, "").expect(200).json();
    assert_eq!(rest["amount"], 1500);
    let charge = charge_of(&world, &intent);
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(2000), &json!(true)));
    assert_eq!(available(), before - 2000);
    let effects = world.effects("provider=stripe&operation=refunds.create");
    assert_eq!(effects["count"], 2);
    let first = &effects["items"][0];
    assert_eq!((&first["id"], &first["amount"]), (&part["id"], &json!(500)));
    assert_eq!((&first["currency"], &first["reference"]), (&json!("usd"), &json!("rfd_01H")));
}

#[test]
fn what_cannot_be_refunded_is_refused_in_stripes_words() {
    let world = World::new();
    let intent = pay_with(&world, "pm_card_visa");
    let error = |reply: Reply| reply.expect(400).json()["error"].clone();
    let bored = error(refund(&world, &intent, "&reason=bored"));
    assert_eq!(bored["param"], "reason");
    let zero = error(refund(&world, &intent, "&amount=0"));
    assert_eq!((&zero["param"], &zero["code"]), (&json!("amount"), &json!("parameter_invalid_integer")));
    refund(&world, &intent, "&amount=500").expect(200);
    let over = error(refund(&world, &intent, "&amount=2000"));
    assert_eq!((over["param"].as_str(), over.get("code")), (Some("amount"), None));
    assert_eq!(
        over["message"],
        "Refund amount ($20.00) is greater than unrefunded amount on charge ($15.00)"
    );
    refund(&world, &intent, "").expect(200);
    let again = error(refund(&world, &intent, ""));
    assert_eq!(again["code"], "charge_already_refunded");
    let charge = intent["latest_charge"]["id"].as_str().unwrap();
    assert_eq!(again["message"], format!("Charge {charge} has already been refunded."));
    let send = |body: &str| error(world.stripe("POST", "/v1/refunds", body));
    let unknown = send("payment_intent=pi_x");
    assert_eq!((&unknown["code"], &unknown["param"]), (&json!("resource_missing"), &json!("payment_intent")));
    assert_eq!(send("charge=ch_x")["message"], "No such charge: 'ch_x'");
    assert_eq!(send("amount=1")["code"], "parameter_missing");
    assert_eq!(send("payment_intent=pi_x&charge=ch_x")["param"], "charge");
    let open = world.stripe("POST", "/v1/payment_intents", "amount=2000&currency=usd").expect(200).json();
    let message = error(refund(&world, &open, ""))["message"].clone();
    assert!(message.as_str().unwrap().contains("does not have a successful charge to refund"));
    let missing = world.stripe("GET", "/v1/refunds/re_x", "").expect(404).json();
    assert_eq!(missing["error"]["message"], "No such refund: 're_x'");
    assert_eq!(world.count("provider=stripe&operation=refunds.create"), 2);
}

#[test]
fn amounts_follow_the_rules_of_their_currency() {
    let world = World::new();
    let body = "amount=50000&currency=ugx&confirm=true&off_session=true&payment_method=pm_card_visa";
    let intent = world.stripe("POST", "/v1/payment_intents", body).expect(200).json();
    refund(&world, &intent, "&amount=550").expect(400);
    assert_eq!(refund(&world, &intent, "&amount=500").expect(200).json()["amount"], 500);
}

#[test]
fn a_partly_captured_charge_is_refunded_as_far_as_it_was_captured() {
    let world = World::new();
    let body = "amount=2000&currency=usd&confirm=true&off_session=true&payment_method=pm_card_visa&capture_method=manual";
    let intent = world.stripe("POST", "/v1/payment_intents", body).expect(200).json();
    refund(&world, &intent, "").expect(400);
    let path = format!("/v1/payment_intents/{}/capture", intent["id"].as_str().unwrap());
    world.stripe("POST", &path, "amount_to_capture=1200").expect(200);
    assert_eq!(refund(&world, &intent, "").expect(200).json()["amount"], 1200);
    refund(&world, &intent, "").expect(400);
}

#[test]
fn a_bank_debits_refund_is_pending_for_days() {
    let world = World::new();
    let intent = pay_with(&world, "pm_usBankAccount_success");
    refund(&world, &intent, "").expect(400);
    world.advance(4 * DAY);
    let pending = refund(&world, &intent, "").expect(200).json();
    assert_eq!(pending["status"], "pending");
    world.advance(5 * DAY);
    assert_eq!(shown(&world, &pending)["status"], "succeeded");
    assert_eq!(world.count("provider=stripe&operation=refunds.succeed"), 1);
}

#[test]
fn a_succeeded_refund_can_fail_late_and_gives_the_money_back() {
    let world = World::new();
    let by_time = pay_with(&world, "pm_card_refundFail");
    let late = refund(&world, &by_time, "").expect(200).json();
    assert_eq!(late["status"], "succeeded");
    world.advance(5 * DAY);
    let failed = shown(&world, &late);
    assert_eq!(
        (&failed["status"], &failed["failure_reason"]),
        (&json!("failed"), &json!("expired_or_canceled_card"))
    );
    assert_eq!(charge_of(&world, &by_time)["amount_refunded"], 0);
    let by_act = pay_with(&world, "pm_card_visa");
    let other = refund(&world, &by_act, "").expect(200).json();
    let wrong = act(&world, &other, "fail", r#"{"reason": "bored"}"#).expect(400).json();
    assert_eq!(wrong["error"]["param"], "reason");
    let done = act(&world, &other, "fail", r#"{"reason": "lost_or_stolen_card"}"#).expect(200).json();
    assert_eq!(
        (&done["status"], &done["object"]["failure_reason"]),
        (&json!("failed"), &json!("lost_or_stolen_card"))
    );
    act(&world, &other, "fail", "").expect(400);
    act(&world, &other, "succeed", "").expect(400);
    assert_eq!(world.count("provider=stripe&operation=refunds.fail"), 2);
    // What failed can be tried once more.
    assert_eq!(refund(&world, &by_act, "").expect(200).json()["amount"], 2000);
}

#[test]
fn only_a_refund_that_requires_action_is_canceled() {
    let world = World::new();
    let intent = pay_with(&world, "pm_card_pendingRefund");
    let pending = refund(&world, &intent, "").expect(200).json();
    let path = format!("/v1/refunds/{}/cancel", pending["id"].as_str().unwrap());
    world.stripe("POST", &path, "").expect(400);
    act(&world, &pending, "require_action", "").expect(200);
    let canceled = world.stripe("POST", &path, "").expect(200).json();
    assert_eq!(canceled["status"], "canceled");
    assert_eq!(charge_of(&world, &intent)["amount_refunded"], 0);
    world.stripe("POST", &path, "").expect(400);
    act(&world, &pending, "steal", "").expect(400);
    world.control("POST", "/_control/refunds/stripe/re_x/fail", "").expect(404);
    let of_other_noun = format!("/_control/refunds/stripe/{}/fail", intent["id"].as_str().unwrap());
    world.control("POST", &of_other_noun, "").expect(404);
}

#[test]
fn refunds_are_listed_by_intent_and_charge_and_take_metadata() {
    let world = World::new();
    let (one, other) = (pay_with(&world, "pm_card_visa"), pay_with(&world, "pm_card_visa"));
    let first = refund(&world, &one, "&amount=100").expect(200).json();
    let second = refund(&world, &one, "&amount=200").expect(200).json();
    let third = refund(&world, &other, "").expect(200).json();
    let list = |query: &str| -> Vec<Value> {
        let list = world.stripe("GET", &format!("/v1/refunds?{query}"), "").expect(200).json();
        list["data"].as_array().unwrap().iter().map(|refund| refund["id"].clone()).collect()
    };
    let ids =
        |refunds: &[&Value]| -> Vec<Value> { refunds.iter().map(|refund| refund["id"].clone()).collect() };
    let intent = one["id"].as_str().unwrap();
    assert_eq!(list(&format!("payment_intent={intent}")), ids(&[&second, &first]));
    let charge = other["latest_charge"]["id"].as_str().unwrap();
    assert_eq!(list(&format!("charge={charge}")), ids(&[&third]));
    assert_eq!(list("limit=1"), ids(&[&third]));
    let path = format!("/v1/refunds/{}", first["id"].as_str().unwrap());
    let updated = world.stripe("POST", &path, "metadata[k]=v&expand[]=payment_intent").expect(200).json();
    assert_eq!((&updated["metadata"], &updated["payment_intent"]["id"]), (&json!({"k": "v"}), &one["id"]));
    world.stripe("POST", &path, "amount=1").expect(400);
    assert_eq!(world.count("provider=stripe&operation=refunds.update"), 1);
}

#[test]
fn a_repeated_key_refunds_once() {
    let world = World::new();
    let intent = pay_with(&world, "pm_card_visa");
    let send = |key: &str, amount: u32| {
        let body = format!("payment_intent={}&amount={amount}", intent["id"].as_str().unwrap());
        world.stripe_with("POST", "/v1/refunds", &body, &[("idempotency-key", key)])
    };
    let first = send("k1", 1500).expect(200);
    let again = send("k1", 1500).expect(200);
    assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
    assert_eq!(send("k1", 400).expect(400).json()["error"]["type"], "idempotency_error");
    // A refusal of what had begun to execute is stored too.
    send("k2", 1500).expect(400);
    assert_eq!(send("k2", 1500).expect(400).header("idempotent-replayed"), Some("true"));
    assert_eq!(world.count("provider=stripe&operation=refunds.create"), 1);
    let effects = world.effects("provider=stripe&operation=refunds.create");
    assert_eq!(effects["items"][0]["idempotency_key"], "k1");
}
