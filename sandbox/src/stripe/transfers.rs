//! Stripe transfers to connected accounts: create, get, update and list.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{desk::Desk, routes::Route};

use super::{
    Account, Call, Handler,
    charges::{Charge, ChargeStatus},
    currencies,
    effects::{self, Effect},
    expansion, pages,
    parameters::{Kind, Parameter, Parameters},
    payouts,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/transfers", operation: "transfers.create", handler: create },
    Route { method: "GET", path: "/v1/transfers", operation: "transfers.list", handler: list },
    Route { method: "GET", path: "/v1/transfers/{id}", operation: "transfers.get", handler: get },
    Route { method: "POST", path: "/v1/transfers/{id}", operation: "transfers.update", handler: update },
];

const CREATE: &[Parameter] = &[
    ("amount", Kind::Integer),
    ("currency", Kind::Text(3)),
    ("description", Kind::Text(5000)),
    ("destination", Kind::Text(5000)),
    ("expand", Kind::List),
    ("metadata", Kind::Metadata),
    ("source_transaction", Kind::Text(5000)),
    ("source_type", Kind::Choice(&["bank_account", "card", "fpx"])),
    ("transfer_group", Kind::Text(5000)),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const UPDATE: &[Parameter] =
    &[("description", Kind::Text(5000)), ("expand", Kind::List), ("metadata", Kind::Metadata)];

const LIST: &[Parameter] = &[
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("destination", Kind::Text(5000)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("starting_after", Kind::Text(5000)),
    ("transfer_group", Kind::Text(5000)),
];

const EXPANDABLE: &[&str] =
    &["balance_transaction", "destination", "destination_payment", "source_transaction"];

/// A transfer.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    id: String,
    amount: i64,
    currency: String,
    created: i64,
    destination: String,
    description: Option<String>,
    is_live: bool,
    source_transaction: Option<String>,
    source_type: String,
    transfer_group: Option<String>,
    metadata: Map<String, Value>,
}

impl Transfer {
    /// Returns the transfer as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let tail = self.id.strip_prefix("tr_").unwrap_or(&self.id);
        let reversals = pages::written(&format!("/v1/transfers/{}/reversals", self.id), &[], false);
        json!({
            "id": self.id, "object": "transfer", "amount": self.amount, "amount_reversed": 0,
            "balance_transaction": format!("txn_{tail}"), "created": self.created, "currency": self.currency,
            "description": self.description, "destination": self.destination,
            "destination_payment": format!("py_{tail}"), "livemode": self.is_live, "metadata": self.metadata,
            "reversals": reversals, "reversed": false, "source_transaction": self.source_transaction,
            "source_type": self.source_type, "transfer_group": self.transfer_group,
        })
    }
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(CREATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let currency = given.text("currency").ok_or_else(|| Refusal::missing("currency"))?;
    let currency = currencies::check_currency(currency)?;
    let destination = check_destination(call, &given)?;
    let source = source(call, &given, &currency)?;
    let most = source.map(Charge::refundable);
    let amount = match (given.integer("amount"), most) {
        (Some(amount), Some(most)) if amount > most => {
            let message = "The transfer's amount is greater than what its source_transaction brought.";
            return Err(Refusal::parameter(None, "amount", message));
        }
        (amount, most) => amount.or(most).ok_or_else(|| Refusal::missing("amount"))?,
    };
    currencies::check_part(amount, &currency, "amount")?;
    match source.map(|source| source.available_on.unwrap_or_default()) {
        // The money need not be available yet: it is taken from what the charge brings, when it brings it.
        Some(available_on) => call.account.ledger.book(&currency, amount.saturating_neg(), available_on),
        None => payouts::spend(call, amount, &currency)?,
    }
    let id = format!("tr_1{}", call.desk.random.base62(23));
    let mut transfer = Transfer {
        id: id.clone(),
        amount,
        currency,
        created: call.desk.now(),
        destination,
        description: given.text("description").map(str::to_owned),
        is_live: call.account.is_live,
        source_transaction: given.text("source_transaction").map(str::to_owned),
        source_type: given.text("source_type").unwrap_or("card").to_owned(),
        transfer_group: given.text("transfer_group").map(str::to_owned),
        metadata: Map::new(),
    };
    given.apply_metadata(&mut transfer.metadata);
    call.account.transfers.insert(&id, transfer);
    report(call.desk, call.account, &id, "transfers.create");
    Ok(call.shown(&id, &given))
}

/// Takes every account but the own one: which accounts are connected is not simulated.
fn check_destination(call: &Call<'_>, given: &Parameters) -> Result<String, Refusal> {
    let id = given.text("destination").ok_or_else(|| Refusal::missing("destination"))?;
    let is_account = id.strip_prefix("acct_").is_some_and(crate::credentials::is_alphanumeric);
    if is_account && id != call.account.id {
        return Ok(id.to_owned());
    }
    Err(Refusal::no_such(StatusCode::BAD_REQUEST, "destination", id, "destination"))
}

/// Returns the charge that the transfer is tied to; none where it is tied to none.
fn source<'c>(call: &'c Call<'_>, given: &Parameters, currency: &str) -> Result<Option<&'c Charge>, Refusal> {
    let Some(id) = given.text("source_transaction") else { return Ok(None) };
    let charge = call.account.charges.get(id);
    match charge.filter(|charge| charge.status == ChargeStatus::Succeeded && charge.is_captured) {
        Some(charge) if charge.currency == currency => Ok(Some(charge)),
        Some(charge) => {
            let message =
                format!("The currency of source_transaction's balance transaction is {}.", charge.currency);
            Err(Refusal::parameter(None, "currency", message))
        }
        None => Err(Refusal::no_such(StatusCode::BAD_REQUEST, "charge", id, "source_transaction")),
    }
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    call.account.transfers.get(call.id).ok_or_else(|| call.missing("transfer"))?;
    Ok(call.shown(call.id, &given))
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(UPDATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let missing = call.missing("transfer");
    let transfer = call.account.transfers.get_mut(call.id).ok_or(missing)?;
    given.apply_metadata(&mut transfer.metadata);
    if let Some(description) = given.text("description") {
        transfer.description = Some(description.to_owned());
    }
    report(call.desk, call.account, call.id, "transfers.update");
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    let transfers = call.account.transfers.newest();
    let fitting = transfers
        .filter(|transfer| pages::is_in_range(transfer.created, &given, "created"))
        .filter(|transfer| pages::fits(Some(&transfer.destination), &given, "destination"))
        .filter(|transfer| pages::fits(transfer.transfer_group.as_deref(), &given, "transfer_group"));
    let page = pages::page(&given, "transfer", fitting, |transfer| &transfer.id)?;
    let data = page.items.into_iter().map(Transfer::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/transfers", (data, page.has_more)))
}

fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(transfer) = account.transfers.get(id) else { return };
    let money = Some((transfer.amount, transfer.currency.as_str()));
    effects::report(desk, account, operation, Effect { id, money, metadata: &transfer.metadata });
}
