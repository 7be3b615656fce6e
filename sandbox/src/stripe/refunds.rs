//! Stripe refunds: create, get, update, cancel and list.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::routes::Route;

use super::{
    Call, Handler, bank,
    charges::ChargeStatus,
    currencies, expansion,
    intent::Status,
    pages,
    parameters::{Kind, Parameter, Parameters},
    payment_methods::{PaymentMethod, RefundManner},
    refund::{self, Refund, RefundStatus},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/refunds", operation: "refunds.create", handler: create },
    Route { method: "GET", path: "/v1/refunds", operation: "refunds.list", handler: list },
    Route { method: "GET", path: "/v1/refunds/{id}", operation: "refunds.get", handler: get },
    Route { method: "POST", path: "/v1/refunds/{id}", operation: "refunds.update", handler: update },
    Route { method: "POST", path: "/v1/refunds/{id}/cancel", operation: "refunds.cancel", handler: cancel },
];

const CREATE: &[Parameter] = &[
    ("amount", Kind::Integer),
    ("charge", Kind::Text(5000)),
    ("currency", Kind::NotSimulated),
    ("customer", Kind::NotSimulated),
    ("expand", Kind::List),
    ("instructions_email", Kind::Text(5000)),
    ("metadata", Kind::Metadata),
    ("origin", Kind::NotSimulated),
    ("payment_intent", Kind::Text(5000)),
    ("reason", Kind::Choice(&["duplicate", "fraudulent", "requested_by_customer"])),
    ("refund_application_fee", Kind::NotSimulated),
    ("reverse_transfer", Kind::NotSimulated),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const UPDATE: &[Parameter] = &[("expand", Kind::List), ("metadata", Kind::Metadata)];

const LIST: &[Parameter] = &[
    ("charge", Kind::Text(5000)),
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("payment_intent", Kind::Text(5000)),
    ("starting_after", Kind::Text(5000)),
];

/// What `expand[]` can name on a refund.
const EXPANDABLE: &[&str] = &[
    "balance_transaction",
    "charge",
    "failure_balance_transaction",
    "payment_intent",
    "payment_intent.latest_charge",
    "source_transfer_reversal",
    "transfer_reversal",
];

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(CREATE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let charge_id = charge_to_refund(call, &given)?;
    let missing = || Refusal::no_such(StatusCode::BAD_REQUEST, "charge", &charge_id, "charge");
    let charge = call.account.charges.get_mut(&charge_id).ok_or_else(missing)?;
    let left = charge.refundable();
    if left < 1 {
        let message = format!("Charge {charge_id} has already been refunded.");
        return Err(Refusal::state(Some("charge_already_refunded"), message));
    }
    let amount = given.integer("amount").unwrap_or(left);
    currencies::check_part(amount, &charge.currency, "amount")?;
    if amount > left {
        let message = format!(
            "Refund amount ({}) is greater than unrefunded amount on charge ({})",
            currencies::written(amount, &charge.currency),
            currencies::written(left, &charge.currency)
        );
        let mut refusal = Refusal::parameter(None, "amount", message);
        refusal.has_begun = true;
        return Err(refusal);
    }
    charge.amount_refunded = charge.amount_refunded.saturating_add(amount);
    let mut refund = Refund {
        id: format!("re_3{}", call.desk.random.base62(23)),
        charge: charge_id.clone(),
        intent: charge.intent.clone(),
        amount,
        currency: charge.currency.clone(),
        created: call.desk.now(),
        reason: given.text("reason").map(str::to_owned),
        status: RefundStatus::Pending,
        failure_reason: None,
        metadata: Map::new(),
        due: None,
    };
    given.apply_metadata(&mut refund.metadata);
    refund.begin(charge.method.as_ref().map_or(RefundManner::AtOnce, PaymentMethod::refund_manner));
    let available_on = charge.available_on.unwrap_or_default();
    call.account.ledger.book(&refund.currency, amount.saturating_neg(), available_on);
    let id = refund.id.clone();
    call.account.refunds.insert(&id, refund);
    refund::report(call.desk, call.account, &id, "refunds.create");
    Ok(call.shown(&id, &given))
}

/// Returns the successful charge that the request names, itself or by its intent.
fn charge_to_refund(call: &mut Call<'_>, given: &Parameters) -> Result<String, Refusal> {
    let unknown = |noun: &str, id: &str| Refusal::no_such(StatusCode::BAD_REQUEST, noun, id, noun);
    match (given.text("payment_intent"), given.text("charge")) {
        (Some(_), Some(_)) => Err(Refusal::only_one_of(&["charge", "payment_intent"])),
        (None, None) => {
            let message =
                "One of the following params should be provided for this request: payment_intent or charge.";
            Err(Refusal::request(StatusCode::BAD_REQUEST, Some("parameter_missing"), message))
        }
        (Some(intent_id), None) => {
            bank::settle(call.desk, call.account, intent_id);
            let intent =
                call.account.intents.get(intent_id).ok_or_else(|| unknown("payment_intent", intent_id))?;
            let charge = intent.latest_charge.clone().filter(|_| intent.status == Status::Succeeded);
            charge.ok_or_else(|| {
                let message =
                    format!("This PaymentIntent ({intent_id}) does not have a successful charge to refund.");
                Refusal::state(None, message)
            })
        }
        (None, Some(charge_id)) => {
            let intent = call.account.charges.get(charge_id).map(|charge| charge.intent.clone());
            bank::settle(call.desk, call.account, &intent.ok_or_else(|| unknown("charge", charge_id))?);
            let is_good = call
                .account
                .charges
                .get(charge_id)
                .is_some_and(|charge| charge.status == ChargeStatus::Succeeded && charge.is_captured);
            if is_good {
                return Ok(charge_id.to_owned());
            }
            let message = format!("Charge {charge_id} is not a successful, captured charge to refund.");
            Err(Refusal::state(None, message))
        }
    }
}

/// Returns the refund of the path after letting happen what is due.
fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Refund, Refusal> {
    refund::settle(call.desk, call.account, call.id);
    let missing = call.missing("refund");
    call.account.refunds.get_mut(call.id).ok_or(missing)
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
    refund::report(call.desk, call.account, call.id, "refunds.update");
    Ok(call.shown(call.id, &given))
}

fn cancel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let status = find(call)?.status;
    if status != RefundStatus::RequiresAction {
        let message = format!(
            "The refund could not be canceled because it has a status of {}. Only a refund with the status requires_action may be canceled.",
            status.name()
        );
        return Err(Refusal::state(None, message));
    }
    refund::turn(call.desk, call.account, call.id, (RefundStatus::Canceled, None));
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    refund::settle_all(call.desk, call.account);
    let refunds = call.account.refunds.newest();
    let fitting = refunds
        .filter(|refund| pages::is_in_range(refund.created, &given, "created"))
        .filter(|refund| pages::fits(Some(&refund.charge), &given, "charge"))
        .filter(|refund| pages::fits(Some(&refund.intent), &given, "payment_intent"));
    let page = pages::page(&given, "refund", fitting, |refund| &refund.id)?;
    let data = page.items.into_iter().map(Refund::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/refunds", (data, page.has_more)))
}
