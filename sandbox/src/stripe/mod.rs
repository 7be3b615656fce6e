//! Stripe: authentication, versions, form decoding, idempotency, routing and the accounts behind the keys.

mod account;
mod acts;
mod bank;
mod billing;
mod calendar;
mod charges;
mod checkout;
mod currencies;
mod customers;
mod cycle;
mod effects;
mod expansion;
mod form;
mod idempotency;
mod intent;
mod invoice;
mod keys;
mod ledger;
mod objects;
mod order_steps;
mod orders;
mod pages;
mod parameters;
mod payer;
mod payment_link;
mod payment_links;
mod payment_methods;
mod payout;
mod payouts;
mod price;
mod prices;
mod products;
mod refund;
mod refunds;
mod refusal;
mod subscription;
mod subscription_acts;
mod subscription_request;
mod subscriptions;
mod transfers;
mod versions;

use std::collections::HashMap;

use http::{HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};

use crate::{
    act::{Act, Acted},
    desk::Desk,
    exchange::{Answer, Incoming},
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
    provider::{Recognised, Simulation},
    random::Random,
    routes::{self, Route},
    shelf::Shelf,
};

use self::{
    charges::Charge,
    checkout::Session,
    customers::Customer,
    idempotency::{Keyed, Stored},
    intent::Intent,
    invoice::Invoice,
    keys::{account_id, check_key, key_of},
    ledger::Ledger,
    parameters::{Parameter, Parameters},
    payment_link::PaymentLink,
    payment_methods::PaymentMethod,
    payout::Payout,
    price::Price,
    products::Product,
    refund::Refund,
    refusal::Refusal,
    subscription::Subscription,
    transfers::Transfer,
};

type Handler = fn(&mut Call<'_>) -> Result<Value, Refusal>;

/// Every route, a table a noun.
const TABLES: [&[Route<Handler>]; 13] = [
    orders::ROUTES,
    account::ROUTES,
    charges::ROUTES,
    refunds::ROUTES,
    customers::ROUTES,
    products::ROUTES,
    prices::ROUTES,
    subscriptions::ROUTES,
    invoice::ROUTES,
    payment_links::ROUTES,
    checkout::ROUTES,
    payouts::ROUTES,
    transfers::ROUTES,
];
/// The version of an account that sends none; the shipped specification is of this date.
const DEFAULT_VERSION: &str = "2023-08-16";

/// The simulated Stripe.
#[derive(Debug, Default)]
pub(crate) struct Stripe {
    /// By secret key.
    accounts: HashMap<String, Account>,
}

/// One secret key with all that was made under it.
#[derive(Debug, Default)]
struct Account {
    id: String,
    is_live: bool,
    created: i64,
    intents: Shelf<Intent>,
    charges: Shelf<Charge>,
    methods: Shelf<PaymentMethod>,
    refunds: Shelf<Refund>,
    customers: Shelf<Customer>,
    products: Shelf<Product>,
    prices: Shelf<Price>,
    /// The ids of prices by their lookup keys.
    lookup_keys: Shelf<String>,
    subscriptions: Shelf<Subscription>,
    invoices: Shelf<Invoice>,
    links: Shelf<PaymentLink>,
    sessions: Shelf<Session>,
    payouts: Shelf<Payout>,
    transfers: Shelf<Transfer>,
    ledger: Ledger,
    stored: Stored,
}

/// An authenticated, decoded request on its way through a handler.
struct Call<'a> {
    desk: &'a mut Desk,
    account: &'a mut Account,
    id: &'a str,
    parameters: Map<String, Value>,
    version: &'a str,
}

impl Call<'_> {
    /// Returns the parameters, checked against a table.
    fn read(&mut self, table: &[Parameter]) -> Result<Parameters, Refusal> {
        Parameters::checked(std::mem::take(&mut self.parameters), table)
    }

    /// Returns the answer to an id in the path that nothing has.
    fn missing(&self, noun: &str) -> Refusal {
        Refusal::no_such(StatusCode::NOT_FOUND, noun, self.id, "id")
    }

    /// Returns an object that is there as the request wants to see it.
    fn shown(&self, id: &str, given: &Parameters) -> Value {
        let mut shown = self.account.object(id).unwrap_or_default();
        expansion::expand(self.account, &mut shown, given);
        shown
    }
}

impl Stripe {
    fn authenticate(&mut self, incoming: &Incoming, now: i64) -> Result<&mut Account, Refusal> {
        let key = key_of(incoming).ok_or_else(keys::no_key)?;
        let is_live = check_key(&key)? == "live";
        Ok(self.accounts.entry(key).or_insert_with_key(|key| Account {
            id: account_id(key),
            is_live,
            created: now,
            ..Account::default()
        }))
    }

    fn execute(&mut self, desk: &mut Desk, incoming: &Incoming) -> Result<Answer, Refusal> {
        let now = desk.now();
        let account = self.authenticate(incoming, now)?;
        let is_live = account.is_live;
        let method = incoming.method.as_str();
        let (route, id) =
            routes::find(&TABLES, method, &incoming.path).ok_or_else(|| unknown_url(incoming))?;
        let version = check_version(incoming)?;
        let request_id = desk.request_id().to_owned();
        let key = (incoming.method == Method::POST).then(|| incoming.header("idempotency-key")).flatten();
        let is_in_use = desk.key_is_in_use();
        let keyed = key.map(|key| Keyed { key, incoming, request_id: &request_id, now, is_in_use });
        if let Some(keyed) = &keyed
            && let Some(answer) = account.stored.replay(keyed)?
        {
            return Ok(answer);
        }
        let parameters = decode(incoming)?;
        let result = (route.handler)(&mut Call { desk, account, id, parameters, version });
        let (answer, has_begun) = match result {
            Ok(mut body) => {
                versions::shape(&mut body, version);
                (Answer::json(StatusCode::OK, &body), true)
            }
            Err(refusal) => {
                let has_begun = refusal.has_begun;
                (self.explain(refusal, id, is_live).to_answer(), has_begun)
            }
        };
        if has_begun && let Some(keyed) = &keyed {
            self.authenticate(incoming, now)?.stored.store(keyed, &answer);
        }
        Ok(answer)
    }

    /// Says it when a live key asks for an object that a test key made.
    fn explain(&self, refusal: Refusal, id: &str, is_live: bool) -> Refusal {
        let is_in_test_mode = |account: &Account| !account.is_live && account.has(id);
        if is_live && self.accounts.values().any(is_in_test_mode) {
            return refusal.with_addition(
                "; a similar object exists in test mode, but a live mode key was used to make this request.",
            );
        }
        refusal
    }

    fn account_with(&mut self, id: &str) -> Option<&mut Account> {
        self.accounts.values_mut().find(|account| account.has(id))
    }
}

impl Simulation for Stripe {
    fn operations(&self) -> Vec<&'static str> {
        routes::operations(&TABLES)
    }

    fn recognise(&self, head: &Incoming) -> Recognised {
        let is_post = head.method == Method::POST;
        Recognised {
            operation: routes::find(&TABLES, head.method.as_str(), &head.path)
                .map(|(route, _)| route.operation),
            merchant: key_of(head).map(|key| account_id(&key)),
            idempotency_key: head.header("idempotency-key").filter(|_| is_post).map(str::to_owned),
            guards_key: true,
        }
    }

    fn request_id(&self, random: &mut Random) -> String {
        format!("req_{}", random.base62(14))
    }

    fn answer(&mut self, desk: &mut Desk, incoming: &Incoming) -> Answer {
        let mut answer = match self.execute(desk, incoming) {
            Ok(answer) => answer,
            Err(refusal) => refusal.to_answer(),
        };
        answer = answer
            .with_header("request-id", desk.request_id())
            .with_header("stripe-version", incoming.header("stripe-version").unwrap_or(DEFAULT_VERSION));
        match incoming.header("idempotency-key") {
            Some(key) => answer.with_header("idempotency-key", key),
            None => answer,
        }
    }

    fn pay(
        &mut self,
        desk: &mut Desk,
        id: &str,
        action: PayerAction,
        amount: Option<&Value>,
    ) -> Result<PayerDone, PayerRefusal> {
        let account = self.account_with(id).ok_or(PayerRefusal::UnknownOrder)?;
        payer::act(desk, account, id, payer::Act { action, amount })
    }

    fn act(&mut self, desk: &mut Desk, act: Act<'_>) -> Result<Acted, PayerRefusal> {
        let account = self.account_with(act.id).ok_or(PayerRefusal::UnknownOrder)?;
        acts::act(desk, account, act)
    }

    fn page(&mut self, desk: &mut Desk, id: &str) -> Option<Page> {
        let account = self.account_with(id)?;
        payer::page(desk, account, id)
    }

    fn settle(&mut self, desk: &mut Desk) {
        for account in self.accounts.values_mut() {
            bank::settle_all(desk, account);
            refund::settle_all(desk, account);
            cycle::settle_all(desk, account);
            checkout::settle_all(desk, account);
            payout::settle_all(desk, account);
        }
    }

    fn forget(&mut self) {
        self.accounts.clear();
    }

    /// A Stripe key is known by the account that it opens, so that no record shows the key.
    fn merchant_alias(&self, merchant: &str) -> String {
        if check_key(merchant).is_ok() { account_id(merchant) } else { merchant.to_owned() }
    }

    fn fault_headers(&self, request_id: &str) -> Vec<(&'static str, HeaderValue)> {
        HeaderValue::from_str(request_id).map(|id| vec![("request-id", id)]).unwrap_or_default()
    }
}

fn unknown_url(incoming: &Incoming) -> Refusal {
    let message = format!(
        "Unrecognized request URL ({}: {}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        incoming.method, incoming.path
    );
    Refusal::request(StatusCode::NOT_FOUND, None, message)
}

fn check_version(incoming: &Incoming) -> Result<&str, Refusal> {
    let version = incoming.header("stripe-version").unwrap_or(DEFAULT_VERSION);
    let date = version.split('.').next().unwrap_or_default();
    let is_date = date.len() == 10
        && date.bytes().enumerate().all(|(position, byte)| match position {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if is_date {
        return Ok(version);
    }
    Err(Refusal::request(StatusCode::BAD_REQUEST, None, format!("Invalid Stripe API version: {version}")))
}

fn decode(incoming: &Incoming) -> Result<Map<String, Value>, Refusal> {
    // The parameters of a DELETE may come in either place.
    let is_in_query = match incoming.method {
        Method::GET => true,
        Method::DELETE => incoming.body.is_empty(),
        _ => false,
    };
    let pairs = if is_in_query {
        incoming.query_pairs()
    } else if incoming.has_content_type("application/json") {
        let message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.";
        return Err(Refusal::request(StatusCode::BAD_REQUEST, None, message));
    } else {
        incoming.form_pairs()
    };
    form::nest(pairs).map_err(|name| {
        let message = format!("Received unknown parameter: {name}");
        Refusal::parameter(Some("parameter_unknown"), &name, message)
    })
}
