//! Payouts and transfers: the bytes sent, and what the replies mean.

use domain::{Currency, Metadata, Money, Payout, PayoutStatus, RejectionClass, RetrySafety, Unknown};
use serde_json::json;

use super::*;
use crate::stripe::Stripe;
use crate::stripe::samples::{
    changed, connected_account, ended, fixture, form, get_payout, header, own_account, pay_out, payout,
    played,
};
use crate::stripe::tests::usd;
use crate::testing::{PROVIDER_KEY, body_text, refuse, reply};

const TRANSACTION: &str = "metadata[transaction_id]=txn_0000000000000000000000000b";

#[track_caller]
fn payout_of(outcome: Outcome) -> Payout {
    match outcome {
        Outcome::Executed(Resource::Payout(payout)) => payout,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payout_to_the_default_account_has_exactly_these_bytes() {
    let played = played(&pay_out(payout(own_account(None))), &[fixture("payout_pending")]);
    let [request] = &*played.requests else { panic!("{:?}", played.calls()) };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/payouts"));
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::Keyed));
    assert_eq!(header(request, "idempotency-key"), Some(PROVIDER_KEY));
    assert_eq!(
        body_text(request),
        "amount=1100&currency=usd&metadata%5Btransaction_id%5D=txn_0000000000000000000000000b"
    );
    assert_eq!(
        payout_of(played.outcome),
        Payout {
            provider_payout_id: "po_1ExampleA".to_owned(),
            amount: usd("11"),
            fee: None,
            status: PayoutStatus::Pending,
            failure_reason: None,
            provider_status: Some("pending".to_owned()),
        }
    );
}

#[test]
fn a_payout_carries_all_that_the_caller_said() {
    let asked = |destination| CreatePayout {
        purpose: Some("rent".into()),
        narration: Some("Rent of the tea house in May".into()),
        reference: Some("p-1".into()),
        metadata: Metadata::try_new(vec![("k".into(), "v".into())]).unwrap(),
        ..payout(destination)
    };
    let own = played(&pay_out(asked(own_account(Some("ba_1ExampleA")))), &[fixture("payout_pending")]);
    assert_eq!(
        form(&own.requests[0]),
        [
            "amount=1100",
            "currency=usd",
            "destination=ba_1ExampleA",
            "description=rent",
            "statement_descriptor=Rent of the tea house ",
            TRANSACTION,
            "metadata[reference]=p-1",
            "metadata[k]=v",
        ]
    );
    let connected = played(&pay_out(asked(connected_account())), &[fixture("transfer_made")]);
    assert_eq!(connected.calls(), ["POST /v1/transfers"]);
    assert_eq!(
        form(&connected.requests[0]),
        [
            "amount=1100",
            "currency=usd",
            "destination=acct_1ExampleA",
            "description=rent",
            TRANSACTION,
            "metadata[reference]=p-1",
            "metadata[narration]=Rent of the tea house in May",
            "metadata[k]=v",
        ]
    );
}

#[test]
fn a_transfer_is_paid_at_once_and_read_by_its_own_route() {
    let made = payout_of(ended(&pay_out(payout(connected_account())), &[fixture("transfer_made")]));
    assert_eq!((made.status, made.provider_status), (PayoutStatus::Paid, None));
    let read = played(&get_payout("tr_1ExampleA"), &[fixture("transfer_reversed")]);
    assert_eq!(read.calls(), ["GET /v1/transfers/tr_1ExampleA"]);
    assert_eq!(payout_of(read.outcome).status, PayoutStatus::Reversed);
    let read = played(&get_payout("po_1ExampleA"), &[fixture("payout_failed")]);
    assert_eq!(read.calls(), ["GET /v1/payouts/po_1ExampleA"]);
    let failed = payout_of(read.outcome);
    assert_eq!(
        (failed.status, failed.failure_reason.as_deref()),
        (PayoutStatus::Failed, Some("account_closed"))
    );
}

#[test]
fn every_status_has_its_word() {
    for (word, expected) in [
        ("pending", PayoutStatus::Pending),
        ("in_transit", PayoutStatus::Processing),
        ("paid", PayoutStatus::Paid),
        ("failed", PayoutStatus::Failed),
        ("canceled", PayoutStatus::Canceled),
        ("lost", PayoutStatus::Unknown),
    ] {
        let reply = changed("payout_pending", &json!({ "status": word }));
        let told = payout_of(ended(&get_payout("po_1ExampleA"), &[reply]));
        assert_eq!((told.status, told.provider_status.as_deref()), (expected, Some(word)));
    }
    let reversed = payout_of(ended(&get_payout("po_1ExampleA"), &[fixture("payout_reversed")]));
    assert_eq!(reversed.status, PayoutStatus::Reversed);
    let sparse = reply(200, r#"{"id":"po_1","amount":1,"currency":"usd"}"#);
    assert_eq!(payout_of(ended(&get_payout("po_1"), &[sparse])).status, PayoutStatus::Unknown);
}

#[test]
fn forint_and_taiwan_dollars_are_paid_out_whole_and_transferred_in_parts() {
    for code in ["HUF", "TWD"] {
        let amount = Money::parse("10.50", Currency::parse(code).unwrap()).unwrap();
        let refusal = refuse(&Stripe, &pay_out(CreatePayout { amount, ..payout(own_account(None)) }));
        assert_eq!((refusal.code, refusal.param), ("amount_too_precise", Some("amount")));
        let transfer = pay_out(CreatePayout { amount, ..payout(connected_account()) });
        assert_eq!(form(&played(&transfer, &[fixture("transfer_made")]).requests[0])[0], "amount=1050");
    }
}

#[test]
fn nobody_else_can_be_paid() {
    let others = [
        PayoutDestination::BankAccount {
            name: "A".into(),
            account_number: "1".into(),
            ifsc: "HDFC0000001".into(),
        },
        PayoutDestination::Upi { name: "A".into(), address: "a@bank".into() },
        PayoutDestination::Email { address: "a@example.com".into() },
    ];
    for destination in others {
        let kind = destination.kind();
        let refusal = refuse(&Stripe, &pay_out(payout(destination)));
        assert_eq!(
            (refusal.class, refusal.code),
            (RejectionClass::InvalidRequest, "operation_not_supported")
        );
        assert_eq!(refusal.param, Some("destination"));
        assert!(refusal.message.contains(kind), "{}", refusal.message);
    }
}

#[test]
fn what_stripe_cannot_be_told_is_refused_before_anything_is_sent() {
    let brackets = Metadata::try_new(vec![("a[b]".into(), "v".into())]).unwrap();
    let iqd = Money::parse("1", Currency::parse("IQD").unwrap()).unwrap();
    for destination in [own_account(None), connected_account()] {
        let asked = CreatePayout { metadata: brackets.clone(), ..payout(destination.clone()) };
        assert_eq!(refuse(&Stripe, &pay_out(asked)).code, "invalid_field");
        let asked = CreatePayout { amount: iqd, ..payout(destination) };
        assert_eq!(refuse(&Stripe, &pay_out(asked)).code, "unsupported_currency");
    }
    assert_eq!(refuse(&Stripe, &get_payout("tr_1/reversals")).code, "payout_not_found");
}

#[test]
fn an_answer_that_cannot_be_read_leaves_a_payout_unknown() {
    for destination in [own_account(None), connected_account()] {
        for (status, body) in [(200, "{}"), (503, "")] {
            let expected = Outcome::Unknown(Unknown::Unreadable { status });
            assert_eq!(ended(&pay_out(payout(destination.clone())), &[reply(status, body)]), expected);
        }
    }
}
