//! Stripe payouts, transfers and the balance that they come from.

use serde_json::{Value, json};

use crate::support::{Reply, World};

const DAY: u64 = 24 * 60 * 60;

fn payout(world: &World, body: &str) -> Value {
    world.stripe("POST", "/v1/payouts", body).expect(200).json()
}

fn shown(world: &World, payout: &Value) -> Value {
    let path = format!("/v1/payouts/{}", payout["id"].as_str().unwrap());
    world.stripe("GET", &path, "").expect(200).json()
}

fn step(world: &World, payout: &Value, step: &str) -> Reply {
    world.stripe("POST", &format!("/v1/payouts/{}/{step}", payout["id"].as_str().unwrap()), "")
}

fn act(world: &World, payout: &Value, name: &str, body: &str) -> Reply {
    let path = format!("/_control/payouts/stripe/{}/{name}", payout["id"].as_str().unwrap());
    world.control("POST", &path, body)
}

fn available(world: &World) -> i64 {
    world.stripe("GET", "/v1/balance", "").expect(200).json()["available"][0]["amount"].as_i64().unwrap()
}

#[test]
fn a_new_account_pays_out_without_ceremony_and_time_does_the_rest() {
    let world = World::new();
    let before = available(&world);
    let made = payout(
        &world,
        "amount=1100&currency=usd&metadata[gateway_payout_id]=po_01H&statement_descriptor=SHOP",
    );
    assert_eq!((&made["status"], &made["method"]), (&json!("pending"), &json!("standard")));
    assert!(made["destination"].as_str().unwrap().starts_with("ba_1"));
    assert_eq!(made["arrival_date"].as_i64().unwrap() % 86_400, 0);
    assert_eq!(available(&world), before - 1100);
    world.advance(DAY);
    assert_eq!(shown(&world, &made)["status"], "in_transit");
    world.advance(2 * DAY);
    assert_eq!(shown(&world, &made)["status"], "paid");
    assert_eq!(available(&world), before - 1100);
    for operation in ["create", "transit", "pay"] {
        assert_eq!(world.count(&format!("provider=stripe&operation=payouts.{operation}")), 1);
    }
    let effect = &world.effects("operation=payouts.create")["items"][0];
    assert_eq!((&effect["amount"], &effect["reference"]), (&json!(1100), &json!("po_01H")));
}

#[test]
fn an_instant_payout_arrives_within_the_hour() {
    let world = World::new();
    let account = world.stripe("GET", "/v1/account", "").json();
    let card = account["external_accounts"]["data"][1]["id"].as_str().unwrap().to_owned();
    let made = payout(&world, &format!("amount=1100&currency=usd&method=instant&destination={card}"));
    assert_eq!((&made["type"], &made["method"]), (&json!("card"), &json!("instant")));
    world.advance(60 * 60);
    assert_eq!(shown(&world, &made)["status"], "paid");
}

#[test]
fn wrong_payouts_are_refused() {
    let world = World::new();
    let error = |body: &str| world.stripe("POST", "/v1/payouts", body).expect(400).json()["error"].clone();
    for (body, code, param) in [
        ("currency=usd", json!("parameter_missing"), json!("amount")),
        ("amount=100", json!("parameter_missing"), json!("currency")),
        ("amount=0&currency=usd", json!("parameter_invalid_integer"), json!("amount")),
        ("amount=150&currency=huf", json!("parameter_invalid_integer"), json!("amount")),
        ("amount=150&currency=twd", json!("parameter_invalid_integer"), json!("amount")),
        ("amount=550&currency=ugx", json!("parameter_invalid_integer"), json!("amount")),
        ("amount=5124&currency=kwd", json!("parameter_invalid_integer"), json!("amount")),
        ("amount=100&currency=usd&destination=ba_other", json!("resource_missing"), json!("destination")),
        ("amount=100&currency=usd&method=fast", Value::Null, json!("method")),
        ("amount=1000001&currency=usd", json!("balance_insufficient"), Value::Null),
        ("amount=10001&currency=jpy", json!("balance_insufficient"), Value::Null),
    ] {
        let error = error(body);
        assert_eq!(error.get("code").cloned().unwrap_or_default(), code, "{body}");
        assert_eq!(error.get("param").cloned().unwrap_or_default(), param, "{body}");
        assert_eq!(error["type"], "invalid_request_error");
    }
    assert_eq!(world.count("provider=stripe"), 0);
    payout(&world, "amount=10000&currency=jpy");
    payout(&world, "amount=200&currency=huf");
    payout(&world, "amount=1000000&currency=usd");
    assert_eq!(error("amount=1&currency=usd")["code"], "balance_insufficient");
}

#[test]
fn only_a_pending_payout_is_canceled_and_only_a_later_one_reversed() {
    let world = World::new();
    let before = available(&world);
    let made = payout(&world, "amount=1100&currency=usd");
    step(&world, &made, "reverse").expect(400);
    assert_eq!(step(&world, &made, "cancel").expect(200).json()["status"], "canceled");
    assert_eq!(available(&world), before);
    step(&world, &made, "cancel").expect(400);
    let other = payout(&world, "amount=1100&currency=usd");
    act(&world, &other, "transit", "").expect(200);
    step(&world, &other, "cancel").expect(400);
    let reversal = step(&world, &other, "reverse").expect(200).json();
    assert_eq!((&reversal["amount"], &reversal["original_payout"]), (&json!(-1100), &other["id"]));
    assert_eq!(shown(&world, &other)["reversed_by"], reversal["id"]);
    step(&world, &other, "reverse").expect(400);
    act(&world, &other, "fail", "").expect(400);
    assert_eq!(available(&world), before - 1100);
    world.advance(4 * DAY);
    assert_eq!(available(&world), before);
    assert_eq!(world.stripe("GET", "/v1/payouts/po_x", "").expect(404).json()["error"]["param"], "id");
}

#[test]
fn a_paid_payout_can_come_back_for_some_days() {
    let world = World::new();
    let before = available(&world);
    let made = payout(&world, "amount=1100&currency=usd");
    assert_eq!(act(&world, &made, "pay", "").expect(200).json()["status"], "paid");
    act(&world, &made, "pay", "").expect(400);
    act(&world, &made, "transit", "").expect(400);
    assert_eq!(
        act(&world, &made, "fail", r#"{"reason": "bored"}"#).expect(400).json()["error"]["param"],
        "reason"
    );
    let failed = act(&world, &made, "fail", r#"{"reason": "account_closed"}"#).expect(200).json();
    assert_eq!(
        (&failed["status"], &failed["object"]["failure_code"]),
        (&json!("failed"), &json!("account_closed"))
    );
    assert_eq!(available(&world), before);
    let old = payout(&world, "amount=1100&currency=usd");
    world.advance(20 * DAY);
    assert_eq!(shown(&world, &old)["status"], "paid");
    act(&world, &old, "fail", "").expect(400);
    act(&world, &old, "fly", "").expect(400);
}

#[test]
fn payouts_are_listed_by_status_and_made_once_for_a_key() {
    let world = World::new();
    let send = |key: &str| {
        world.stripe_with("POST", "/v1/payouts", "amount=1100&currency=usd", &[("idempotency-key", key)])
    };
    let first = send("k1").expect(200);
    let again = send("k1").expect(200);
    assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
    let second = send("k2").expect(200).json();
    step(&world, &second, "cancel").expect(200);
    let list = |query: &str| {
        let list = world.stripe("GET", &format!("/v1/payouts?{query}"), "").expect(200).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!((list("status=canceled"), list("status=pending"), list("")), (1, 1, 2));
    assert_eq!(world.count("provider=stripe&operation=payouts.create"), 2);
}

#[test]
fn charges_are_pending_for_two_days_and_refunds_go_the_same_way() {
    let world = World::new();
    let before = available(&world);
    let body = "amount=2000&currency=usd&confirm=true&off_session=true&payment_method=pm_card_visa";
    let intent = world.stripe("POST", "/v1/payment_intents", body).expect(200).json();
    let refund = format!("payment_intent={}&amount=500", intent["id"].as_str().unwrap());
    world.stripe("POST", "/v1/refunds", &refund).expect(200);
    let balance = world.stripe("GET", "/v1/balance", "").json();
    assert_eq!((&balance["pending"][0]["amount"], available(&world)), (&json!(1500), before));
    world.advance(2 * DAY);
    assert_eq!(available(&world), before + 1500);
}

#[test]
fn a_transfer_goes_to_another_account() {
    let world = World::new();
    let before = available(&world);
    let own = world.stripe("GET", "/v1/account", "").json()["id"].as_str().unwrap().to_owned();
    let send = |body: &str| world.stripe("POST", "/v1/transfers", body);
    let made = send("amount=400&currency=usd&destination=acct_1Other&transfer_group=g1").expect(200).json();
    assert_eq!((&made["destination"], &made["amount"]), (&json!("acct_1Other"), &json!(400)));
    assert_eq!(available(&world), before - 400);
    send(&format!("amount=400&currency=usd&destination={own}")).expect(400);
    send("amount=400&currency=usd&destination=ba_x").expect(400);
    send("amount=400&currency=usd").expect(400);
    let much = send("amount=5000000&currency=usd&destination=acct_1Other").expect(400).json();
    assert_eq!(much["error"]["code"], "balance_insufficient");
    let path = format!("/v1/transfers/{}", made["id"].as_str().unwrap());
    assert_eq!(world.stripe("GET", &path, "").expect(200).json(), made);
    let list = world.stripe("GET", "/v1/transfers?destination=acct_1Other&transfer_group=g1", "").json();
    assert_eq!(list["data"], json!([made]));
    let charge = world
        .stripe(
            "POST",
            "/v1/payment_intents",
            "amount=2000&currency=usd&confirm=true&off_session=true&payment_method=pm_card_visa",
        )
        .json()["latest_charge"]
        .as_str()
        .unwrap()
        .to_owned();
    let tied =
        send(&format!("currency=usd&destination=acct_1Other&source_transaction={charge}")).expect(200).json();
    assert_eq!(tied["amount"], 2000);
    let euro = format!("currency=eur&destination=acct_1Other&source_transaction={charge}");
    assert_eq!(send(&euro).expect(400).json()["error"]["param"], "currency");
    let balance = world.stripe("GET", "/v1/balance", "").json();
    assert_eq!((&balance["pending"][0]["amount"], available(&world)), (&json!(0), before - 400));
    assert_eq!(world.count("provider=stripe&operation=transfers.create"), 2);
}
