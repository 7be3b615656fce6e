//! What happens beside PayPal's API: finds whose object an id is, and lets its noun say what a payer, a bank or time does with it.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    act::{Act, Acted, Noun},
    desk::Desk,
    payer::{Page, PayerDone, PayerRefusal},
};

use super::{
    Merchant, billing, invoice_acts, invoices, orders, payer, payout_run, refunds, subscription_acts,
};

/// Every merchant by client id.
type Merchants = HashMap<String, Merchant>;

/// What a payer can be asked to pay.
enum Payable<'m> {
    Order(&'m mut Merchant),
    Subscription(&'m mut Merchant),
    Invoice(&'m mut Merchant),
}

fn owner(merchants: &mut Merchants, has: impl Fn(&Merchant) -> bool) -> Result<&mut Merchant, PayerRefusal> {
    merchants.values_mut().find(|merchant| has(merchant)).ok_or(PayerRefusal::UnknownOrder)
}

fn payable<'m>(merchants: &'m mut Merchants, id: &str) -> Result<Payable<'m>, PayerRefusal> {
    let has = |merchant: &Merchant| {
        merchant.orders.get(id).is_some()
            || merchant.subscriptions.get(id).is_some()
            || merchant.invoices.get(id).is_some()
    };
    let merchant = owner(merchants, has)?;
    Ok(if merchant.subscriptions.get(id).is_some() {
        Payable::Subscription(merchant)
    } else if merchant.invoices.get(id).is_some() {
        Payable::Invoice(merchant)
    } else {
        Payable::Order(merchant)
    })
}

/// Does what a payer does with an order, a subscription or an invoice.
pub(super) fn pay(
    desk: &mut Desk,
    merchants: &mut Merchants,
    id: &str,
    act: payer::Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    match payable(merchants, id)? {
        Payable::Order(merchant) => payer::act(desk, merchant, id, act),
        Payable::Subscription(merchant) => subscription_acts::pay(desk, merchant, id, act),
        Payable::Invoice(merchant) => invoice_acts::pay_page_act(desk, merchant, id, act),
    }
}

/// Says what will become of an order's captures.
pub(super) fn foretell_capture(
    desk: &mut Desk,
    merchants: &mut Merchants,
    id: &str,
    outcome: &Value,
) -> Result<(), PayerRefusal> {
    let merchant = owner(merchants, |merchant| merchant.orders.get(id).is_some())?;
    payer::foretell_capture(desk, merchant, id, outcome)
}

/// Returns what the payer's page shows.
pub(super) fn page(desk: &mut Desk, merchants: &mut Merchants, id: &str) -> Option<Page> {
    match payable(merchants, id).ok()? {
        Payable::Order(merchant) => {
            orders::expire(desk, merchant, id);
            merchant.orders.get(id).map(payer::page)
        }
        Payable::Subscription(merchant) => merchant.subscriptions.get(id).map(subscription_acts::page),
        Payable::Invoice(merchant) => {
            invoices::settle(desk, merchant, id);
            merchant.invoices.get(id).map(|found| invoice_acts::page(found, merchant))
        }
    }
}

/// Does what the control call names.
pub(super) fn act(desk: &mut Desk, merchants: &mut Merchants, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    let id = act.id;
    match act.noun {
        Noun::Refunds => {
            let merchant = owner(merchants, |merchant| merchant.refunds.get(id).is_some())?;
            refunds::act(desk, merchant, act)
        }
        Noun::Subscriptions => {
            let merchant = owner(merchants, |merchant| merchant.subscriptions.get(id).is_some())?;
            subscription_acts::act(desk, merchant, act)
        }
        Noun::PaymentLinks => {
            let merchant = owner(merchants, |merchant| merchant.invoices.get(id).is_some())?;
            invoice_acts::act(desk, merchant, act)
        }
        Noun::Payouts => {
            let has = |merchant: &Merchant| {
                merchant.payouts.get(id).is_some() || merchant.payout_items.get(id).is_some()
            };
            payout_run::act(desk, owner(merchants, has)?, act)
        }
        Noun::Sms | Noun::Calls => Err(PayerRefusal::UnknownOrder),
    }
}

/// Lets happen what has become due by the clock.
pub(super) fn settle(desk: &mut Desk, merchants: &mut Merchants) {
    for merchant in merchants.values_mut() {
        for id in merchant.orders.ids() {
            orders::expire(desk, merchant, &id);
        }
        for id in merchant.refunds.ids() {
            refunds::settle(desk, merchant, &id);
        }
        for id in merchant.subscriptions.ids() {
            billing::run(desk, merchant, &id);
        }
        for id in merchant.invoices.ids() {
            invoices::settle(desk, merchant, &id);
        }
        for id in merchant.payouts.ids() {
            payout_run::run(desk, merchant, &id);
        }
    }
}
