//! Creating a link: the exact requests, going on with an earlier attempt's invoice, and every answer.

use domain::{
    Currency, Customer, Metadata, Operation, PaymentLinkOperation, RejectionClass, Timestamp, Unknown,
};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{assert_same_bytes, play, rejected, unprocessable, usd};
use crate::testing::{Played, body_text, refuse};

const DRAFT: &str = include_str!("../../../../fixtures/paypal/invoice_draft.json");
const SENT: &str = include_str!("../../../../fixtures/paypal/invoice_sent.json");
const LINK: &str = include_str!("../../../../fixtures/paypal/invoice_link.json");
const PAYER_LINK: &str = include_str!("../../../../fixtures/paypal/invoice_payer_link.json");
const FOUND: &str = include_str!("../../../../fixtures/paypal/invoices_found.json");
const NONE: &str = include_str!("../../../../fixtures/paypal/invoices_none.json");

const MAKE: &str = "POST /v2/invoicing/invoices";
const SEND: &str = "POST /v2/invoicing/invoices/INV2-Z56S-5LLA-Q52L-CPZ5/send";
const READ: &str = "GET /v2/invoicing/invoices/INV2-Z56S-5LLA-Q52L-CPZ5";
const SEARCH: &str = "POST /v2/invoicing/search-invoices";
const URL: &str = "https://www.sandbox.paypal.com/invoice/p/#Z56S5LLAQ52LCPZ5";

fn link() -> CreatePaymentLink {
    CreatePaymentLink {
        amount: usd("100"),
        description: "Order 42".into(),
        customer: None,
        expires_at: None,
        return_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

fn create(link: CreatePaymentLink) -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Create(link))
}

#[track_caller]
fn told(played: Played) -> PaymentLink {
    match played.outcome {
        Outcome::Executed(Resource::PaymentLink(link)) => link,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_is_drafted_sent_and_read_with_exactly_these_bytes() {
    let played = play(&create(link()), &[(201, DRAFT), (200, PAYER_LINK), (200, SENT)]);
    assert_eq!(played.calls(), [MAKE, SEND, READ]);
    let (draft, send) = (&played.requests[0], &played.requests[1]);
    assert_eq!(
        body_text(draft),
        concat!(
            r#"{"detail":{"invoice_number":"5f1c0c526a1e4f6f9a250f6f","reference":"txn_0000000000000000000000000b","#,
            r#""currency_code":"USD","note":"Order 42","payment_term":{"term_type":"DUE_ON_RECEIPT"}},"#,
            r#""items":[{"name":"Order 42","quantity":"1","unit_amount":{"currency_code":"USD","value":"100.00"},"#,
            r#""unit_of_measure":"AMOUNT"}]}"#,
        )
    );
    let headers: Vec<_> = draft.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("prefer", "return=representation")]);
    assert_eq!((draft.effect, draft.retry), (Effect::Prepare, RetrySafety::LookUpFirst));
    assert_eq!(body_text(send), r#"{"send_to_recipient":false,"send_to_invoicer":false}"#);
    assert_eq!((send.effect, send.retry), (Effect::Write, RetrySafety::Harmless));
    let link = told(played);
    assert_eq!((link.provider_link_id.as_str(), link.url.as_str()), ("INV2-Z56S-5LLA-Q52L-CPZ5", URL));
    assert_eq!((link.amount, link.status), (usd("100"), PaymentLinkStatus::Active));
    assert_eq!(link.provider_status.as_deref(), Some("SENT"));
}

#[test]
fn the_payer_stands_on_the_invoice_when_there_is_an_address() {
    let for_customer = |customer: Customer| {
        let played = play(&create(CreatePaymentLink { customer: Some(customer), ..link() }), &[(500, "")]);
        let body: serde_json::Value = serde_json::from_slice(&played.requests[0].body).unwrap();
        body.get("primary_recipients").cloned()
    };
    let named = Customer { name: Some("A Payer".into()), ..Customer::default() };
    assert_eq!(for_customer(named.clone()), None);
    let with_email = Customer { email: Some("payer@example.com".into()), ..named };
    let billing = serde_json::json!([{"billing_info": {"name": {"full_name": "A Payer"}, "email_address": "payer@example.com"}}]);
    assert_eq!(for_customer(with_email), Some(billing));
}

#[test]
fn a_long_description_is_cut_to_what_paypal_takes() {
    let long = CreatePaymentLink { description: "é".repeat(5000).into(), ..link() };
    let played = play(&create(long), &[(500, "")]);
    let body: serde_json::Value = serde_json::from_slice(&played.requests[0].body).unwrap();
    let chars = |value: &serde_json::Value| value.as_str().unwrap().chars().count();
    assert_eq!((chars(&body["items"][0]["name"]), chars(&body["detail"]["note"])), (200, 4000));
}

#[test]
fn an_answer_that_is_but_a_link_names_the_invoice() {
    let played = play(&create(link()), &[(201, LINK), (200, PAYER_LINK), (200, SENT)]);
    assert_eq!(played.calls(), [MAKE, SEND, READ]);
    assert_eq!(told(played).url, URL);
}

#[test]
fn the_invoice_of_an_earlier_attempt_is_gone_on_with() {
    for issue in NUMBER_TAKEN {
        let taken = unprocessable(issue);
        let played = play(&create(link()), &[(422, &taken), (200, FOUND), (200, SENT)]);
        assert_eq!(played.calls(), [MAKE, SEARCH, READ]);
        assert_eq!(told(played).status, PaymentLinkStatus::Active);
        let draft = FOUND.replacen(r#""SENT""#, r#""DRAFT""#, 1);
        let played = play(&create(link()), &[(422, &taken), (200, &draft), (200, PAYER_LINK), (200, SENT)]);
        assert_eq!(played.calls(), [MAKE, SEARCH, SEND, READ]);
        assert_eq!(told(played).status, PaymentLinkStatus::Active);
        let played = play(&create(link()), &[(422, &taken), (200, NONE)]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Refused, "provider_rejected"));
        let played = play(&create(link()), &[(422, &taken), (503, "")]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Unavailable, "provider_error"));
        let played = play(&create(link()), &[(422, &taken), (200, FOUND), (503, "")]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status: 503 }));
    }
}

#[test]
fn the_invoice_of_another_call_with_the_key_is_neither_sent_nor_told() {
    let taken = unprocessable(NUMBER_TAKEN[0]);
    let earlier = FOUND.replace("2026-01-05T10:00:00Z", "2025-08-20T10:00:00Z");
    let dearer = FOUND.replace("100.00", "120.00");
    let dearer_draft = dearer.replacen(r#""SENT""#, r#""DRAFT""#, 1);
    for others in [earlier, dearer, dearer_draft] {
        assert_ne!(others, FOUND);
        let played = play(&create(link()), &[(422, &taken), (200, &others)]);
        assert_eq!(played.calls(), [MAKE, SEARCH]);
        assert_eq!(rejected(played.outcome), (RejectionClass::KeyReused, "idempotency_key_reused"));
    }
}

#[test]
fn a_link_stands_though_the_last_read_fails_or_is_stale() {
    for (answer, body) in [(200, DRAFT), (200, "{}"), (503, "<html>"), (429, ""), (404, "{}")] {
        for send in [PAYER_LINK, "{}", "<html>"] {
            let link = told(play(&create(link()), &[(201, DRAFT), (200, send), (answer, body)]));
            assert_eq!((link.url.as_str(), link.status), (URL, PaymentLinkStatus::Active), "{answer} {body}");
            assert_eq!(link.amount, usd("100"));
        }
    }
}

#[test]
fn a_refused_sending_is_a_success_once_the_invoice_says_so() {
    let refused = unprocessable("INVOICE_ALREADY_SENT");
    let played = play(&create(link()), &[(201, DRAFT), (422, &refused), (200, SENT)]);
    assert_eq!(told(played).status, PaymentLinkStatus::Active);
    let played = play(&create(link()), &[(201, DRAFT), (422, &refused), (200, DRAFT)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Refused, "provider_rejected"));
    let played = play(&create(link()), &[(201, DRAFT), (422, &refused), (503, "")]);
    assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status: 503 }));
    let played = play(&create(link()), &[(201, DRAFT), (403, &refused)]);
    assert_eq!(rejected(played.outcome).1, "operation_not_supported");
}

#[test]
fn a_draft_that_fails_changes_nothing_and_a_lost_sending_is_unknown() {
    for (status, body) in [(500, "{}"), (503, "<html>"), (302, ""), (201, "{}"), (201, "<html>")] {
        let played = play(&create(link()), &[(status, body)]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Unavailable, "provider_error"));
    }
    for (status, body) in [(500, "{}"), (503, "<html>"), (302, "")] {
        let played = play(&create(link()), &[(201, DRAFT), (status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn a_repeat_has_the_same_bytes() {
    let replies = [(201, DRAFT), (200, PAYER_LINK), (200, SENT)];
    assert_same_bytes(&play(&create(link()), &replies), &play(&create(link()), &replies));
}

#[test]
fn what_invoices_have_no_counterpart_of_is_refused_before_anything_is_sent() {
    let refused = |link: CreatePaymentLink| {
        let refusal = refuse(&Paypal, &create(link));
        (refusal.code, refusal.param)
    };
    let expiring = CreatePaymentLink { expires_at: Some(Timestamp::from_unix_ms(1)), ..link() };
    assert_eq!(refused(expiring), ("operation_not_supported", Some("expires_at")));
    let returning = CreatePaymentLink { return_url: Some("https://a.example".into()), ..link() };
    assert_eq!(refused(returning), ("operation_not_supported", Some("return_url")));
    let customer = Some(Customer { id: Some("cus_1".into()), ..Customer::default() });
    assert_eq!(
        refused(CreatePaymentLink { customer, ..link() }),
        ("operation_not_supported", Some("customer.id"))
    );
    let amount = |text: &str, code: &str| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    for (amount, code) in [
        (amount("5", "INR"), "unsupported_currency"),
        (amount("5.50", "HUF"), "amount_too_precise"),
        (amount("1000000.01", "USD"), "invalid_field"),
        (amount("1000001", "JPY"), "invalid_field"),
    ] {
        assert_eq!(refused(CreatePaymentLink { amount, ..link() }).0, code);
    }
    let most = CreatePaymentLink { amount: amount("1000000", "USD"), ..link() };
    assert!(matches!(play(&create(most), &[(429, "")]).outcome, Outcome::Rejected(_)));
}
