//! From which outcomes another provider may serve, and which operations are nobody's own.

use std::time::Duration;

use domain::{
    CaptureMode, CreateOrder, CreatePayout, CreateSubscription, Currency, Metadata, Money, NewPlan,
    PlanInterval, Rejection, RejectionClass, Unknown,
};

use super::*;

fn rejected(class: RejectionClass, code: &'static str) -> Outcome {
    let retry_after = Some(Duration::from_secs(1));
    Outcome::Rejected(Rejection { retry_after, ..Rejection::new(class, code, "") })
}

#[test]
fn only_what_certainly_did_nothing_is_served_by_another() {
    for (outcome, reason) in [
        (Outcome::NotSent(NotSent::Unreachable), Some("provider_unreachable")),
        (Outcome::NotSent(NotSent::CircuitOpen), Some("circuit_open")),
        (Outcome::NotSent(NotSent::Overloaded), Some("overloaded")),
        (rejected(RejectionClass::RateLimited, "provider_rate_limit"), Some("provider_rate_limit")),
        (rejected(RejectionClass::Unavailable, "provider_error"), Some("provider_error")),
        (
            rejected(RejectionClass::Credentials, "provider_credentials_rejected"),
            Some("provider_credentials_rejected"),
        ),
        // Nobody has time left.
        (Outcome::NotSent(NotSent::DeadlinePassed), None),
        (Outcome::NotSent(NotSent::NeverArrived), None),
        (Outcome::NotSent(NotSent::NotBegun), None),
        // It may have been done.
        (Outcome::Unknown(Unknown::TimedOut), None),
        (Outcome::Unknown(Unknown::Disconnected), None),
        (Outcome::Unknown(Unknown::Unreadable { status: 503 }), None),
        // It is about this request or this payer, whoever serves.
        (rejected(RejectionClass::Declined, "card_declined"), None),
        (rejected(RejectionClass::InvalidRequest, "invalid_field"), None),
        (rejected(RejectionClass::Refused, "provider_rejected"), None),
        (rejected(RejectionClass::Conflict, "already_refunded"), None),
        (rejected(RejectionClass::NotFound, "order_not_found"), None),
    ] {
        assert_eq!(not_executed(&outcome), reason, "{outcome:?}");
    }
}

fn amount() -> Money {
    Money::parse("5", Currency::USD).unwrap()
}

fn order(customer: Option<Customer>) -> Operation {
    Operation::Order(OrderOperation::Create(CreateOrder {
        amount: amount(),
        description: None,
        customer,
        capture: CaptureMode::Automatic,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn subscription(plan: SubscriptionPlan) -> Operation {
    Operation::Subscription(SubscriptionOperation::Create(CreateSubscription {
        plan,
        customer: None,
        quantity: None,
        total_count: None,
        trial_days: None,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn payout(destination: PayoutDestination) -> Operation {
    Operation::Payout(PayoutOperation::Create(CreatePayout {
        amount: amount(),
        destination,
        purpose: None,
        narration: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

#[test]
fn what_only_one_provider_has_is_not_taken_to_another() {
    let plan =
        NewPlan { name: "Basic".into(), amount: amount(), interval: PlanInterval::Month, interval_count: 1 };
    let known = Customer { id: Some("cus_1".into()), ..Customer::default() };
    let cancel = OrderOperation::Cancel(domain::CancelOrder { provider_order_id: "pi_1".into() });
    for (operation, expected) in [
        (order(None), true),
        (order(Some(Customer { email: Some("a@example.com".into()), ..Customer::default() })), true),
        (order(Some(known)), false),
        (Operation::Order(cancel), false),
        (subscription(SubscriptionPlan::New(plan)), true),
        (subscription(SubscriptionPlan::Existing("plan_1".into())), false),
        (payout(PayoutDestination::Email { address: "a@example.com".into() }), true),
        (payout(PayoutDestination::ProviderAccount { id: None }), false),
    ] {
        assert_eq!(is_portable(&operation), expected, "{operation:?}");
    }
}
