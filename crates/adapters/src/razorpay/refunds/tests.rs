//! Refunds: the payment found, the bytes sent, once, and what the reply means.

use domain::{
    AmountNumber, CreateRefund, Currency, Effect, Metadata, Money, NotSent, Operation, Outcome, RefundAmount,
    RefundStatus, RejectionClass, Reply, Resource, RetrySafety, Unknown,
};

use crate::Adapter;
use crate::razorpay::Razorpay;
use crate::razorpay::tests::operations::{get_refund, give_back, of_order, of_payment, refund};
use crate::razorpay::tests::{credentials, inr};
use crate::testing::{PROVIDER_KEY, Played, body_text, context, perform, play, reply};

const REFUND: &str = include_str!("../../../fixtures/razorpay/refund_processed.json");
const REFUNDS: &str = include_str!("../../../fixtures/razorpay/refunds_by_payment.json");
const PAYMENT: &str = include_str!("../../../fixtures/razorpay/payment_captured.json");
const CAPTURED: &str = include_str!("../../../fixtures/razorpay/payments_captured.json");
const REFUNDED: &str = include_str!("../../../fixtures/razorpay/payments_refunded.json");
const AUTHORIZED: &str = include_str!("../../../fixtures/razorpay/payments_authorized.json");
const NONE: &str = include_str!("../../../fixtures/razorpay/payments_none.json");
const KEY_TAKEN: &str = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Different request with the same idempotency key has already been processed."}}"#;

fn run(operation: &Operation, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    perform(&Razorpay, operation, &context(&credentials), &replies)
}

fn look_up(operation: &Operation, replies: &[(u16, &str)]) -> Outcome {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    play(Razorpay.look_up(operation).unwrap(), &context(&credentials), &replies).outcome
}

#[track_caller]
fn told(outcome: Outcome) -> domain::Refund {
    match outcome {
        Outcome::Executed(Resource::Refund(refund)) => refund,
        other => panic!("{other:?}"),
    }
}

fn number(text: &str) -> Option<RefundAmount> {
    Some(RefundAmount::Number(AmountNumber::parse(text).unwrap()))
}

#[test]
fn a_payment_is_refunded_with_exactly_these_bytes() {
    let reasoned = CreateRefund { reason: Some("returned".into()), ..refund(of_payment(), None) };
    let played = run(&give_back(reasoned), &[(200, REFUND)]);
    assert_eq!(played.calls(), ["POST /v1/payments/pay_DESlfW9H8K9uqM/refund"]);
    let write = &played.requests[0];
    let expected = format!(
        r#"{{"notes":{{"transaction_id":"txn_0000000000000000000000000b","reason":"returned"}},"receipt":"{PROVIDER_KEY}"}}"#
    );
    assert_eq!(body_text(write), expected);
    assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::Keyed));
    let header = write.headers.iter().find(|(name, _)| name == "x-refund-idempotency").unwrap();
    assert_eq!(header.1, PROVIDER_KEY);
    let refund = told(played.outcome);
    assert_eq!(refund.provider_refund_id, "rfnd_FP8QHiV938haTz");
    assert_eq!(refund.provider_payment_id.as_deref(), Some("pay_DESlfW9H8K9uqM"));
    assert_eq!((refund.amount, refund.status), (inr("200"), RefundStatus::Succeeded));
    assert_eq!(refund.provider_status.as_deref(), Some("processed"));
}

#[test]
fn an_orders_captured_payment_is_found_and_refunded() {
    let amount = Some(RefundAmount::Money(inr("200")));
    let played = run(&give_back(refund(of_order(), amount)), &[(200, CAPTURED), (200, REFUND)]);
    let expected =
        ["GET /v1/orders/order_RB58MiP5SPFYyM/payments", "POST /v1/payments/pay_DESlfW9H8K9uqM/refund"];
    assert_eq!(played.calls(), expected);
    assert!(body_text(&played.requests[1]).starts_with(r#"{"amount":20000,"notes""#));
}

#[test]
fn an_amount_is_sent_in_the_payments_own_currency_only() {
    let played = run(&give_back(refund(of_payment(), number("200"))), &[(200, PAYMENT), (200, REFUND)]);
    assert_eq!(played.calls()[0], "GET /v1/payments/pay_DESlfW9H8K9uqM");
    assert!(body_text(&played.requests[1]).starts_with(r#"{"amount":20000,"#));
    let usd = Some(RefundAmount::Money(Money::parse("200", Currency::USD).unwrap()));
    for (amount, code) in [(usd, "invalid_field"), (number("0.001"), "amount_too_precise")] {
        let played = run(&give_back(refund(of_payment(), amount)), &[(200, PAYMENT)]);
        let Outcome::Rejected(refusal) = played.outcome else { panic!("{:?}", played.outcome) };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, code));
        assert_eq!(refusal.param, Some("amount"));
    }
}

#[test]
fn what_was_not_paid_cannot_go_back() {
    for payments in [AUTHORIZED, NONE] {
        let played = run(&give_back(refund(of_order(), None)), &[(200, payments)]);
        let Outcome::Rejected(refusal) = played.outcome else { panic!("{:?}", played.outcome) };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Conflict, "not_paid"));
    }
}

#[test]
fn an_order_paid_in_parts_is_not_guessed_at() {
    let parts = r#"{"items":[{"id":"pay_1","amount":1,"currency":"INR","status":"captured"},
        {"id":"pay_2","amount":1,"currency":"INR","status":"captured"}]}"#;
    let played = run(&give_back(refund(of_order(), None)), &[(200, parts)]);
    let Outcome::Rejected(refusal) = played.outcome else { panic!("{:?}", played.outcome) };
    assert_eq!((refusal.code, refusal.param), ("operation_not_supported", Some("order_id")));
}

#[test]
fn a_repeat_after_the_refund_asks_with_the_same_key_and_bytes() {
    let operation = give_back(refund(of_order(), None));
    let first = run(&operation, &[(200, CAPTURED), (200, REFUND)]);
    let again = run(&operation, &[(200, REFUNDED), (200, REFUND)]);
    let (first, again) = (first.requests.last().unwrap(), again.requests.last().unwrap());
    assert_eq!((&first.path, &first.body, &first.headers), (&again.path, &again.body, &again.headers));
}

#[test]
fn a_lost_answer_is_unknown() {
    for (status, body) in [
        (500, ""),
        (504, "<html>"),
        (200, "{}"),
        (
            409,
            r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Another request with the same idempotency key is still in progress."}}"#,
        ),
    ] {
        let outcome = run(&give_back(refund(of_payment(), None)), &[(status, body)]).outcome;
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }), "{body}");
    }
}

/// Returns the list with a refund that was made when the operation began.
fn refunds() -> String {
    REFUNDS.replace("1597078866", "1756455561")
}

#[test]
fn a_key_that_was_used_leads_to_what_it_did() {
    let operation = give_back(refund(of_payment(), None));
    let played = run(&operation, &[(409, KEY_TAKEN), (200, &refunds())]);
    assert_eq!(played.calls()[1], "GET /v1/payments/pay_DESlfW9H8K9uqM/refunds?count=100");
    assert_eq!(told(played.outcome).provider_refund_id, "rfnd_FP8QHiV938haTz");
    // Of an earlier use of the key: nothing went back now.
    let Outcome::Rejected(refusal) = run(&operation, &[(409, KEY_TAKEN), (200, REFUNDS)]).outcome else {
        panic!()
    };
    assert_eq!((refusal.class, refusal.code), (RejectionClass::KeyReused, "idempotency_key_reused"));
    // Made, says Razorpay, and it does not show yet.
    for (status, body) in [(200, NONE), (500, "")] {
        let lost = run(&operation, &[(409, KEY_TAKEN), (status, body)]).outcome;
        assert_eq!(lost, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn a_lost_refund_is_found_by_its_receipt() {
    let of_payment = give_back(refund(of_payment(), None));
    assert_eq!(told(look_up(&of_payment, &[(200, &refunds())])).provider_refund_id, "rfnd_FP8QHiV938haTz");
    for nothing in [NONE, REFUNDS] {
        assert_eq!(look_up(&of_payment, &[(200, nothing)]), Outcome::NotSent(NotSent::NeverArrived));
    }
    let of_order = give_back(refund(of_order(), None));
    let found = look_up(&of_order, &[(200, REFUNDED), (200, &refunds())]);
    assert_eq!(told(found).provider_refund_id, "rfnd_FP8QHiV938haTz");
    assert_eq!(look_up(&of_order, &[(200, NONE)]), Outcome::NotSent(NotSent::NeverArrived));
}

#[test]
fn a_look_up_without_an_answer_settles_nothing() {
    for (status, body) in [(500, ""), (429, ""), (200, "<html>"), (400, r#"{"error":{}}"#)] {
        let unknown = Outcome::Unknown(Unknown::Unreadable { status });
        assert_eq!(look_up(&give_back(refund(of_payment(), None)), &[(status, body)]), unknown);
        assert_eq!(look_up(&give_back(refund(of_order(), None)), &[(status, body)]), unknown);
    }
    let full_page = format!(r#"{{"items":[{}]}}"#, vec![REFUND.replace(PROVIDER_KEY, "x"); 100].join(","));
    let outcome = look_up(&give_back(refund(of_payment(), None)), &[(200, &full_page)]);
    assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status: 200 }));
}

#[test]
fn every_status_has_its_word_and_an_unknown_one_is_no_error() {
    for (word, status) in [
        ("pending", RefundStatus::Pending),
        ("processed", RefundStatus::Succeeded),
        ("failed", RefundStatus::Failed),
        ("teleported", RefundStatus::Unknown),
    ] {
        let body = REFUND.replace("\"processed\"", &format!("\"{word}\""));
        let refund = told(run(&get_refund("rfnd_FP8QHiV938haTz"), &[(200, &body)]).outcome);
        assert_eq!((refund.status, refund.provider_status.as_deref()), (status, Some(word)));
    }
    let sparse = r#"{"id":"rfnd_1","amount":100,"currency":"INR","status":null,"notes":[],"x":{}}"#;
    let refund = told(run(&get_refund("rfnd_1"), &[(200, sparse)]).outcome);
    assert_eq!((refund.status, refund.provider_payment_id), (RefundStatus::Unknown, None));
}

#[test]
fn a_refund_is_read_by_its_id() {
    let played = run(&get_refund("rfnd_1"), &[(502, "<html>")]);
    assert_eq!(played.calls(), ["GET /v1/refunds/rfnd_1"]);
    let Outcome::Rejected(refusal) = played.outcome else { panic!() };
    assert_eq!(refusal.code, "provider_error");
}

#[test]
fn notes_carry_the_callers_words() {
    let metadata = Metadata::try_new(vec![("colour".into(), "red".into())]).unwrap();
    let named = CreateRefund { reference: Some("r-1".into()), metadata, ..refund(of_payment(), None) };
    let played = run(&give_back(named), &[(200, REFUND)]);
    let body: serde_json::Value = serde_json::from_slice(&played.requests[0].body).unwrap();
    assert_eq!((&body["notes"]["reference"], &body["notes"]["colour"]), (&"r-1".into(), &"red".into()));
}
