//! Capturing orders that were created for authorisation.

use super::*;

const TO_AUTHORIZE: &str = include_str!("../../../../../fixtures/paypal/order_approved_to_authorize.json");
const AUTHORIZED: &str = include_str!("../../../../../fixtures/paypal/order_authorized.json");
const VOIDED: &str = include_str!("../../../../../fixtures/paypal/order_authorization_voided.json");
const TAKEN: &str = include_str!("../../../../../fixtures/paypal/order_authorization_captured.json");
const TAKEN_PARTLY: &str =
    include_str!("../../../../../fixtures/paypal/order_authorization_captured_partly.json");
const MONEY: &str = include_str!("../../../../../fixtures/paypal/authorization_capture.json");

const AUTHORIZE: &str = "POST /v2/checkout/orders/5O190127TN364715T/authorize";
const TAKE: &str = "POST /v2/payments/authorizations/0VF52814937998046/capture";

fn authorization_in(status: &str) -> String {
    AUTHORIZED.replacen(r#""status": "CREATED""#, &format!(r#""status": "{status}""#), 1)
}

fn key(request: &Request) -> &str {
    let header = request.headers.iter().find(|(name, _)| name.as_str() == "paypal-request-id");
    header.map(|(_, value)| value.as_str()).unwrap()
}

#[test]
fn an_approved_order_is_authorised_then_captured_then_read() {
    let played = play(&capture(None), &[(200, TO_AUTHORIZE), (201, AUTHORIZED), (201, MONEY), (200, TAKEN)]);
    assert_eq!(played.calls(), [READ, AUTHORIZE, TAKE, READ]);
    let (authorize, take) = (&played.requests[1], &played.requests[2]);
    assert_eq!((body_text(authorize), key(authorize)), ("{}", "5f1c0c526a1e4f6f9a250f6f7b1f3x01"));
    assert_eq!(
        (body_text(take), key(take)),
        (r#"{"final_capture":true}"#, "5f1c0c526a1e4f6f9a250f6f7b1f3x02")
    );
    for write in [authorize, take] {
        assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::Keyed));
        assert_eq!(write.content_type, Some("application/json"));
    }
    assert_eq!(status(played.outcome), OrderStatus::Succeeded);
}

#[test]
fn an_authorised_order_is_captured_without_authorising_again() {
    let played = play(&capture(None), &[(200, AUTHORIZED), (200, MONEY), (200, TAKEN)]);
    assert_eq!(played.calls(), [READ, TAKE, READ]);
    assert_eq!(key(&played.requests[1]), "5f1c0c526a1e4f6f9a250f6f7b1f3x02");
    assert_eq!(status(played.outcome), OrderStatus::Succeeded);
}

#[test]
fn the_amount_goes_along_only_when_it_is_not_the_whole() {
    let sent = |amount: Option<Money>| {
        let played = play(&capture(amount), &[(200, AUTHORIZED), (201, MONEY), (200, TAKEN_PARTLY)]);
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
        body_text(&played.requests[1]).to_owned()
    };
    assert_eq!(sent(Some(usd("100.00"))), r#"{"final_capture":true}"#);
    assert_eq!(
        sent(Some(usd("40"))),
        r#"{"amount":{"currency_code":"USD","value":"40.00"},"final_capture":true}"#
    );
}

#[test]
fn an_authorisation_captured_before_is_told_without_a_write() {
    for body in [TAKEN, TAKEN_PARTLY] {
        let played = play(&capture(Some(usd("40"))), &[(200, body)]);
        assert_eq!(played.calls(), [READ]);
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
    }
}

#[test]
fn an_authorisation_that_cannot_be_captured_is_refused() {
    let order_state = (RejectionClass::Conflict, "invalid_order_state");
    let denied = (RejectionClass::Declined, "card_declined");
    for (body, expected) in [
        (VOIDED.to_owned(), order_state),
        (authorization_in("PENDING"), order_state),
        (authorization_in("TOMORROWS_WORD"), order_state),
        (authorization_in("DENIED"), denied),
        (AUTHORIZED.replace(AUTHORIZATION_ID, "../orders"), order_state),
    ] {
        let played = play(&capture(None), &[(200, &body)]);
        assert_eq!(played.calls(), [READ]);
        assert_eq!(rejected(played.outcome), expected);
        // The same when the authorisation was made just now.
        let played = play(&capture(None), &[(200, TO_AUTHORIZE), (201, &body)]);
        assert_eq!(rejected(played.outcome), expected);
    }
}

#[test]
fn authorised_already_goes_on_with_the_order_as_it_is() {
    for issue in ["ORDER_ALREADY_AUTHORIZED", "ORDER_COMPLETED_OR_VOIDED"] {
        let already = unprocessable(issue);
        let played = play(
            &capture(None),
            &[(200, TO_AUTHORIZE), (422, &already), (200, AUTHORIZED), (201, MONEY), (200, TAKEN)],
        );
        assert_eq!(played.calls(), [READ, AUTHORIZE, READ, TAKE, READ]);
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
        let played = play(&capture(None), &[(200, TO_AUTHORIZE), (422, &already), (200, TO_AUTHORIZE)]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "invalid_order_state"));
    }
}

#[test]
fn an_authorisation_whose_answer_tells_nothing_is_read_once() {
    for answer in [MINIMAL, "{}", "<html>"] {
        let played = play(
            &capture(None),
            &[(200, TO_AUTHORIZE), (201, answer), (200, AUTHORIZED), (201, MONEY), (200, TAKEN)],
        );
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
        unknown(&play(&capture(None), &[(200, TO_AUTHORIZE), (201, answer), (200, TO_AUTHORIZE)]), 201);
    }
}

#[test]
fn a_refused_or_lost_authorisation_ends_it() {
    for (status, body) in NOTHING_SAID {
        unknown(&play(&capture(None), &[(200, TO_AUTHORIZE), (status, body)]), status);
    }
    for (issue, expected) in [
        ("ORDER_NOT_APPROVED", (RejectionClass::Conflict, "order_not_approved")),
        ("ORDER_EXPIRED", (RejectionClass::Conflict, "invalid_order_state")),
        ("TRANSACTION_REFUSED", (RejectionClass::Refused, "provider_rejected")),
    ] {
        let played = play(&capture(None), &[(200, TO_AUTHORIZE), (422, &unprocessable(issue))]);
        assert_eq!(rejected(played.outcome), expected);
    }
}

#[test]
fn a_refused_or_lost_capture_of_an_authorisation_ends_it() {
    for (status, body) in NOTHING_SAID {
        unknown(&play(&capture(None), &[(200, AUTHORIZED), (status, body)]), status);
    }
    for (issue, expected) in [
        ("AUTHORIZATION_VOIDED", (RejectionClass::Conflict, "invalid_order_state")),
        ("AUTHORIZATION_EXPIRED", (RejectionClass::Conflict, "invalid_order_state")),
        ("AUTHORIZATION_DENIED", (RejectionClass::Declined, "card_declined")),
        ("MAX_CAPTURE_AMOUNT_EXCEEDED", (RejectionClass::InvalidRequest, "invalid_field")),
        ("AUTH_CAPTURE_CURRENCY_MISMATCH", (RejectionClass::InvalidRequest, "invalid_field")),
        ("TRANSACTION_REFUSED", (RejectionClass::Refused, "provider_rejected")),
    ] {
        let played = play(&capture(None), &[(200, AUTHORIZED), (422, &unprocessable(issue))]);
        assert_eq!(rejected(played.outcome), expected);
    }
}

#[test]
fn captured_already_is_a_success_once_the_order_says_so() {
    let already = unprocessable("AUTHORIZATION_ALREADY_CAPTURED");
    let played = play(&capture(None), &[(200, AUTHORIZED), (422, &already), (200, TAKEN)]);
    assert_eq!(status(played.outcome), OrderStatus::Succeeded);
    let played = play(&capture(None), &[(200, AUTHORIZED), (422, &already), (200, AUTHORIZED)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "invalid_order_state"));
}

#[test]
fn a_capture_stands_though_the_last_read_fails_or_is_stale() {
    for last_read in [(200, AUTHORIZED), (200, "{}"), (429, ""), (503, "<html>")] {
        let played = play(&capture(None), &[(200, AUTHORIZED), (201, MONEY), last_read]);
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
        let pending = MONEY.replacen("COMPLETED", "PENDING", 1);
        let played = play(&capture(None), &[(200, AUTHORIZED), (201, &pending), last_read]);
        assert_eq!(status(played.outcome), OrderStatus::Processing);
    }
    unknown(&play(&capture(None), &[(200, AUTHORIZED), (201, "{}"), (429, "")]), 429);
}
