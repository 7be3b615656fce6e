//! RazorpayX payouts: create with the mandatory idempotency key, get, list, and cancel while queued.

use serde_json::{Map, Value};

use crate::{credentials, routes::Route};

use super::{
    Call, Handler,
    fields::{self, Fields},
    fund_accounts::Composite,
    lists::{ListQuery, collection},
    payout::{self, Payout, Status, report, settle},
    payout_reasons::LOW_BALANCE,
    refusal::Refusal,
    replays::{self, Keyed, Repeat},
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/payouts", operation: "payouts.create", handler: create },
    Route { method: "GET", path: "/v1/payouts", operation: "payouts.list", handler: list },
    Route { method: "GET", path: "/v1/payouts/{id}", operation: "payouts.get", handler: get },
    Route { method: "POST", path: "/v1/payouts/{id}/cancel", operation: "payouts.cancel", handler: cancel },
];

/// The header with the key, as RazorpayX names it.
const KEY_HEADER: &str = "X-Payout-Idempotency";
/// Keys are kept for seven days.
const KEPT_SECONDS: i64 = 7 * 24 * 60 * 60;
/// What create takes.
const FIELDS: [&str; 11] = [
    "account_number",
    "fund_account_id",
    "fund_account",
    "amount",
    "currency",
    "mode",
    "purpose",
    "queue_if_low_balance",
    "reference_id",
    "narration",
    "notes",
];
const MODES: [&str; 5] = ["NEFT", "RTGS", "IMPS", "UPI", "card"];
/// Those that every account has; others are made in the dashboard, which there is none of here.
const PURPOSES: [&str; 6] = ["refund", "cashback", "payout", "salary", "utility bill", "vendor bill"];
/// RTGS starts at two lakh rupees, in paise.
const LEAST_RTGS: i64 = 20_000_000;
/// UPI ends at one lakh rupees, in paise.
const MOST_UPI: i64 = 10_000_000;

/// Where a payout goes: a stored fund account, or one that comes with it.
enum Target {
    Stored(String),
    Composite(Box<Composite>),
}

/// A payout that has been read, before it is known whether the account can pay it.
struct Request {
    target: Target,
    payout: Payout,
    queues: bool,
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = read_key(call)?;
    let body = fields::object(&call.incoming.body)?;
    let keyed = Keyed { key: &key, target: "", body: &body };
    let now = call.desk.now();
    match call.merchant.payout_keys.look_up(keyed, now.saturating_sub(KEPT_SECONDS)) {
        Repeat::First => {}
        Repeat::Same(id) => {
            settle(call.desk, call.merchant, &id);
            return show(call, &id, Shown::AsCreated);
        }
        Repeat::Different => {
            return Err(Refusal::state("Different request body sent for the same Idempotency Header."));
        }
    }
    let Request { target, mut payout, queues } = read_payout(call, &body)?;
    let is_short = payout.cost() > payout::balance(call.desk, call.merchant);
    if is_short && !queues {
        return Err(Refusal::state(
            "Your account does not have enough balance to carry out the payout operation.",
        ));
    }
    payout.fund_account_id = match target {
        Target::Stored(id) => id,
        Target::Composite(account) => account.find_or_make(call.desk, call.merchant),
    };
    if is_short {
        payout.status = Status::Queued;
        payout.reason = Some(LOW_BALANCE.to_owned());
    } else {
        payout.holds_money = true;
        call.merchant.paid_out = call.merchant.paid_out.saturating_add(payout.cost());
    }
    let id = payout.id.clone();
    call.merchant.payout_keys.keep(keyed, id.clone(), now);
    call.merchant.payouts.insert(&id, payout);
    report(call.desk, call.merchant, &id, "payouts.create");
    show(call, &id, Shown::AsCreated)
}

fn read_key(call: &Call<'_>) -> Result<String, Refusal> {
    match call.incoming.header(KEY_HEADER) {
        None | Some("") => Err(Refusal::field(
            KEY_HEADER,
            "Idempotency key is missing. Include idempotency header and key in the request.",
        )),
        Some(key) if replays::is_key(key, 4..=36, b" ") => Ok(key.to_owned()),
        Some(_) => Err(Refusal::field(
            KEY_HEADER,
            "The idempotency key must be 4 to 36 letters, digits, hyphens, underscores and spaces.",
        )),
    }
}

fn read_payout(call: &mut Call<'_>, body: &Map<String, Value>) -> Result<Request, Refusal> {
    let fields = Fields::of(body, "", &FIELDS)?;
    let account = fields.required_text("account_number")?;
    if !credentials::is_alphanumeric(account) {
        return Err(wrong_account());
    }
    let amount = fields.required_integer("amount")?;
    if fields.required_text("currency")? != "INR" {
        return Err(Refusal::field("currency", "The currency must be INR."));
    }
    super::currencies::check_amount(amount, "INR")?;
    let mode = fields.required_choice("mode", &MODES)?;
    let purpose = fields.required_choice("purpose", &PURPOSES)?;
    let queues = fields.switch("queue_if_low_balance")?.unwrap_or(false);
    let reference = fields.text("reference_id", 40)?.filter(|text| !text.is_empty()).map(str::to_owned);
    let narration = fields.text("narration", 30)?.map(str::to_owned);
    if narration.as_ref().is_some_and(|text| !text.bytes().all(is_narration)) {
        return Err(fields.wrong("narration", "may only contain letters, digits and spaces."));
    }
    let notes = fields.notes()?;
    let target = read_target(call, &fields)?;
    check_mode(call, &target, (mode, amount))?;
    // The first account number seen with a payout is the account's from then on.
    if call.merchant.payout_account.get_or_insert_with(|| account.to_owned()) != account {
        return Err(wrong_account());
    }
    let payout = Payout {
        id: format!("pout_{}", call.desk.random.base62(14)),
        fund_account_id: String::new(),
        is_composite: matches!(target, Target::Composite(_)),
        amount,
        mode: mode.to_owned(),
        purpose: purpose.to_owned(),
        reference,
        narration,
        notes,
        status: Status::Processing,
        reason: None,
        utr: None,
        holds_money: false,
        created_at: call.desk.now(),
    };
    Ok(Request { target, payout, queues })
}

fn is_narration(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b' '
}

fn wrong_account() -> Refusal {
    Refusal::field("account_number", "The RazorpayX Account number is invalid.")
}

fn read_target(call: &Call<'_>, fields: &Fields<'_>) -> Result<Target, Refusal> {
    match (fields.text("fund_account_id", 64)?, fields.object("fund_account")?) {
        (Some(id), None) => {
            fields::check_id(id, "fa_")?;
            if call.merchant.fund_accounts.get(id).is_none() {
                return Err(Refusal::unknown_id());
            }
            Ok(Target::Stored(id.to_owned()))
        }
        (None, Some(account)) => Composite::read(account).map(Box::new).map(Target::Composite),
        (None, None) => Err(fields.missing("fund_account_id")),
        (Some(_), Some(_)) => Err(Refusal::extra("fund_account")),
    }
}

fn check_mode(call: &Call<'_>, target: &Target, (mode, amount): (&str, i64)) -> Result<(), Refusal> {
    let kind = match target {
        Target::Stored(id) => call.merchant.fund_accounts.get(id).map(|account| account.destination.kind()),
        Target::Composite(account) => Some(account.destination().kind()),
    };
    let fitting = match mode {
        "UPI" => Some("vpa"),
        "NEFT" | "RTGS" | "IMPS" => Some("bank_account"),
        _ => None,
    };
    if fitting != kind {
        let kind = kind.unwrap_or_default();
        return Err(Refusal::field("mode", format!("The mode {mode} is not allowed for a {kind}.")));
    }
    if mode == "RTGS" && amount < LEAST_RTGS {
        return Err(Refusal::field("amount", "The amount must be at least INR 200000.00 for RTGS."));
    }
    if mode == "UPI" && amount > MOST_UPI {
        return Err(Refusal::field("amount", "The amount may not be greater than INR 100000.00 for UPI."));
    }
    Ok(())
}

/// Which form of a payout is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// With the fund account that came with it.
    AsCreated,
    Plain,
}

fn show(call: &Call<'_>, id: &str, shown: Shown) -> Result<Value, Refusal> {
    let payout = call.merchant.payouts.get(id).ok_or_else(Refusal::unknown_id)?;
    let mut object = payout.to_json();
    if shown == Shown::AsCreated
        && payout.is_composite
        && let Some(account) = call.merchant.fund_accounts.get(&payout.fund_account_id)
        && let Some(members) = object.as_object_mut()
    {
        members.insert("fund_account".to_owned(), account.to_json_with_contact(call.merchant));
    }
    Ok(object)
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    fields::check_id(call.id, "pout_")?;
    settle(call.desk, call.merchant, call.id);
    show(call, call.id, Shown::Plain)
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let query = ListQuery::read(call.incoming, &["account_number", "reference_id"])?;
    let given = query.filter("account_number");
    let Some(account) = given.filter(|account| credentials::is_alphanumeric(account)) else {
        let message = "The account number field is required.";
        return Err(if given.is_none() {
            Refusal::field("account_number", message)
        } else {
            wrong_account()
        });
    };
    if call.merchant.payout_account.as_deref().is_some_and(|known| known != account) {
        return Err(wrong_account());
    }
    for id in call.merchant.payouts.ids() {
        settle(call.desk, call.merchant, &id);
    }
    let fitting =
        call.merchant.payouts.newest().filter(|it| query.admits("reference_id", it.reference.as_deref()));
    let items: Vec<Value> =
        query.page(fitting, |it| it.created_at).into_iter().map(Payout::to_json).collect();
    Ok(collection(&items))
}

fn cancel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    fields::no_fields(&call.incoming.body)?;
    fields::check_id(call.id, "pout_")?;
    settle(call.desk, call.merchant, call.id);
    let payout = call.merchant.payouts.get(call.id).ok_or_else(Refusal::unknown_id)?;
    if payout.status != Status::Queued {
        let message = format!("Payout cannot be cancelled in {} status.", payout.status.name());
        return Err(Refusal::state(message));
    }
    payout::change(call.desk, call.merchant, call.id, (Status::Cancelled, None));
    show(call, call.id, Shown::Plain)
}
