//! Twilio: authentication, routing and the accounts, each with its own messages and calls.

mod accounts;
mod calls;
mod chosen;
mod message;
mod numbers;
mod pages;
mod parameters;
mod phone_call;
mod refusal;
mod sms;
mod sms_acts;

use std::collections::HashMap;

use http::{HeaderValue, StatusCode};
use serde_json::Value;

use crate::{
    act::{Act, Acted, Noun},
    credentials,
    desk::{Change, Desk},
    exchange::{Answer, Incoming},
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
    provider::{Recognised, Simulation},
    random::Random,
    routes::{self, Route},
    shelf::Shelf,
};

use self::{message::Message, phone_call::PhoneCall, refusal::Refusal};

type Handler = fn(&mut Call<'_>) -> Result<Done, Refusal>;

/// Every route below the account, a table a noun.
const TABLES: [&[Route<Handler>]; 3] = [sms::ROUTES, calls::ROUTES, accounts::ROUTES];
/// In front of every route; the account follows.
const ACCOUNTS: &str = "/2010-04-01/Accounts/";

/// The simulated Twilio.
#[derive(Debug, Default)]
pub(crate) struct Twilio {
    accounts: HashMap<String, Account>,
    /// API keys by their SID: the secret and the account they open.
    keys: HashMap<String, (String, String)>,
}

/// One Account SID with all that was made under it.
#[derive(Debug, Default)]
struct Account {
    sid: String,
    /// The Auth Token; none as long as only API keys were used.
    token: Option<String>,
    created_at: i64,
    messages: Shelf<Message>,
    calls: Shelf<PhoneCall>,
}

/// An authenticated request on its way through a handler.
struct Call<'a> {
    desk: &'a mut Desk,
    account: &'a mut Account,
    incoming: &'a Incoming,
    id: &'a str,
}

/// What a handler did: the body, or nothing for 204.
#[derive(Debug)]
enum Done {
    Created(Value),
    Shown(Value),
    Deleted,
}

impl Twilio {
    fn authenticate(
        &mut self,
        incoming: &Incoming,
        account_sid: &str,
        now: i64,
    ) -> Result<&mut Account, Refusal> {
        let Some(header) = incoming.header("authorization") else { return Err(Refusal::no_credentials()) };
        let (user, secret) = credentials::basic(header).ok_or_else(Refusal::no_credentials)?;
        let is_key = credentials::is_sid(&user, "SK");
        if !(is_key || credentials::is_sid(&user, "AC"))
            || secret.is_empty()
            || !credentials::is_sid(account_sid, "AC")
        {
            return Err(Refusal::unknown_user());
        }
        if is_key {
            // The first secret and the first account seen with a key are the right ones from then on.
            let (known, owner) =
                self.keys.entry(user).or_insert_with(|| (secret.clone(), account_sid.to_owned()));
            if *known != secret || owner != account_sid {
                return Err(Refusal::wrong_secret());
            }
            return Ok(self.account(account_sid, now));
        }
        if user != account_sid {
            return Err(Refusal::wrong_secret());
        }
        let account = self.account(account_sid, now);
        let token = account.token.get_or_insert_with(|| secret.clone());
        if *token == secret { Ok(account) } else { Err(Refusal::wrong_secret()) }
    }

    fn account(&mut self, sid: &str, now: i64) -> &mut Account {
        self.accounts.entry(sid.to_owned()).or_insert_with(|| Account {
            sid: sid.to_owned(),
            created_at: now,
            ..Account::default()
        })
    }

    fn execute(&mut self, desk: &mut Desk, incoming: &Incoming) -> Result<Done, Refusal> {
        let (account_sid, rest) = split(&incoming.path).ok_or_else(|| Refusal::not_found(&incoming.path))?;
        let account = self.authenticate(incoming, account_sid, desk.now())?;
        let (route, id) = routes::find(&TABLES, incoming.method.as_str(), rest)
            .ok_or_else(|| Refusal::not_found(&incoming.path))?;
        (route.handler)(&mut Call { desk, account, incoming, id })
    }
}

impl Simulation for Twilio {
    fn operations(&self) -> Vec<&'static str> {
        routes::operations(&TABLES)
    }

    fn recognise(&self, head: &Incoming) -> Recognised {
        let Some((account_sid, rest)) = split(&head.path) else { return Recognised::default() };
        Recognised {
            operation: routes::find(&TABLES, head.method.as_str(), rest).map(|(route, _)| route.operation),
            merchant: Some(account_sid.to_owned()),
            // Sending takes no key; a header of this name is recorded and has no effect.
            idempotency_key: head.header("idempotency-key").map(str::to_owned),
            guards_key: false,
        }
    }

    fn request_id(&self, random: &mut Random) -> String {
        format!("RQ{}", random.hex(32))
    }

    fn answer(&mut self, desk: &mut Desk, incoming: &Incoming) -> Answer {
        let answer = match self.execute(desk, incoming) {
            Ok(Done::Created(body)) => Answer::json(StatusCode::CREATED, &body),
            Ok(Done::Shown(body)) => Answer::json(StatusCode::OK, &body),
            Ok(Done::Deleted) => Answer::empty(StatusCode::NO_CONTENT),
            Err(refusal) => refusal.to_answer(),
        };
        answer
            .with_header("twilio-request-id", desk.request_id())
            .with_header("twilio-concurrent-requests", "1")
            .with_header("twilio-request-duration", "0.010")
            .with_header("x-home-region", "us1")
            .with_header("x-api-domain", "api.twilio.com")
    }

    fn pay(
        &mut self,
        _desk: &mut Desk,
        _id: &str,
        _action: PayerAction,
        _amount: Option<&Value>,
    ) -> Result<PayerDone, PayerRefusal> {
        Err(PayerRefusal::UnknownOrder)
    }

    fn act(&mut self, desk: &mut Desk, act: Act<'_>) -> Result<Acted, PayerRefusal> {
        match act.noun {
            Noun::Sms => sms_acts::act(desk, self.accounts.values_mut(), &act),
            Noun::Calls => calls::act(desk, self.accounts.values_mut(), &act),
            Noun::Refunds | Noun::Subscriptions | Noun::PaymentLinks | Noun::Payouts => {
                Err(PayerRefusal::UnknownOrder)
            }
        }
    }

    fn page(&mut self, _desk: &mut Desk, _id: &str) -> Option<Page> {
        None
    }

    /// The status of messages and calls follows from their age; there is nothing to do.
    fn settle(&mut self, _desk: &mut Desk) {}

    fn forget(&mut self) {
        self.accounts.clear();
        self.keys.clear();
    }

    fn fault_headers(&self, request_id: &str) -> Vec<(&'static str, HeaderValue)> {
        HeaderValue::from_str(request_id).map(|id| vec![("twilio-request-id", id)]).unwrap_or_default()
    }
}

/// Records that a message was sent or a call placed. Twilio takes no reference: the number that it goes to stands for one.
fn report_made(desk: &mut Desk, account_sid: &str, (operation, sid): (&'static str, &str), to: &str) {
    record(desk, account_sid, (operation, sid), Some(to));
}

/// Records that a message or a call was changed.
fn report(desk: &mut Desk, account_sid: &str, change: (&'static str, &str)) {
    record(desk, account_sid, change, None);
}

fn record(
    desk: &mut Desk,
    account_sid: &str,
    (operation, sid): (&'static str, &str),
    reference: Option<&str>,
) {
    desk.report(Change {
        operation,
        merchant: account_sid,
        id: sid,
        amount: Value::Null,
        currency: None,
        reference,
    });
}

/// Splits `/2010-04-01/Accounts/AC…/Messages.json` into the account and the rest; for the account itself the rest is `.json`.
fn split(path: &str) -> Option<(&str, &str)> {
    let below = path.strip_prefix(ACCOUNTS)?;
    let end = below.find(['/', '.'])?;
    below.split_at_checked(end)
}
