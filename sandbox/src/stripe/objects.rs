//! Finding any object of an account by its id, whose prefix says what it is.

use serde_json::Value;

use super::{
    Account, customers::Customer, invoice::Invoice, payment_link::PaymentLink,
    payment_methods::PaymentMethod, payout::Payout, price::Price, products::Product, refund::Refund,
    subscription::Subscription, transfers::Transfer,
};

impl Account {
    /// Returns the object with this id as Stripe writes it.
    pub(super) fn object(&self, id: &str) -> Option<Value> {
        let prefix = id.split('_').next()?;
        match prefix {
            "pi" => self.intents.get(id).map(super::Intent::to_json),
            "ch" => self.charges.get(id).map(super::Charge::to_json),
            "pm" => self.methods.get(id).map(PaymentMethod::to_json),
            "re" => self.refunds.get(id).map(Refund::to_json),
            "cus" => self.customers.get(id).map(Customer::to_json),
            "price" => self.prices.get(id).map(Price::to_json),
            "sub" => self.subscriptions.get(id).map(Subscription::to_json),
            "in" => self.invoices.get(id).map(Invoice::to_json),
            "plink" => self.links.get(id).map(PaymentLink::to_json),
            "cs" => self.sessions.get(id).map(|session| session.to_json(self)),
            "po" => self.payouts.get(id).map(Payout::to_json),
            "tr" => self.transfers.get(id).map(Transfer::to_json),
            // A product may have an id of the caller's own choice.
            _ => self.products.get(id).map(Product::to_json),
        }
    }

    /// Tells whether the account has an object with this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.object(id).is_some()
    }

    /// Returns the id of the account's own bank account for a currency.
    pub(super) fn bank_account(&self, currency: &str) -> String {
        format!("ba_1{}", crate::random::named(&format!("{}{currency}", self.id), 23))
    }

    /// Returns the id of the account's own debit card for a currency, which instant payouts can go to.
    pub(super) fn debit_card(&self, currency: &str) -> String {
        format!("card_1{}", crate::random::named(&format!("{}{currency}card", self.id), 23))
    }
}
