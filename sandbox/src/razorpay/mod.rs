//! Razorpay: authentication, routing and the merchants, each with its own objects.

mod acts;
mod contacts;
mod currencies;
mod fields;
mod fund_accounts;
mod lists;
mod orders;
mod payer;
mod payment_link;
mod payment_links;
mod payments;
mod payout;
mod payout_reasons;
mod payouts;
mod plans;
mod refunds;
mod refusal;
mod replays;
mod subscription;
mod subscription_life;
mod subscriptions;

use std::collections::HashMap;

use http::{HeaderValue, StatusCode};
use serde_json::Value;

use crate::{
    act::{Act, Acted},
    credentials,
    desk::Desk,
    exchange::{Answer, Incoming},
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
    provider::{Recognised, Simulation},
    random::Random,
    routes::{self, Route},
    shelf::Shelf,
};

use self::{
    contacts::Contact, fund_accounts::FundAccount, orders::Order, payment_link::PaymentLink,
    payments::Payment, payout::Payout, plans::Plan, refunds::Refund, refusal::Refusal, replays::Replays,
    subscription::Subscription,
};

type Handler = fn(&mut Call<'_>) -> Result<Value, Refusal>;

/// Every route, a table a noun.
const TABLES: [&[Route<Handler>]; 9] = [
    orders::ROUTES,
    payments::ROUTES,
    refunds::ROUTES,
    plans::ROUTES,
    subscriptions::ROUTES,
    payment_links::ROUTES,
    contacts::ROUTES,
    fund_accounts::ROUTES,
    payouts::ROUTES,
];

/// The simulated Razorpay.
#[derive(Debug, Default)]
pub(crate) struct Razorpay {
    merchants: HashMap<String, Merchant>,
}

/// One key id with all that was made under it.
#[derive(Debug, Default)]
struct Merchant {
    key_id: String,
    secret: String,
    orders: Shelf<Order>,
    payments: Shelf<Payment>,
    refunds: Shelf<Refund>,
    /// Idempotency keys of refunds, with the answers that came first.
    refund_keys: Replays<Value>,
    plans: Shelf<Plan>,
    subscriptions: Shelf<Subscription>,
    payment_links: Shelf<PaymentLink>,
    /// The reference ids that payment links have used up.
    link_references: Shelf<()>,
    contacts: Shelf<Contact>,
    /// Ids of contacts by their content.
    contact_contents: Shelf<String>,
    fund_accounts: Shelf<FundAccount>,
    /// Ids of fund accounts by their content.
    fund_account_contents: Shelf<String>,
    payouts: Shelf<Payout>,
    /// Idempotency keys of payouts, with the payouts' ids.
    payout_keys: Replays<String>,
    /// The number of the RazorpayX account.
    payout_account: Option<String>,
    /// What payouts have taken from that account, in paise.
    paid_out: i64,
}

/// An authenticated request on its way through a handler.
struct Call<'a> {
    desk: &'a mut Desk,
    merchant: &'a mut Merchant,
    incoming: &'a Incoming,
    id: &'a str,
}

impl Razorpay {
    fn authenticate(&mut self, incoming: &Incoming) -> Result<&mut Merchant, Refusal> {
        let (key_id, secret) = incoming
            .header("authorization")
            .and_then(credentials::basic)
            .ok_or_else(Refusal::unauthorized)?;
        if !is_key_id(&key_id) || !credentials::is_alphanumeric(&secret) {
            return Err(Refusal::unauthorized());
        }
        let merchant = self.merchants.entry(key_id).or_insert_with_key(|key_id| Merchant {
            key_id: key_id.clone(),
            secret: secret.clone(),
            ..Merchant::default()
        });
        // The first secret seen with a key id is the right one from then on.
        if merchant.secret == secret { Ok(merchant) } else { Err(Refusal::unauthorized()) }
    }

    fn execute(&mut self, desk: &mut Desk, incoming: &Incoming) -> Result<Value, Refusal> {
        // The documentation writes some routes with a trailing slash; both are taken.
        let path = incoming.path.strip_suffix('/').unwrap_or(&incoming.path);
        let (route, id) =
            routes::find(&TABLES, incoming.method.as_str(), path).ok_or_else(Refusal::url_not_found)?;
        let merchant = self.authenticate(incoming)?;
        if feature_of(route.operation)
            .is_some_and(|feature| desk.settings.razorpay_disabled_features.contains(&feature))
        {
            return Err(Refusal::url_not_found());
        }
        (route.handler)(&mut Call { desk, merchant, incoming, id })
    }

    /// Returns the merchant that has something.
    fn merchant_with(&mut self, has: impl Fn(&Merchant) -> bool) -> Option<&mut Merchant> {
        self.merchants.values_mut().find(|merchant| has(merchant))
    }
}

impl Simulation for Razorpay {
    fn operations(&self) -> Vec<&'static str> {
        routes::operations(&TABLES)
    }

    fn recognise(&self, head: &Incoming) -> Recognised {
        let path = head.path.strip_suffix('/').unwrap_or(&head.path);
        let operation = routes::find(&TABLES, head.method.as_str(), path).map(|(route, _)| route.operation);
        // Each has a header of its own; the rest takes no key.
        let header = match operation {
            Some("refunds.create") => Some("x-refund-idempotency"),
            Some("payouts.create") => Some("x-payout-idempotency"),
            _ => None,
        };
        Recognised {
            operation,
            merchant: head.header("authorization").and_then(credentials::basic).map(|(key_id, _)| key_id),
            idempotency_key: header.and_then(|name| head.header(name)).map(str::to_owned),
            guards_key: operation == Some("refunds.create"),
        }
    }

    fn request_id(&self, random: &mut Random) -> String {
        format!("req_{}", random.base62(14))
    }

    fn answer(&mut self, desk: &mut Desk, incoming: &Incoming) -> Answer {
        match self.execute(desk, incoming) {
            // Every success is 200, creates included.
            Ok(body) => Answer::json(StatusCode::OK, &body),
            Err(refusal) => refusal.to_answer(),
        }
    }

    fn pay(
        &mut self,
        desk: &mut Desk,
        id: &str,
        action: PayerAction,
        amount: Option<&Value>,
    ) -> Result<PayerDone, PayerRefusal> {
        self.pay_for(desk, id, (action, amount))
    }

    fn act(&mut self, desk: &mut Desk, act: Act<'_>) -> Result<Acted, PayerRefusal> {
        self.act_on(desk, act)
    }

    fn page(&mut self, desk: &mut Desk, id: &str) -> Option<Page> {
        self.page_of(desk, id)
    }

    fn settle(&mut self, desk: &mut Desk) {
        self.settle_all(desk);
    }

    fn forget(&mut self) {
        self.merchants.clear();
    }

    fn fault_headers(&self, _request_id: &str) -> Vec<(&'static str, HeaderValue)> {
        Vec::new()
    }
}

/// Returns the feature that an account needs for an operation; none where every account can do it.
fn feature_of(operation: &str) -> Option<&'static str> {
    match operation.split('.').next() {
        Some("plans" | "subscriptions") => Some("subscriptions"),
        Some("payment_links") => Some("payment_links"),
        Some("contacts" | "fund_accounts" | "payouts") => Some("payouts"),
        _ => None,
    }
}

/// A key id is `rzp_test_` or `rzp_live_` and 14 letters and digits; a longer tail is not ruled out anywhere.
fn is_key_id(text: &str) -> bool {
    ["rzp_test_", "rzp_live_"]
        .iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .any(|tail| tail.len() >= 14 && credentials::is_alphanumeric(tail))
}
