//! Looking up: found, not there, or still not known.

use domain::{Effect, OrderStatus, Unknown};

use crate::Adapter;
use crate::razorpay::Razorpay;
use crate::razorpay::tests::{capture, create, credentials, order};
use crate::testing::{Played, context, play, reply};
use domain::{NotSent, Operation, Outcome, Reply, Resource};

const ATTEMPTED: &str = include_str!("../../../../fixtures/razorpay/order_attempted.json");
const PAID: &str = include_str!("../../../../fixtures/razorpay/order_paid.json");
const AUTHORIZED: &str = include_str!("../../../../fixtures/razorpay/payments_authorized.json");
const CAPTURED: &str = include_str!("../../../../fixtures/razorpay/payments_captured.json");
const NONE: &str = include_str!("../../../../fixtures/razorpay/payments_none.json");
const BY_RECEIPT: &str = include_str!("../../../../fixtures/razorpay/orders_by_receipt.json");

fn look_up(operation: &Operation, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    let played = play(Razorpay.look_up(operation).unwrap(), &context(&credentials), &replies);
    assert!(played.requests.iter().all(|request| request.effect == Effect::Read));
    played
}

#[track_caller]
fn found(outcome: Outcome) -> (String, OrderStatus) {
    match outcome {
        Outcome::Executed(Resource::Order(order)) => (order.provider_order_id, order.status),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lost_order_is_found_by_its_receipt() {
    let played = look_up(&create(order()), &[(200, BY_RECEIPT), (200, AUTHORIZED)]);
    let expected = [
        "GET /v1/orders?receipt=5f1c0c526a1e4f6f9a250f6f7b1f3d10",
        "GET /v1/orders/order_RB58MiP5SPFYyM/payments",
    ];
    assert_eq!(played.calls(), expected);
    assert_eq!(found(played.outcome), ("order_RB58MiP5SPFYyM".to_owned(), OrderStatus::Authorized));
}

#[test]
fn an_order_without_our_receipt_is_never_taken_for_ours() {
    let others = r#"{"items":[{"id":"order_1","amount":1,"currency":"INR","receipt":"another"},
        {"id":"order_2","amount":1,"currency":"INR","receipt":null}]}"#;
    for list in [NONE, others] {
        let outcome = look_up(&create(order()), &[(200, list)]).outcome;
        assert_eq!(outcome, Outcome::NotSent(NotSent::NeverArrived));
    }
}

#[test]
fn a_lost_capture_is_found_on_the_order() {
    let played = look_up(&capture(None), &[(200, PAID), (200, CAPTURED)]);
    assert_eq!(found(played.outcome).1, OrderStatus::Succeeded);
    let played = look_up(&capture(None), &[(200, ATTEMPTED), (200, AUTHORIZED)]);
    assert_eq!(played.outcome, Outcome::NotSent(NotSent::NeverArrived));
}

#[test]
fn a_look_up_without_an_answer_settles_nothing() {
    for (status, body) in [(500, ""), (429, ""), (401, ""), (200, "<html>"), (400, r#"{"error":{}}"#)] {
        let unknown = Outcome::Unknown(Unknown::Unreadable { status });
        assert_eq!(look_up(&create(order()), &[(status, body)]).outcome, unknown);
        assert_eq!(look_up(&create(order()), &[(200, BY_RECEIPT), (status, body)]).outcome, unknown);
        assert_eq!(look_up(&capture(None), &[(status, body)]).outcome, unknown);
    }
}
