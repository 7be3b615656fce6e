//! Payouts: the bytes sent, the ways to a payee, what cannot be paid, and what the reply means.

use domain::{
    CreatePayout, Currency, Effect, Metadata, Money, Operation, Outcome, Payout, PayoutDestination,
    PayoutStatus, RejectionClass, Reply, Resource, RetrySafety, Unknown,
};

use crate::Adapter;
use crate::razorpay::Razorpay;
use crate::razorpay::tests::operations::{bank_account, get_payout, pay_out, payout};
use crate::razorpay::tests::{credentials, inr};
use crate::testing::{self, PROVIDER_KEY, Played, body_text, context, perform, refuse, reply};

const PROCESSING: &str = include_str!("../../../fixtures/razorpay/payout_processing.json");
const BY_REFERENCE: &str = include_str!("../../../fixtures/razorpay/payouts_by_reference.json");
const VPA: &str = include_str!("../../../fixtures/razorpay/fund_account_vpa.json");
const NONE: &str = r#"{"entity":"collection","count":0,"items":[]}"#;
const KEY_TAKEN: &str = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Different request body sent for the same Idempotency Header."}}"#;

fn run(operation: &Operation, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    perform(&Razorpay, operation, &context(&credentials), &replies)
}

/// Returns the list with a payout that was made when the operation began.
fn by_reference() -> String {
    BY_REFERENCE.replace("1592929017", "1756455561")
}

#[track_caller]
fn told(outcome: Outcome) -> Payout {
    match outcome {
        Outcome::Executed(Resource::Payout(payout)) => payout,
        other => panic!("{other:?}"),
    }
}

fn upi() -> PayoutDestination {
    PayoutDestination::Upi { name: "A Payee".into(), address: "name@bank".into() }
}

fn stored() -> PayoutDestination {
    PayoutDestination::ProviderAccount { id: Some("fa_F6891pR3KFnaY2".into()) }
}

fn mode(request: &domain::Request) -> String {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    body["mode"].as_str().unwrap().to_owned()
}

#[test]
fn a_bank_account_is_paid_with_exactly_these_bytes() {
    let asked = CreatePayout { narration: Some("Shop payout".into()), ..payout(bank_account()) };
    let played = run(&pay_out(asked), &[(200, PROCESSING)]);
    assert_eq!(played.calls(), ["POST /v1/payouts"]);
    let write = &played.requests[0];
    let expected = format!(
        r#"{{"account_number":"7878780080316316","amount":100000,"currency":"INR","mode":"IMPS","purpose":"payout","fund_account":{{"account_type":"bank_account","bank_account":{{"name":"A Payee","ifsc":"HDFC0001234","account_number":"1121431121541121"}},"contact":{{"name":"A Payee"}}}},"reference_id":"{PROVIDER_KEY}","narration":"Shop payout","notes":{{"transaction_id":"txn_0000000000000000000000000b"}}}}"#
    );
    assert_eq!(body_text(write), expected);
    assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::Keyed));
    let header = write.headers.iter().find(|(name, _)| name == "x-payout-idempotency").unwrap();
    assert_eq!(header.1, PROVIDER_KEY);
    let payout = told(played.outcome);
    assert_eq!(payout.provider_payout_id, "pout_F681qslJ3ba70q");
    assert_eq!((payout.amount, payout.fee), (inr("1000"), Some(inr("5.90"))));
    assert_eq!((payout.status, payout.failure_reason), (PayoutStatus::Processing, None));
}

#[test]
fn a_upi_address_is_paid_by_upi() {
    let asked = CreatePayout { purpose: Some("vendor bill".into()), ..payout(upi()) };
    let played = run(&pay_out(asked), &[(200, PROCESSING)]);
    let body = body_text(&played.requests[0]);
    let payee = r#""mode":"UPI","purpose":"vendor bill","fund_account":{"account_type":"vpa","vpa":{"address":"name@bank"},"contact":{"name":"A Payee"}},"reference_id""#;
    assert!(body.contains(payee), "{body}");
}

#[test]
fn a_fund_account_is_asked_what_it_is_before_it_is_paid() {
    let played = run(&pay_out(payout(stored())), &[(200, VPA), (200, PROCESSING)]);
    assert_eq!(played.calls(), ["GET /v1/fund_accounts/fa_F6891pR3KFnaY2", "POST /v1/payouts"]);
    let body = body_text(&played.requests[1]);
    let payee = r#""mode":"UPI","purpose":"payout","fund_account_id":"fa_F6891pR3KFnaY2","reference_id""#;
    assert!(body.contains(payee), "{body}");
    let bank = VPA.replace("\"vpa\",", "\"bank_account\",");
    let played = run(&pay_out(payout(stored())), &[(200, &bank), (200, PROCESSING)]);
    assert_eq!(mode(&played.requests[1]), "IMPS");
    for account in [VPA.replace("\"vpa\",", "\"card\","), "{}".to_owned()] {
        let outcome = run(&pay_out(payout(stored())), &[(200, &account)]).outcome;
        let Outcome::Rejected(refusal) = outcome else { panic!("{outcome:?}") };
        assert_eq!((refusal.code, refusal.param), ("operation_not_supported", Some("destination.id")));
    }
}

#[test]
fn the_way_depends_on_the_amount() {
    for (amount, expected) in [("1", "IMPS"), ("500000", "IMPS"), ("500000.01", "RTGS"), ("90000000", "RTGS")]
    {
        let asked = CreatePayout { amount: inr(amount), ..payout(bank_account()) };
        let played = run(&pay_out(asked), &[(200, PROCESSING)]);
        assert_eq!(mode(&played.requests[0]), expected, "{amount}");
    }
    let most = CreatePayout { amount: inr("100000"), ..payout(upi()) };
    assert_eq!(mode(&run(&pay_out(most), &[(200, PROCESSING)]).requests[0]), "UPI");
    let beyond = CreatePayout { amount: inr("100000.01"), ..payout(stored()) };
    let outcome = run(&pay_out(beyond), &[(200, VPA)]).outcome;
    let Outcome::Rejected(refusal) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.code, refusal.param), ("invalid_field", Some("amount")));
}

#[test]
fn what_razorpay_cannot_pay_is_refused_before_anything_is_sent() {
    let plain = || payout(bank_account());
    let usd = Money::parse("1000", Currency::USD).unwrap();
    let email = PayoutDestination::Email { address: "payee@example.com".into() };
    let stripe = PayoutDestination::StripeAccount { account: "acct_1".into() };
    let nobody = PayoutDestination::ProviderAccount { id: None };
    let nowhere = PayoutDestination::ProviderAccount { id: Some("a/b".into()) };
    for (asked, code, param) in [
        (CreatePayout { amount: usd, ..plain() }, "unsupported_currency", "currency"),
        (CreatePayout { amount: inr("0.99"), ..plain() }, "invalid_field", "amount"),
        (CreatePayout { amount: inr("100000.01"), ..payout(upi()) }, "invalid_field", "amount"),
        (CreatePayout { narration: Some("".into()), ..plain() }, "invalid_field", "narration"),
        (CreatePayout { narration: Some("a-b".into()), ..plain() }, "invalid_field", "narration"),
        (CreatePayout { narration: Some("é".into()), ..plain() }, "invalid_field", "narration"),
        (CreatePayout { narration: Some("a".repeat(31).into()), ..plain() }, "invalid_field", "narration"),
        (payout(email), "operation_not_supported", "destination.type"),
        (payout(stripe), "operation_not_supported", "destination.type"),
        (payout(nobody), "missing_field", "destination.id"),
        (payout(nowhere), "invalid_destination", "destination.id"),
    ] {
        let refusal = refuse(&Razorpay, &pay_out(asked));
        assert_eq!((refusal.code, refusal.param), (code, Some(param)));
    }
}

#[test]
fn without_an_account_to_pay_from_nothing_is_sent() {
    let credentials = testing::credentials("razorpay", &[("key_id", "rzp_test_1"), ("key_secret", "s")]);
    for destination in [bank_account(), stored()] {
        let played = perform(&Razorpay, &pay_out(payout(destination)), &context(&credentials), &[]);
        let Outcome::Rejected(refusal) = played.outcome else { panic!("{:?}", played.outcome) };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, "feature_not_enabled"));
        assert!(refusal.message.contains("RAZORPAYX_ACCOUNT_NUMBER"));
    }
}

#[test]
fn a_long_name_is_cut_for_the_contact_only() {
    let name = format!("{} {}", "a".repeat(49), "b".repeat(20));
    let destination = PayoutDestination::Upi { name: name.into(), address: "name@bank".into() };
    let played = run(&pay_out(payout(destination)), &[(200, PROCESSING)]);
    let body: serde_json::Value = serde_json::from_slice(&played.requests[0].body).unwrap();
    assert_eq!(body["fund_account"]["contact"]["name"], "a".repeat(49));
}

#[test]
fn a_repeat_has_the_same_key_and_bytes() {
    let metadata = Metadata::try_new(vec![("b".into(), "2".into()), ("a".into(), "1".into())]).unwrap();
    let operation = pay_out(CreatePayout { metadata, ..payout(bank_account()) });
    let [first, again] = [0, 1].map(|_| run(&operation, &[(200, PROCESSING)]).requests.remove(0));
    assert_eq!((first.body, first.headers), (again.body, again.headers));
}

#[test]
fn a_lost_answer_is_unknown_and_its_key_tells() {
    for (status, body) in [(500, ""), (200, "{}"), (504, "<html>")] {
        let outcome = run(&pay_out(payout(bank_account())), &[(status, body)]).outcome;
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
    // An hour may pass until it shows in a list: the same key with the same bytes is asked instead.
    assert!(Razorpay.look_up(&pay_out(payout(bank_account()))).is_none());
}

#[test]
fn a_key_that_was_used_leads_to_what_it_did() {
    let operation = pay_out(payout(bank_account()));
    let played = run(&operation, &[(400, KEY_TAKEN), (200, &by_reference())]);
    let read = format!("GET /v1/payouts?account_number=7878780080316316&reference_id={PROVIDER_KEY}");
    assert_eq!(played.calls()[1], read);
    assert_eq!(told(played.outcome).provider_payout_id, "pout_F681qslJ3ba70q");
    // Of an earlier use of the key, or of another call with it: nothing was paid now.
    let dearer = by_reference().replace("100000", "120000");
    for others in [BY_REFERENCE, &dearer] {
        let Outcome::Rejected(refusal) = run(&operation, &[(400, KEY_TAKEN), (200, others)]).outcome else {
            panic!()
        };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::KeyReused, "idempotency_key_reused"));
    }
    // Paid, says Razorpay, and it does not show yet.
    for (status, body) in [(200, NONE), (500, ""), (429, ""), (200, "<html>"), (400, r#"{"error":{}}"#)] {
        let lost = run(&operation, &[(400, KEY_TAKEN), (status, body)]).outcome;
        assert_eq!(lost, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn every_status_has_its_word_and_an_unknown_one_is_no_error() {
    for (word, status) in [
        ("pending", PayoutStatus::Pending),
        ("queued", PayoutStatus::Queued),
        ("scheduled", PayoutStatus::Queued),
        ("processing", PayoutStatus::Processing),
        ("processed", PayoutStatus::Paid),
        ("reversed", PayoutStatus::Reversed),
        ("failed", PayoutStatus::Failed),
        ("rejected", PayoutStatus::Failed),
        ("cancelled", PayoutStatus::Canceled),
        ("teleported", PayoutStatus::Unknown),
    ] {
        let body = PROCESSING.replace("\"processing\"", &format!("\"{word}\""));
        let payout = told(run(&get_payout("pout_1"), &[(200, &body)]).outcome);
        assert_eq!((payout.status, payout.provider_status.as_deref()), (status, Some(word)));
    }
}

#[test]
fn a_failure_has_its_reason_and_a_success_has_none() {
    let read = |status: &str, details: &str| {
        let body = format!(
            r#"{{"id":"pout_1","amount":100,"currency":"INR","status":"{status}","fees":0,"status_details":{details},"failure_reason":"old words"}}"#
        );
        told(run(&get_payout("pout_1"), &[(200, &body)]).outcome)
    };
    let failed = |reason: &str| read("failed", &format!(r#"{{"reason":"{reason}","source":"business"}}"#));
    for reason in ["bank_account_closed", "imps_not_allowed", "insufficient_funds", "server_error", "new_one"]
    {
        assert_eq!(failed(reason).failure_reason.as_deref(), Some(reason));
    }
    assert_eq!(read("reversed", "null").failure_reason.as_deref(), Some("old words"));
    assert_eq!(read("processed", r#"{"reason":"payout_processed"}"#).failure_reason, None);
    assert_eq!(read("queued", r#"{"reason":"low_balance"}"#).failure_reason, None);
    assert_eq!(
        (read("queued", "[]").fee, read("processed", "[]").fee),
        (None, Some(Money::zero(Currency::INR)))
    );
}

#[test]
fn a_payees_account_does_not_show() {
    let played = run(&pay_out(payout(bank_account())), &[(200, PROCESSING)]);
    let shown = format!("{:?}", played.requests);
    assert!(!shown.contains("1121431121541121") && !shown.contains("A Payee"), "{shown}");
}
