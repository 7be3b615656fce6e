//! Operations that Stripe's tests ask for, and the replies that they give.

use bytes::Bytes;
use domain::{
    CancelSubscription, CancelWhen, CreatePaymentLink, CreatePayout, CreateRefund, CreateSubscription,
    Customer, GetPaymentLink, GetPayout, GetRefund, GetSubscription, Metadata, NewPlan, Operation, Outcome,
    PaymentLinkOperation, PayoutDestination, PayoutOperation, PlanInterval, RefundOperation, RefundedPayment,
    Reply, Request, SubscriptionOperation, SubscriptionPlan,
};
use http::HeaderMap;

use super::Stripe;
use super::tests::{ORDER_ID, credentials, usd};
use crate::testing::{Played, body_text, context, perform};

pub(super) fn order_refund() -> CreateRefund {
    CreateRefund {
        payment: RefundedPayment::OfOrder { provider_order_id: ORDER_ID.into() },
        amount: None,
        reason: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(super) fn payment_refund(id: &str) -> CreateRefund {
    CreateRefund { payment: RefundedPayment::Payment { provider_payment_id: id.into() }, ..order_refund() }
}

pub(super) fn refund(refund: CreateRefund) -> Operation {
    Operation::Refund(RefundOperation::Create(refund))
}

pub(super) fn get_refund(id: &str) -> Operation {
    Operation::Refund(RefundOperation::Get(GetRefund { provider_refund_id: id.into() }))
}

/// A subscription of a price that is there, for a customer who is there: one call.
pub(super) fn subscription() -> CreateSubscription {
    CreateSubscription {
        plan: SubscriptionPlan::Existing("price_1ExampleA".into()),
        customer: Some(Customer { id: Some("cus_ExampleA".into()), ..Customer::default() }),
        quantity: None,
        total_count: None,
        trial_days: None,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(super) fn plan() -> NewPlan {
    NewPlan { name: "Tea".into(), amount: usd("15"), interval: PlanInterval::Month, interval_count: 1 }
}

pub(super) fn subscribe(subscription: CreateSubscription) -> Operation {
    Operation::Subscription(SubscriptionOperation::Create(subscription))
}

pub(super) fn get_subscription(id: &str) -> Operation {
    let provider_subscription_id = id.into();
    Operation::Subscription(SubscriptionOperation::Get(GetSubscription { provider_subscription_id }))
}

pub(super) fn end_subscription(when: CancelWhen) -> Operation {
    let provider_subscription_id = "sub_1ExampleA".into();
    Operation::Subscription(SubscriptionOperation::Cancel(CancelSubscription {
        provider_subscription_id,
        when,
    }))
}

pub(super) fn link() -> CreatePaymentLink {
    CreatePaymentLink {
        amount: usd("20"),
        description: "Tea".into(),
        customer: None,
        expires_at: None,
        return_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(super) fn create_link(link: CreatePaymentLink) -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Create(link))
}

pub(super) fn get_link(id: &str) -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Get(GetPaymentLink { provider_link_id: id.into() }))
}

pub(super) fn payout(destination: PayoutDestination) -> CreatePayout {
    CreatePayout {
        amount: usd("11"),
        destination,
        purpose: None,
        narration: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(super) fn own_account(id: Option<&str>) -> PayoutDestination {
    PayoutDestination::ProviderAccount { id: id.map(Into::into) }
}

pub(super) fn connected_account() -> PayoutDestination {
    PayoutDestination::StripeAccount { account: "acct_1ExampleA".into() }
}

pub(super) fn pay_out(payout: CreatePayout) -> Operation {
    Operation::Payout(PayoutOperation::Create(payout))
}

pub(super) fn get_payout(id: &str) -> Operation {
    Operation::Payout(PayoutOperation::Get(GetPayout { provider_payout_id: id.into() }))
}

/// Returns the reply that a fixture holds.
pub(super) fn fixture(name: &str) -> Reply {
    let path = format!("{}/fixtures/stripe/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Reply { status: 200, headers: HeaderMap::new(), body: Bytes::from(body) }
}

/// Returns a fixture with these fields changed.
pub(super) fn changed(name: &str, changes: &serde_json::Value) -> Reply {
    let mut reply = fixture(name);
    let mut body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    reply.body = Bytes::from(serde_json::to_vec(&body).unwrap());
    reply
}

/// Plays an operation at Stripe.
#[track_caller]
pub(super) fn played(operation: &Operation, replies: &[Reply]) -> Played {
    let credentials = credentials();
    perform(&Stripe, operation, &context(&credentials), replies)
}

/// Returns how an operation at Stripe ends.
#[track_caller]
pub(super) fn ended(operation: &Operation, replies: &[Reply]) -> Outcome {
    played(operation, replies).outcome
}

/// Returns a form as it is read: brackets as brackets.
pub(super) fn form(request: &Request) -> Vec<String> {
    form_urlencoded::parse(body_text(request).as_bytes())
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// Returns a header's value.
pub(super) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(header, _)| header.as_str() == name).map(|(_, value)| value.as_str())
}
