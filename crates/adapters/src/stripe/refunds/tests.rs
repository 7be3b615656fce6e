//! Refunds: the bytes sent, the payment that is read first, and what the replies mean.

use domain::{
    AmountNumber, Metadata, Refund, RefundAmount, RefundStatus, RejectionClass, RetrySafety, Unknown,
};
use serde_json::json;

use super::*;
use crate::stripe::Stripe;
use crate::stripe::samples::{
    changed, ended, fixture, form, get_refund, header, order_refund, payment_refund, played, refund,
};
use crate::stripe::tests::{ORDER_ID, usd};
use crate::testing::{PROVIDER_KEY, body_text, refuse, reply};

const TRANSACTION: &str = "metadata[transaction_id]=txn_0000000000000000000000000b";

fn number(text: &str) -> Option<RefundAmount> {
    Some(RefundAmount::Number(AmountNumber::parse(text).unwrap()))
}

#[track_caller]
fn refund_of(outcome: Outcome) -> Refund {
    match outcome {
        Outcome::Executed(Resource::Refund(refund)) => refund,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn rejection_of(outcome: Outcome) -> Rejection {
    match outcome {
        Outcome::Rejected(rejection) => rejection,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_that_is_left_of_an_order_goes_back_with_exactly_these_bytes() {
    let played = played(&refund(order_refund()), &[fixture("refund_succeeded")]);
    let [request] = &*played.requests else { panic!("{:?}", played.calls()) };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/refunds"));
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::Keyed));
    assert_eq!(header(request, "idempotency-key"), Some(PROVIDER_KEY));
    assert_eq!(header(request, "stripe-version"), Some("2023-08-16"));
    assert_eq!(
        body_text(request),
        "payment_intent=pi_3ExampleAAA&metadata%5Btransaction_id%5D=txn_0000000000000000000000000b"
    );
    let told = refund_of(played.outcome);
    assert_eq!(
        told,
        Refund {
            provider_refund_id: "re_3ExampleAAA".to_owned(),
            provider_payment_id: Some(ORDER_ID.to_owned()),
            amount: usd("5"),
            status: RefundStatus::Succeeded,
            provider_status: Some("succeeded".to_owned()),
        }
    );
}

#[test]
fn a_reason_of_stripes_is_its_reason_and_any_other_is_kept_as_metadata() {
    let with = |reason: &str| {
        let amount = Some(RefundAmount::Money(usd("5.25")));
        let asked = CreateRefund {
            amount,
            reason: Some(reason.into()),
            reference: Some("r-1".into()),
            metadata: Metadata::try_new(vec![("k".into(), "v".into())]).unwrap(),
            ..order_refund()
        };
        form(&played(&refund(asked), &[fixture("refund_succeeded")]).requests[0])
    };
    for reason in REASONS {
        let reason_field = format!("reason={reason}");
        let expected = [
            "payment_intent=pi_3ExampleAAA",
            "amount=525",
            &reason_field,
            TRANSACTION,
            "metadata[reference]=r-1",
            "metadata[k]=v",
        ];
        assert_eq!(with(reason), expected);
    }
    let own = with("The cup was broken");
    assert!(!own.iter().any(|field| field.starts_with("reason=")), "{own:?}");
    assert!(own.contains(&"metadata[reason]=The cup was broken".to_owned()), "{own:?}");
    let long = with(&"é".repeat(600));
    assert!(long.contains(&format!("metadata[reason]={}", "é".repeat(500))));
}

#[test]
fn a_number_is_read_in_the_currency_of_the_payment() {
    let cases = [
        ("pi_3ExampleAAA", "GET /v1/payment_intents/pi_3ExampleAAA", "payment_intent=pi_3ExampleAAA"),
        ("ch_3ExampleAAA", "GET /v1/charges/ch_3ExampleAAA", "charge=ch_3ExampleAAA"),
        ("py_3ExampleAAA", "GET /v1/charges/py_3ExampleAAA", "charge=py_3ExampleAAA"),
    ];
    for (id, read, field) in cases {
        let asked = CreateRefund { amount: number("5"), ..payment_refund(id) };
        for (currency, units) in [("usd", "amount=500"), ("jpy", "amount=5"), ("isk", "amount=500")] {
            let paid = reply(200, &json!({"id": id, "currency": currency}).to_string());
            let played = played(&refund(asked.clone()), &[paid, fixture("refund_succeeded")]);
            assert_eq!(played.calls(), [read, "POST /v1/refunds"]);
            assert_eq!(played.requests[0].effect, Effect::Read);
            assert_eq!(form(&played.requests[1]), [field, units, TRANSACTION]);
        }
    }
    let of_order = CreateRefund { amount: number("1.5"), ..order_refund() };
    let played = played(&refund(of_order), &[fixture("intent_succeeded"), fixture("refund_succeeded")]);
    assert_eq!(form(&played.requests[1])[1], "amount=150");
}

#[test]
fn a_number_that_the_payments_currency_does_not_have_is_refused_before_the_refund() {
    let asked = CreateRefund { amount: number("5.005"), ..payment_refund("pi_1") };
    let of = |currency: &str| {
        let paid = reply(200, &json!({"currency": currency}).to_string());
        rejection_of(ended(&refund(asked.clone()), &[paid]))
    };
    for (currency, code) in [
        ("usd", "amount_too_precise"),
        ("jpy", "amount_too_precise"),
        ("kwd", "amount_too_precise"),
        ("iqd", "unsupported_currency"),
    ] {
        let refusal = of(currency);
        assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, code), "{currency}");
    }
}

#[test]
fn an_amount_in_another_currency_than_the_payments_is_refused() {
    let amount = Some(RefundAmount::Money(usd("5")));
    let asked = CreateRefund { amount, ..payment_refund("pi_1") };
    let refusal = rejection_of(ended(&refund(asked.clone()), &[reply(200, r#"{"currency":"eur"}"#)]));
    assert_eq!((refusal.code, refusal.param), ("invalid_field", Some("amount")));
    let replies = [reply(200, r#"{"currency":"usd"}"#), fixture("refund_succeeded")];
    assert_eq!(form(&played(&refund(asked), &replies).requests[1])[1], "amount=500");
}

#[test]
fn a_payment_that_cannot_be_read_is_not_refunded() {
    let asked = refund(CreateRefund { amount: number("5"), ..payment_refund("ch_1") });
    let missing = r#"{"error":{"code":"resource_missing","param":"charge","type":"invalid_request_error"}}"#;
    let refusal = rejection_of(ended(&asked, &[reply(404, missing)]));
    assert_eq!((refusal.class, refusal.code), (RejectionClass::NotFound, "payment_not_found"));
    for (status, body) in [(500, ""), (200, "{}"), (200, r#"{"currency":"zzz"}"#), (200, "<html>")] {
        let refusal = rejection_of(ended(&asked, &[reply(status, body)]));
        assert_eq!(refusal.class, RejectionClass::Unavailable, "{status} {body}");
    }
}

#[test]
fn a_run_from_the_beginning_sends_the_same_refund() {
    let asked = refund(CreateRefund { amount: number("5"), ..payment_refund("pi_1") });
    let replies = [reply(200, r#"{"currency":"usd"}"#), fixture("refund_succeeded")];
    let (first, second) = (played(&asked, &replies), played(&asked, &replies));
    assert_eq!(first.calls(), second.calls());
    assert_eq!(first.requests[1].body, second.requests[1].body);
    assert_eq!(first.requests[1].headers, second.requests[1].headers);
}

#[test]
fn every_status_has_its_word() {
    let told = |status: serde_json::Value| {
        let reply = changed("refund_succeeded", &json!({ "status": status }));
        let refund = refund_of(ended(&get_refund("re_3ExampleAAA"), &[reply]));
        (refund.status, refund.provider_status)
    };
    for (word, expected) in [
        ("pending", RefundStatus::Pending),
        ("requires_action", RefundStatus::Pending),
        ("succeeded", RefundStatus::Succeeded),
        ("failed", RefundStatus::Failed),
        ("canceled", RefundStatus::Canceled),
        ("paused", RefundStatus::Unknown),
    ] {
        assert_eq!(told(json!(word)), (expected, Some(word.to_owned())));
    }
    assert_eq!(told(json!(null)), (RefundStatus::Unknown, None));
}

#[test]
fn a_refund_is_read_with_the_payment_that_it_names() {
    let played = played(&get_refund("re_3ExampleAAA"), &[fixture("refund_of_charge_failed")]);
    assert_eq!(played.calls(), ["GET /v1/refunds/re_3ExampleAAA"]);
    let told = refund_of(played.outcome);
    assert_eq!(told.provider_payment_id.as_deref(), Some("ch_3ExampleAAA"));
    assert_eq!(told.status, RefundStatus::Failed);
    let sparse = reply(200, r#"{"id":"re_1","amount":5,"currency":"jpy","charge":{"id":"ch_1"}}"#);
    let told = refund_of(ended(&get_refund("re_1"), &[sparse]));
    assert_eq!(told.provider_payment_id.as_deref(), Some("ch_1"));
}

#[test]
fn an_answer_that_cannot_be_read_leaves_a_refund_unknown() {
    for (status, body) in [(200, "{}"), (200, r#"{"id":"re_1","amount":1,"currency":"zzz"}"#), (500, "")] {
        let expected = Outcome::Unknown(Unknown::Unreadable { status });
        assert_eq!(ended(&refund(order_refund()), &[reply(status, body)]), expected);
    }
    let refusal = rejection_of(ended(&get_refund("re_1"), &[reply(500, "")]));
    assert_eq!(refusal.class, RejectionClass::Unavailable);
}

#[test]
fn what_stripe_cannot_be_told_is_refused_before_anything_is_sent() {
    let money = |text, code| {
        let currency = Currency::parse(code).unwrap();
        Some(RefundAmount::Money(domain::Money::parse(text, currency).unwrap()))
    };
    let brackets = Metadata::try_new(vec![("a[b]".into(), "v".into())]).unwrap();
    let order = |id: &str| RefundedPayment::OfOrder { provider_order_id: id.into() };
    let cases = [
        (CreateRefund { amount: money("5.124", "KWD"), ..order_refund() }, "amount_too_precise"),
        (CreateRefund { amount: money("1", "IQD"), ..payment_refund("pi_1") }, "unsupported_currency"),
        (CreateRefund { metadata: brackets, ..order_refund() }, "invalid_field"),
        (CreateRefund { payment: order("pi_1/../x"), ..order_refund() }, "order_not_found"),
        (payment_refund("ch_1?x"), "payment_not_found"),
    ];
    for (asked, code) in cases {
        assert_eq!(refuse(&Stripe, &refund(asked)).code, code);
    }
    assert_eq!(refuse(&Stripe, &get_refund("../account")).code, "refund_not_found");
}
