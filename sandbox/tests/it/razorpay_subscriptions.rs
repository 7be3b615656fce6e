//! Razorpay plans and subscriptions: fields, the whole life, and what time does.

use serde_json::{Value, json};

use crate::support::{FORM, Reply, World, call};

const PLAN: &str = r#"{"period": "monthly", "interval": 1, "item": {"name": "Basic", "amount": 69900, "currency": "INR"},
    "notes": {"transaction_id": "txn_p"}}"#;
const DAY: u64 = 24 * 60 * 60;

fn plan(world: &World) -> Value {
    world.razorpay("POST", "/v1/plans", PLAN).expect(200).json()
}

/// Creates a subscription of a new plan; `more` are further members, such as `, "quantity": 2`.
fn subscribe(world: &World, more: &str) -> Value {
    let plan = plan(world)["id"].as_str().unwrap().to_owned();
    let body = format!(r#"{{"plan_id": "{plan}", "total_count": 3{more}}}"#);
    world.razorpay("POST", "/v1/subscriptions", &body).expect(200).json()
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn get(world: &World, subscription: &Value) -> Value {
    world.razorpay("GET", &format!("/v1/subscriptions/{}", id(subscription)), "").expect(200).json()
}

fn post(world: &World, subscription: &Value, verb: &str, body: &str) -> Reply {
    world.razorpay("POST", &format!("/v1/subscriptions/{}/{verb}", id(subscription)), body)
}

fn act(world: &World, subscription: &Value, action: &str) -> Reply {
    world.control("POST", &format!("/_control/subscriptions/razorpay/{}/{action}", id(subscription)), "")
}

fn description(reply: &Reply) -> String {
    reply.json()["error"]["description"].as_str().unwrap().to_owned()
}

#[test]
fn a_plan_is_created_listed_and_read() {
    let world = World::new();
    let made = plan(&world);
    assert_eq!(made["entity"], "plan");
    assert_eq!((&made["period"], &made["interval"]), (&json!("monthly"), &json!(1)));
    assert_eq!(made["item"]["unit_amount"], 69900);
    assert_eq!(made["notes"], json!({"transaction_id": "txn_p"}));
    assert_eq!(world.razorpay("GET", &format!("/v1/plans/{}", id(&made)), "").expect(200).json(), made);
    let list = world.razorpay("GET", "/v1/plans?count=5", "").expect(200).json();
    assert_eq!(
        (&list["entity"], &list["count"], &list["items"][0]),
        (&json!("collection"), &json!(1), &made)
    );
    let effect = world.effects("operation=plans.create")["items"][0].clone();
    assert_eq!((&effect["amount"], &effect["reference"]), (&json!(69900), &json!("txn_p")));
}

#[test]
fn wrong_plans_are_refused() {
    let world = World::new();
    let item = r#""item": {"name": "Basic", "amount": 69900, "currency": "INR"}"#;
    for (body, field) in [
        (format!(r#"{{"interval": 1, {item}}}"#), "period"),
        (format!(r#"{{"period": "hourly", "interval": 1, {item}}}"#), "period"),
        (format!(r#"{{"period": "monthly", {item}}}"#), "interval"),
        (format!(r#"{{"period": "monthly", "interval": 0, {item}}}"#), "interval"),
        (format!(r#"{{"period": "daily", "interval": 6, {item}}}"#), "interval"),
        (r#"{"period": "monthly", "interval": 1}"#.to_owned(), "item"),
        (
            r#"{"period": "monthly", "interval": 1, "item": {"name": "A", "currency": "INR"}}"#.to_owned(),
            "item.amount",
        ),
        (format!(r#"{{"period": "monthly", "interval": 1, "id": "x", {item}}}"#), "id"),
    ] {
        let reply = world.razorpay("POST", "/v1/plans", &body).expect(400).json();
        assert_eq!(reply["error"]["field"], field, "{body}");
    }
    world.razorpay("GET", "/v1/plans/plan_00000000000000", "").expect(400);
    assert_eq!(world.count("operation=plans.create"), 0);
}

#[test]
fn a_subscription_is_created_as_documented() {
    let world = World::new();
    let made =
        subscribe(&world, r#", "quantity": 2, "customer_notify": 0, "notes": {"transaction_id": "txn_s"}"#);
    assert_eq!(
        made,
        json!({"id": made["id"], "entity": "subscription", "plan_id": made["plan_id"], "customer_email": null,
            "status": "created", "current_start": null, "current_end": null, "ended_at": null, "quantity": 2,
            "notes": {"transaction_id": "txn_s"}, "charge_at": 1_767_607_200, "start_at": 1_767_607_200,
            "end_at": 1_775_383_200, "auth_attempts": 0, "total_count": 3, "paid_count": 0, "customer_notify": false,
            "created_at": 1_767_607_200, "expire_by": null, "short_url": made["short_url"],
            "has_scheduled_changes": false, "change_scheduled_at": null, "source": "api", "remaining_count": 3})
    );
    assert_eq!(get(&world, &made), made);
    let effect = world.effects("operation=subscriptions.create")["items"][0].clone();
    assert_eq!(
        (&effect["amount"], &effect["currency"], &effect["reference"]),
        (&json!(139_800), &json!("INR"), &json!("txn_s"))
    );
    world.advance(10);
    let other = subscribe(&world, "");
    let list =
        |query: &str| world.razorpay("GET", &format!("/v1/subscriptions?{query}"), "").expect(200).json();
    assert_eq!(list("")["count"], 2);
    assert_eq!(list("from=1767607205")["items"], json!([other]));
    assert_eq!(list("count=1&skip=1")["items"], json!([made]));
    let of_plan = list(&format!("plan_id={}", made["plan_id"].as_str().unwrap()));
    assert_eq!((&of_plan["count"], &of_plan["items"][0]), (&json!(1), &made));
}

#[test]
fn wrong_subscriptions_are_refused() {
    let world = World::new();
    let plan = id(&plan(&world)).to_owned();
    let create = |members: &str| world.razorpay("POST", "/v1/subscriptions", members);
    for (more, field) in [
        ("", "total_count"),
        (r#", "total_count": 0"#, "total_count"),
        (r#", "total_count": 1201"#, "total_count"),
        (r#", "total_count": 3, "quantity": 0"#, "quantity"),
        (r#", "total_count": 3, "start_at": 1767607199"#, "start_at"),
        (r#", "total_count": 3, "expire_by": 1767607199"#, "expire_by"),
        (r#", "total_count": 3, "customer_id": "cust_00000000000000""#, "customer_id"),
        (r#", "total_count": 3, "return_url": "https://shop.example""#, "return_url"),
        (
            r#", "total_count": 3, "addons": [{"item": {"name": "A", "currency": "INR"}}]"#,
            "addons.item.amount",
        ),
    ] {
        let reply = create(&format!(r#"{{"plan_id": "{plan}"{more}}}"#)).expect(400).json();
        assert_eq!(reply["error"]["field"], field, "{more}");
    }
    let unknown = create(r#"{"plan_id": "plan_00000000000000", "total_count": 3}"#).expect(400);
    assert_eq!(description(&unknown), "The id provided does not exist");
    create(&format!(r#"{{"plan_id": "{plan}", "total_count": 1200}}"#)).expect(200);
    assert_eq!(world.count("operation=subscriptions.create"), 1);
}

#[test]
fn authorising_a_subscription_that_starts_at_once_charges_the_first_cycle() {
    let world = World::new();
    let made =
        subscribe(&world, r#", "addons": [{"item": {"name": "Setup", "amount": 10000, "currency": "INR"}}]"#);
    let url = made["short_url"].as_str().unwrap();
    let path = format!("/pay/razorpay/{}", id(&made));
    assert!(url.ends_with(&path), "{url}");
    let page = world.control("GET", &path, "").expect(200).text();
    assert!(page.contains("699.00 INR") && page.contains("Basic: every month, 3 times"));
    let press =
        |button: &str| call(world.addresses().control, ("POST", &path), &[FORM], &format!("action={button}"));
    press("decline").expect(303);
    assert_eq!(
        (&get(&world, &made)["status"], &get(&world, &made)["auth_attempts"]),
        (&json!("created"), &json!(1))
    );
    press("pay").expect(303);
    let active = get(&world, &made);
    assert_eq!(
        (&active["status"], &active["paid_count"], &active["remaining_count"]),
        (&json!("active"), &json!(1), &json!(2))
    );
    assert_eq!(
        (&active["current_start"], &active["current_end"], &active["charge_at"]),
        (&json!(1_767_607_200), &json!(1_770_285_600), &json!(1_770_285_600))
    );
    assert!(active["customer_id"].as_str().unwrap().starts_with("cust_"));
    press("pay").expect(400);
    let orders = world.razorpay("GET", "/v1/orders", "").expect(200).json();
    assert_eq!((&orders["count"], &orders["items"][0]["status"]), (&json!(1), &json!("paid")));
    assert_eq!(world.count("operation=orders.create"), 0);
    let path = format!("/v1/orders/{}/payments", id(&orders["items"][0]));
    let payments = world.razorpay("GET", &path, "").expect(200).json();
    let payment = &payments["items"][0];
    assert_eq!((&payment["amount"], &payment["status"]), (&json!(79900), &json!("captured")));
    assert!(payment["invoice_id"].as_str().unwrap().starts_with("inv_"));
    let refund = format!("/v1/payments/{}/refund", id(payment));
    world.razorpay("POST", &refund, r#"{"amount": 10000}"#).expect(200);
    assert_eq!(world.count("operation=subscriptions.authenticate"), 1);
    assert_eq!(world.count("operation=subscriptions.charge"), 1);
}

#[test]
fn a_subscription_is_charged_to_its_end_by_time() {
    let world = World::new();
    let start = 1_767_607_200 + 10 * DAY;
    let made = subscribe(&world, &format!(r#", "start_at": {start}"#));
    assert_eq!(act(&world, &made, "authenticate").expect(200).json()["status"], "authenticated");
    assert_eq!(get(&world, &made)["paid_count"], 0);
    world.advance(11 * DAY);
    assert_eq!(get(&world, &made)["status"], "active");
    assert_eq!(
        (&get(&world, &made)["paid_count"], &get(&world, &made)["start_at"]),
        (&json!(1), &json!(start))
    );
    world.advance(31 * DAY);
    assert_eq!(get(&world, &made)["paid_count"], 2);
    world.advance(365 * DAY);
    let done = get(&world, &made);
    assert_eq!(
        (&done["status"], &done["paid_count"], &done["remaining_count"], &done["charge_at"]),
        (&json!("completed"), &json!(3), &json!(0), &Value::Null)
    );
    assert!(done["ended_at"].is_i64());
    assert_eq!(world.count("operation=subscriptions.charge"), 3);
    assert_eq!(world.count("operation=subscriptions.complete"), 1);
    for action in ["charge", "cancel", "pause", "authenticate", "fail_charge"] {
        assert_eq!(act(&world, &made, action).expect(400).json()["error"]["param"], "action", "{action}");
    }
}

#[test]
fn a_failed_charge_is_past_due_then_halted_then_paid() {
    let world = World::new();
    let made = subscribe(&world, "");
    for action in ["charge", "fail_charge", "halt", "pause", "resume", "complete"] {
        act(&world, &made, action).expect(400);
    }
    act(&world, &made, "authenticate").expect(200);
    act(&world, &made, "halt").expect(400);
    let failed = act(&world, &made, "fail_charge").expect(200).json();
    assert_eq!((&failed["status"], &failed["object"]["auth_attempts"]), (&json!("pending"), &json!(1)));
    assert_eq!(act(&world, &made, "fail_charge").expect(200).json()["object"]["auth_attempts"], 2);
    let halted = act(&world, &made, "halt").expect(200).json();
    assert_eq!((&halted["status"], &halted["object"]["charge_at"]), (&json!("halted"), &Value::Null));
    world.advance(400 * DAY);
    assert_eq!(get(&world, &made)["status"], "halted");
    let paid = act(&world, &made, "charge").expect(200).json();
    assert_eq!((&paid["status"], &paid["object"]["paid_count"]), (&json!("active"), &json!(2)));
    let shown = get(&world, &made);
    assert_eq!(
        (&shown["paid_count"], &shown["current_start"]),
        (&json!(2), &json!(1_767_607_200 + 400 * DAY))
    );
    act(&world, &made, "explode").expect(400);
    act(&world, &json!({"id": "sub_00000000000000"}), "charge").expect(404);
}

#[test]
fn pausing_skips_cycles_and_resuming_goes_on_from_now() {
    let world = World::new();
    let made = subscribe(&world, "");
    let refused = post(&world, &made, "pause", r#"{"pause_at": "now"}"#).expect(400);
    assert_eq!(description(&refused), "Subscription is not pausable in created status.");
    act(&world, &made, "authenticate").expect(200);
    post(&world, &made, "pause", r#"{"pause_at": "later"}"#).expect(400);
    let paused = post(&world, &made, "pause", r#"{"pause_at": "now"}"#).expect(200).json();
    assert_eq!((&paused["status"], &paused["charge_at"]), (&json!("paused"), &Value::Null));
    world.advance(100 * DAY);
    assert_eq!(get(&world, &made)["paid_count"], 1);
    post(&world, &made, "pause", "{}").expect(400);
    let resumed = post(&world, &made, "resume", r#"{"resume_at": "now"}"#).expect(200).json();
    assert_eq!(
        (&resumed["status"], &resumed["charge_at"]),
        (&json!("active"), &json!(1_767_607_200 + 100 * DAY))
    );
    world.advance(DAY);
    assert_eq!(get(&world, &made)["paid_count"], 2);
    post(&world, &made, "resume", r#"{"resume_at": "now"}"#).expect(400);
    assert_eq!(world.count("operation=subscriptions.pause"), 1);
    assert_eq!(world.count("operation=subscriptions.resume"), 1);
}

#[test]
fn a_subscription_is_cancelled_at_once_or_at_the_end_of_its_cycle() {
    let world = World::new();
    let made = subscribe(&world, "");
    let early = post(&world, &made, "cancel", r#"{"cancel_at_cycle_end": true}"#).expect(400);
    assert_eq!(description(&early), "Subscription cannot be cancelled since no billing cycle is going on");
    act(&world, &made, "authenticate").expect(200);
    let later = post(&world, &made, "cancel", r#"{"cancel_at_cycle_end": 1}"#).expect(200).json();
    assert_eq!(
        (&later["status"], &later["has_scheduled_changes"], &later["change_scheduled_at"]),
        (&json!("active"), &json!(true), &later["current_end"])
    );
    act(&world, &made, "charge").expect(400);
    assert_eq!(world.count("operation=subscriptions.cancel"), 1);
    world.advance(40 * DAY);
    let ended = get(&world, &made);
    assert_eq!((&ended["status"], &ended["paid_count"]), (&json!("cancelled"), &json!(1)));
    assert_eq!(world.count("operation=subscriptions.cancel"), 1);
    let again = post(&world, &made, "cancel", "{}").expect(400);
    assert_eq!(description(&again), "Subscription is not cancellable in cancelled status.");
    let other = subscribe(&world, "");
    post(&world, &other, "cancel", r#"{"cancel_at_cycle_end": "yes"}"#).expect(400);
    post(&world, &other, "cancel", r#"{"reason": "x"}"#).expect(400);
    let gone = post(&world, &other, "cancel", r#"{"cancel_at_cycle_end": false}"#).expect(200).json();
    assert_eq!((&gone["status"], &gone["ended_at"]), (&json!("cancelled"), &json!(1_767_607_200 + 40 * DAY)));
    let third = subscribe(&world, "");
    assert_eq!(act(&world, &third, "cancel").expect(200).json()["status"], "cancelled");
}

#[test]
fn a_subscription_that_nobody_authorises_expires() {
    let world = World::new();
    let made = subscribe(&world, &format!(r#", "expire_by": {}"#, 1_767_607_200 + DAY));
    world.advance(DAY);
    assert_eq!(get(&world, &made)["status"], "expired");
    let reply = post(&world, &made, "cancel", "").expect(400);
    assert_eq!(description(&reply), "Subscription is not cancellable in expired status.");
    act(&world, &made, "authenticate").expect(400);
    let other = subscribe(&world, "");
    assert_eq!(act(&world, &other, "expire").expect(200).json()["status"], "expired");
    assert_eq!(world.count("operation=subscriptions.expire"), 2);
}
