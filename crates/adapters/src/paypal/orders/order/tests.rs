//! What an order's states mean.

use domain::Currency;

use super::*;
use crate::json;
use crate::paypal::tests::usd;
use crate::testing::reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../fixtures/paypal/", $name, ".json"))
    };
}

#[track_caller]
fn read(body: &str) -> Order {
    Snapshot::read(&reply(200, body)).unwrap().tell()
}

#[track_caller]
fn check(body: &str, expected: OrderStatus) {
    assert_eq!(read(body).status, expected, "{body}");
}

#[test]
fn every_state_of_the_fixtures_has_its_status() {
    check(fixture!("order_created"), OrderStatus::RequiresAction);
    check(fixture!("order_payer_action_required"), OrderStatus::RequiresAction);
    check(fixture!("order_saved"), OrderStatus::Created);
    check(fixture!("order_approved"), OrderStatus::RequiresAction);
    check(fixture!("order_approved_to_authorize"), OrderStatus::RequiresAction);
    check(fixture!("order_captured"), OrderStatus::Succeeded);
    check(fixture!("order_partially_refunded"), OrderStatus::PartiallyRefunded);
    check(fixture!("order_refunded"), OrderStatus::Refunded);
    check(fixture!("order_authorized"), OrderStatus::Authorized);
    check(fixture!("order_authorization_captured"), OrderStatus::Succeeded);
    check(fixture!("order_authorization_captured_partly"), OrderStatus::Succeeded);
    check(fixture!("order_authorization_voided"), OrderStatus::Canceled);
}

/// Returns an order of this status with payments of these states.
fn with_payments(status: &str, authorizations: &[&str], captures: &[&str]) -> String {
    let list = |statuses: &[&str]| {
        let items = statuses.iter().map(|status| format!(r#"{{"id":"1","status":"{status}"}}"#));
        items.collect::<Vec<_>>().join(",")
    };
    format!(
        r#"{{"id":"5O1","status":"{status}","purchase_units":[{{"amount":{{"currency_code":"USD","value":"10"}},"payments":{{"authorizations":[{}],"captures":[{}]}}}}]}}"#,
        list(authorizations),
        list(captures)
    )
}

#[test]
fn completed_means_what_the_captures_say() {
    for (captures, expected) in [
        (&["COMPLETED"][..], OrderStatus::Succeeded),
        (&["PENDING"], OrderStatus::Processing),
        (&["DECLINED"], OrderStatus::Failed),
        (&["FAILED"], OrderStatus::Failed),
        (&["PARTIALLY_REFUNDED"], OrderStatus::PartiallyRefunded),
        (&["REFUNDED"], OrderStatus::Refunded),
        (&["DECLINED", "COMPLETED"], OrderStatus::Succeeded),
        (&["COMPLETED", "REFUNDED"], OrderStatus::PartiallyRefunded),
        (&["COMPLETED", "PENDING"], OrderStatus::Processing),
        (&["TOMORROWS_WORD"], OrderStatus::Unknown),
    ] {
        check(&with_payments("COMPLETED", &[], captures), expected);
        check(&with_payments("COMPLETED", &["CAPTURED"], captures), expected);
    }
}

#[test]
fn completed_without_a_capture_means_what_the_authorisations_say() {
    for (authorizations, expected) in [
        (&["CREATED"][..], OrderStatus::Authorized),
        (&["PENDING"], OrderStatus::Processing),
        (&["CAPTURED"], OrderStatus::Succeeded),
        (&["PARTIALLY_CAPTURED"], OrderStatus::Succeeded),
        (&["DENIED"], OrderStatus::Failed),
        (&["VOIDED"], OrderStatus::Canceled),
        (&["VOIDED", "CREATED"], OrderStatus::Authorized),
        (&["TOMORROWS_WORD"], OrderStatus::Unknown),
        (&[], OrderStatus::Processing),
    ] {
        check(&with_payments("COMPLETED", authorizations, &[]), expected);
    }
}

#[test]
fn an_order_that_is_not_completed_means_what_it_says() {
    for (word, expected) in [
        ("CREATED", OrderStatus::RequiresAction),
        ("PAYER_ACTION_REQUIRED", OrderStatus::RequiresAction),
        ("SAVED", OrderStatus::Created),
        ("APPROVED", OrderStatus::RequiresAction),
        ("VOIDED", OrderStatus::Canceled),
        ("TOMORROWS_WORD", OrderStatus::Unknown),
        ("", OrderStatus::Unknown),
    ] {
        check(&with_payments(word, &[], &[]), expected);
    }
}

#[test]
fn the_payer_is_sent_on_only_while_the_payer_has_something_to_do() {
    let redirect = Some(NextAction::Redirect {
        url: "https://www.sandbox.paypal.com/checkoutnow?token=5O190127TN364715T".to_owned(),
    });
    assert_eq!(read(fixture!("order_created")).next_action, redirect);
    assert_eq!(read(fixture!("order_payer_action_required")).next_action, redirect);
    let approved = fixture!("order_created").replace(r#""status": "CREATED""#, r#""status": "APPROVED""#);
    assert_eq!(read(&approved).next_action, None);
    assert_eq!(read(fixture!("order_captured")).next_action, None);
}

#[test]
fn what_went_back_is_the_sum_of_completed_refunds() {
    assert_eq!(read(fixture!("order_partially_refunded")).amount_refunded, usd("41.50"));
    assert_eq!(read(fixture!("order_refunded")).amount_refunded, usd("100"));
    assert!(read(fixture!("order_captured")).amount_refunded.is_zero());
}

#[test]
fn a_reversal_counts_though_no_refund_stands_there() {
    let reversed = fixture!("order_captured").replacen(
        r#""status": "COMPLETED",
            "amount""#,
        r#""status": "REFUNDED",
            "amount""#,
        1,
    );
    let order = read(&reversed);
    assert_eq!((order.status, order.amount_refunded), (OrderStatus::Refunded, usd("100")));
}

#[test]
fn units_add_up_when_they_are_of_one_currency() {
    let two = |second: &str| {
        format!(
            r#"{{"id":"5O1","status":"CREATED","purchase_units":[{{"amount":{{"currency_code":"USD","value":"10"}}}},{{"amount":{{"currency_code":"{second}","value":"5.25"}}}}]}}"#
        )
    };
    assert_eq!(read(&two("USD")).amount, usd("15.25"));
    assert!(Snapshot::read(&reply(200, &two("EUR"))).is_err());
    let known = json::read::<WireOrder>(&reply(200, &two("EUR")))
        .and_then(|order| Snapshot::of(order, Some(usd("1"))));
    assert_eq!(known.map(|snapshot| snapshot.amount), Some(usd("1")));
}

#[test]
fn the_order_keeps_its_currency() {
    let yen = r#"{"id":"5O1","status":"CREATED","purchase_units":[{"amount":{"currency_code":"JPY","value":"500"}}]}"#;
    let order = read(yen);
    assert_eq!(order.amount.to_string(), "500");
    assert_eq!(order.amount_refunded, Money::zero(Currency::parse("JPY").unwrap()));
}

#[test]
fn the_order_keeps_paypals_own_word() {
    assert_eq!(read(fixture!("order_captured")).provider_status.as_deref(), Some("COMPLETED"));
    let order = read(&with_payments("TOMORROWS_WORD", &[], &[]));
    assert_eq!(
        (order.status, order.provider_status.as_deref()),
        (OrderStatus::Unknown, Some("TOMORROWS_WORD"))
    );
    assert_eq!(
        read(&with_payments("COMPLETED", &[], &["PENDING"])).provider_status.as_deref(),
        Some("COMPLETED")
    );
}
