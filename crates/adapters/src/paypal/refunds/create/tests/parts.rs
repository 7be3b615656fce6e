//! Refunding an order that was captured in parts.

use super::*;

fn parts(captures: &[(&str, &str, &str)]) -> String {
    let captures: Vec<String> = captures
        .iter()
        .map(|(id, status, value)| {
            format!(
                r#"{{"id":"{id}","status":"{status}","amount":{{"currency_code":"USD","value":"{value}"}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"id":"{ORDER_ID}","intent":"AUTHORIZE","status":"COMPLETED","purchase_units":[{{"amount":{{"currency_code":"USD","value":"100.00"}},"payments":{{"captures":[{}]}}}}]}}"#,
        captures.join(",")
    )
}

fn refund_of(id: &str) -> String {
    format!("POST /v2/payments/captures/{id}/refund")
}

#[test]
fn the_first_part_that_can_have_enough_is_refunded() {
    let order =
        parts(&[("A", "COMPLETED", "20.00"), ("B", "COMPLETED", "50.00"), ("C", "COMPLETED", "30.00")]);
    let played = play(&refund(of_order(), money("30")), &[(200, &order), (201, REFUND)]);
    assert_eq!(played.calls(), [READ_ORDER, &refund_of("B")]);
    assert_eq!(key(&played.requests[1]), Some(PROVIDER_KEY));
}

#[test]
fn a_part_with_too_little_left_passes_it_on_with_another_key() {
    let order = parts(&[("A", "PARTIALLY_REFUNDED", "50.00"), ("B", "COMPLETED", "50.00")]);
    for issue in ["CAPTURE_FULLY_REFUNDED", "REFUND_AMOUNT_EXCEEDED"] {
        let refused = unprocessable(issue);
        let played = play(&refund(of_order(), money("30")), &[(200, &order), (422, &refused), (201, REFUND)]);
        assert_eq!(played.calls(), [READ_ORDER, &refund_of("A"), &refund_of("B")]);
        assert_eq!(key(&played.requests[1]), Some(PROVIDER_KEY));
        assert_eq!(key(&played.requests[2]), Some("5f1c0c526a1e4f6f9a250f6f7b1f3x01"));
        let last = play(&refund(of_order(), money("30")), &[(200, &order), (422, &refused), (422, &refused)]);
        assert!(matches!(last.outcome, Outcome::Rejected(_)));
    }
}

/// A repeat must not be led to another part by what the first time left: it meets its own refund again.
#[test]
fn a_repeat_comes_to_the_same_part_whatever_is_left_of_it() {
    let before = parts(&[("A", "COMPLETED", "50.00"), ("B", "COMPLETED", "50.00")]);
    let after = parts(&[("A", "REFUNDED", "50.00"), ("B", "COMPLETED", "50.00")]);
    let first = play(&refund(of_order(), money("50")), &[(200, &before), (503, "")]);
    assert!(matches!(first.outcome, Outcome::Unknown(_)));
    let second = play(&refund(of_order(), money("50")), &[(200, &after), (200, REFUND)]);
    assert_same_bytes(&first, &second);
}

#[test]
fn a_part_that_is_pending_is_not_passed_over() {
    let order = parts(&[("A", "PENDING", "50.00"), ("B", "COMPLETED", "50.00")]);
    let played =
        play(&refund(of_order(), money("50")), &[(200, &order), (422, &unprocessable("PENDING_CAPTURE"))]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "not_paid"));
}

#[test]
fn no_part_with_enough_is_said_so() {
    let order = parts(&[("A", "COMPLETED", "50.00"), ("B", "COMPLETED", "50.00")]);
    let played = play(&refund(of_order(), money("60")), &[(200, &order)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Refused, "refund_exceeds_payment"));
    let played = play(&refund(of_order(), None), &[(200, &order)]);
    let Outcome::Rejected(refusal) = played.outcome else { panic!() };
    assert_eq!((refusal.code, refusal.param), ("operation_not_supported", Some("amount")));
}

#[test]
fn a_part_that_was_declined_does_not_count() {
    let order = parts(&[("A", "DECLINED", "50.00"), ("B", "COMPLETED", "50.00")]);
    let played = play(&refund(of_order(), None), &[(200, &order), (201, REFUND)]);
    assert_eq!(played.calls(), [READ_ORDER, &refund_of("B")]);
}

#[test]
fn an_exchange_never_makes_more_calls_than_it_may() {
    let many: Vec<(String, &str, &str)> =
        (0..40).map(|place| (format!("C{place}"), "REFUNDED", "10.00")).collect();
    let captures: Vec<(&str, &str, &str)> =
        many.iter().map(|(id, status, value)| (id.as_str(), *status, *value)).collect();
    let order = parts(&captures);
    let refused = unprocessable("CAPTURE_FULLY_REFUNDED");
    let mut replies = vec![(200, order.as_str())];
    replies.extend(std::iter::repeat_n((422, refused.as_str()), MAX_CAPTURES));
    let played = play(&refund(of_order(), money("10")), &replies);
    assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "already_refunded"));
}
