//! `GET` and `PUT /_control/settings`: what the providers' documents leave open, or make adjustable.

use http::Method;
use serde_json::{Map, Value, json};

use crate::{desk::RAZORPAY_FEATURES, exchange::Incoming, world::World};

use super::fields::{self, Wrong};

/// Every setting.
const NAMES: [&str; 5] = [
    "token_lifetime_seconds",
    "razorpay_unique_receipts",
    "razorpay_pending_refunds",
    "razorpay_disabled_features",
    "razorpay_payout_balance",
];

/// Shows the settings, after changing those that were sent.
pub(super) fn answer(world: &mut World, incoming: &Incoming) -> Result<Value, Wrong> {
    if incoming.method == Method::PUT {
        change(world, &fields::object(incoming)?)?;
    }
    let settings = &world.desk.settings;
    Ok(json!({
        "token_lifetime_seconds": settings.token_lifetime_seconds,
        "razorpay_unique_receipts": settings.razorpay_unique_receipts,
        "razorpay_pending_refunds": settings.razorpay_pending_refunds,
        "razorpay_disabled_features": settings.razorpay_disabled_features,
        "razorpay_payout_balance": settings.razorpay_payout_balance,
    }))
}

/// Changes what was sent; a wrong one leaves all as they are.
fn change(world: &mut World, body: &Map<String, Value>) -> Result<(), Wrong> {
    fields::only(body, &NAMES, "")?;
    let mut settings = world.desk.settings.clone();
    let name = "token_lifetime_seconds";
    if let Some(seconds) = fields::number(body, name, 0, name)? {
        settings.token_lifetime_seconds = seconds;
    }
    if let Some(flag) = flag(body, "razorpay_unique_receipts")? {
        settings.razorpay_unique_receipts = flag;
    }
    if let Some(flag) = flag(body, "razorpay_pending_refunds")? {
        settings.razorpay_pending_refunds = flag;
    }
    if let Some(features) = features(body, "razorpay_disabled_features")? {
        settings.razorpay_disabled_features = features;
    }
    let name = "razorpay_payout_balance";
    if let Some(paise) = fields::number(body, name, 0, name)? {
        settings.razorpay_payout_balance = i64::try_from(paise).unwrap_or(i64::MAX);
    }
    world.desk.settings = settings;
    Ok(())
}

fn flag(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, Wrong> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Wrong::field(name, format!("{name} must be true or false"))),
    }
}

fn features(body: &Map<String, Value>, name: &str) -> Result<Option<Vec<&'static str>>, Wrong> {
    let given = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(given)) => given,
        Some(_) => return Err(Wrong::field(name, format!("{name} must be a list"))),
    };
    let mut features = Vec::new();
    for word in given {
        let Some(feature) = RAZORPAY_FEATURES.into_iter().find(|feature| word == feature) else {
            let message = format!("unknown feature {word}; there are {}", RAZORPAY_FEATURES.join(", "));
            return Err(Wrong::field(name, message));
        };
        features.push(feature);
    }
    Ok(Some(features))
}
