//! Stripe: authentication, versions, form decoding, idempotency, routing and the accounts behind the keys.

mod account;
mod bank;
mod charges;
mod currencies;
mod form;
mod idempotency;
mod intent;
mod order_steps;
mod orders;
mod parameters;
mod payer;
mod payment_methods;
mod refusal;

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};

use crate::{
    act::{Act, Acted},
    credentials,
    desk::Desk,
    exchange::{Answer, Incoming},
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
    provider::{Recognised, Simulation},
    random::{self, Random},
    routes::{self, Route},
    shelf::Shelf,
};

use self::{
    charges::Charge,
    idempotency::{Keyed, Stored},
    intent::Intent,
    payment_methods::PaymentMethod,
    refusal::Refusal,
};

type Handler = fn(&mut Call<'_>) -> Result<Value, Refusal>;

/// Every route, a table a noun.
const TABLES: [&[Route<Handler>]; 2] = [orders::ROUTES, account::ROUTES];
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

impl Stripe {
    fn authenticate(&mut self, incoming: &Incoming, now: i64) -> Result<&mut Account, Refusal> {
        let key = key_of(incoming).ok_or_else(no_key)?;
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
            Ok(body) => (Answer::json(StatusCode::OK, &body), true),
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
        let is_in_test_mode = |account: &Account| !account.is_live && account.intents.get(id).is_some();
        if is_live && self.accounts.values().any(is_in_test_mode) {
            return refusal.with_addition(
                "; a similar object exists in test mode, but a live mode key was used to make this request.",
            );
        }
        refusal
    }

    fn account_of_intent(&mut self, id: &str) -> Option<&mut Account> {
        self.accounts.values_mut().find(|account| account.intents.get(id).is_some())
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
        let account = self.account_of_intent(id).ok_or(PayerRefusal::UnknownOrder)?;
        payer::act(desk, account, id, payer::Act { action, amount })
    }

    fn act(&mut self, _desk: &mut Desk, _act: Act<'_>) -> Result<Acted, PayerRefusal> {
        Err(PayerRefusal::UnknownOrder)
    }

    fn page(&mut self, desk: &mut Desk, id: &str) -> Option<Page> {
        let account = self.account_of_intent(id)?;
        bank::settle(desk, account, id);
        account.intents.get(id).map(payer::page)
    }

    fn settle(&mut self, desk: &mut Desk) {
        for account in self.accounts.values_mut() {
            for id in account.intents.ids() {
                bank::settle(desk, account, &id);
            }
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

/// Returns the key of a bearer token, or of Basic credentials with the key as user and no password.
fn key_of(incoming: &Incoming) -> Option<String> {
    let header = incoming.header("authorization")?;
    if let Some(key) = header.strip_prefix("Bearer ") {
        return Some(key.trim().to_owned()).filter(|key| !key.is_empty());
    }
    if let Some((user, _)) = credentials::basic(header) {
        return Some(user).filter(|key| !key.is_empty());
    }
    // curl's `-u key:` has a colon; some clients leave even that out.
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    String::from_utf8(decoded).ok().filter(|key| !key.is_empty())
}

/// Returns `test` or `live` for a secret or restricted key.
fn check_key(key: &str) -> Result<&str, Refusal> {
    let mut parts = key.splitn(3, '_');
    let (kind, mode, tail) = (parts.next(), parts.next(), parts.next());
    match (kind, mode, tail) {
        (Some("sk" | "rk"), Some(mode @ ("test" | "live")), Some(tail))
            if credentials::is_alphanumeric(tail) =>
        {
            Ok(mode)
        }
        (Some("pk"), Some("test" | "live"), Some(_)) => Err(Refusal::request(
            StatusCode::FORBIDDEN,
            Some("secret_key_required"),
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
        )),
        _ => {
            let message = format!("Invalid API Key provided: {}", masked(key));
            Err(Refusal::request(StatusCode::UNAUTHORIZED, None, message))
        }
    }
}

/// Masks the middle of a key and keeps the last four characters.
fn masked(key: &str) -> String {
    let count = key.chars().count();
    let front: String = key.chars().take(if count > 12 { 8 } else { 0 }).collect();
    let back: String = key.chars().skip(count.saturating_sub(4)).collect();
    format!("{front}***{back}")
}

fn no_key() -> Refusal {
    Refusal::request(
        StatusCode::UNAUTHORIZED,
        None,
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    )
}

fn unknown_url(incoming: &Incoming) -> Refusal {
    let message = format!(
        "Unrecognized request URL ({}: {}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        incoming.method, incoming.path
    );
    Refusal::request(StatusCode::NOT_FOUND, None, message)
}

fn account_id(key: &str) -> String {
    format!("acct_1{}", random::named(key, 15))
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
    let pairs = if incoming.method == Method::GET {
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
