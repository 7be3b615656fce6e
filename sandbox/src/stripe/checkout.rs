//! Checkout sessions, which payment links make: what the payer does with one, get and list.

use serde_json::{Map, Value, json};

use crate::{
    desk::Desk,
    payer::{PayerAction, PayerRefusal},
    routes::Route,
};

use super::{
    Account, Call, Handler, bank, customers, expansion,
    intent::{self, Intent, Status},
    order_steps, pages,
    parameters::{Kind, Parameter},
    payment_link::{Line, PaymentLink},
    payment_links,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route {
        method: "GET",
        path: "/v1/checkout/sessions",
        operation: "checkout_sessions.list",
        handler: list,
    },
    Route {
        method: "GET",
        path: "/v1/checkout/sessions/{id}",
        operation: "checkout_sessions.get",
        handler: get,
    },
];

/// A session that nobody finishes expires after a day.
const OPEN_SECONDS: i64 = 24 * 60 * 60;
/// What the payer of a link says of himself.
const PAYER_EMAIL: &str = "payer@example.com";

const GET: &[Parameter] = &[("expand", Kind::List)];

const LIST: &[Parameter] = &[
    ("customer", Kind::Text(5000)),
    ("customer_details", Kind::Hash(&[("email", Kind::Text(800))])),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("payment_intent", Kind::Text(5000)),
    ("payment_link", Kind::Text(5000)),
    ("starting_after", Kind::Text(5000)),
    ("subscription", Kind::Text(5000)),
];

const EXPANDABLE: &[&str] = &[
    "customer",
    "invoice",
    "line_items",
    "line_items.data.price.product",
    "payment_intent",
    "payment_intent.latest_charge",
    "payment_link",
    "setup_intent",
    "subscription",
];

/// A checkout session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    id: String,
    pub(super) link: String,
    status: SessionStatus,
    intent: String,
    amount: i64,
    currency: String,
    lines: Vec<Line>,
    customer: Option<String>,
    customer_creation: String,
    created: i64,
    is_live: bool,
    metadata: Map<String, Value>,
}

/// A checkout session's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionStatus {
    Open,
    Complete,
    Expired,
}

impl Session {
    /// Returns `paid` once the money is there; a debit under way and an uncaptured card are `unpaid`.
    pub(super) fn payment_status(&self, account: &Account) -> &'static str {
        let intent = account.intents.get(&self.intent);
        let is_paid = intent.is_some_and(|intent| intent.status == Status::Succeeded);
        if is_paid { "paid" } else { "unpaid" }
    }

    /// Tells whether the payer is done.
    pub(super) fn is_complete(&self) -> bool {
        self.status == SessionStatus::Complete
    }

    /// Returns the charge of the session's payment.
    pub(super) fn charge(&self, account: &Account) -> Option<String> {
        account.intents.get(&self.intent)?.latest_charge.clone()
    }

    /// Returns the list of the lines as Stripe writes it.
    pub(super) fn line_items(&self) -> Value {
        let url = format!("/v1/checkout/sessions/{}/line_items", self.id);
        let lines: Vec<Value> = self.lines.iter().map(Line::to_json).collect();
        pages::written(&url, &lines, false)
    }

    /// Returns the session as Stripe writes it.
    pub(super) fn to_json(&self, account: &Account) -> Value {
        let status = match self.status {
            SessionStatus::Open => "open",
            SessionStatus::Complete => "complete",
            SessionStatus::Expired => "expired",
        };
        let details = self.is_complete().then(|| {
            json!({
                "address": null, "email": PAYER_EMAIL, "name": "Jenny Rosen", "phone": null, "tax_exempt": "none",
                "tax_ids": [],
            })
        });
        let mut session = json!({
            "id": self.id, "object": "checkout.session", "after_expiration": null, "allow_promotion_codes": false,
            "amount_subtotal": self.amount, "amount_total": self.amount,
            "automatic_tax": {"enabled": false, "status": null}, "billing_address_collection": "auto",
            "cancel_url": null, "client_reference_id": null, "consent": null, "consent_collection": null,
            "created": self.created, "currency": self.currency, "currency_conversion": null, "custom_fields": [],
            "custom_text": {"shipping_address": null, "submit": null}, "customer": self.customer,
            "customer_creation": self.customer_creation, "customer_details": details, "customer_email": null,
            "expires_at": self.expires_at(),
        });
        let rest = json!({
            "invoice": null, "invoice_creation": null, "livemode": self.is_live,
            "locale": "auto", "metadata": self.metadata, "mode": "payment", "payment_intent": self.intent,
            "payment_link": self.link, "payment_method_collection": "always", "payment_method_options": {},
            "payment_method_types": ["card"], "payment_status": self.payment_status(account),
            "phone_number_collection": {"enabled": false}, "recovered_from": null, "setup_intent": null,
            "shipping_address_collection": null, "shipping_cost": null, "shipping_details": null,
            "shipping_options": [], "status": status, "submit_type": "auto", "subscription": null,
            "success_url": null, "tax_id_collection": {"enabled": false},
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}, "url": null,
        });
        if let (Value::Object(all), Value::Object(rest)) = (&mut session, rest) {
            all.extend(rest);
        }
        session
    }

    fn expires_at(&self) -> i64 {
        self.created.saturating_add(OPEN_SECONDS)
    }
}

/// Lets a payer do something with a link, in the session that is still open or in a new one; returns the session's id.
pub(super) fn act(
    desk: &mut Desk,
    account: &mut Account,
    link_id: &str,
    (action, method_name): (PayerAction, Option<&str>),
) -> Result<String, PayerRefusal> {
    settle_all(desk, account);
    let link = account.links.get(link_id).ok_or(PayerRefusal::UnknownOrder)?;
    if !link.is_active {
        return Err(PayerRefusal::action("the payment link is inactive; nobody can pay with it"));
    }
    let link = link.clone();
    let token = match action {
        PayerAction::Pay | PayerAction::Authorize => method_name.unwrap_or("pm_card_visa"),
        PayerAction::Decline => "pm_card_chargeDeclined",
        PayerAction::Abandon => return Ok(open(desk, account, &link)),
        PayerAction::Approve => {
            return Err(PayerRefusal::action("a payment link is not approved; use pay, decline or abandon"));
        }
    };
    let method = order_steps::known_or_new_method(desk, account, token);
    let unknown = || PayerRefusal::Refused {
        field: "payment_method",
        message: format!("unknown payment method {token}; the README lists the test tokens"),
    };
    let method = method.ok_or_else(unknown)?;
    let session_id = open(desk, account, &link);
    let Some(intent_id) = account.sessions.get(&session_id).map(|session| session.intent.clone()) else {
        return Err(PayerRefusal::UnknownOrder);
    };
    let manner = bank::Manner { is_off_session: false, uses_sdk: false };
    let is_accepted = bank::attempt(desk, account, &intent_id, &method, manner);
    let operation = if is_accepted { "payment_links.pay" } else { "payment_links.decline" };
    payment_links::report(desk, account, link_id, operation);
    settle(desk, account, &session_id);
    Ok(session_id)
}

/// Returns the link's session that is still open, or a new one with its intent.
fn open(desk: &mut Desk, account: &mut Account, link: &PaymentLink) -> String {
    let is_open = |session: &&Session| {
        session.link == link.id
            && session.status == SessionStatus::Open
            && account
                .intents
                .get(&session.intent)
                .is_some_and(|intent| intent::OPEN.contains(&intent.status))
    };
    if let Some(session) = account.sessions.newest().find(is_open) {
        return session.id.clone();
    }
    let mut intent = Intent::new(desk, account.is_live, (link.total, link.currency.clone()));
    for (name, value) in &link.intent_data {
        match (name.as_str(), value) {
            ("capture_method", Value::String(method)) => method.clone_into(&mut intent.capture_method),
            ("metadata", Value::Object(pairs)) => pairs.clone_into(&mut intent.metadata),
            _ => drop(intent.details.insert(name.clone(), value.clone())),
        }
    }
    let mode = if account.is_live { "live" } else { "test" };
    let session = Session {
        id: format!("cs_{mode}_a1{}", desk.random.base62(56)),
        link: link.id.clone(),
        status: SessionStatus::Open,
        intent: intent.id.clone(),
        amount: link.total,
        currency: link.currency.clone(),
        lines: link.lines.clone(),
        customer: None,
        customer_creation: link.detail("customer_creation").unwrap_or("if_required").to_owned(),
        created: desk.now(),
        is_live: account.is_live,
        metadata: link.metadata.clone(),
    };
    let (id, intent_id) = (session.id.clone(), intent.id.clone());
    account.intents.insert(&intent_id, intent);
    account.sessions.insert(&id, session);
    id
}

/// Lets sessions follow their intents and the clock.
pub(super) fn settle_all(desk: &mut Desk, account: &mut Account) {
    let open = account.sessions.newest().filter(|session| session.status == SessionStatus::Open);
    let ids: Vec<String> = open.map(|session| session.id.clone()).collect();
    for id in ids.iter().rev() {
        settle(desk, account, id);
    }
}

/// Completes a session whose payer has paid, and ends one that nobody finished.
fn settle(desk: &mut Desk, account: &mut Account, id: &str) {
    let Some(session) = account.sessions.get(id) else { return };
    let intent_id = session.intent.clone();
    bank::settle(desk, account, &intent_id);
    let now = desk.now();
    let Some(session) = account.sessions.get_mut(id) else { return };
    let Some(intent) = account.intents.get_mut(&intent_id) else { return };
    if session.status != SessionStatus::Open {
        return;
    }
    match intent.status {
        Status::Succeeded | Status::Processing | Status::RequiresCapture => {
            session.status = SessionStatus::Complete;
            let link_id = session.link.clone();
            let makes_customer = session.customer_creation == "always";
            if let Some(link) = account.links.get_mut(&link_id) {
                link.completed = link.completed.saturating_add(1);
                link.is_active = link.is_active && link.limit.is_none_or(|limit| link.completed < limit);
            }
            if makes_customer {
                let customer = customers::make(desk, account, Some(PAYER_EMAIL));
                if let Some(session) = account.sessions.get_mut(id) {
                    session.customer = Some(customer.clone());
                }
                if let Some(intent) = account.intents.get_mut(&intent_id) {
                    intent.customer = Some(customer);
                }
            }
        }
        _ if session.expires_at() <= now => {
            session.status = SessionStatus::Expired;
            intent.cancel(now, Some("abandoned"));
        }
        _ => {}
    }
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    settle(call.desk, call.account, call.id);
    call.account.sessions.get(call.id).ok_or_else(|| call.missing("checkout.session"))?;
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    settle_all(call.desk, call.account);
    bank::settle_all(call.desk, call.account);
    let email = given.nested_text("customer_details", "email");
    let sessions = call.account.sessions.newest();
    let fitting = sessions
        .filter(|session| pages::fits(Some(&session.link), &given, "payment_link"))
        .filter(|session| pages::fits(Some(&session.intent), &given, "payment_intent"))
        .filter(|session| pages::fits(session.customer.as_deref(), &given, "customer"))
        .filter(|session| email.is_none_or(|email| session.is_complete() && email == PAYER_EMAIL))
        .filter(|_| given.text("subscription").is_none());
    let page = pages::page(&given, "checkout.session", fitting, |session| &session.id)?;
    let data = page.items.into_iter().map(|session| session.to_json(call.account)).collect();
    Ok(expansion::list(call.account, &given, "/v1/checkout/sessions", (data, page.has_more)))
}
