//! Making a payout: the exact request, the answer to a repeat, and every refusal.

use domain::{Currency, Metadata, Money, Operation, PayoutOperation, RejectionClass, Unknown};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{assert_same_bytes, key, play, rejected, usd};
use crate::testing::{PROVIDER_KEY, Played, body_text, refuse};

const CREATED: &str = include_str!("../../../../fixtures/paypal/payout_created.json");
const PAID: &str = include_str!("../../../../fixtures/paypal/payout_paid.json");
const TAKEN: &str = include_str!("../../../../fixtures/paypal/payout_taken.json");

const PAY: &str = "POST /v1/payments/payouts";
const READ: &str = "GET /v1/payments/payouts/5UXD2E8A7EBQJ";

fn payout() -> CreatePayout {
    CreatePayout {
        amount: usd("25.00"),
        destination: PayoutDestination::Email { address: "payee@example.com".into() },
        purpose: None,
        narration: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

fn create(payout: CreatePayout) -> Operation {
    Operation::Payout(PayoutOperation::Create(payout))
}

#[track_caller]
fn told(played: Played) -> Payout {
    match played.outcome {
        Outcome::Executed(Resource::Payout(payout)) => payout,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payout_is_made_with_exactly_these_bytes() {
    let full =
        CreatePayout { narration: Some("March share".into()), purpose: Some("SERVICES".into()), ..payout() };
    let played = play(&create(full), &[(201, CREATED)]);
    assert_eq!(played.calls(), [PAY]);
    let call = &played.requests[0];
    assert_eq!(
        body_text(call),
        concat!(
            r#"{"sender_batch_header":{"sender_batch_id":"5f1c0c526a1e4f6f9a250f6f7b1f3d10"},"#,
            r#""items":[{"recipient_type":"EMAIL","receiver":"payee@example.com","#,
            r#""amount":{"currency":"USD","value":"25.00"},"note":"March share","#,
            r#""sender_item_id":"txn_0000000000000000000000000b","purpose":"SERVICES"}]}"#,
        )
    );
    assert_eq!((call.effect, call.retry, key(call)), (Effect::Write, RetrySafety::Keyed, Some(PROVIDER_KEY)));
    assert_eq!(call.headers.len(), 1);
    let payout = told(played);
    assert_eq!((payout.provider_payout_id.as_str(), payout.amount), ("5UXD2E8A7EBQJ", usd("25")));
    assert_eq!((payout.status, payout.fee), (PayoutStatus::Pending, None));
    assert_eq!(payout.provider_status.as_deref(), Some("PENDING"));
}

#[test]
fn a_payer_id_is_paid_by_its_kind() {
    let destination = PayoutDestination::ProviderAccount { id: Some("QYR5Z8XDVJNXQ".into()) };
    let played = play(&create(CreatePayout { destination, ..payout() }), &[(201, CREATED)]);
    let body = body_text(&played.requests[0]);
    assert!(body.contains(r#""recipient_type":"PAYPAL_ID","receiver":"QYR5Z8XDVJNXQ""#), "{body}");
}

#[test]
fn the_batch_of_the_first_time_is_the_payout() {
    let played = play(&create(payout()), &[(400, TAKEN), (200, PAID)]);
    assert_eq!(played.calls(), [PAY, READ]);
    let payout = told(played);
    assert_eq!((payout.provider_payout_id.as_str(), payout.status), ("5UXD2E8A7EBQJ", PayoutStatus::Paid));
}

#[test]
fn the_batch_of_an_earlier_use_of_the_key_is_not_this_payout() {
    let earlier = PAID.replace("2026-01-05T10:00:00Z", "2025-08-20T10:00:00Z");
    let played = play(&create(payout()), &[(400, TAKEN), (200, &earlier)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::KeyReused, "idempotency_key_reused"));
}

#[test]
fn the_batch_of_the_first_time_stands_though_it_cannot_be_read() {
    for (status, body) in [(503, ""), (200, "{}"), (404, "{}"), (429, "")] {
        let payout = told(play(&create(payout()), &[(400, TAKEN), (status, body)]));
        assert_eq!(
            (payout.provider_payout_id.as_str(), payout.status),
            ("5UXD2E8A7EBQJ", PayoutStatus::Pending)
        );
        assert_eq!(payout.amount, usd("25"));
    }
}

#[test]
fn a_batch_id_that_is_taken_is_never_a_refusal() {
    for body in
        [TAKEN.replace(r#""link":"#, r#""elsewhere":"#), TAKEN.replace("/payouts/5UXD2E8A7EBQJ", "/payouts/")]
    {
        assert_ne!(body, TAKEN);
        let played = play(&create(payout()), &[(400, &body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status: 400 }));
    }
    for body in
        [TAKEN.replace("SENDER_BATCH_ID", "/sender_batch_header"), TAKEN.replace(r#""link":"#, r#""links":"#)]
    {
        assert_ne!(body, TAKEN);
        let played = play(&create(payout()), &[(400, &body), (200, PAID)]);
        assert_eq!(told(played).status, PayoutStatus::Paid);
    }
}

#[test]
fn another_business_error_is_a_refusal() {
    let body = r#"{"name":"USER_BUSINESS_ERROR","message":"User business error.","debug_id":"1","information_link":"x"}"#;
    let played = play(&create(payout()), &[(400, body)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Refused, "provider_rejected"));
}

#[test]
fn a_refused_payout_is_rejected_by_name() {
    use RejectionClass::{InvalidRequest, Refused};
    for (status, name, expected) in [
        (422, "INSUFFICIENT_FUNDS", (Refused, "insufficient_balance")),
        (400, "NON_HOLDING_CURRENCY", (InvalidRequest, "unsupported_currency")),
        (403, "AUTHORIZATION_ERROR", (InvalidRequest, "operation_not_supported")),
        (403, "REQUIRED_SCOPE_MISSING", (InvalidRequest, "operation_not_supported")),
        (422, "SENDER_RESTRICTED", (Refused, "provider_rejected")),
        (400, "VALIDATION_ERROR", (Refused, "provider_rejected")),
    ] {
        let body = format!(r#"{{"name":"{name}","message":"No.","debug_id":"1"}}"#);
        assert_eq!(rejected(play(&create(payout()), &[(status, &body)]).outcome), expected, "{name}");
    }
    let receiver = r#"{"name":"VALIDATION_ERROR","message":"Invalid request.","debug_id":"1","details":[{"field":"items[0].receiver","issue":"Receiver is invalid"}]}"#;
    let Outcome::Rejected(refusal) = play(&create(payout()), &[(400, receiver)]).outcome else { panic!() };
    assert_eq!((refusal.code, refusal.param), ("invalid_destination", Some("destination")));
    let amount = receiver.replace("items[0].receiver", "items[0].amount.value");
    let Outcome::Rejected(refusal) = play(&create(payout()), &[(400, &amount)]).outcome else { panic!() };
    assert_eq!((refusal.code, refusal.param), ("provider_rejected", Some("amount")));
}

#[test]
fn an_answer_that_says_nothing_is_unknown_and_the_repeat_has_the_same_bytes() {
    let repeat = play(&create(payout()), &[(400, TAKEN), (200, PAID)]);
    for (status, body) in [(500, "{}"), (503, "<html>"), (201, "{}"), (201, "<html>"), (302, "")] {
        let played = play(&create(payout()), &[(status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
        let first = Played { requests: repeat.requests[..1].to_vec(), outcome: played.outcome.clone() };
        assert_same_bytes(&played, &first);
    }
}

#[test]
fn what_paypal_cannot_pay_is_refused_before_anything_is_sent() {
    let to = |destination| refuse(&Paypal, &create(CreatePayout { destination, ..payout() }));
    let upi = to(PayoutDestination::Upi { name: "A".into(), address: "a@b".into() });
    assert_eq!((upi.code, upi.param), ("operation_not_supported", Some("destination.type")));
    assert_eq!(
        to(PayoutDestination::StripeAccount { account: "acct_1".into() }).code,
        "operation_not_supported"
    );
    let bank = PayoutDestination::BankAccount {
        name: "A".into(),
        account_number: "1".into(),
        ifsc: "HDFC0000001".into(),
    };
    assert_eq!(to(bank).code, "operation_not_supported");
    let nobody = to(PayoutDestination::ProviderAccount { id: None });
    assert_eq!((nobody.code, nobody.param), ("missing_field", Some("destination.id")));
    assert_eq!(to(PayoutDestination::Email { address: "a".repeat(128).into() }).code, "invalid_field");
    let purpose = refuse(&Paypal, &create(CreatePayout { purpose: Some("payout".into()), ..payout() }));
    assert_eq!((purpose.code, purpose.param), ("invalid_field", Some("purpose")));
    let amount = |text: &str, code: &str| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    for (amount, code) in
        [(amount("5", "INR"), "unsupported_currency"), (amount("5.50", "TWD"), "amount_too_precise")]
    {
        assert_eq!(refuse(&Paypal, &create(CreatePayout { amount, ..payout() })).code, code);
    }
}
