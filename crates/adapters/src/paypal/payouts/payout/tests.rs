//! What a batch's states mean.

use domain::{Currency, GetPayout, Operation, PayoutOperation, RejectionClass, Resource};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{play, refusal_body, rejected, usd};
use crate::testing::refuse;

const PAID: &str = include_str!("../../../../fixtures/paypal/payout_paid.json");
const CREATED: &str = include_str!("../../../../fixtures/paypal/payout_created.json");

fn get(id: &str) -> Operation {
    Operation::Payout(PayoutOperation::Get(GetPayout { provider_payout_id: id.into() }))
}

#[track_caller]
fn told(body: &str) -> Payout {
    match play(&get("5UXD2E8A7EBQJ"), &[(200, body)]).outcome {
        Outcome::Executed(Resource::Payout(payout)) => payout,
        other => panic!("{other:?}"),
    }
}

fn batch(status: &str, items: &[&str]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|word| {
            format!(
                r#"{{"transaction_status":"{word}","payout_item":{{"amount":{{"currency":"USD","value":"25"}}}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"batch_header":{{"payout_batch_id":"5UX","batch_status":"{status}","amount":{{"currency":"USD","value":"25.00"}}}},"items":[{}]}}"#,
        items.join(",")
    )
}

#[test]
fn a_payout_is_read_by_its_batch() {
    let played = play(&get("5UXD2E8A7EBQJ"), &[(200, PAID)]);
    assert_eq!(played.calls(), ["GET /v1/payments/payouts/5UXD2E8A7EBQJ"]);
    let payout = told(PAID);
    assert_eq!(payout.provider_payout_id, "5UXD2E8A7EBQJ");
    assert_eq!(
        (payout.amount, payout.fee, payout.status),
        (usd("25"), Some(usd("0.25")), PayoutStatus::Paid)
    );
    assert_eq!((payout.failure_reason, payout.provider_status.as_deref()), (None, Some("SUCCESS")));
}

#[test]
fn the_item_decides() {
    for (word, expected) in [
        ("SUCCESS", PayoutStatus::Paid),
        ("UNCLAIMED", PayoutStatus::Unclaimed),
        ("ONHOLD", PayoutStatus::Processing),
        ("FAILED", PayoutStatus::Failed),
        ("BLOCKED", PayoutStatus::Failed),
        ("RETURNED", PayoutStatus::Returned),
        ("REFUNDED", PayoutStatus::Returned),
        ("REVERSED", PayoutStatus::Reversed),
        ("TOMORROWS_WORD", PayoutStatus::Unknown),
    ] {
        for state in ["SUCCESS", "PROCESSING", "PENDING"] {
            let payout = told(&batch(state, &[word]));
            assert_eq!((payout.status, payout.provider_status.as_deref()), (expected, Some(word)), "{state}");
        }
    }
}

#[test]
fn the_batch_decides_while_no_item_does() {
    for (word, expected) in [
        ("PENDING", PayoutStatus::Pending),
        ("PROCESSING", PayoutStatus::Processing),
        ("SUCCESS", PayoutStatus::Processing),
        ("DENIED", PayoutStatus::Failed),
        ("CANCELED", PayoutStatus::Canceled),
        ("TOMORROWS_WORD", PayoutStatus::Unknown),
    ] {
        assert_eq!(told(&batch(word, &[])).status, expected, "{word}");
        assert_eq!(told(&batch(word, &["PENDING"])).status, expected, "{word}");
    }
}

#[test]
fn a_batch_of_several_is_told_as_a_whole() {
    let payout = told(&batch("SUCCESS", &["SUCCESS", "FAILED"]));
    assert_eq!((payout.status, payout.amount), (PayoutStatus::Unknown, usd("25")));
    assert_eq!(told(&batch("PROCESSING", &["SUCCESS", "FAILED"])).status, PayoutStatus::Processing);
}

#[test]
fn why_it_failed_is_told_in_paypals_word() {
    let with = |errors: &str| {
        told(&PAID.replacen(
            r#""transaction_status": "SUCCESS""#,
            &format!(r#""transaction_status": "UNCLAIMED", "errors": {errors}"#),
            1,
        ))
    };
    let reason =
        with(r#"{"name":"RECEIVER_UNREGISTERED","message":"Receiver is unregistered"}"#).failure_reason;
    assert_eq!(reason.as_deref(), Some("RECEIVER_UNREGISTERED"));
    assert_eq!(with(r#"{"message":"No."}"#).failure_reason.as_deref(), Some("No."));
    assert_eq!(with("null").failure_reason, None);
    assert_eq!(with("[]").failure_reason, None);
}

#[test]
fn a_sparse_batch_is_told_as_far_as_it_goes() {
    let yen = r#"{"batch_header":{"payout_batch_id":"5UX","amount":{"currency":"JPY","value":"500"}},"items":null}"#;
    let payout = told(yen);
    assert_eq!((payout.amount.currency(), payout.status), (Currency::JPY, PayoutStatus::Unknown));
    assert_eq!((payout.fee, payout.provider_status), (None, None));
}

#[test]
fn an_answer_that_tells_no_payout_is_paypals_fault() {
    for (status, body) in [(200, "{}"), (200, CREATED), (200, "<html>"), (500, "{}"), (503, "<html>")] {
        let outcome = play(&get("5UX"), &[(status, body)]).outcome;
        assert_eq!(rejected(outcome), (RejectionClass::Unavailable, "provider_error"), "{status} {body}");
    }
}

#[test]
fn a_payout_that_is_not_there_is_not_found() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    assert_eq!(rejected(play(&get("5UX"), &[(404, &gone)]).outcome).1, "payout_not_found");
    assert_eq!(refuse(&Paypal, &get("a/b")).code, "payout_not_found");
}
