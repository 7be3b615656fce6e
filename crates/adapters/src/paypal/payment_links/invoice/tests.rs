//! What an invoice's states mean as a link's.

use domain::{GetPaymentLink, Operation, Outcome, PaymentLinkOperation, RejectionClass, Resource};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{play, refusal_body, rejected, usd};
use crate::testing::{refuse, reply};

const SENT: &str = include_str!("../../../../fixtures/paypal/invoice_sent.json");
const URL: &str = "https://www.sandbox.paypal.com/invoice/p/#Z56S5LLAQ52LCPZ5";

fn get(id: &str) -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Get(GetPaymentLink { provider_link_id: id.into() }))
}

#[track_caller]
fn told(body: &str) -> PaymentLink {
    match play(&get("INV2-Z56S-5LLA-Q52L-CPZ5"), &[(200, body)]).outcome {
        Outcome::Executed(Resource::PaymentLink(link)) => link,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_is_read_by_its_invoice() {
    let played = play(&get("INV2-Z56S-5LLA-Q52L-CPZ5"), &[(200, SENT)]);
    assert_eq!(played.calls(), ["GET /v2/invoicing/invoices/INV2-Z56S-5LLA-Q52L-CPZ5"]);
    let link = told(SENT);
    assert_eq!((link.provider_link_id.as_str(), link.url.as_str()), ("INV2-Z56S-5LLA-Q52L-CPZ5", URL));
    assert_eq!((link.amount, link.status), (usd("100"), PaymentLinkStatus::Active));
}

#[test]
fn every_state_has_its_status() {
    use PaymentLinkStatus as Status;
    for (word, expected) in [
        ("DRAFT", Status::Created),
        ("SCHEDULED", Status::Created),
        ("SENT", Status::Active),
        ("UNPAID", Status::Active),
        ("PAYMENT_PENDING", Status::Processing),
        ("PARTIALLY_PAID", Status::PartiallyPaid),
        ("PAID", Status::Paid),
        ("MARKED_AS_PAID", Status::Paid),
        ("PARTIALLY_REFUNDED", Status::Paid),
        ("REFUNDED", Status::Paid),
        ("MARKED_AS_REFUNDED", Status::Paid),
        ("CANCELLED", Status::Canceled),
        ("TOMORROWS_WORD", Status::Unknown),
    ] {
        let link = told(&SENT.replacen(r#""SENT""#, &format!(r#""{word}""#), 1));
        assert_eq!((link.status, link.provider_status.as_deref()), (expected, Some(word)));
    }
}

#[test]
fn a_page_that_paypal_does_not_tell_is_the_documented_one() {
    for body in [
        SENT.replace("recipient_view_url", "elsewhere"),
        r#"{"id":"INV2-Z56S-5LLA-Q52L-CPZ5","status":"SENT","amount":{"currency_code":"USD","value":"100"},"detail":[]}"#.to_owned(),
    ] {
        assert_eq!(told(&body).url, URL);
    }
    assert_eq!(
        payers_page("INV2-Z56S-5LLA-Q52L-CPZ5", Environment::Live),
        "https://www.paypal.com/invoice/p/#Z56S5LLAQ52LCPZ5"
    );
}

#[test]
fn where_the_payer_is_sent_is_read_from_one_link_or_from_several() {
    let one = include_str!("../../../../fixtures/paypal/invoice_payer_link.json");
    assert_eq!(read_sent(&reply(200, one)).as_deref(), Some(URL));
    let several = format!(r#"{{"links":[{{"rel":"self","href":"https://api.example"}},{one}]}}"#);
    assert_eq!(read_sent(&reply(202, &several)).as_deref(), Some(URL));
    for body in
        ["", "{}", "[]", r#"{"rel":"self","href":"https://api.example/v2/invoicing/invoices/INV2-1"}"#]
    {
        assert_eq!(read_sent(&reply(200, body)), None, "{body}");
    }
}

#[test]
fn an_answer_that_tells_no_invoice_is_paypals_fault() {
    for (status, body) in [(200, "{}"), (200, r#"{"id":"INV2-1"}"#), (200, "<html>"), (500, "{}"), (503, "")]
    {
        let outcome = play(&get("INV2-1"), &[(status, body)]).outcome;
        assert_eq!(rejected(outcome), (RejectionClass::Unavailable, "provider_error"), "{status} {body}");
    }
}

#[test]
fn a_link_that_is_not_there_is_not_found() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    assert_eq!(rejected(play(&get("INV2-1"), &[(404, &gone)]).outcome).1, "payment_link_not_found");
    assert_eq!(refuse(&Paypal, &get("a/b")).code, "payment_link_not_found");
}
