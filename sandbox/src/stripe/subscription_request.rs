//! Reading the request for a subscription: customer, items, trial, how it is collected; nothing is kept before all is right.

use http::StatusCode;
use serde_json::{Map, Value};

use super::{
    Call, billing, currencies, customers, order_steps,
    parameters::{Kind, Parameter, Parameters},
    price::{Offer, RECURRING, TAX_BEHAVIORS},
    refusal::Refusal,
    subscription::{Cancellation, Item, Subscription, SubscriptionStatus, TrialEndBehavior},
};

const DAY_SECONDS: i64 = 24 * 60 * 60;
const MOST_TRIAL_DAYS: i64 = 730;
const MOST_ITEMS: usize = 20;

/// The fields of `cancellation_details`.
pub(super) const CANCELLATION: &[Parameter] = &[
    ("comment", Kind::Text(5000)),
    (
        "feedback",
        Kind::Choice(&[
            "customer_service",
            "low_quality",
            "missing_features",
            "other",
            "switched_service",
            "too_complex",
            "too_expensive",
            "unused",
        ]),
    ),
];
/// The fields of `payment_settings`.
pub(super) const PAYMENT_SETTINGS: &[Parameter] = &[
    ("payment_method_options", Kind::Open),
    ("payment_method_types", Kind::Open),
    ("save_default_payment_method", Kind::Choice(&["off", "on_subscription"])),
];
/// The fields of `trial_settings`.
pub(super) const TRIAL_SETTINGS: &[Parameter] = &[("end_behavior", Kind::Hash(END_BEHAVIOR))];
const END_BEHAVIOR: &[Parameter] =
    &[("missing_payment_method", Kind::Choice(&["cancel", "create_invoice", "pause"]))];

/// The words of `payment_behavior`.
pub(super) const BEHAVIORS: Kind =
    Kind::Choice(&["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"]);
/// The words of `proration_behavior`.
pub(super) const PRORATIONS: Kind = Kind::Choice(&["always_invoice", "create_prorations", "none"]);

const PRICE_DATA: &[Parameter] = &[
    ("currency", Kind::Text(3)),
    ("product", Kind::Text(5000)),
    ("recurring", Kind::Hash(RECURRING)),
    ("tax_behavior", TAX_BEHAVIORS),
    ("unit_amount", Kind::Integer),
    ("unit_amount_decimal", Kind::Text(40)),
];

const ITEM: &[Parameter] = &[
    ("billing_thresholds", Kind::NotSimulated),
    ("discounts", Kind::NotSimulated),
    ("metadata", Kind::Metadata),
    ("price", Kind::Text(5000)),
    ("price_data", Kind::Hash(PRICE_DATA)),
    ("quantity", Kind::Integer),
    ("tax_rates", Kind::NotSimulated),
];

/// The parameters of create.
pub(super) const CREATE: &[Parameter] = &[
    ("add_invoice_items", Kind::NotSimulated),
    ("application_fee_percent", Kind::NotSimulated),
    ("automatic_tax", Kind::NotSimulated),
    ("backdate_start_date", Kind::NotSimulated),
    ("billing_cycle_anchor", Kind::NotSimulated),
    ("billing_thresholds", Kind::NotSimulated),
    ("cancel_at", Kind::Integer),
    ("cancel_at_period_end", Kind::Boolean),
    ("collection_method", Kind::Choice(&["charge_automatically", "send_invoice"])),
    ("coupon", Kind::NotSimulated),
    ("currency", Kind::Text(3)),
    ("customer", Kind::Text(5000)),
    ("days_until_due", Kind::Integer),
    ("default_payment_method", Kind::Text(5000)),
    ("default_source", Kind::NotSimulated),
    ("default_tax_rates", Kind::NotSimulated),
    ("description", Kind::Text(500)),
    ("discounts", Kind::NotSimulated),
    ("expand", Kind::List),
    ("items", Kind::Hashes(ITEM)),
    ("metadata", Kind::Metadata),
    ("off_session", Kind::Boolean),
    ("on_behalf_of", Kind::NotSimulated),
    ("payment_behavior", BEHAVIORS),
    ("payment_settings", Kind::Hash(PAYMENT_SETTINGS)),
    ("pending_invoice_item_interval", Kind::NotSimulated),
    ("promotion_code", Kind::NotSimulated),
    ("proration_behavior", PRORATIONS),
    ("transfer_data", Kind::NotSimulated),
    ("trial_end", Kind::Text(20)),
    ("trial_from_plan", Kind::NotSimulated),
    ("trial_period_days", Kind::Integer),
    ("trial_settings", Kind::Hash(TRIAL_SETTINGS)),
];

/// Reads a subscription without keeping it; prices that came inline are kept when everything was right.
pub(super) fn read(call: &mut Call<'_>, given: &Parameters) -> Result<Subscription, Refusal> {
    let customer = given.text("customer").ok_or_else(|| Refusal::missing("customer"))?.to_owned();
    customers::check(call.account, given)?;
    if given.text("payment_behavior") == Some("pending_if_incomplete") {
        let message = "pending_if_incomplete is for updates only.";
        return Err(Refusal::parameter(None, "payment_behavior", message));
    }
    let now = call.desk.now();
    let trial = trial(given, now)?.map(|end| (now, end));
    let (cancel_at, cancels_at_period_end) = cancellation(given, now)?;
    let days_until_due = days_until_due(given)?;
    let offers = offers(call, given)?;
    let default_payment_method = default_method(call, given)?;
    let mut subscription = Subscription {
        id: format!("sub_1{}", call.desk.random.base62(23)),
        customer,
        status: if trial.is_some() { SubscriptionStatus::Trialing } else { SubscriptionStatus::Incomplete },
        items: offers.iter().map(|(_, item)| item.clone()).collect(),
        created: now,
        is_live: call.account.is_live,
        anchor: trial.map_or(now, |(_, end)| end),
        cycle: -1,
        period: trial.unwrap_or((now, now)),
        trial,
        trial_end_behavior: TrialEndBehavior::CreateInvoice,
        days_until_due,
        cancel_at,
        cancels_at_period_end,
        canceled_at: (cancel_at.is_some() || cancels_at_period_end).then_some(now),
        ended_at: None,
        cancellation: Cancellation::default(),
        default_payment_method,
        last_method: None,
        saves_method: false,
        description: given.text("description").map(str::to_owned),
        latest_invoice: None,
        next_attempt_at: None,
        metadata: Map::new(),
    };
    if trial.is_none() {
        subscription.enter(0);
    }
    apply_settings(&mut subscription, given);
    given.apply_metadata(&mut subscription.metadata);
    check_total(&subscription)?;
    check_can_pay(call, &subscription, given)?;
    for (offer, _) in offers {
        offer.keep(call.desk, call.account);
    }
    Ok(subscription)
}

/// Takes over what create and update both have.
pub(super) fn apply_settings(subscription: &mut Subscription, given: &Parameters) {
    if let Some(save) = given.nested_text("payment_settings", "save_default_payment_method") {
        subscription.saves_method = save == "on_subscription";
    }
    let end_behavior = given.value("trial_settings").and_then(|settings| settings.get("end_behavior"));
    let behavior = end_behavior.and_then(|behavior| behavior.get("missing_payment_method"));
    subscription.trial_end_behavior = match behavior.and_then(Value::as_str) {
        Some("create_invoice") => TrialEndBehavior::CreateInvoice,
        Some("pause") => TrialEndBehavior::Pause,
        Some("cancel") => TrialEndBehavior::Cancel,
        _ => subscription.trial_end_behavior,
    };
}

/// Returns the payment method that the subscription is to be charged with, which becomes the customer's.
pub(super) fn default_method(call: &mut Call<'_>, given: &Parameters) -> Result<Option<String>, Refusal> {
    let Some(name) = given.text("default_payment_method") else { return Ok(None) };
    let unknown =
        || Refusal::no_such(StatusCode::BAD_REQUEST, "PaymentMethod", name, "default_payment_method");
    let method = order_steps::known_or_new_method(call.desk, call.account, name).ok_or_else(unknown)?;
    if let Some(customer) = given.text("customer") {
        customers::attach(call.account, &method.id, customer);
    }
    Ok(Some(method.id))
}

/// Returns the trial's end; none without a trial.
fn trial(given: &Parameters, now: i64) -> Result<Option<i64>, Refusal> {
    match (given.text("trial_end"), given.integer("trial_period_days")) {
        (Some(_), Some(_)) => Err(Refusal::only_one_of(&["trial_end", "trial_period_days"])),
        (None | Some("now"), None) => Ok(None),
        (None, Some(days)) if (1..=MOST_TRIAL_DAYS).contains(&days) => {
            Ok(Some(now.saturating_add(days.saturating_mul(DAY_SECONDS))))
        }
        (None, Some(_)) => {
            let message = format!("Invalid trial_period_days: must be 1 to {MOST_TRIAL_DAYS}.");
            Err(Refusal::parameter(None, "trial_period_days", message))
        }
        (Some(text), None) => match text.parse::<i64>() {
            Ok(end)
                if end > now && end <= now.saturating_add(MOST_TRIAL_DAYS.saturating_mul(DAY_SECONDS)) =>
            {
                Ok(Some(end))
            }
            Ok(_) => {
                let message = "Invalid timestamp: trial_end must be in the future, and within two years.";
                Err(Refusal::parameter(None, "trial_end", message))
            }
            Err(_) => {
                let code = Some("parameter_invalid_integer");
                Err(Refusal::parameter(code, "trial_end", format!("Invalid integer: {text}")))
            }
        },
    }
}

/// Returns when the subscription ends by itself.
pub(super) fn cancellation(given: &Parameters, now: i64) -> Result<(Option<i64>, bool), Refusal> {
    let at_period_end = given.is_true("cancel_at_period_end");
    match given.integer("cancel_at") {
        Some(_) if at_period_end => Err(Refusal::only_one_of(&["cancel_at", "cancel_at_period_end"])),
        Some(at) if at <= now => {
            let message = "Invalid timestamp: cancel_at must be in the future.";
            Err(Refusal::parameter(None, "cancel_at", message))
        }
        at => Ok((at, at_period_end)),
    }
}

fn days_until_due(given: &Parameters) -> Result<Option<i64>, Refusal> {
    let is_sent = given.text("collection_method") == Some("send_invoice");
    match given.integer("days_until_due") {
        Some(days) if is_sent && (0..=365).contains(&days) => Ok(Some(days)),
        Some(_) => {
            let message = "Invalid days_until_due: it is 0 to 365, with collection_method=send_invoice only.";
            Err(Refusal::parameter(None, "days_until_due", message))
        }
        None if is_sent => Err(Refusal::missing("days_until_due")),
        None => Ok(None),
    }
}

fn offers(call: &mut Call<'_>, given: &Parameters) -> Result<Vec<(Offer, Item)>, Refusal> {
    let lines = given.each("items");
    if lines.is_empty() {
        return Err(Refusal::missing("items"));
    }
    if lines.len() > MOST_ITEMS {
        let message = format!("A subscription has at most {MOST_ITEMS} items.");
        return Err(Refusal::parameter(None, "items", message));
    }
    let mut offers: Vec<(Offer, Item)> = Vec::new();
    for (position, line) in lines.iter().enumerate() {
        let prefix = format!("items[{position}]");
        let offer = Offer::read(call, line, &prefix)?;
        check_fits(&offer, offers.first().map(|(first, _)| first), &prefix)?;
        if offers.iter().any(|(other, _)| other.price.id == offer.price.id) {
            let message =
                format!("Cannot add multiple subscription items with the same price: {}", offer.price.id);
            return Err(Refusal::parameter(None, "items", message));
        }
        let quantity = line.integer("quantity").unwrap_or(1);
        if quantity < 0 {
            let code = Some("parameter_invalid_integer");
            let message = "This value must be greater than or equal to 0.";
            return Err(Refusal::parameter(code, &format!("{prefix}[quantity]"), message));
        }
        let id = format!("si_{}", call.desk.random.base62(14));
        let mut item = Item { id, price: offer.price.clone(), quantity, metadata: Map::new() };
        line.apply_metadata(&mut item.metadata);
        offers.push((offer, item));
    }
    Ok(offers)
}

/// All items of a subscription are paid at the same times in the same currency.
fn check_fits(offer: &Offer, first: Option<&Offer>, prefix: &str) -> Result<(), Refusal> {
    let param = format!("{prefix}[price]");
    let terms = &offer.price.terms;
    if terms.recurring.is_none() {
        let message = "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.";
        return Err(Refusal::parameter(None, &param, message));
    }
    let Some(first) = first.map(|first| &first.price.terms) else { return Ok(()) };
    if first.currency == terms.currency && first.recurring == terms.recurring {
        return Ok(());
    }
    let message = "Currency and interval fields must match across all prices on this subscription.";
    Err(Refusal::parameter(None, &param, message))
}

fn check_total(subscription: &Subscription) -> Result<(), Refusal> {
    match subscription.total() {
        Some(0) => Ok(()),
        total => currencies::check_amount(total.unwrap_or(i64::MAX), subscription.currency(), "items"),
    }
}

/// Refuses a subscription that is to be charged at once where there is nothing to charge.
fn check_can_pay(call: &Call<'_>, subscription: &Subscription, given: &Parameters) -> Result<(), Refusal> {
    let may_wait = given.text("payment_behavior") == Some("default_incomplete")
        || subscription.days_until_due.is_some()
        || subscription.trial.is_some()
        || subscription.total() == Some(0);
    if may_wait || billing::method_of(call.account, subscription).is_some() {
        return Ok(());
    }
    let message = "This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.";
    Err(Refusal::state(Some("resource_missing"), message))
}
