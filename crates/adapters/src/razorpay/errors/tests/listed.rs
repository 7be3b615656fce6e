//! The table of Razorpay's refusals: each that it documents, through the adapter.

use domain::{CancelWhen, Operation, Outcome, Reply};
use serde_json::Value;

use crate::razorpay::Razorpay;
use crate::razorpay::tests::operations::{
    SUBSCRIPTION_ID, bank_account, create_link, end, existing_plan, get_link, get_payout, get_refund,
    get_subscription, give_back, link, of_payment, pay_out, payout, refund, subscribe, subscription,
};
use crate::razorpay::tests::{ORDER_ID, capture, create, credentials, get, order};
use crate::testing::{context, perform, reply};
use domain::PayoutDestination;

/// The coverage that is asked for, in percent.
const COVERAGE: usize = 95;

fn table() -> Value {
    serde_json::from_str(include_str!("../../../../fixtures/razorpay/errors.json")).unwrap()
}

fn operation(name: &str) -> Operation {
    match name {
        "orders.create" => create(order()),
        "orders.get" => get(ORDER_ID),
        "orders.capture" => capture(None),
        "refunds.create" => give_back(refund(of_payment(), None)),
        "refunds.get" => get_refund("rfnd_1"),
        "subscriptions.create" => subscribe(subscription(existing_plan())),
        "subscriptions.get" => get_subscription(SUBSCRIPTION_ID),
        "subscriptions.cancel" => end(SUBSCRIPTION_ID, CancelWhen::AtOnce),
        "payment_links.create" => create_link(link()),
        "payment_links.get" => get_link("plink_1"),
        "payouts.create" => pay_out(payout(bank_account())),
        "payouts.get" => get_payout("pout_1"),
        other => panic!("no operation {other}"),
    }
}

fn as_reply(value: &Value) -> Reply {
    let body = &value["body"];
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    reply(u16::try_from(value["status"].as_u64().unwrap()).unwrap(), &text)
}

fn replies(case: &Value) -> Vec<Reply> {
    let part = |name: &str| case[name].as_array().into_iter().flatten().map(as_reply).collect::<Vec<_>>();
    // A capture is refused at its third call; before a capture that is refused there are two reads.
    let mut all = part("first");
    if case["operation"] == "orders.capture" && all.is_empty() {
        return vec![as_reply(case)];
    }
    all.push(as_reply(case));
    all.extend(part("then"));
    all
}

#[test]
fn every_documented_refusal_has_its_class_and_code() {
    let credentials = credentials();
    for case in table()["cases"].as_array().unwrap() {
        let operation = operation(case["operation"].as_str().unwrap());
        let outcome = perform(&Razorpay, &operation, &context(&credentials), &replies(case)).outcome;
        let told = match &outcome {
            Outcome::Rejected(refusal) => (format!("{:?}", refusal.class), refusal.code, refusal.param),
            Outcome::Unknown(_) => ("Unknown".to_owned(), "unknown", None),
            other => panic!("{case}: {other:?}"),
        };
        let text = |name: &str| case[name].as_str();
        let expected = (text("class").unwrap().to_owned(), text("code").unwrap(), text("param"));
        assert_eq!(told, expected, "{case}");
        if let (Outcome::Rejected(refusal), Some(error)) = (&outcome, case["body"].get("error")) {
            let is_read = refusal.code == "provider_error";
            assert_eq!(
                refusal.provider_code.as_deref(),
                error["code"].as_str().filter(|_| !is_read),
                "{case}"
            );
            let words = error["description"].as_str().filter(|_| !is_read);
            assert_eq!(refusal.provider_message.as_deref(), words, "{case}");
        }
    }
}

#[test]
fn nearly_every_listed_error_stands_in_the_table() {
    let table = table();
    let cases = table["cases"].as_array().unwrap();
    let listed = table["listed"].as_array().unwrap();
    let stands = |text: &str| cases.iter().any(|case| case["body"].to_string().contains(text));
    let missing: Vec<&str> = listed.iter().filter_map(Value::as_str).filter(|text| !stands(text)).collect();
    let covered = listed.len() - missing.len();
    assert!(covered * 100 >= listed.len() * COVERAGE, "{missing:?}");
    assert!(listed.len() >= 51);
}

#[test]
fn a_fund_account_that_is_not_there_is_a_destination_that_cannot_be_paid() {
    let missing = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"The id provided does not exist"}}"#;
    let destination = PayoutDestination::ProviderAccount { id: Some("fa_1".into()) };
    let credentials = credentials();
    let played =
        perform(&Razorpay, &pay_out(payout(destination)), &context(&credentials), &[reply(400, missing)]);
    let Outcome::Rejected(refusal) = played.outcome else { panic!("{:?}", played.outcome) };
    assert_eq!((refusal.code, refusal.param), ("invalid_destination", Some("destination.id")));
    assert_eq!(refusal.provider_message.as_deref(), Some("The id provided does not exist"));
}
