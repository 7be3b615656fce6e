//! A Stripe subscription's life after its start: trials, renewals, failures, retries, pauses and the end.

use serde_json::{Value, json};

use crate::{
    stripe_subscriptions::{act, id, post, shown, subscribe},
    support::World,
};

const DAY: u64 = 24 * 60 * 60;

fn invoice(subscription: &Value) -> &Value {
    &subscription["latest_invoice"]
}

#[test]
fn a_month_later_the_next_invoice_is_paid() {
    let world = World::new();
    let made = subscribe(&world, "pm_card_visa", "").expect(200).json();
    world.advance(31 * DAY);
    let renewed = shown(&world, &made);
    assert_eq!(
        (&renewed["status"], &renewed["current_period_start"]),
        (&json!("active"), &made["current_period_end"])
    );
    assert_ne!(invoice(&renewed)["id"], made["latest_invoice"]);
    assert_eq!(
        (&invoice(&renewed)["status"], &invoice(&renewed)["billing_reason"]),
        (&json!("paid"), &json!("subscription_cycle"))
    );
    world.advance(3 * 31 * DAY);
    shown(&world, &made);
    assert_eq!(world.count("provider=stripe&operation=subscriptions.renew"), 4);
    assert_eq!(world.count("provider=stripe&operation=invoices.pay"), 5);
}

#[test]
fn what_the_payer_confirmed_with_pays_the_renewals_too() {
    let world = World::new();
    let more =
        "&payment_behavior=default_incomplete&payment_settings[save_default_payment_method]=on_subscription";
    let made = subscribe(&world, "", more).expect(200).json();
    assert_eq!(act(&world, &made, "decline").expect(200).json()["status"], "incomplete");
    let paid = act(&world, &made, "pay").expect(200).json();
    assert_eq!(paid["status"], "active");
    assert!(paid["object"]["default_payment_method"].as_str().unwrap().starts_with("pm_1"));
    act(&world, &made, "pay").expect(400);
    world.advance(31 * DAY);
    assert_eq!(invoice(&shown(&world, &made))["status"], "paid");
}

#[test]
fn a_failed_renewal_is_past_due_tried_again_and_given_up() {
    let world = World::new();
    let made = subscribe(&world, "pm_card_visa", "").expect(200).json();
    let customer = format!("/v1/customers/{}", made["customer"].as_str().unwrap());
    post(&world, &customer, "invoice_settings[default_payment_method]=pm_card_chargeDeclined");
    world.advance(31 * DAY);
    let late = shown(&world, &made);
    assert_eq!((&late["status"], &invoice(&late)["status"]), (&json!("past_due"), &json!("open")));
    assert_eq!(invoice(&late)["attempt_count"], 1);
    assert_eq!(
        invoice(&late)["next_payment_attempt"],
        late["current_period_start"].as_i64().unwrap() + 3 * 86_400
    );
    world.advance(8 * DAY);
    assert_eq!(invoice(&shown(&world, &made))["attempt_count"], 3);
    world.advance(7 * DAY);
    let given_up = shown(&world, &made);
    assert_eq!((&given_up["status"], &invoice(&given_up)["status"]), (&json!("unpaid"), &json!("open")));
    // The payer pays the invoice himself after all.
    let intent = id(&invoice(&given_up)["payment_intent"]).to_owned();
    post(&world, &format!("/v1/payment_intents/{intent}/confirm"), "payment_method=pm_card_visa");
    assert_eq!(shown(&world, &made)["status"], "active");
    assert_eq!(world.count("provider=stripe&operation=subscriptions.fail_charge"), 3);
    assert_eq!(world.count("provider=stripe&operation=subscriptions.give_up"), 1);
}

#[test]
fn a_retry_with_a_good_card_makes_it_active_again() {
    let world = World::new();
    let made = subscribe(&world, "pm_card_visa", "").expect(200).json();
    let customer = format!("/v1/customers/{}", made["customer"].as_str().unwrap());
    post(&world, &customer, "invoice_settings[default_payment_method]=pm_card_chargeDeclined");
    world.advance(31 * DAY);
    assert_eq!(shown(&world, &made)["status"], "past_due");
    post(&world, &customer, "invoice_settings[default_payment_method]=pm_card_mastercard");
    world.advance(3 * DAY);
    let good = shown(&world, &made);
    assert_eq!((&good["status"], &invoice(&good)["status"]), (&json!("active"), &json!("paid")));
}

#[test]
fn renewals_can_be_let_happen_ahead_of_their_time() {
    let world = World::new();
    let made = subscribe(&world, "pm_card_visa", "").expect(200).json();
    let renewed = act(&world, &made, "charge").expect(200).json();
    assert_eq!(
        (&renewed["status"], &renewed["object"]["current_period_start"]),
        (&json!("active"), &made["current_period_end"])
    );
    let failed = act(&world, &made, "fail_charge").expect(200).json();
    assert_eq!(failed["status"], "past_due");
    assert_eq!(act(&world, &made, "charge").expect(200).json()["status"], "active");
    let period = |subscription: &Value| subscription["current_period_start"].clone();
    assert_eq!(period(&shown(&world, &made)), period(&failed["object"]));
    for status in ["past_due", "past_due", "past_due", "unpaid"] {
        assert_eq!(act(&world, &made, "fail_charge").expect(200).json()["status"], status);
    }
    act(&world, &made, "steal").expect(400);
}

#[test]
fn a_trial_ends_with_a_payment_or_as_was_foreseen() {
    let world = World::new();
    let good = subscribe(&world, "pm_card_visa", "&trial_period_days=7").expect(200).json();
    assert_eq!(good["status"], "trialing");
    assert_eq!(
        (&good["trial_end"], &good["billing_cycle_anchor"]),
        (&good["current_period_end"], &good["trial_end"])
    );
    assert_eq!(
        (&invoice(&shown(&world, &good))["status"], &invoice(&shown(&world, &good))["amount_due"]),
        (&json!("paid"), &json!(0))
    );
    let ends = |behavior: &str| {
        let more =
            format!("&trial_period_days=7&trial_settings[end_behavior][missing_payment_method]={behavior}");
        subscribe(&world, "", &more).expect(200).json()
    };
    let (billed, paused, canceled) = (ends("create_invoice"), ends("pause"), ends("cancel"));
    world.advance(7 * DAY);
    let status = |subscription: &Value| shown(&world, subscription)["status"].clone();
    assert_eq!(status(&good), "active");
    assert_eq!(invoice(&shown(&world, &good))["amount_paid"], 3000);
    assert_eq!(
        (status(&billed), status(&paused), status(&canceled)),
        (json!("past_due"), json!("paused"), json!("canceled"))
    );
}

#[test]
fn a_trial_can_be_ended_early() {
    let world = World::new();
    let made = subscribe(&world, "", "&trial_period_days=7").expect(200).json();
    world.advance(DAY);
    let charged = act(&world, &made, "charge").expect(200).json();
    let start = made["created"].as_i64().unwrap() + 86_400;
    assert_eq!(
        (&charged["status"], &charged["object"]["current_period_start"]),
        (&json!("active"), &json!(start))
    );
}

#[test]
fn a_paused_subscription_is_resumed_with_an_invoice() {
    let world = World::new();
    let made = subscribe(&world, "pm_card_visa", "").expect(200).json();
    let resume = format!("/v1/subscriptions/{}/resume", id(&made));
    world.stripe("POST", &resume, "").expect(400);
    assert_eq!(act(&world, &made, "pause").expect(200).json()["status"], "paused");
    act(&world, &made, "pause").expect(400);
    world.advance(60 * DAY);
    let paused = shown(&world, &made);
    assert_eq!(
        (&paused["status"], &paused["latest_invoice"]["id"]),
        (&json!("paused"), &made["latest_invoice"])
    );
    let resumed = post(&world, &resume, "billing_cycle_anchor=now&expand[]=latest_invoice");
    assert_eq!((&resumed["status"], &invoice(&resumed)["status"]), (&json!("active"), &json!("paid")));
    assert_eq!(
        resumed["current_period_start"].as_i64().unwrap(),
        made["created"].as_i64().unwrap() + 60 * 86_400
    );
    assert_eq!(world.count("provider=stripe&operation=subscriptions.resume"), 1);
}

#[test]
fn it_ends_with_its_period_or_at_a_given_time() {
    let world = World::new();
    let at_end = subscribe(&world, "pm_card_visa", "&cancel_at_period_end=true").expect(200).json();
    let at = at_end["created"].as_i64().unwrap() + 10 * 86_400;
    let at_time = subscribe(&world, "pm_card_visa", &format!("&cancel_at={at}")).expect(200).json();
    act(&world, &at_end, "charge").expect(400);
    world.advance(10 * DAY);
    assert_eq!(shown(&world, &at_time)["ended_at"], at);
    assert_eq!(shown(&world, &at_end)["status"], "active");
    world.advance(21 * DAY);
    let over = shown(&world, &at_end);
    assert_eq!((&over["status"], &over["ended_at"]), (&json!("canceled"), &at_end["current_period_end"]));
    assert_eq!(world.count("provider=stripe&operation=subscriptions.renew"), 0);
}

#[test]
fn a_sent_invoice_is_active_at_once_and_overdue_after_its_date() {
    let world = World::new();
    let more = "&collection_method=send_invoice&days_until_due=5";
    let made = subscribe(&world, "", more).expect(200).json();
    assert_eq!((&made["status"], &made["days_until_due"]), (&json!("active"), &json!(5)));
    let open = shown(&world, &made);
    assert_eq!(invoice(&open)["due_date"], made["created"].as_i64().unwrap() + 5 * 86_400);
    let url = invoice(&open)["hosted_invoice_url"].as_str().unwrap().to_owned();
    let path = url.split_once("/pay/").unwrap().1;
    assert!(world.control("GET", &format!("/pay/{path}"), "").expect(200).text().contains("Pay 30.00 USD"));
    act(&world, &made, "charge").expect(400);
    world.advance(5 * DAY);
    assert_eq!(shown(&world, &made)["status"], "past_due");
    assert_eq!(act(&world, &made, "pay").expect(200).json()["status"], "active");
    world.advance(26 * DAY);
    let next = shown(&world, &made);
    assert_eq!((&next["status"], &invoice(&next)["status"]), (&json!("active"), &json!("open")));
}

#[test]
fn what_costs_nothing_is_active_without_a_payment_method() {
    let world = World::new();
    let customer = post(&world, "/v1/customers", "");
    let body = "currency=usd&unit_amount=0&product_data[name]=Free&recurring[interval]=day";
    let price = post(&world, "/v1/prices", body);
    let body = format!("customer={}&items[0][price]={}", id(&customer), id(&price));
    let made = post(&world, "/v1/subscriptions", &body);
    assert_eq!(made["status"], "active");
    world.advance(3 * DAY);
    assert_eq!(shown(&world, &made)["status"], "active");
    assert_eq!(world.count("provider=stripe&operation=subscriptions.renew"), 3);
}
