//! Reading an order: the calls made, and replies that cannot be read.

use domain::{OrderStatus, RejectionClass};

use crate::razorpay::Razorpay;
use crate::razorpay::tests::{ORDER_ID, credentials, get, inr};
use crate::testing::{context, perform, reply};
use domain::{Outcome, Resource};

const CREATED: &str = include_str!("../../../../fixtures/razorpay/order_created.json");
const ATTEMPTED: &str = include_str!("../../../../fixtures/razorpay/order_attempted.json");
const PAID: &str = include_str!("../../../../fixtures/razorpay/order_paid.json");
const PARTLY: &str = include_str!("../../../../fixtures/razorpay/payments_partially_refunded.json");

#[test]
fn an_order_is_read_with_its_payments() {
    let credentials = credentials();
    let replies = [reply(200, PAID), reply(200, PARTLY)];
    let played = perform(&Razorpay, &get(ORDER_ID), &context(&credentials), &replies);
    let expected = ["GET /v1/orders/order_RB58MiP5SPFYyM", "GET /v1/orders/order_RB58MiP5SPFYyM/payments"];
    assert_eq!(played.calls(), expected);
    let Outcome::Executed(Resource::Order(order)) = played.outcome else { panic!() };
    assert_eq!(order.status, OrderStatus::PartiallyRefunded);
    assert_eq!((order.amount, order.amount_refunded), (inr("500"), inr("200")));
    assert_eq!(order.next_action, None);
}

#[test]
fn an_order_that_nobody_tried_to_pay_is_read_in_one_call() {
    let credentials = credentials();
    let played = perform(&Razorpay, &get(ORDER_ID), &context(&credentials), &[reply(200, CREATED)]);
    let Outcome::Executed(Resource::Order(order)) = played.outcome else { panic!() };
    assert_eq!(order.status, OrderStatus::Created);
    assert!(order.next_action.is_some());
}

#[test]
fn an_unreadable_reply_means_that_razorpay_is_out_of_order() {
    let credentials = credentials();
    let context = context(&credentials);
    for replies in [
        vec![reply(502, "<html>Bad Gateway</html>")],
        vec![reply(200, "{}")],
        vec![reply(200, ATTEMPTED), reply(500, "")],
        vec![reply(200, ATTEMPTED), reply(200, r#"{"items":7}"#)],
    ] {
        let outcome = perform(&Razorpay, &get(ORDER_ID), &context, &replies).outcome;
        let Outcome::Rejected(refusal) = outcome else { panic!("{outcome:?}") };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Unavailable, "provider_error"));
    }
}
