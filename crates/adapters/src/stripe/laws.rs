//! The law of amounts: in every currency there is and for every noun, the request holds what was asked for, or nothing is
//! sent and the refusal has a name.

use domain::{
    CreateOrder, CreatePaymentLink, CreatePayout, CreateRefund, CreateSubscription, Currency, Money, NewPlan,
    Operation, RefundAmount, SubscriptionPlan,
};

use super::*;
use crate::stripe::samples::{
    connected_account, create_link, link, order_refund, own_account, pay_out, payout, plan, refund,
    subscribe, subscription,
};
use crate::stripe::tests::{create, credentials, order};
use crate::testing::{body_text, context};
use crate::{Context, Step};

/// Amounts tried in each currency.
const AMOUNTS: u64 = 10_000;

/// Returns every currency of ISO 4217 that has a minor unit.
fn currencies() -> Vec<Currency> {
    let letters = || 'A'..='Z';
    letters()
        .flat_map(|first| {
            letters().flat_map(move |second| letters().map(move |third| [first, second, third]))
        })
        .filter_map(|code| Currency::parse(&code.iter().collect::<String>()).ok())
        .collect()
}

/// Every noun's way of asking for an amount, and the field that holds it.
fn ways(amount: Money) -> [(Operation, &'static str); 6] {
    let new_plan = SubscriptionPlan::New(NewPlan { amount, ..plan() });
    [
        (create(CreateOrder { amount, ..order() }), "amount"),
        (refund(CreateRefund { amount: Some(RefundAmount::Money(amount)), ..order_refund() }), "amount"),
        (subscribe(CreateSubscription { plan: new_plan, ..subscription() }), "unit_amount"),
        (create_link(CreatePaymentLink { amount, ..link() }), "unit_amount"),
        (pay_out(CreatePayout { amount, ..payout(own_account(None)) }), "amount"),
        (pay_out(CreatePayout { amount, ..payout(connected_account()) }), "amount"),
    ]
}

/// Returns Stripe's decimals as its documentation lists them, written down a second time.
fn decimals(code: &str) -> u32 {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[track_caller]
fn check(operation: &Operation, field: &str, asked: Money, context: &Context<'_>) -> bool {
    let mut exchange = match Stripe.plan(operation) {
        Ok(exchange) => exchange,
        Err(refusal) => {
            let named = ["unsupported_currency", "amount_too_precise", "invalid_field"];
            assert!(named.contains(&refusal.code), "{refusal:?}");
            return false;
        }
    };
    let Step::Call(request) = exchange.begin(context) else { panic!("{operation:?}") };
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(body_text(&request).as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(field, _)| field == name).map(|(_, value)| &**value);
    let code = asked.currency().code();
    // A refund is in the currency of its payment.
    let currency = value("currency").map(str::to_ascii_uppercase);
    let expected = (!matches!(operation, Operation::Refund(_))).then(|| code.to_owned());
    assert_eq!(currency, expected);
    // Both sides in millionths of a unit.
    let told = value(field).unwrap().parse::<i128>().unwrap() * 10_i128.pow(6 - decimals(code));
    let meant = i128::from(asked.minor()) * 10_i128.pow(6 - u32::from(asked.currency().decimals()));
    assert_eq!(told, meant, "{asked} {code}");
    true
}

#[test]
fn what_is_sent_is_what_was_asked_for_in_every_currency() {
    let credentials = credentials();
    let context = context(&credentials);
    let all = currencies();
    assert!(all.len() > 150, "{}", all.len());
    // A seeded sequence: the same amounts on every machine, of every size.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut sent = 0_u64;
    for currency in &all {
        for turn in 0..AMOUNTS {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let size = 10_u64.pow(u32::try_from(turn % 15).unwrap() + 1);
            let minor = i64::try_from((state >> 11) % size).unwrap().max(1);
            let asked = Money::from_minor(minor, *currency).unwrap();
            let way = usize::try_from(turn / 15 % 6).unwrap();
            let (operation, field) = ways(asked).into_iter().nth(way).unwrap();
            sent += u64::from(check(&operation, field, asked, &context));
        }
    }
    // Most currencies are taken as they are: the law is no law of refusals.
    assert!(sent * 10 > u64::try_from(all.len()).unwrap() * AMOUNTS * 8, "{sent}");
}
