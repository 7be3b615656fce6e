//! Reading a refund: every state, and answers that tell less than documented.

use domain::{GetRefund, Operation, RefundOperation, RefundStatus, RejectionClass};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{play, refusal_body, rejected, usd};
use crate::testing::refuse;

const COMPLETED: &str = include_str!("../../../../fixtures/paypal/refund_completed.json");

fn get(id: &str) -> Operation {
    Operation::Refund(RefundOperation::Get(GetRefund { provider_refund_id: id.into() }))
}

#[track_caller]
fn told(body: &str) -> domain::Refund {
    match play(&get("1JU08902781691411"), &[(200, body)]).outcome {
        Outcome::Executed(Resource::Refund(refund)) => refund,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refund_is_read_by_its_id() {
    let played = play(&get("1JU08902781691411"), &[(200, COMPLETED)]);
    assert_eq!(played.calls(), ["GET /v2/payments/refunds/1JU08902781691411"]);
    let refund = told(COMPLETED);
    assert_eq!(refund.provider_refund_id, "1JU08902781691411");
    assert_eq!(refund.provider_payment_id.as_deref(), Some("3C679366HH908993F"));
    assert_eq!((refund.amount, refund.status), (usd("40"), RefundStatus::Succeeded));
    assert_eq!(refund.provider_status.as_deref(), Some("COMPLETED"));
}

#[test]
fn every_state_has_its_status() {
    for (word, expected) in [
        ("PENDING", RefundStatus::Pending),
        ("COMPLETED", RefundStatus::Succeeded),
        ("FAILED", RefundStatus::Failed),
        ("CANCELLED", RefundStatus::Canceled),
        ("TOMORROWS_WORD", RefundStatus::Unknown),
    ] {
        let refund = told(&COMPLETED.replacen("COMPLETED", word, 1));
        assert_eq!((refund.status, refund.provider_status.as_deref()), (expected, Some(word)));
    }
}

#[test]
fn a_sparse_answer_is_told_as_far_as_it_goes() {
    let refund =
        told(r#"{"id":"1JU","amount":{"currency_code":"JPY","value":"500"},"status":null,"links":null}"#);
    assert_eq!((refund.amount.to_string().as_str(), refund.status), ("500", RefundStatus::Unknown));
    assert_eq!(refund.provider_payment_id, None);
}

#[test]
fn an_answer_that_tells_no_refund_is_paypals_fault() {
    for (status, body) in [(200, "{}"), (200, r#"{"id":"1JU"}"#), (200, "<html>"), (503, "<html>"), (302, "")]
    {
        let outcome = play(&get("1JU"), &[(status, body)]).outcome;
        assert_eq!(rejected(outcome), (RejectionClass::Unavailable, "provider_error"), "{status} {body}");
    }
}

#[test]
fn a_refund_that_is_not_there_is_not_found() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    let outcome = play(&get("1JU"), &[(404, &gone)]).outcome;
    assert_eq!(rejected(outcome), (RejectionClass::NotFound, "refund_not_found"));
    for id in ["", "..", "a/b", "a?b"] {
        assert_eq!(refuse(&Paypal, &get(id)).code, "refund_not_found");
    }
}
