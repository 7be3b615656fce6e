//! Where a control call or a payer's act goes: to the merchant that has the object, and to the object's noun.

use serde_json::Value;

use crate::{
    act::{Act, Acted, Noun},
    desk::Desk,
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
};

use super::{Merchant, Razorpay, payer, payment_links, payments, payout, refunds, subscription_life};

impl Razorpay {
    /// Does an act of the control route.
    pub(super) fn act_on(&mut self, desk: &mut Desk, act: Act<'_>) -> Result<Acted, PayerRefusal> {
        let id = act.id;
        let has = |merchant: &Merchant| match act.noun {
            Noun::Refunds => merchant.refunds.get(id).is_some(),
            Noun::Subscriptions => merchant.subscriptions.get(id).is_some(),
            Noun::PaymentLinks => merchant.payment_links.get(id).is_some(),
            Noun::Payouts => merchant.payouts.get(id).is_some(),
            Noun::Sms | Noun::Calls => false,
        };
        let merchant = self.merchant_with(has).ok_or(PayerRefusal::UnknownOrder)?;
        match act.noun {
            Noun::Refunds => refunds::act(desk, merchant, act),
            Noun::Subscriptions => subscription_life::act(desk, merchant, act),
            Noun::PaymentLinks => payment_links::act(desk, merchant, act),
            Noun::Payouts => payout::act(desk, merchant, act),
            Noun::Sms | Noun::Calls => Err(PayerRefusal::UnknownOrder),
        }
    }

    /// Does what a payer does with an order, a payment link or a subscription.
    pub(super) fn pay_for(
        &mut self,
        desk: &mut Desk,
        id: &str,
        (action, amount): (PayerAction, Option<&Value>),
    ) -> Result<PayerDone, PayerRefusal> {
        let merchant = self.merchant_with(|merchant| is_payable(merchant, id));
        let merchant = merchant.ok_or(PayerRefusal::UnknownOrder)?;
        if merchant.subscriptions.get(id).is_some() {
            return if amount.is_none() {
                subscription_life::pay(desk, merchant, id, action)
            } else {
                Err(PayerRefusal::amount("a subscription's amount is its plan's"))
            };
        }
        // The order behind a payment link is paid by paying the link.
        let link_of_order = merchant.orders.get(id).and_then(|order| order.link_id.clone());
        let link_id = link_of_order.unwrap_or_else(|| id.to_owned());
        if merchant.payment_links.get(&link_id).is_some() {
            return payment_links::pay(desk, merchant, &link_id, (action, amount));
        }
        payer::act(desk, merchant, id, payer::Act { action, amount })
    }

    /// Returns the payer's page of an order, a payment link or a subscription.
    pub(super) fn page_of(&mut self, desk: &mut Desk, id: &str) -> Option<Page> {
        let merchant = self.merchant_with(|merchant| is_payable(merchant, id))?;
        payment_links::settle(desk, merchant, id);
        subscription_life::settle(desk, merchant, id);
        let link = merchant.payment_links.get(id).map(payment_links::page);
        let subscription = || merchant.subscriptions.get(id).map(subscription_life::page);
        link.or_else(subscription).or_else(|| merchant.orders.get(id).map(payer::page))
    }

    /// Lets happen everything that is due.
    pub(super) fn settle_all(&mut self, desk: &mut Desk) {
        for merchant in self.merchants.values_mut() {
            for id in merchant.payments.ids() {
                payments::expire(desk, merchant, &id);
            }
            for id in merchant.refunds.ids() {
                refunds::settle(desk, merchant, &id);
            }
            for id in merchant.payment_links.ids() {
                payment_links::settle(desk, merchant, &id);
            }
            for id in merchant.subscriptions.ids() {
                subscription_life::settle(desk, merchant, &id);
            }
            for id in merchant.payouts.ids() {
                payout::settle(desk, merchant, &id);
            }
        }
    }
}

fn is_payable(merchant: &Merchant, id: &str) -> bool {
    merchant.orders.get(id).is_some()
        || merchant.payment_links.get(id).is_some()
        || merchant.subscriptions.get(id).is_some()
}
