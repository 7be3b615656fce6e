//! The table of a payment intent's states.

use super::*;
use crate::stripe::tests::{credentials, usd};
use crate::testing::{context, reply};

fn tell(body: &str) -> Option<Order> {
    let credentials = credentials();
    json::read::<Intent>(&reply(200, body))?.tell(&context(&credentials))
}

#[track_caller]
fn check(body: &str, expected: (OrderStatus, &str)) {
    let order = tell(body).unwrap();
    assert_eq!((order.status, order.amount_refunded.to_string().as_str()), expected);
    assert_eq!((order.provider_order_id.as_str(), order.amount), ("pi_3ExampleAAA", usd("20")));
    let awaits_payer = matches!(expected.0, OrderStatus::Created | OrderStatus::RequiresAction);
    let action = NextAction::StripeClientSecret {
        client_secret: "pi_3ExampleAAA_secret_BBB".to_owned(),
        publishable_key: Some("pk_test_public".to_owned()),
    };
    assert_eq!(order.next_action, awaits_payer.then_some(action));
}

#[test]
fn a_payment_intents_status_is_an_orders_status() {
    check(include_str!("../../../../fixtures/stripe/intent_created.json"), (OrderStatus::Created, "0.00"));
    check(
        include_str!("../../../../fixtures/stripe/intent_declined_once.json"),
        (OrderStatus::RequiresAction, "0.00"),
    );
    check(
        include_str!("../../../../fixtures/stripe/intent_requires_action.json"),
        (OrderStatus::RequiresAction, "0.00"),
    );
    check(
        include_str!("../../../../fixtures/stripe/intent_authorized.json"),
        (OrderStatus::Authorized, "0.00"),
    );
    check(
        include_str!("../../../../fixtures/stripe/intent_succeeded.json"),
        (OrderStatus::Succeeded, "0.00"),
    );
    check(
        include_str!("../../../../fixtures/stripe/intent_captured_partly.json"),
        (OrderStatus::Succeeded, "0.00"),
    );
    check(
        include_str!("../../../../fixtures/stripe/intent_partially_refunded.json"),
        (OrderStatus::PartiallyRefunded, "5.00"),
    );
    check(include_str!("../../../../fixtures/stripe/intent_refunded.json"), (OrderStatus::Refunded, "20.00"));
}

#[test]
fn a_reservation_that_was_given_up_is_no_refund() {
    check(include_str!("../../../../fixtures/stripe/intent_canceled.json"), (OrderStatus::Canceled, "0.00"));
}

#[test]
fn the_remaining_words_of_stripe_are_known_and_others_are_unknown() {
    let sparse = |status: &str| {
        format!(
            r#"{{"id":"pi_3ExampleAAA","amount":2000,"currency":"usd","status":{status},"client_secret":"pi_3ExampleAAA_secret_BBB"}}"#
        )
    };
    check(&sparse(r#""requires_confirmation""#), (OrderStatus::Created, "0.00"));
    check(&sparse(r#""processing""#), (OrderStatus::Processing, "0.00"));
    check(&sparse(r#""levitating""#), (OrderStatus::Unknown, "0.00"));
    check(&sparse("null"), (OrderStatus::Unknown, "0.00"));
}

#[test]
fn what_was_refunded_of_a_partial_capture_is_measured_by_what_was_taken() {
    let body = r#"{"id":"pi_3ExampleAAA","amount":2000,"currency":"usd","status":"succeeded","amount_received":1500,
        "latest_charge":{"amount_refunded":1500}}"#;
    check(body, (OrderStatus::Refunded, "15.00"));
}

#[test]
fn without_a_publishable_key_the_client_secret_stands_alone() {
    let credentials = crate::testing::credentials("stripe", &[("secret_key", "sk_test_secret")]);
    let reply = reply(200, include_str!("../../../../fixtures/stripe/intent_created.json"));
    let order = json::read::<Intent>(&reply).unwrap().tell(&context(&credentials)).unwrap();
    assert!(matches!(order.next_action, Some(NextAction::StripeClientSecret { publishable_key: None, .. })));
}

#[test]
fn an_intent_without_a_usable_id_or_amount_is_none() {
    for body in [
        r#"{"id":"","amount":2000,"currency":"usd"}"#,
        r#"{"id":"a/b","amount":2000,"currency":"usd"}"#,
        r#"{"id":"pi_1","amount":-5,"currency":"usd"}"#,
        r#"{"id":"pi_1","amount":2000,"currency":"doubloon"}"#,
        r#"{"id":"pi_1","currency":"usd"}"#,
    ] {
        assert!(tell(body).is_none(), "{body}");
    }
}
