//! `GET` and `PUT /_control/settings`: what the providers' documents leave open, or make adjustable.

use http::Method;
use serde_json::{Map, Value, json};

use crate::{exchange::Incoming, world::World};

use super::fields::{self, Wrong};

/// Every setting.
const NAMES: [&str; 3] = ["token_lifetime_seconds", "razorpay_unique_receipts", "razorpay_pending_refunds"];

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
