//! The table of an order's and its payments' states.

use super::*;
use crate::razorpay::payments::Collection;
use crate::razorpay::tests::{credentials, inr};
use crate::testing::{context, reply};

fn snapshot(order: &str, payments: &str) -> Snapshot {
    let mut snapshot = Snapshot::of(json::read(&reply(200, order)).unwrap()).unwrap();
    snapshot.payments = json::read::<Collection<WirePayment>>(&reply(200, payments)).unwrap().items;
    snapshot
}

#[track_caller]
fn check(order: &str, payments: &str, expected: (OrderStatus, &str)) {
    let credentials = credentials();
    let order = snapshot(order, payments).tell(&context(&credentials));
    assert_eq!((order.status, order.amount_refunded.to_string().as_str()), expected);
    let awaits_payer = matches!(expected.0, OrderStatus::Created | OrderStatus::RequiresAction);
    assert_eq!(order.next_action.is_some(), awaits_payer);
    assert_eq!(order.amount, inr("500"));
}

#[test]
fn an_orders_status_follows_from_its_payments() {
    let created = include_str!("../../../../fixtures/razorpay/order_created.json");
    let attempted = include_str!("../../../../fixtures/razorpay/order_attempted.json");
    let paid = include_str!("../../../../fixtures/razorpay/order_paid.json");
    let none = include_str!("../../../../fixtures/razorpay/payments_none.json");
    let failed = include_str!("../../../../fixtures/razorpay/payments_failed.json");
    let authorized = include_str!("../../../../fixtures/razorpay/payments_authorized.json");
    let captured = include_str!("../../../../fixtures/razorpay/payments_captured.json");
    let partly = include_str!("../../../../fixtures/razorpay/payments_partially_refunded.json");
    let refunded = include_str!("../../../../fixtures/razorpay/payments_refunded.json");
    check(created, none, (OrderStatus::Created, "0.00"));
    check(attempted, authorized, (OrderStatus::Authorized, "0.00"));
    check(attempted, failed, (OrderStatus::RequiresAction, "0.00"));
    check(attempted, none, (OrderStatus::RequiresAction, "0.00"));
    check(paid, captured, (OrderStatus::Succeeded, "0.00"));
    check(paid, none, (OrderStatus::Succeeded, "0.00"));
    check(paid, partly, (OrderStatus::PartiallyRefunded, "200.00"));
    check(paid, refunded, (OrderStatus::Refunded, "500.00"));
    // Between the two reads the payment was captured: the payments are newer.
    check(attempted, captured, (OrderStatus::Succeeded, "0.00"));
}

#[test]
fn a_payment_that_came_too_late_and_went_back_is_no_refund_of_the_order() {
    let paid = include_str!("../../../../fixtures/razorpay/order_paid.json");
    let late = include_str!("../../../../fixtures/razorpay/payments_refunded_late.json");
    check(paid, late, (OrderStatus::Succeeded, "0.00"));
}

#[test]
fn an_unknown_word_is_unknown_and_no_error() {
    let sparse = include_str!("../../../../fixtures/razorpay/order_sparse.json");
    let payments =
        r#"{"items":[{"id":"pay_1","amount":50000,"currency":"INR","status":"teleported","notes":null}]}"#;
    check(sparse, payments, (OrderStatus::Unknown, "0.00"));
}

#[test]
fn an_order_without_a_usable_id_or_amount_is_none() {
    for order in [
        r#"{"id":"a/b","amount":50000,"currency":"INR"}"#,
        r#"{"id":"order_1","amount":-1,"currency":"INR"}"#,
        r#"{"id":"order_1","amount":1,"currency":"???"}"#,
        r#"{"id":"order_1","amount":1,"currency":"AFN"}"#,
    ] {
        assert!(Snapshot::of(json::read(&reply(200, order)).unwrap()).is_none(), "{order}");
    }
}
