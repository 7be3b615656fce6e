//! Finding a link whose creation had no answer.

use domain::{
    CreatePaymentLink, Effect, Metadata, Operation, Outcome, PaymentLinkOperation, PaymentLinkStatus,
    RejectionClass, Resource, RetrySafety,
};

use super::*;
use crate::Adapter as _;
use crate::paypal::Paypal;
use crate::paypal::tests::{credentials, rejected, usd};
use crate::testing::{self, Played, body_text, context, reply};

const FOUND: &str = include_str!("../../../../fixtures/paypal/invoices_found.json");
const NONE: &str = include_str!("../../../../fixtures/paypal/invoices_none.json");
const SENT: &str = include_str!("../../../../fixtures/paypal/invoice_sent.json");

fn look_up(replies: &[(u16, &str)]) -> Played {
    let operation = Operation::PaymentLink(PaymentLinkOperation::Create(CreatePaymentLink {
        amount: usd("100"),
        description: "Order 42".into(),
        customer: None,
        expires_at: None,
        return_url: None,
        reference: None,
        metadata: Metadata::default(),
    }));
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    testing::play(Paypal.look_up(&operation).unwrap(), &context(&credentials), &replies)
}

#[test]
fn an_invoice_that_was_sent_is_found_by_its_number_and_read() {
    let played = look_up(&[(200, FOUND), (200, SENT)]);
    assert_eq!(
        played.calls(),
        ["POST /v2/invoicing/search-invoices", "GET /v2/invoicing/invoices/INV2-Z56S-5LLA-Q52L-CPZ5"]
    );
    let search = &played.requests[0];
    assert_eq!(body_text(search), r#"{"invoice_number":"5f1c0c526a1e4f6f9a250f6f"}"#);
    assert_eq!((search.effect, search.retry), (Effect::Read, RetrySafety::Harmless));
    let Outcome::Executed(Resource::PaymentLink(link)) = played.outcome else { panic!() };
    assert_eq!((link.status, link.amount), (PaymentLinkStatus::Active, usd("100")));
}

#[test]
fn no_invoice_a_draft_and_another_number_are_no_trace() {
    let draft = FOUND.replacen(r#""SENT""#, r#""DRAFT""#, 1);
    let foreign = FOUND.replace("5f1c0c526a1e4f6f9a250f6f", "5f1c0c526a1e4f6f9a250f60");
    let earlier = FOUND.replace("2026-01-05T10:00:00Z", "2025-08-20T10:00:00Z");
    for body in [NONE, &draft, &foreign, &earlier, r#"{"items":null}"#, "{}"] {
        let played = look_up(&[(200, body)]);
        assert_eq!(played.outcome, Outcome::NotSent(NotSent::NeverArrived), "{body}");
    }
}

#[test]
fn a_search_or_a_read_that_fails_settles_nothing() {
    for (status, body) in [(503, "<html>"), (500, "{}"), (200, "<html>")] {
        let unavailable = (RejectionClass::Unavailable, "provider_error");
        assert_eq!(rejected(look_up(&[(status, body)]).outcome), unavailable);
        assert_eq!(rejected(look_up(&[(200, FOUND), (status, body)]).outcome), unavailable);
    }
}
