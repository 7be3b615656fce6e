//! PayPal: tokens, routing, `PayPal-Request-Id`, `Prefer`, mocked refusals and the merchants behind the client ids.

mod api;
mod authorizations;
mod beside;
mod billing;
mod captures;
mod fields;
mod invoice;
mod invoice_acts;
mod invoice_request;
mod invoice_search;
mod invoices;
mod issues;
mod listing;
mod money;
mod oauth;
mod order;
mod order_request;
mod orders;
mod payer;
mod payout;
mod payout_refusal;
mod payout_request;
mod payout_run;
mod payouts;
mod plans;
mod products;
mod refunds;
mod refusal;
mod repeats;
mod subscription;
mod subscription_acts;
mod subscription_request;
mod subscriptions;
mod terms;
mod terms_request;

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
    api::Api,
    authorizations::Authorization,
    captures::Capture,
    invoice::Invoice,
    issues::Issues,
    oauth::Tokens,
    order::Order,
    payout::{Batch, Item},
    plans::Plan,
    products::Product,
    refunds::Refund,
    refusal::Refusal,
    repeats::{Kept, Repeats},
    subscription::Subscription,
};

type Handler = fn(&mut Call<'_>) -> Result<Done, Refusal>;

/// Every route with a bearer token, a table a noun.
const TABLES: [&[Route<Handler>]; 9] = [
    orders::ROUTES,
    authorizations::ROUTES,
    captures::ROUTES,
    refunds::ROUTES,
    products::ROUTES,
    plans::ROUTES,
    subscriptions::ROUTES,
    invoices::ROUTES,
    payouts::ROUTES,
];

/// The simulated PayPal.
#[derive(Debug)]
pub(crate) struct PayPal {
    issues: Issues,
    tokens: Tokens,
    merchants: HashMap<String, Merchant>,
}

/// One client id with all that was made under it.
#[derive(Debug, Default)]
struct Merchant {
    client_id: String,
    secret: String,
    orders: Shelf<Order>,
    authorizations: Shelf<Authorization>,
    captures: Shelf<Capture>,
    refunds: Shelf<Refund>,
    products: Shelf<Product>,
    plans: Shelf<Plan>,
    subscriptions: Shelf<Subscription>,
    invoices: Shelf<Invoice>,
    /// The invoice of each number.
    invoice_numbers: Shelf<String>,
    payouts: Shelf<Batch>,
    payout_items: Shelf<Item>,
    /// The batch of each `sender_batch_id`, and when it was made.
    sender_batch_ids: Shelf<(String, i64)>,
    repeats: Repeats,
}

/// An authenticated request on its way through a handler.
struct Call<'a> {
    desk: &'a mut Desk,
    merchant: &'a mut Merchant,
    incoming: &'a Incoming,
    id: &'a str,
    /// The body; null where there is none.
    body: Value,
}

/// What a handler did.
#[derive(Debug)]
enum Done {
    /// It made, changed or found an object.
    Object {
        status: StatusCode,
        object: Kept,
        /// How much of the object the answer shows.
        view: View,
    },
    /// It answers with what is no object, or with what no request id brings back: a list, a link, nothing.
    Said(Answer),
}

/// How much of an object an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// Id, status and links, unless `Prefer: return=representation` asks for all.
    AsPreferred,
    /// All of it.
    Whole,
    /// Nothing (204), unless `Prefer: return=representation` asks for all.
    NothingUnlessPreferred,
}

impl PayPal {
    /// Returns a PayPal that knows nobody yet.
    pub(crate) fn new() -> Self {
        Self { issues: Issues::load(), tokens: Tokens::default(), merchants: HashMap::new() }
    }

    fn execute(&mut self, desk: &mut Desk, incoming: &Incoming) -> Result<Answer, Refusal> {
        if oauth::is_token_request(incoming) {
            return Ok(oauth::answer(&mut self.tokens, &mut self.merchants, desk, incoming));
        }
        let (route, id) = routes::find(&TABLES, incoming.method.as_str(), &incoming.path)
            .ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID"))?;
        let client_id =
            self.tokens.owner(incoming, desk.now()).ok_or_else(Refusal::authentication)?.to_owned();
        let merchant = self.merchants.get_mut(&client_id).ok_or_else(Refusal::authentication)?;
        if let Some(refusal) = self.issues.mocked(incoming) {
            return Err(refusal);
        }
        let body = read_body(incoming)?;
        let request_id = repeats::request_id(incoming)?;
        if desk.key_is_in_use() {
            return Err(Refusal::issue("PREVIOUS_REQUEST_IN_PROGRESS"));
        }
        let prefers_whole = prefers_whole(incoming);
        let known = request_id.and_then(|id| merchant.repeats.known(id, desk.now()));
        if let Some(object) = known {
            object.settle(merchant, desk);
            // The present state of what the first request made, not a copy of its answer.
            let shown = object.shown(merchant, desk).ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID"))?;
            return Ok(Answer::json(StatusCode::OK, &if prefers_whole { shown } else { minimal(&shown) }));
        }
        match (route.handler)(&mut Call { desk, merchant, incoming, id, body })? {
            Done::Said(answer) => Ok(answer),
            Done::Object { status, object, view } => {
                if let Some(request_id) = request_id {
                    merchant.repeats.keep(request_id, &object, desk.now());
                }
                if view == View::NothingUnlessPreferred && !prefers_whole {
                    return Ok(Answer::empty(status));
                }
                let status = if status == StatusCode::NO_CONTENT { StatusCode::OK } else { status };
                let shown =
                    object.shown(merchant, desk).ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID"))?;
                let is_whole = view == View::Whole || prefers_whole;
                Ok(Answer::json(status, &if is_whole { shown } else { minimal(&shown) }))
            }
        }
    }
}

impl Simulation for PayPal {
    fn operations(&self) -> Vec<&'static str> {
        let mut operations = routes::operations(&TABLES);
        operations.push(oauth::OPERATION);
        operations
    }

    fn recognise(&self, head: &Incoming) -> Recognised {
        if oauth::is_token_request(head) {
            return Recognised {
                operation: Some(oauth::OPERATION),
                merchant: head.header("authorization").and_then(credentials::basic).map(|(id, _)| id),
                ..Recognised::default()
            };
        }
        let is_guarded = api::takes_request_id(head);
        Recognised {
            operation: routes::find(&TABLES, head.method.as_str(), &head.path)
                .map(|(route, _)| route.operation),
            // An expired token still says whose it was.
            merchant: self.tokens.owner(head, i64::MIN).map(str::to_owned),
            idempotency_key: head.header("paypal-request-id").filter(|_| is_guarded).map(str::to_owned),
            guards_key: is_guarded,
        }
    }

    fn request_id(&self, random: &mut Random) -> String {
        random.hex(13)
    }

    fn answer(&mut self, desk: &mut Desk, incoming: &Incoming) -> Answer {
        let answer = match self.execute(desk, incoming) {
            Ok(answer) => answer,
            Err(refusal) => refusal.to_answer(&self.issues, Api::of(&incoming.path), desk.request_id()),
        };
        answer.with_header("paypal-debug-id", desk.request_id())
    }

    fn pay(
        &mut self,
        desk: &mut Desk,
        id: &str,
        action: PayerAction,
        amount: Option<&Value>,
    ) -> Result<PayerDone, PayerRefusal> {
        beside::pay(desk, &mut self.merchants, id, payer::Act { action, amount })
    }

    fn foretell_capture(&mut self, desk: &mut Desk, id: &str, outcome: &Value) -> Result<(), PayerRefusal> {
        beside::foretell_capture(desk, &mut self.merchants, id, outcome)
    }

    fn act(&mut self, desk: &mut Desk, act: Act<'_>) -> Result<Acted, PayerRefusal> {
        beside::act(desk, &mut self.merchants, act)
    }

    fn page(&mut self, desk: &mut Desk, id: &str) -> Option<Page> {
        beside::page(desk, &mut self.merchants, id)
    }

    fn settle(&mut self, desk: &mut Desk) {
        beside::settle(desk, &mut self.merchants);
    }

    fn forget(&mut self) {
        self.tokens = Tokens::default();
        self.merchants.clear();
    }

    fn fault_headers(&self, request_id: &str) -> Vec<(&'static str, HeaderValue)> {
        HeaderValue::from_str(request_id).map(|id| vec![("paypal-debug-id", id)]).unwrap_or_default()
    }
}

fn prefers_whole(incoming: &Incoming) -> bool {
    incoming.header("prefer").is_some_and(|text| text.contains("return=representation"))
}

/// What `return=minimal`, the default, shows.
fn minimal(object: &Value) -> Value {
    let members = ["id", "status", "links"];
    let shown = members.into_iter().filter_map(|name| Some((name.to_owned(), object.get(name)?.clone())));
    Value::Object(shown.collect())
}

fn read_body(incoming: &Incoming) -> Result<Value, Refusal> {
    if incoming.body.iter().all(u8::is_ascii_whitespace) {
        // The official client sends some calls with no body at all.
        return Ok(Value::Null);
    }
    if !incoming.has_content_type("application/json") {
        return Err(Refusal::media_type());
    }
    match serde_json::from_slice(&incoming.body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        Ok(_) | Err(_) => Err(Refusal::issue("MALFORMED_REQUEST_JSON")),
    }
}
