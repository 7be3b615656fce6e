//! Refunds, subscriptions, payment links and payouts against PayPal's `OpenAPI` documents.

use domain::{
    CancelSubscription, CancelWhen, CreatePaymentLink, CreatePayout, CreateRefund, CreateSubscription,
    GetPaymentLink, GetSubscription, NewPlan, PaymentLinkOperation, PayoutDestination, PayoutOperation,
    PlanInterval, RefundAmount, RefundOperation, RefundedPayment, SubscriptionOperation, SubscriptionPlan,
};

use super::*;

const SUBSCRIPTIONS: &str = "paypal_billing_subscriptions_v1.json";
const PRODUCTS: &str = "paypal_catalogs_products_v1.json";
const INVOICES: &str = "paypal_invoicing_v2.json";
const PAYOUTS: &str = "paypal_payments_payouts_batch_v1.json";

/// Each fixture of a reply, its document and its schema there.
const FIXTURES: [(&str, &str, &str); 15] = [
    ("refund_completed", PAYMENTS, "refund"),
    ("product", PRODUCTS, "product"),
    ("plan", SUBSCRIPTIONS, "plan"),
    ("subscription_pending", SUBSCRIPTIONS, "subscription"),
    ("subscription_active", SUBSCRIPTIONS, "subscription"),
    ("subscription_cancelled", SUBSCRIPTIONS, "subscription"),
    ("invoice_draft", INVOICES, "invoice"),
    ("invoice_sent", INVOICES, "invoice"),
    ("invoice_link", INVOICES, "link_description"),
    ("invoice_payer_link", INVOICES, "link_description"),
    ("invoices_found", INVOICES, "invoices"),
    ("invoices_none", INVOICES, "invoices"),
    ("payout_created", PAYOUTS, "payout"),
    ("payout_paid", PAYOUTS, "payout_batch"),
    ("payout_taken", PAYOUTS, "error"),
];

pub(super) fn has_schema(name: &str) -> bool {
    FIXTURES.iter().any(|(fixture, _, _)| *fixture == name)
}

fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
}

fn payer() -> Option<Customer> {
    Some(Customer {
        email: Some("a+b@example.com".into()),
        name: Some("A Payer".into()),
        ..Customer::default()
    })
}

fn subscription(plan: SubscriptionPlan) -> Operation {
    Operation::Subscription(SubscriptionOperation::Create(CreateSubscription {
        plan,
        customer: payer(),
        quantity: Some(3),
        total_count: Some(12),
        trial_days: Some(7),
        return_url: Some("https://shop.example/return".into()),
        cancel_url: Some("https://shop.example/cancel".into()),
        reference: Some("sub-1".into()),
        metadata: Metadata::default(),
    }))
}

fn link() -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Create(CreatePaymentLink {
        amount: usd("100"),
        description: "Café & more, ".repeat(400).into(),
        customer: payer(),
        expires_at: None,
        return_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn the_fixtures_of_replies_are_objects_of_their_specifications() {
    for (name, document, schema) in FIXTURES {
        let Some(spec) = Spec::load(document) else { return };
        spec.check(&format!("/components/schemas/{schema}"), &fixture(name));
    }
}

#[test]
fn a_refund_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(PAYMENTS) else { return };
    for amount in [None, Some(RefundAmount::Money(usd("40")))] {
        let refund = Operation::Refund(RefundOperation::Create(CreateRefund {
            payment: RefundedPayment::OfOrder { provider_order_id: ID.into() },
            amount,
            reason: Some("Broken".into()),
            reference: None,
            metadata: Metadata::default(),
        }));
        let replies = [(200, fixture("order_captured")), (201, fixture("refund_completed"))];
        let (requests, outcome) = play_any(&refund, &replies);
        check_call(&spec, "/v2/payments/captures/{capture_id}/refund", &requests[1]);
        assert!(matches!(outcome, Outcome::Executed(_)));
    }
}

#[test]
fn a_subscription_and_its_plan_are_what_the_specifications_ask_for() {
    let (Some(products), Some(spec)) = (Spec::load(PRODUCTS), Spec::load(SUBSCRIPTIONS)) else { return };
    let gold = NewPlan {
        name: "Gold, ".repeat(40).into(),
        amount: usd("10"),
        interval: PlanInterval::Week,
        interval_count: 2,
    };
    let replies = [(201, fixture("product")), (201, fixture("plan")), (201, fixture("subscription_pending"))];
    let (requests, _) = play_any(&subscription(SubscriptionPlan::New(gold)), &replies);
    check_call(&products, "/v1/catalogs/products", &requests[0]);
    check_call(&spec, "/v1/billing/plans", &requests[1]);
    check_call(&spec, "/v1/billing/subscriptions", &requests[2]);
    let existing = subscription(SubscriptionPlan::Existing("P-5ML4271244454362WXNWU5NQ".into()));
    let (requests, _) =
        play_any(&existing, &[(200, fixture("plan")), (201, fixture("subscription_pending"))]);
    check_call(&spec, "/v1/billing/plans/{id}", &requests[0]);
    check_call(&spec, "/v1/billing/subscriptions", &requests[1]);
}

#[test]
fn a_cancellation_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(SUBSCRIPTIONS) else { return };
    let cancel = Operation::Subscription(SubscriptionOperation::Cancel(CancelSubscription {
        provider_subscription_id: "I-BW452GLLEP1G".into(),
        when: CancelWhen::AtOnce,
    }));
    let (requests, _) = play_any(&cancel, &[(204, json!("")), (200, fixture("subscription_cancelled"))]);
    check_call(&spec, "/v1/billing/subscriptions/{id}/cancel", &requests[0]);
    check_call(&spec, "/v1/billing/subscriptions/{id}", &requests[1]);
}

/// The document has neither of the headers of these calls; what they do is on PayPal's pages.
#[test]
fn an_invoice_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(INVOICES) else { return };
    let schema = |path: &str| Spec::request_schema(path, "post", JSON);
    let replies = [
        (201, fixture("invoice_draft")),
        (200, fixture("invoice_payer_link")),
        (200, fixture("invoice_sent")),
    ];
    let (requests, _) = play_any(&link(), &replies);
    spec.check(&schema("/v2/invoicing/invoices"), &body(&requests[0]));
    spec.check(&schema("/v2/invoicing/invoices/{invoice_id}/send"), &body(&requests[1]));
    let taken = json!({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "DUPLICATE_INVOICE_NUMBER"}]});
    let replies = [(422, taken), (200, fixture("invoices_found")), (200, fixture("invoice_sent"))];
    let (requests, _) = play_any(&link(), &replies);
    spec.check(&schema("/v2/invoicing/search-invoices"), &body(&requests[1]));
}

#[test]
fn a_payout_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(PAYOUTS) else { return };
    for destination in [
        PayoutDestination::Email { address: "payee@example.com".into() },
        PayoutDestination::ProviderAccount { id: Some("QYR5Z8XDVJNXQ".into()) },
    ] {
        let payout = Operation::Payout(PayoutOperation::Create(CreatePayout {
            amount: usd("25"),
            destination,
            purpose: Some("SERVICES".into()),
            narration: Some("March share".into()),
            reference: None,
            metadata: Metadata::default(),
        }));
        let (requests, _) = play_any(&payout, &[(201, fixture("payout_created"))]);
        check_call(&spec, "/v1/payments/payouts", &requests[0]);
        let (requests, outcome) =
            play_any(&payout, &[(400, fixture("payout_taken")), (200, fixture("payout_paid"))]);
        check_call(&spec, "/v1/payments/payouts/{id}", &requests[1]);
        assert!(matches!(outcome, Outcome::Executed(_)));
    }
}

/// Returns the examples that a document has of an answer.
fn examples(spec: &Spec, path: &str, method: &str, status: &str) -> Vec<Value> {
    let pointer =
        format!("/paths/{}/{method}/responses/{status}/content/application~1json", path.replace('/', "~1"));
    let content = spec.at(&pointer);
    let listed = content["examples"].as_object().into_iter().flat_map(|all| all.values());
    listed.map(|example| example.get("value").unwrap_or(example).clone()).collect()
}

#[test]
fn the_specifications_own_examples_are_read() {
    let (Some(subscriptions), Some(invoices)) = (Spec::load(SUBSCRIPTIONS), Spec::load(INVOICES)) else {
        return;
    };
    let get = Operation::Subscription(SubscriptionOperation::Get(GetSubscription {
        provider_subscription_id: "I-BW452GLLEP1G".into(),
    }));
    let mut told = examples(&subscriptions, "/v1/billing/subscriptions", "post", "201");
    told.extend(examples(&subscriptions, "/v1/billing/subscriptions/{id}", "get", "200"));
    assert!(!told.is_empty());
    for example in told {
        let (_, outcome) = play_any(&get, &[(200, example.clone())]);
        assert!(matches!(outcome, Outcome::Executed(_)), "{example:#}: {outcome:?}");
    }
    let get = Operation::PaymentLink(PaymentLinkOperation::Get(GetPaymentLink {
        provider_link_id: "INV2-1".into(),
    }));
    for example in examples(&invoices, "/v2/invoicing/invoices/{invoice_id}", "get", "200") {
        let (_, outcome) = play_any(&get, &[(200, example.clone())]);
        assert!(matches!(outcome, Outcome::Executed(_)), "{example:#}: {outcome:?}");
    }
}

/// The check must be able to fail: a number where a text belongs, a missing plan, a missing reason.
#[test]
fn the_specifications_refuse_what_they_do_not_know() {
    let (Some(subscriptions), Some(payouts)) = (Spec::load(SUBSCRIPTIONS), Spec::load(PAYOUTS)) else {
        return;
    };
    let subscribe = Spec::request_schema("/v1/billing/subscriptions", "post", JSON);
    assert!(subscriptions.accepts(&subscribe, &json!({"plan_id": "P-1", "quantity": "2"})));
    assert!(!subscriptions.accepts(&subscribe, &json!({"plan_id": "P-1", "quantity": 2})));
    assert!(!subscriptions.accepts(&subscribe, &json!({"quantity": "2"})));
    let one_way = json!({"plan_id": "P-1", "application_context": {"return_url": "https://a.example"}});
    assert!(!subscriptions.accepts(&subscribe, &one_way));
    let cancel = Spec::request_schema("/v1/billing/subscriptions/{id}/cancel", "post", JSON);
    assert!(!subscriptions.accepts(&cancel, &json!({})));
    let pay = Spec::request_schema("/v1/payments/payouts", "post", JSON);
    assert!(!payouts.accepts(&pay, &json!({"sender_batch_header": {}, "items": [{"receiver": "a"}]})));
}
