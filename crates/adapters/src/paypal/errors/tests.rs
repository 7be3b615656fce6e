//! Every documented refusal has its class and code.

use std::time::Duration;

use domain::{RejectionClass, Unknown};

use super::*;
use crate::paypal::tests::{refusal_body, unprocessable};
use crate::testing::{reply, with_header};

mod listed;

#[track_caller]
fn check(status: u16, body: &str, expected: (RejectionClass, &str)) {
    for effect in [Effect::Read, Effect::Write] {
        match outcome(Missing::Order, effect, &reply(status, body)) {
            Outcome::Rejected(refusal) => {
                assert_eq!((refusal.class, refusal.code), expected, "{status} {body}");
                assert!(refusal.message.ends_with('.'), "{}", refusal.message);
            }
            other => panic!("{status} {body}: {other:?}"),
        }
    }
}

#[test]
fn every_documented_status_has_its_code() {
    let rejected = (RejectionClass::Refused, "provider_rejected");
    for issue in [
        "MISSING_REQUIRED_PARAMETER",
        "INVALID_PARAMETER_SYNTAX",
        "INVALID_PARAMETER_VALUE",
        "INVALID_STRING_LENGTH",
        "MALFORMED_REQUEST_JSON",
        "PAYPAL_REQUEST_ID_REQUIRED",
    ] {
        check(400, &refusal_body("INVALID_REQUEST", issue), rejected);
    }
    let credentials = (RejectionClass::Credentials, "provider_credentials_rejected");
    check(401, &refusal_body("AUTHENTICATION_FAILURE", "INVALID_ACCOUNT_STATUS"), credentials);
    check(401, r#"{"error":"invalid_token","error_description":"expired"}"#, credentials);
    check(401, "", credentials);
    check(403, &refusal_body("NOT_AUTHORIZED", "PERMISSION_DENIED"), credentials);
    check(403, r#"{"name":"NOT_AUTHORIZED"}"#, credentials);
    let not_enabled = (RejectionClass::InvalidRequest, "operation_not_supported");
    for issue in ["NOT_ENABLED_FOR_CARD_PROCESSING", "PAYEE_ACCOUNT_NOT_VERIFIED", "CONSENT_NEEDED"] {
        check(403, &refusal_body("NOT_AUTHORIZED", issue), not_enabled);
    }
    check(403, "<html>blocked</html>", rejected);
    check(
        404,
        &refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"),
        (RejectionClass::NotFound, "order_not_found"),
    );
    check(415, r#"{"name":"UNSUPPORTED_MEDIA_TYPE","debug_id":"1"}"#, rejected);
    let limited = r#"{"name":"RATE_LIMIT_REACHED","debug_id":"b48425300e393","message":"Too many requests. Blocked due to rate limiting.","links":[]}"#;
    check(429, limited, (RejectionClass::RateLimited, "provider_rate_limit"));
    check(429, "<html>", (RejectionClass::RateLimited, "provider_rate_limit"));
}

#[test]
fn every_listed_business_rule_has_its_code() {
    let check = |issue: &str, class, code| check(422, &unprocessable(issue), (class, code));
    use RejectionClass::{Conflict, Declined, InvalidRequest, Refused};
    check("INVALID_CURRENCY_CODE", InvalidRequest, "unsupported_currency");
    for issue in ["DECIMAL_PRECISION", "DECIMALS_NOT_SUPPORTED"] {
        check(issue, InvalidRequest, "amount_too_precise");
    }
    for issue in ["MAX_CAPTURE_AMOUNT_EXCEEDED", "AUTH_CAPTURE_CURRENCY_MISMATCH"] {
        check(issue, InvalidRequest, "invalid_field");
    }
    for issue in [
        "INSTRUMENT_DECLINED",
        "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
        "AUTHORIZATION_DENIED",
        "CARD_EXPIRED",
    ] {
        check(issue, Declined, "card_declined");
    }
    check("PAYER_ACTION_REQUIRED", Declined, "payer_action_required");
    check("ORDER_NOT_APPROVED", Conflict, "order_not_approved");
    for issue in ["PREVIOUSLY_CAPTURED", "PREVIOUSLY_VOIDED", "CANNOT_BE_VOIDED"] {
        check(issue, Conflict, "order_not_cancelable");
    }
    for issue in [
        "ORDER_EXPIRED",
        "AUTHORIZATION_EXPIRED",
        "AUTHORIZATION_VOIDED",
        "ORDER_ALREADY_CAPTURED",
        "ORDER_ALREADY_AUTHORIZED",
        "ORDER_COMPLETED_OR_VOIDED",
        "AUTHORIZATION_ALREADY_CAPTURED",
        "MAX_CAPTURE_COUNT_EXCEEDED",
    ] {
        check(issue, Conflict, "invalid_order_state");
    }
    for issue in [
        "CANNOT_BE_ZERO_OR_NEGATIVE",
        "MAX_VALUE_EXCEEDED",
        "AMOUNT_MISMATCH",
        "ITEM_TOTAL_MISMATCH",
        "PAYEE_ACCOUNT_RESTRICTED",
        "PAYER_CANNOT_PAY",
        "TRANSACTION_REFUSED",
        "COMPLIANCE_VIOLATION",
        "DUPLICATE_INVOICE_ID",
        "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
        "A_RULE_OF_TOMORROW",
    ] {
        check(issue, Refused, "provider_rejected");
    }
}

#[test]
fn an_answer_that_says_nothing_is_unknown_after_a_write() {
    let server = r#"{"name":"INTERNAL_SERVER_ERROR","message":"An internal server error occurred.","debug_id":"1","links":[]}"#;
    let away = r#"{"name":"SERVICE_UNAVAILABLE","message":"Service Unavailable.","debug_id":"1"}"#;
    let busy = refusal_body("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS");
    let at_work = unprocessable("ORDER_COMPLETION_IN_PROGRESS");
    for (status, body) in [
        (500, server),
        (503, away),
        (502, "<html>"),
        (503, "<html>"),
        (504, ""),
        (302, ""),
        (408, "{}"),
        (400, "<html>"),
        (404, "<html>"),
        (409, &busy),
        (422, &at_work),
    ] {
        let outcome_of = |effect| outcome(Missing::Order, effect, &reply(status, body));
        assert_eq!(outcome_of(Effect::Write), Outcome::Unknown(Unknown::Unreadable { status }), "{body}");
        let Outcome::Rejected(refusal) = outcome_of(Effect::Read) else { panic!("{status} {body}") };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Unavailable, "provider_error"));
    }
}

fn refusal_of(status: u16, body: &str) -> Rejection {
    match outcome(Missing::Order, Effect::Write, &reply(status, body)) {
        Outcome::Rejected(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refusal_quotes_the_issue_and_names_the_field() {
    for (field, param) in [
        ("/purchase_units/@reference_id=='default'/amount/value", Some("amount")),
        ("/purchase_units/0/amount", Some("amount")),
        ("/purchase_units/0/amount/currency_code", Some("currency")),
        ("/purchase_units/0/description", Some("description")),
        ("/payment_source/paypal/experience_context/return_url", Some("return_url")),
        ("/payment_source/paypal/experience_context/cancel_url", Some("cancel_url")),
        ("/payment_source/paypal/email_address", Some("customer_email")),
        ("/intent", None),
    ] {
        let body = format!(
            r#"{{"name":"INVALID_REQUEST","message":"Request is not well-formed.","details":[{{"field":"{field}","value":"x","location":"body","issue":"INVALID_PARAMETER_SYNTAX","description":"The value of a field does not conform to the expected format."}}]}}"#
        );
        let refusal = refusal_of(400, &body);
        assert_eq!(refusal.param, param, "{field}");
        assert_eq!(refusal.provider_code.as_deref(), Some("INVALID_PARAMETER_SYNTAX"));
        assert!(refusal.provider_message.unwrap().starts_with("The value of a field"));
    }
}

#[test]
fn an_error_without_details_is_quoted_by_name() {
    for body in [
        r#"{"name":"UNPROCESSABLE_ENTITY","message":"No."}"#,
        r#"{"name":"UNPROCESSABLE_ENTITY","message":"No.","details":null,"links":null}"#,
        r#"{"name":"UNPROCESSABLE_ENTITY","message":"No.","details":[]}"#,
    ] {
        let refusal = refusal_of(422, body);
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Refused, "provider_rejected"));
        assert_eq!(refusal.provider_code.as_deref(), Some("UNPROCESSABLE_ENTITY"));
        assert_eq!(refusal.provider_message.as_deref(), Some("No."));
    }
}

#[test]
fn a_wait_that_paypal_asks_for_is_passed_on() {
    let Outcome::Rejected(refusal) =
        outcome(Missing::Order, Effect::Write, &with_header(reply(429, ""), "retry-after", "3"))
    else {
        panic!()
    };
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(3)));
}

#[test]
fn an_issue_is_looked_for_in_refusals_only() {
    let body = unprocessable("ORDER_ALREADY_CAPTURED");
    assert!(has_issue(&reply(422, &body), &["X", "ORDER_ALREADY_CAPTURED"]));
    assert!(!has_issue(&reply(422, &body), &["ORDER_NOT_APPROVED"]));
    assert!(!has_issue(&reply(500, &body), &["ORDER_ALREADY_CAPTURED"]));
    assert!(!has_issue(&reply(422, "<html>"), &["ORDER_ALREADY_CAPTURED"]));
}
