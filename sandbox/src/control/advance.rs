//! `POST /_control/advance`: time passes.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::{exchange::Incoming, world::World};

use super::fields::{self, Wrong};

/// The longest step: ten years.
const MOST_SECONDS: u64 = 315_360_000;

/// Moves the clock ahead; expiries and late failures happen before the answer.
pub(super) fn advance(world: &mut World, incoming: &Incoming) -> Result<Value, Wrong> {
    let body = fields::object(incoming)?;
    fields::only(&body, &["seconds"], "")?;
    let seconds = fields::number(&body, "seconds", 1, "seconds")?
        .ok_or_else(|| Wrong::field("seconds", "seconds is missing: a whole number of at least 1"))?;
    match i64::try_from(seconds) {
        Ok(step) if seconds <= MOST_SECONDS => world.advance(step),
        _ => return Err(Wrong::field("seconds", format!("seconds must be at most {MOST_SECONDS}"))),
    }
    Ok(json!({"now": world.desk.clock.moment().format(&Rfc3339).unwrap_or_default()}))
}
