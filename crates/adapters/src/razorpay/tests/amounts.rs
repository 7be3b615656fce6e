//! The law of amounts, held on every request that has one: what is asked for is what is sent, or nothing is.

use domain::{
    AmountNumber, Currency, Money, NewPlan, Operation, Outcome, PlanInterval, RefundAmount, SubscriptionPlan,
};
use serde::Deserialize;

use super::operations::{
    bank_account, create_link, give_back, link, of_payment, pay_out, payout, refund, subscribe, subscription,
};
use super::{create, credentials, order};
use crate::razorpay::{Razorpay, amounts};
use crate::testing::{context, reply};
use crate::{Adapter, Step};
use domain::{CreateOrder, CreatePaymentLink, CreatePayout};

const AMOUNTS_A_CURRENCY: u64 = 10_000;

#[derive(Deserialize)]
struct Sent {
    amount: Option<i64>,
    currency: Option<String>,
    item: Option<Box<Sent>>,
}

fn currencies() -> impl Iterator<Item = Currency> {
    let letters = || 'A'..='Z';
    letters()
        .flat_map(move |a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))))
        .filter_map(|code| Currency::parse(&code).ok())
}

/// The next of a sequence that looks random and is the same in every run.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// An amount of any size: most are small, as they are in life.
fn amount(seed: &mut u64, currency: Currency) -> Money {
    let bits = next(seed) % 62 + 1;
    let minor = i64::try_from(next(seed) >> (64 - bits)).unwrap().max(1);
    Money::from_minor(minor, currency).unwrap()
}

fn operation(turn: u64, amount: Money) -> Operation {
    match turn % 6 {
        0 => create(CreateOrder { amount, ..order() }),
        1 => create_link(CreatePaymentLink { amount, ..link() }),
        2 => give_back(refund(of_payment(), Some(RefundAmount::Money(amount)))),
        3 => {
            let number = AmountNumber::parse(&amount.to_string()).unwrap();
            give_back(refund(of_payment(), Some(RefundAmount::Number(number))))
        }
        4 => {
            let plan =
                NewPlan { name: "Tea".into(), amount, interval: PlanInterval::Month, interval_count: 1 };
            subscribe(subscription(SubscriptionPlan::New(plan)))
        }
        _ => pay_out(CreatePayout { amount, ..payout(bank_account()) }),
    }
}

/// Returns the units sent, or the code of the refusal with which nothing was.
fn sent(operation: &Operation, currency: Currency) -> Result<Sent, &'static str> {
    let credentials = credentials();
    let context = context(&credentials);
    let mut exchange = Razorpay.plan(operation).map_err(|refusal| refusal.code)?;
    let mut step = exchange.begin(&context);
    for _ in 0..2 {
        match step {
            Step::Done(Outcome::Rejected(refusal)) => return Err(refusal.code),
            Step::Done(other) => panic!("{other:?}"),
            Step::Call(request) if !request.body.is_empty() => {
                let body: Sent = serde_json::from_slice(&request.body).unwrap();
                // A plan's amount stands in its item.
                return Ok(match body.item {
                    Some(item) => *item,
                    None => body,
                });
            }
            Step::Call(_) => {
                let payment = format!(
                    r#"{{"id":"pay_1","amount":1,"currency":"{currency}","status":"captured","captured":true}}"#
                );
                step = exchange.resume(&context, &reply(200, &payment));
            }
        }
    }
    panic!("{operation:?} sends nothing");
}

#[test]
fn what_is_asked_for_is_what_is_sent_in_every_currency_or_nothing_is() {
    let named = ["unsupported_currency", "amount_too_precise", "invalid_field", "operation_not_supported"];
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let (mut currencies_seen, mut were_sent) = (0, 0_u64);
    for currency in currencies() {
        currencies_seen += 1;
        for turn in 0..AMOUNTS_A_CURRENCY {
            let asked = amount(&mut seed, currency);
            match sent(&operation(turn, asked), currency) {
                Ok(body) => {
                    let units = body.amount.unwrap();
                    let told = amounts::unit(currency).unwrap().amount(units, currency);
                    assert_eq!(told, Some(asked), "{turn}: {asked} {currency}");
                    assert!(body.currency.is_none_or(|code| code == currency.code()));
                    were_sent += 1;
                }
                Err(code) => assert!(named.contains(&code), "{turn}: {asked} {currency}: {code}"),
            }
        }
    }
    assert!(currencies_seen > 150 && were_sent > 500_000, "{currencies_seen} {were_sent}");
}
