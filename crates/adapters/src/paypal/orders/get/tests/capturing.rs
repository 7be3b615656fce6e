//! Taking the money of an order that its payer has approved, by reading it.

use domain::{
    Effect, GetOrder, NextAction, Operation, OrderOperation, OrderStatus, Outcome, RetrySafety, TransactionId,
};

use crate::paypal::tests::{ORDER_ID, play, refusal_body, status, told, unprocessable, usd};
use crate::testing::body_text;

const APPROVED: &str = include_str!("../../../../../fixtures/paypal/order_approved.json");
const TO_AUTHORIZE: &str = include_str!("../../../../../fixtures/paypal/order_approved_to_authorize.json");
const CREATED: &str = include_str!("../../../../../fixtures/paypal/order_created.json");
const CAPTURED: &str = include_str!("../../../../../fixtures/paypal/order_captured.json");

const READ: &str = "GET /v2/checkout/orders/5O190127TN364715T";
const CAPTURE: &str = "POST /v2/checkout/orders/5O190127TN364715T/capture";
/// The transaction that the fixtures name in `custom_id`.
const OURS: TransactionId = TransactionId::from_u128(11);

fn get(created_by: Option<TransactionId>) -> Operation {
    Operation::Order(OrderOperation::Get(GetOrder { provider_order_id: ORDER_ID.into(), created_by }))
}

/// Returns the captured order with its capture in this state.
fn captured_as(word: &str) -> String {
    let (before, after) = CAPTURED.split_once(r#""captures""#).unwrap();
    format!(r#"{before}"captures"{}"#, after.replacen("COMPLETED", word, 1))
}

fn redirect(url: &str) -> Option<NextAction> {
    Some(NextAction::Redirect { url: url.to_owned() })
}

#[test]
fn an_approved_order_of_ours_is_captured_by_reading_it() {
    let played = play(&get(Some(OURS)), &[(200, APPROVED), (201, CAPTURED)]);
    assert_eq!(played.calls(), [READ, CAPTURE]);
    let write = &played.requests[1];
    assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::Keyed));
    assert_eq!(body_text(write), "{}");
    let headers: Vec<_> = write.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let key = "txn_0000000000000000000000000b-capture";
    assert_eq!(headers, [("paypal-request-id", key), ("prefer", "return=representation")]);
    let order = told(played.outcome);
    assert_eq!((order.status, order.amount), (OrderStatus::Succeeded, usd("100")));
}

#[test]
fn a_second_read_repeats_the_capture_with_the_same_bytes() {
    let first = play(&get(Some(OURS)), &[(200, APPROVED), (503, "")]);
    let second = play(&get(Some(OURS)), &[(200, APPROVED), (200, CAPTURED)]);
    let (first, second) = (&first.requests[1], &second.requests[1]);
    assert_eq!((&first.path, &first.body, &first.headers), (&second.path, &second.body, &second.headers));
}

#[test]
fn only_an_order_that_this_transaction_created_is_captured() {
    let foreign = APPROVED.replace("txn_0000000000000000000000000b", "txn_00000000000000000000000001");
    assert_ne!(foreign, APPROVED);
    for (operation, body) in [
        (get(None), APPROVED),
        (get(Some(TransactionId::from_u128(12))), APPROVED),
        (get(Some(OURS)), &*foreign),
        (get(Some(OURS)), TO_AUTHORIZE),
    ] {
        let played = play(&operation, &[(200, body)]);
        assert_eq!(played.calls(), [READ]);
        assert_eq!(status(played.outcome), OrderStatus::RequiresAction);
    }
}

#[test]
fn an_order_whose_custom_id_paypal_does_not_repeat_is_captured_all_the_same() {
    let silent = APPROVED.replace(r#""custom_id": "txn_0000000000000000000000000b","#, "");
    assert_ne!(silent, APPROVED);
    let played = play(&get(Some(OURS)), &[(200, &silent), (201, CAPTURED)]);
    assert_eq!(status(played.outcome), OrderStatus::Succeeded);
}

#[test]
fn an_order_in_any_other_state_is_only_read() {
    for body in [CREATED, CAPTURED] {
        assert_eq!(play(&get(Some(OURS)), &[(200, body)]).calls(), [READ]);
    }
}

#[test]
fn what_came_of_the_capture_is_told() {
    for (word, expected) in [
        ("PENDING", OrderStatus::Processing),
        ("DECLINED", OrderStatus::Failed),
        ("FAILED", OrderStatus::Failed),
        ("TOMORROWS_WORD", OrderStatus::Unknown),
    ] {
        let played = play(&get(Some(OURS)), &[(200, APPROVED), (201, &captured_as(word))]);
        assert_eq!(status(played.outcome), expected, "{word}");
    }
    let minimal = format!(r#"{{"id":"{ORDER_ID}","status":"COMPLETED"}}"#);
    let order = told(play(&get(Some(OURS)), &[(200, APPROVED), (201, &minimal)]).outcome);
    assert_eq!((order.status, order.amount), (OrderStatus::Processing, usd("100")));
}

#[test]
fn a_capture_that_somebody_else_made_or_makes_is_read_again() {
    let already = unprocessable("ORDER_ALREADY_CAPTURED");
    let at_work = unprocessable("ORDER_COMPLETION_IN_PROGRESS");
    let busy = refusal_body("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS");
    for (refused, body) in [(422, &already), (422, &at_work), (409, &busy)] {
        let played = play(&get(Some(OURS)), &[(200, APPROVED), (refused, body), (200, CAPTURED)]);
        assert_eq!(played.calls(), [READ, CAPTURE, READ]);
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
        for (last, last_body) in [(200, APPROVED), (503, "<html>"), (200, "{}"), (429, "")] {
            let played = play(&get(Some(OURS)), &[(200, APPROVED), (refused, body), (last, last_body)]);
            assert_eq!(status(played.outcome), OrderStatus::Processing);
        }
    }
}

#[test]
fn a_capture_that_could_not_be_made_just_now_leaves_the_order_processing() {
    let refused = unprocessable("PAYER_CANNOT_PAY");
    let forbidden = refusal_body("NOT_AUTHORIZED", "PERMISSION_DENIED");
    for (answer, body) in [
        (500, ""),
        (503, "<html>"),
        (429, ""),
        (401, ""),
        (201, "<html>"),
        (201, "{}"),
        (422, &*refused),
        (403, &*forbidden),
    ] {
        let order = told(play(&get(Some(OURS)), &[(200, APPROVED), (answer, body)]).outcome);
        assert_eq!((order.status, &order.next_action), (OrderStatus::Processing, &None), "{answer} {body}");
        assert_eq!(order.provider_status.as_deref(), Some("APPROVED"));
    }
}

#[test]
fn a_payer_whose_means_were_refused_is_sent_back_to_approve_again() {
    let documented = "https://www.sandbox.paypal.com/checkoutnow?token=5O190127TN364715T";
    for issue in ["INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED", "ORDER_NOT_APPROVED"] {
        let order = told(play(&get(Some(OURS)), &[(200, APPROVED), (422, &unprocessable(issue))]).outcome);
        assert_eq!((order.status, order.next_action), (OrderStatus::RequiresAction, redirect(documented)));
    }
    let own = APPROVED.replacen(r#""rel": "update""#, r#""rel": "approve""#, 1);
    let declined = unprocessable("INSTRUMENT_DECLINED");
    let order = told(play(&get(Some(OURS)), &[(200, &own), (422, &declined)]).outcome);
    assert_eq!(
        order.next_action,
        redirect("https://api.sandbox.paypal.com/v2/checkout/orders/5O190127TN364715T")
    );
    let told_where = declined.replace(
        r#""links":[]"#,
        r#""links":[{"rel":"information_link","href":"https://x.example"},{"rel":"redirect","href":"https://pay.example"}]"#,
    );
    let order = told(play(&get(Some(OURS)), &[(200, &own), (422, &told_where)]).outcome);
    assert_eq!(order.next_action, redirect("https://pay.example"));
}

#[test]
fn an_order_that_is_gone_is_not_found_even_when_it_was_ours() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    let Outcome::Rejected(refusal) = play(&get(Some(OURS)), &[(404, &gone)]).outcome else { panic!() };
    assert_eq!(refusal.code, "order_not_found");
}
