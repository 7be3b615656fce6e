//! Every error that Stripe documents, run through the operation that it answers.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use domain::{CancelWhen, Effect, Operation, Outcome, RejectionClass, Reply};
use http::HeaderMap;
use serde_json::Value;

use crate::stripe::Stripe;
use crate::stripe::samples::{
    create_link, end_subscription, fixture, get_link, get_payout, get_refund, get_subscription, link,
    order_refund, own_account, pay_out, payout, refund, subscribe, subscription,
};
use crate::stripe::tests::{ORDER_ID, cancel, capture, create, credentials, get, order};
use crate::testing::context;
use crate::{Adapter, Step};

const FIXTURE: &str = include_str!("../../../fixtures/stripe/errors.json");

fn operations() -> BTreeMap<&'static str, Operation> {
    let all = [
        create(order()),
        get(ORDER_ID),
        capture(None),
        cancel(),
        refund(order_refund()),
        get_refund("re_1"),
        subscribe(subscription()),
        get_subscription("sub_1"),
        end_subscription(CancelWhen::AtOnce),
        create_link(link()),
        get_link("plink_1"),
        pay_out(payout(own_account(Some("ba_1")))),
        get_payout("po_1"),
    ];
    all.into_iter().map(|operation| (operation.kind().as_str(), operation)).collect()
}

/// Plays an operation: what it begins with succeeds, and what counts is answered with the error.
fn outcome(operation: &Operation, error: &Reply) -> Outcome {
    let credentials = credentials();
    let context = context(&credentials);
    let mut exchange = Stripe.plan(operation).unwrap();
    let mut step = exchange.begin(&context);
    loop {
        match step {
            Step::Done(outcome) => return outcome,
            Step::Call(request) if request.effect == Effect::Prepare => {
                step = exchange.resume(&context, &fixture("price_once"));
            }
            Step::Call(_) => step = exchange.resume(&context, error),
        }
    }
}

const fn word(class: RejectionClass) -> &'static str {
    match class {
        RejectionClass::InvalidRequest => "invalid_request",
        RejectionClass::NotFound => "not_found",
        RejectionClass::Conflict => "conflict",
        RejectionClass::KeyReused => "idempotency",
        RejectionClass::Declined => "declined",
        RejectionClass::Refused => "refused",
        RejectionClass::Credentials => "credentials",
        RejectionClass::RateLimited => "rate_limited",
        RejectionClass::Unavailable => "unavailable",
    }
}

#[track_caller]
fn check(operations: &BTreeMap<&str, Operation>, case: &Value) {
    let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
    let body = Bytes::from(serde_json::to_vec(&case["body"]).unwrap());
    let reply = Reply { status, headers: HeaderMap::new(), body };
    let expected = (case["class"].as_str().unwrap(), case["code"].as_str(), case["param"].as_str());
    match outcome(&operations[case["operation"].as_str().unwrap()], &reply) {
        Outcome::Rejected(refusal) => {
            assert_eq!((word(refusal.class), Some(refusal.code), refusal.param), expected, "{case}");
            let error = &case["body"]["error"];
            let own_code = ["decline_code", "code", "type"].iter().find_map(|field| error[field].as_str());
            assert_eq!(refusal.provider_code.as_deref(), own_code, "{case}");
            assert_eq!(refusal.provider_message.as_deref(), error["message"].as_str(), "{case}");
        }
        Outcome::Unknown(_) => assert_eq!(("unknown", None, None), expected, "{case}"),
        other => panic!("{case}: {other:?}"),
    }
}

#[test]
fn every_documented_error_has_its_class_its_code_and_its_field() {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let operations = operations();
    for case in fixture["cases"].as_array().unwrap() {
        check(&operations, case);
    }
}

#[test]
fn the_cases_cover_every_documented_code_and_every_operation() {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let codes: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| ["code", "decline_code"].map(|field| case["body"]["error"][field].as_str()))
        .flatten()
        .collect();
    let documented: Vec<&str> =
        fixture["documented"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let covered = documented.iter().filter(|code| codes.contains(**code)).count();
    assert!(documented.len() >= 28 && covered * 100 >= documented.len() * 95, "{covered} of {documented:?}");
    let used: BTreeSet<&str> = cases.iter().filter_map(|case| case["operation"].as_str()).collect();
    for kind in operations().keys() {
        assert!(used.contains(kind), "{kind}");
    }
}
