//! Stripe payouts to the account's own bank account or debit card: create, get, cancel, reverse and list.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::routes::Route;

use super::{
    Call, Handler, calendar, currencies, expansion, pages,
    parameters::{Kind, Parameter, Parameters},
    payout::{self, INSTANT_SECONDS, Payout, PayoutStatus, STANDARD_SECONDS, TRANSIT_SECONDS},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/payouts", operation: "payouts.create", handler: create },
    Route { method: "GET", path: "/v1/payouts", operation: "payouts.list", handler: list },
    Route { method: "GET", path: "/v1/payouts/{id}", operation: "payouts.get", handler: get },
    Route { method: "POST", path: "/v1/payouts/{id}", operation: "payouts.update", handler: update },
    Route { method: "POST", path: "/v1/payouts/{id}/cancel", operation: "payouts.cancel", handler: cancel },
    Route {
        method: "POST",
        path: "/v1/payouts/{id}/reverse",
        operation: "payouts.reverse",
        handler: reverse,
    },
];

const CREATE: &[Parameter] = &[
    ("amount", Kind::Integer),
    ("currency", Kind::Text(3)),
    ("description", Kind::Text(5000)),
    ("destination", Kind::Text(5000)),
    ("expand", Kind::List),
    ("metadata", Kind::Metadata),
    ("method", Kind::Choice(&["instant", "standard"])),
    ("source_type", Kind::Choice(&["bank_account", "card", "fpx"])),
    ("statement_descriptor", Kind::Text(22)),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const UPDATE: &[Parameter] = &[("expand", Kind::List), ("metadata", Kind::Metadata)];

const LIST: &[Parameter] = &[
    ("arrival_date", Kind::IntegerOr(pages::RANGE)),
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("destination", Kind::Text(5000)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("starting_after", Kind::Text(5000)),
    ("status", Kind::Choice(&["pending", "paid", "failed", "canceled", "in_transit"])),
];

const EXPANDABLE: &[&str] =
    &["balance_transaction", "destination", "failure_balance_transaction", "original_payout", "reversed_by"];

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(CREATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let amount = given.integer("amount").ok_or_else(|| Refusal::missing("amount"))?;
    let currency = given.text("currency").ok_or_else(|| Refusal::missing("currency"))?;
    let currency = currencies::check_currency(currency)?;
    currencies::check_payout(amount, &currency, "amount")?;
    let is_instant = given.text("method") == Some("instant");
    let destination = destination(call, &given, &currency)?;
    let now = call.desk.now();
    spend(call, amount, &currency)?;
    let (due_at, arrival_date) = if is_instant {
        (now, now.saturating_add(INSTANT_SECONDS))
    } else {
        let arrival = calendar::midnight_from(now.saturating_add(STANDARD_SECONDS));
        (now.saturating_add(TRANSIT_SECONDS), arrival)
    };
    let mut payout = Payout {
        id: format!("po_1{}", call.desk.random.base62(23)),
        amount,
        currency,
        created: now,
        arrival_date,
        destination,
        is_instant,
        is_live: call.account.is_live,
        source_type: given.text("source_type").unwrap_or("card").to_owned(),
        description: given.text("description").map(str::to_owned),
        statement_descriptor: given.text("statement_descriptor").map(str::to_owned),
        status: PayoutStatus::Pending,
        failure: None,
        original_payout: None,
        reversed_by: None,
        metadata: Map::new(),
        due_at: Some(due_at),
    };
    given.apply_metadata(&mut payout.metadata);
    let id = payout.id.clone();
    call.account.payouts.insert(&id, payout);
    payout::report(call.desk, call.account, &id, "payouts.create");
    Ok(call.shown(&id, &given))
}

/// Takes an amount from the available balance.
pub(super) fn spend(call: &mut Call<'_>, amount: i64, currency: &str) -> Result<(), Refusal> {
    if amount > call.account.ledger.available(currency, call.desk.now()) {
        let message = "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low.  You can use the /v1/balance endpoint to view your Stripe balance (for more details, see stripe.com/docs/api#balance).";
        return Err(Refusal::state(Some("balance_insufficient"), message));
    }
    call.account.ledger.book_now(currency, amount.saturating_neg());
    Ok(())
}

/// Returns the bank account or card that the money goes to, which must be the account's own.
fn destination(call: &Call<'_>, given: &Parameters, currency: &str) -> Result<String, Refusal> {
    let (bank_account, card) = (call.account.bank_account(currency), call.account.debit_card(currency));
    match given.text("destination") {
        None => Ok(bank_account),
        Some(id) if id == bank_account || id == card => Ok(id.to_owned()),
        Some(id) => Err(Refusal::no_such(StatusCode::BAD_REQUEST, "external account", id, "destination")),
    }
}

/// Returns the payout of the path after letting happen what is due.
fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Payout, Refusal> {
    payout::settle(call.desk, call.account, call.id);
    let missing = call.missing("payout");
    call.account.payouts.get_mut(call.id).ok_or(missing)
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    find(call)?;
    Ok(call.shown(call.id, &given))
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(UPDATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    given.apply_metadata(&mut find(call)?.metadata);
    payout::report(call.desk, call.account, call.id, "payouts.update");
    Ok(call.shown(call.id, &given))
}

fn cancel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let status = find(call)?.status;
    if status != PayoutStatus::Pending {
        let message = format!(
            "This payout could not be canceled because it has a status of {}. Only a payout with the status pending may be canceled.",
            status.name()
        );
        return Err(Refusal::state(None, message));
    }
    payout::turn(call.desk, call.account, call.id, (PayoutStatus::Canceled, None));
    Ok(call.shown(call.id, &given))
}

/// Debits the bank account again, by a payout of the amount below zero.
fn reverse(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(UPDATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let original = find(call)?.clone();
    if original.reversed_by.is_some() || original.amount < 0 {
        return Err(Refusal::state(None, "This payout has already been reversed or is a reversal itself."));
    }
    if ![PayoutStatus::InTransit, PayoutStatus::Paid].contains(&original.status) {
        let message = format!(
            "This payout could not be reversed because it has a status of {}. A pending payout is canceled instead.",
            original.status.name()
        );
        return Err(Refusal::state(None, message));
    }
    let now = call.desk.now();
    let mut reversal = Payout {
        id: format!("po_1{}", call.desk.random.base62(23)),
        amount: original.amount.saturating_neg(),
        created: now,
        arrival_date: calendar::midnight_from(now.saturating_add(STANDARD_SECONDS)),
        status: PayoutStatus::Pending,
        original_payout: Some(original.id.clone()),
        metadata: Map::new(),
        due_at: Some(now.saturating_add(TRANSIT_SECONDS)),
        ..original
    };
    given.apply_metadata(&mut reversal.metadata);
    let id = reversal.id.clone();
    call.account.ledger.book(&reversal.currency, original.amount, reversal.arrival_date);
    call.account.payouts.insert(&id, reversal);
    if let Some(original) = call.account.payouts.get_mut(call.id) {
        original.reversed_by = Some(id.clone());
    }
    payout::report(call.desk, call.account, &id, "payouts.reverse");
    Ok(call.shown(&id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    payout::settle_all(call.desk, call.account);
    let payouts = call.account.payouts.newest();
    let fitting = payouts
        .filter(|payout| pages::is_in_range(payout.created, &given, "created"))
        .filter(|payout| pages::is_in_range(payout.arrival_date, &given, "arrival_date"))
        .filter(|payout| pages::fits(Some(&payout.destination), &given, "destination"))
        .filter(|payout| pages::fits(Some(payout.status.name()), &given, "status"));
    let page = pages::page(&given, "payout", fitting, |payout| &payout.id)?;
    let data = page.items.into_iter().map(Payout::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/payouts", (data, page.has_more)))
}
