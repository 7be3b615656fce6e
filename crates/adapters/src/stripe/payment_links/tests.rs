//! Payment links: the two calls that make one, the three that read one, and what the replies mean.

use domain::{
    CreatePaymentLink, Currency, Customer, Effect, Metadata, Money, Outcome, PaymentLink, PaymentLinkStatus,
    RejectionClass, Resource, RetrySafety, Timestamp, Unknown,
};
use serde_json::json;

use super::*;
use crate::stripe::Stripe;
use crate::stripe::samples::{changed, create_link, ended, fixture, form, get_link, header, link, played};
use crate::stripe::tests::usd;
use crate::testing::{PROVIDER_KEY, refuse, reply};

const TRANSACTION: &str = "metadata[transaction_id]=txn_0000000000000000000000000b";
/// What prepares says the key and not the transaction, which another one may take up.
const KEY: &str = "metadata[gateway_key]=5f1c0c526a1e4f6f9a250f6f7b1f3d10";
const ONCE: &str = "restrictions[completed_sessions][limit]=1";
const LINK_ID: &str = "plink_1ExampleA";

#[track_caller]
fn link_of(outcome: Outcome) -> PaymentLink {
    match outcome {
        Outcome::Executed(Resource::PaymentLink(link)) => link,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn rejection_of(outcome: Outcome) -> Rejection {
    match outcome {
        Outcome::Rejected(rejection) => rejection,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_is_a_price_and_a_link_with_a_key_each() {
    let played = played(&create_link(link()), &[fixture("price_once"), fixture("link_active")]);
    assert_eq!(played.calls(), ["POST /v1/prices", "POST /v1/payment_links"]);
    let [price, made] = &*played.requests else { panic!() };
    assert_eq!(form(price), ["currency=usd", "unit_amount=2000", "product_data[name]=Tea", KEY]);
    assert_eq!((price.effect, price.retry), (Effect::Prepare, RetrySafety::Keyed));
    assert_eq!(header(price, "idempotency-key"), Some("5f1c0c526a1e4f6f9a250f6f7b1f3x01"));
    assert_eq!(
        form(made),
        ["line_items[0][price]=price_1ExampleA", "line_items[0][quantity]=1", ONCE, TRANSACTION]
    );
    assert_eq!((made.effect, made.retry), (Effect::Write, RetrySafety::Keyed));
    assert_eq!(header(made, "idempotency-key"), Some(PROVIDER_KEY));
    assert_eq!(
        link_of(played.outcome),
        PaymentLink {
            provider_link_id: LINK_ID.to_owned(),
            url: "https://buy.stripe.com/test_EXAMPLE".to_owned(),
            amount: usd("20"),
            status: PaymentLinkStatus::Active,
            provider_status: Some("active".to_owned()),
        }
    );
}

#[test]
fn a_link_leads_back_and_carries_the_callers_pairs() {
    let customer = Customer { email: Some("a@example.com".into()), ..Customer::default() };
    let asked = CreatePaymentLink {
        customer: Some(customer),
        return_url: Some("https://shop.example/return".into()),
        reference: Some("l-1".into()),
        metadata: Metadata::try_new(vec![("k".into(), "v".into())]).unwrap(),
        ..link()
    };
    let played = played(&create_link(asked), &[fixture("price_once"), fixture("link_active")]);
    assert_eq!(
        form(&played.requests[1]),
        [
            "line_items[0][price]=price_1ExampleA",
            "line_items[0][quantity]=1",
            ONCE,
            "after_completion[type]=redirect",
            "after_completion[redirect][url]=https://shop.example/return",
            TRANSACTION,
            "metadata[reference]=l-1",
            "metadata[k]=v",
        ]
    );
}

#[test]
fn a_run_from_the_beginning_sends_the_same_two_calls() {
    let credentials = crate::stripe::tests::credentials();
    let context = crate::testing::context(&credentials);
    let mut exchange = crate::Adapter::plan(&Stripe, &create_link(link())).unwrap();
    let mut run = |replies: &[domain::Reply]| {
        let mut sent = Vec::new();
        let mut step = exchange.begin(&context);
        for reply in replies {
            let crate::Step::Call(request) = step else { panic!("{step:?}") };
            sent.push((request.path, request.body, request.headers));
            step = exchange.resume(&context, reply);
        }
        sent
    };
    // The first run ends after the price; the second begins anew.
    let first = run(&[fixture("price_once")]);
    let second = run(&[fixture("price_once"), fixture("link_active")]);
    assert_eq!(first[0], second[0]);
    assert_eq!(second.len(), 2);
}

#[test]
fn without_a_price_nothing_was_done_and_without_an_answer_to_the_link_nobody_knows() {
    for (status, body) in [(500, ""), (409, "{}"), (200, "{}"), (200, r#"{"id":"a/b"}"#)] {
        let refusal = rejection_of(ended(&create_link(link()), &[reply(status, body)]));
        assert_eq!(refusal.class, RejectionClass::Unavailable, "{status} {body}");
    }
    for (status, body) in [(500, ""), (200, "{}"), (200, r#"{"id":"plink_1"}"#)] {
        let outcome = ended(&create_link(link()), &[fixture("price_once"), reply(status, body)]);
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn what_a_link_of_stripes_has_not_is_refused_before_anything_is_sent() {
    let money = |text, code| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    let customer = Customer { id: Some("cus_1".into()), ..Customer::default() };
    let brackets = Metadata::try_new(vec![("a[b]".into(), "v".into())]).unwrap();
    let expires_at = Some(Timestamp::from_unix_seconds(1_800_000_000));
    let cases = [
        (CreatePaymentLink { expires_at, ..link() }, "operation_not_supported", "expires_at"),
        (CreatePaymentLink { customer: Some(customer), ..link() }, "operation_not_supported", "customer.id"),
        (CreatePaymentLink { description: " ".into(), ..link() }, "missing_field", "description"),
        (CreatePaymentLink { metadata: brackets, ..link() }, "invalid_field", "metadata"),
        (CreatePaymentLink { amount: money("5.124", "KWD"), ..link() }, "amount_too_precise", "amount"),
        (CreatePaymentLink { amount: money("1", "IQD"), ..link() }, "unsupported_currency", "currency"),
    ];
    for (asked, code, param) in cases {
        let refusal = refuse(&Stripe, &create_link(asked));
        assert_eq!((refusal.code, refusal.param), (code, Some(param)));
        assert_eq!(refusal.class, RejectionClass::InvalidRequest);
    }
    assert_eq!(refuse(&Stripe, &get_link("plink_1/line_items")).code, "payment_link_not_found");
}

#[track_caller]
fn check_read(link: &str, sessions: &str, expected: (PaymentLinkStatus, &str)) {
    let replies = [fixture(link), fixture("line_items"), fixture(sessions)];
    let read = played(&get_link(LINK_ID), &replies);
    assert_eq!(
        read.calls(),
        [
            "GET /v1/payment_links/plink_1ExampleA",
            "GET /v1/payment_links/plink_1ExampleA/line_items?limit=100",
            "GET /v1/checkout/sessions?payment_link=plink_1ExampleA&limit=100",
        ]
    );
    let told = link_of(read.outcome);
    assert_eq!((told.status, told.provider_status.as_deref()), (expected.0, Some(expected.1)));
    assert_eq!(told.amount, usd("20"));
}

#[test]
fn a_link_is_what_came_of_the_visits_to_it() {
    use PaymentLinkStatus::{Active, Inactive, Paid, Processing};
    check_read("link_active", "sessions_open", (Active, "active"));
    check_read("link_inactive", "sessions_open", (Inactive, "inactive"));
    check_read("link_active", "sessions_complete", (Processing, "unpaid"));
    check_read("link_active", "sessions_paid", (Paid, "paid"));
    check_read("link_inactive", "sessions_paid", (Paid, "paid"));
}

#[test]
fn visits_are_looked_through_page_by_page_until_one_has_paid() {
    let head = [fixture("link_active"), fixture("line_items"), fixture("sessions_first_page")];
    let with = |last: &str| {
        let replies: Vec<_> = head.iter().cloned().chain([fixture(last)]).collect();
        played(&get_link(LINK_ID), &replies)
    };
    let paid = with("sessions_paid");
    assert_eq!(
        paid.calls()[3],
        "GET /v1/checkout/sessions?payment_link=plink_1ExampleA&limit=100&starting_after=cs_test_complete1"
    );
    assert_eq!(link_of(paid.outcome).status, PaymentLinkStatus::Paid);
    // What an earlier page told is not forgotten.
    assert_eq!(link_of(with("sessions_open").outcome).status, PaymentLinkStatus::Processing);
}

#[test]
fn more_visits_than_are_looked_through_leave_the_status_unknown() {
    let mut replies = vec![fixture("link_active"), fixture("line_items")];
    replies.extend(std::iter::repeat_with(|| fixture("sessions_first_page")).take(8));
    let told = link_of(ended(&get_link(LINK_ID), &replies));
    assert_eq!((told.status, told.provider_status.as_deref()), (PaymentLinkStatus::Unknown, Some("active")));
}

#[test]
fn a_link_whose_amount_cannot_be_told_is_no_answer() {
    let item = |currency: &str| json!({"amount_total": 5, "currency": currency});
    for items in [
        json!({"data": []}),
        json!({"data": [item("usd")], "has_more": true}),
        json!({"data": [item("usd"), item("eur")]}),
        json!({"data": [item("zzz")]}),
    ] {
        let replies = [fixture("link_active"), changed("line_items", &items)];
        let refusal = rejection_of(ended(&get_link(LINK_ID), &replies));
        assert_eq!(refusal.class, RejectionClass::Unavailable, "{items}");
    }
    let two = json!({"data": [item("usd"), item("usd")]});
    let replies = [fixture("link_active"), changed("line_items", &two), fixture("sessions_open")];
    assert_eq!(link_of(ended(&get_link(LINK_ID), &replies)).amount, usd("0.10"));
}

#[test]
fn a_link_of_unknown_state_or_place_is_told_as_that() {
    let odd = changed("link_active", &json!({"active": "perhaps"}));
    let told = link_of(ended(&get_link(LINK_ID), &[odd, fixture("line_items"), fixture("sessions_open")]));
    assert_eq!((told.status, told.provider_status), (PaymentLinkStatus::Unknown, None));
    let missing =
        r#"{"error":{"code":"resource_missing","param":"payment_link","type":"invalid_request_error"}}"#;
    let refusal = rejection_of(ended(&get_link("plink_1"), &[reply(404, missing)]));
    assert_eq!((refusal.class, refusal.code), (RejectionClass::NotFound, "payment_link_not_found"));
}
