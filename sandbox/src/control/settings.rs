//! `GET` and `PUT /_control/settings`: what the providers' documents leave open, or make adjustable.

use http::Method;
use serde_json::{Value, json};

use crate::{exchange::Incoming, world::World};

use super::fields::{self, Wrong};

/// Shows the settings, after changing those that were sent.
pub(super) fn answer(world: &mut World, incoming: &Incoming) -> Result<Value, Wrong> {
    if incoming.method == Method::PUT {
        let body = fields::object(incoming)?;
        fields::only(&body, &["token_lifetime_seconds", "razorpay_unique_receipts"], "")?;
        let name = "token_lifetime_seconds";
        let lifetime = fields::number(&body, name, 0, name)?;
        let unique = match body.get("razorpay_unique_receipts") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => {
                let name = "razorpay_unique_receipts";
                return Err(Wrong::field(name, format!("{name} must be true or false")));
            }
        };
        let settings = &mut world.desk.settings;
        settings.token_lifetime_seconds = lifetime.unwrap_or(settings.token_lifetime_seconds);
        settings.razorpay_unique_receipts = unique.unwrap_or(settings.razorpay_unique_receipts);
    }
    Ok(json!({
        "token_lifetime_seconds": world.desk.settings.token_lifetime_seconds,
        "razorpay_unique_receipts": world.desk.settings.razorpay_unique_receipts,
    }))
}
