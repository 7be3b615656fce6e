//! Payment links: the bytes sent, how long a link may live, and the one reference.

use std::time::Duration;

use domain::{
    CreatePaymentLink, Customer, Effect, NotSent, Operation, Outcome, PaymentLink, PaymentLinkStatus,
    RejectionClass, Reply, Resource, RetrySafety, Timestamp, Unknown,
};

use crate::Adapter;
use crate::razorpay::Razorpay;
use crate::razorpay::tests::operations::{create_link, get_link, link};
use crate::razorpay::tests::{credentials, inr};
use crate::testing::{PROVIDER_KEY, Played, body_text, context, perform, play, refuse, reply};

const CREATED: &str = include_str!("../../../fixtures/razorpay/payment_link_created.json");
const BY_REFERENCE: &str = include_str!("../../../fixtures/razorpay/payment_links_by_reference.json");
const NONE: &str = r#"{"payment_links":[]}"#;
const TAKEN: &str = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"payment link creation with reference ID already attempted","field":"reference_id"}}"#;

fn run(operation: &Operation, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    perform(&Razorpay, operation, &context(&credentials), &replies)
}

fn look_up(replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    play(Razorpay.look_up(&create_link(link())).unwrap(), &context(&credentials), &replies)
}

#[track_caller]
fn told(outcome: Outcome) -> PaymentLink {
    match outcome {
        Outcome::Executed(Resource::PaymentLink(link)) => link,
        other => panic!("{other:?}"),
    }
}

fn started_at() -> Timestamp {
    context(&credentials()).started_at
}

#[test]
fn a_link_is_created_with_exactly_these_bytes() {
    let customer = Customer {
        id: None,
        email: Some("payer@example.com".into()),
        phone: Some("+919999999999".into()),
        name: Some("A Payer".into()),
    };
    let asked = CreatePaymentLink {
        customer: Some(customer),
        return_url: Some("https://shop.example/return".into()),
        expires_at: Some(Timestamp::from_unix_seconds(1_756_459_161)),
        ..link()
    };
    let played = run(&create_link(asked), &[(200, CREATED)]);
    assert_eq!(played.calls(), ["POST /v1/payment_links"]);
    let expected = format!(
        r#"{{"amount":50000,"currency":"INR","expire_by":1756459161,"reference_id":"{PROVIDER_KEY}","description":"Invoice 42","customer":{{"name":"A Payer","email":"payer@example.com","contact":"+919999999999"}},"notify":{{"sms":false,"email":false}},"reminder_enable":false,"notes":{{"transaction_id":"txn_0000000000000000000000000b"}},"callback_url":"https://shop.example/return","callback_method":"get"}}"#
    );
    let write = &played.requests[0];
    assert_eq!(body_text(write), expected);
    assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::Keyed));
    let link = told(played.outcome);
    assert_eq!(link.provider_link_id, "plink_ExjpAUN3gVHrUh");
    assert_eq!((link.url.as_str(), link.amount), ("https://rzp.io/i/nxrHnoiu", inr("500")));
    assert_eq!(link.status, PaymentLinkStatus::Active);
    assert_eq!(link.provider_status.as_deref(), Some("created"));
}

#[test]
fn what_is_not_known_is_not_sent() {
    let played = run(&create_link(link()), &[(200, CREATED)]);
    let body = body_text(&played.requests[0]);
    for field in ["expire_by", "customer", "callback_url", "callback_method"] {
        assert!(!body.contains(field), "{body}");
    }
}

#[test]
fn a_long_description_is_cut() {
    let played = run(
        &create_link(CreatePaymentLink { description: "é".repeat(3_000).into(), ..link() }),
        &[(200, CREATED)],
    );
    let body: serde_json::Value = serde_json::from_slice(&played.requests[0].body).unwrap();
    assert_eq!(body["description"].as_str().unwrap().chars().count(), 2_048);
}

#[test]
fn a_link_lives_from_a_quarter_of_an_hour_to_six_months() {
    let day = 86_400;
    for (seconds, is_taken) in [(0, false), (899, false), (900, true), (180 * day, true), (185 * day, false)]
    {
        let expires_at = Some(started_at().after(Duration::from_secs(seconds)));
        let operation = create_link(CreatePaymentLink { expires_at, ..link() });
        let replies: &[(u16, &str)] = if is_taken { &[(200, CREATED)] } else { &[] };
        match run(&operation, replies).outcome {
            Outcome::Executed(_) => assert!(is_taken, "{seconds}"),
            Outcome::Rejected(refusal) => {
                assert!(!is_taken, "{seconds}");
                assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, "invalid_field"));
                assert_eq!(refusal.param, Some("expires_at"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_customers_id_is_refused_before_anything_is_sent() {
    let customer = Customer { id: Some("cust_1".into()), ..Customer::default() };
    let refusal = refuse(&Razorpay, &create_link(CreatePaymentLink { customer: Some(customer), ..link() }));
    assert_eq!((refusal.code, refusal.param), ("operation_not_supported", Some("customer.id")));
}

/// Returns the list with a link that was made when the operation began.
fn by_reference() -> String {
    BY_REFERENCE.replace("1591097057", "1756455561")
}

#[test]
fn a_reference_that_is_taken_leads_to_the_link_that_has_it() {
    let played = run(&create_link(link()), &[(400, TAKEN), (200, &by_reference())]);
    let read = format!("GET /v1/payment_links?reference_id={PROVIDER_KEY}");
    assert_eq!(played.calls(), ["POST /v1/payment_links".to_owned(), read]);
    assert_eq!(told(played.outcome).provider_link_id, "plink_ExjpAUN3gVHrUh");
    // Of an earlier use of the key: there is no new one.
    let earlier = run(&create_link(link()), &[(400, TAKEN), (200, BY_REFERENCE)]).outcome;
    assert!(
        matches!(&earlier, Outcome::Rejected(refusal) if refusal.code == "idempotency_key_reused"),
        "{earlier:?}"
    );
    for (status, body) in [(200, NONE), (500, ""), (200, "{}")] {
        let outcome = run(&create_link(link()), &[(400, TAKEN), (status, body)]).outcome;
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn a_lost_link_is_found_by_its_reference() {
    assert_eq!(look_up(&[(200, BY_REFERENCE)]).outcome, Outcome::NotSent(NotSent::NeverArrived));
    let played = look_up(&[(200, &by_reference())]);
    assert_eq!(played.calls(), [format!("GET /v1/payment_links?reference_id={PROVIDER_KEY}")]);
    assert_eq!(told(played.outcome).provider_link_id, "plink_ExjpAUN3gVHrUh");
    assert_eq!(look_up(&[(200, NONE)]).outcome, Outcome::NotSent(NotSent::NeverArrived));
    let others = by_reference().replace(PROVIDER_KEY, "somebody's");
    assert_eq!(look_up(&[(200, &others)]).outcome, Outcome::NotSent(NotSent::NeverArrived));
    for (status, body) in [(500, ""), (429, ""), (200, "<html>"), (400, r#"{"error":{}}"#)] {
        assert_eq!(look_up(&[(status, body)]).outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_unknown_after_the_write_only() {
    for (status, body) in [(500, ""), (200, "{}"), (504, "<html>")] {
        let outcome = run(&create_link(link()), &[(status, body)]).outcome;
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }));
        let Outcome::Rejected(refusal) = run(&get_link("plink_1"), &[(status, body)]).outcome else {
            panic!()
        };
        assert_eq!(refusal.code, "provider_error");
    }
}

#[test]
fn every_status_has_its_word_and_an_unknown_one_is_no_error() {
    for (word, status) in [
        ("created", PaymentLinkStatus::Active),
        ("partially_paid", PaymentLinkStatus::PartiallyPaid),
        ("paid", PaymentLinkStatus::Paid),
        ("expired", PaymentLinkStatus::Expired),
        ("cancelled", PaymentLinkStatus::Canceled),
        ("teleported", PaymentLinkStatus::Unknown),
    ] {
        let body = CREATED.replace("\"created\"", &format!("\"{word}\""));
        let played = run(&get_link("plink_ExjpAUN3gVHrUh"), &[(200, &body)]);
        assert_eq!(played.calls(), ["GET /v1/payment_links/plink_ExjpAUN3gVHrUh"]);
        let link = told(played.outcome);
        assert_eq!((link.status, link.provider_status.as_deref()), (status, Some(word)));
    }
}
