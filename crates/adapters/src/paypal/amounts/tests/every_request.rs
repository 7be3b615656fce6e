//! Every currency and many amounts through every call that names one: exactly what was asked, or a named refusal.

use domain::{
    CreateOrder, CreatePaymentLink, CreatePayout, CreateRefund, CreateSubscription, Metadata, NewPlan,
    Operation, OrderOperation, PaymentLinkOperation, PayoutDestination, PayoutOperation, PlanInterval,
    RefundAmount, RefundOperation, RefundedPayment, SubscriptionOperation, SubscriptionPlan,
};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::credentials;
use crate::testing::{body_text, context, reply};
use crate::{Adapter as _, Step};

const AMOUNTS_A_CURRENCY: u64 = 10_000;
const MADE: &str = r#"{"id":"X-1"}"#;

/// Returns an operation that asks for the amount, and how many calls it makes before the one that names it.
fn operation(kind: u64, amount: Money) -> (Operation, usize) {
    match kind % 5 {
        0 => (Operation::Order(OrderOperation::Create(order(amount))), 0),
        1 => (Operation::Refund(RefundOperation::Create(refund(amount))), 0),
        2 => (Operation::Subscription(SubscriptionOperation::Create(subscription(amount))), 1),
        3 => (Operation::PaymentLink(PaymentLinkOperation::Create(link(amount))), 0),
        _ => (Operation::Payout(PayoutOperation::Create(payout(amount))), 0),
    }
}

fn order(amount: Money) -> CreateOrder {
    CreateOrder { amount, ..crate::paypal::tests::order() }
}

fn refund(amount: Money) -> CreateRefund {
    CreateRefund {
        payment: RefundedPayment::Payment { provider_payment_id: "3C6".into() },
        amount: Some(RefundAmount::Money(amount)),
        reason: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

fn subscription(amount: Money) -> CreateSubscription {
    let plan = NewPlan { name: "A".into(), amount, interval: PlanInterval::Month, interval_count: 1 };
    CreateSubscription {
        plan: SubscriptionPlan::New(plan),
        customer: None,
        quantity: None,
        total_count: None,
        trial_days: None,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

fn link(amount: Money) -> CreatePaymentLink {
    CreatePaymentLink {
        amount,
        description: "A".into(),
        customer: None,
        expires_at: None,
        return_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

fn payout(amount: Money) -> CreatePayout {
    CreatePayout {
        amount,
        destination: PayoutDestination::Email { address: "a@example.com".into() },
        purpose: None,
        narration: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

/// Returns the text of the one amount that a planned operation sends.
fn sent(operation: &Operation, calls_before: usize) -> Result<String, &'static str> {
    let credentials = credentials();
    let context = context(&credentials);
    let mut exchange = Paypal.plan(operation).map_err(|refusal| refusal.code)?;
    let mut step = exchange.begin(&context);
    for _ in 0..calls_before {
        step = exchange.resume(&context, &reply(201, MADE));
    }
    let Step::Call(request) = step else { panic!("{operation:?} made no call") };
    let body = body_text(&request);
    let mut values = body.split(r#""value":""#).skip(1);
    let value = values.next().and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    assert_eq!(values.next(), None, "{body}");
    assert!(body.contains(operation.amount().unwrap().currency().code()), "{body}");
    Ok(value)
}

/// Returns what PayPal must be told, worked out without the adapter.
fn expected(amount: Money) -> Result<String, &'static str> {
    let (minor, code) = (amount.minor(), amount.currency().code());
    match code {
        "HUF" | "TWD" if minor % 100 != 0 => Err("amount_too_precise"),
        "HUF" | "TWD" => Ok((minor / 100).to_string()),
        "JPY" => Ok(minor.to_string()),
        _ if WITH_TWO_DECIMALS.contains(&code) => Ok(format!("{}.{:02}", minor / 100, minor % 100)),
        _ => Err("unsupported_currency"),
    }
}

/// Returns every currency that ISO 4217 has minor units for.
fn currencies() -> Vec<Currency> {
    let letters = || 'A'..='Z';
    letters()
        .flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))))
        .filter_map(|code| Currency::parse(&code).ok())
        .collect()
}

#[test]
fn what_is_sent_is_what_was_asked_for_in_every_currency() {
    let currencies = currencies();
    assert!(currencies.len() > 150, "{}", currencies.len());
    // A fixed sequence (Knuth's MMIX generator): the same amounts on every run, of every length.
    let mut seed = 0x5eed_u64;
    let mut taken = 0_u64;
    for currency in currencies {
        for round in 0..AMOUNTS_A_CURRENCY {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let digits = u32::try_from(round % 17).unwrap();
            let minor = i64::try_from((seed >> 8) % 10_u64.pow(digits + 1)).unwrap();
            // Half of them whole, so that the currencies without decimals are not only refused.
            let minor = if round % 2 == 0 { minor } else { minor / 100 * 100 };
            let amount = Money::from_minor(minor.max(1), currency).unwrap();
            let (operation, calls_before) = operation(round, amount);
            match (sent(&operation, calls_before), expected(amount)) {
                (Ok(sent), expected) => {
                    assert_eq!(Ok(sent), expected, "{operation:?}");
                    taken += 1;
                }
                // Too large for PayPal, though exact.
                (Err("invalid_field"), Ok(text)) => {
                    let is_link = matches!(operation, Operation::PaymentLink(_));
                    let whole: i64 = text.split('.').next().unwrap().parse().unwrap();
                    assert!(whole >= 1_000_000_000_000_000 || (is_link && whole >= 1_000_000), "{text}");
                }
                (refused, expected) => assert_eq!(refused, expected, "{operation:?}"),
            }
        }
    }
    assert!(taken > 24 * AMOUNTS_A_CURRENCY / 2, "{taken}");
}
