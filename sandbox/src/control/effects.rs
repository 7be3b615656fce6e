//! `GET /_control/effects` and `GET /_control/calls`.

use serde_json::Value;

use crate::{exchange::Incoming, record::Filter, world::World};

use super::fields::{self, Wrong};

/// Answers with what really happened.
pub(super) fn effects(world: &World, incoming: &Incoming) -> Result<Value, Wrong> {
    let filter = read(world, incoming, &["provider", "operation", "merchant", "limit"])?;
    Ok(world.desk.record.effects(&filter))
}

/// Answers with the requests received.
pub(super) fn calls(world: &World, incoming: &Incoming) -> Result<Value, Wrong> {
    let allowed = ["provider", "operation", "merchant", "method", "path", "status", "limit"];
    let filter = read(world, incoming, &allowed)?;
    Ok(world.desk.record.calls(&filter))
}

fn read(world: &World, incoming: &Incoming, allowed: &[&str]) -> Result<Filter, Wrong> {
    let mut filter = Filter::default();
    for (name, value) in incoming.query_pairs() {
        if !allowed.contains(&name.as_str()) {
            let message = format!("unknown filter {name}; there are {}", allowed.join(", "));
            return Err(Wrong::field(name, message));
        }
        if value.is_empty() {
            continue;
        }
        match name.as_str() {
            "provider" => filter.provider = Some(fields::provider(&value)?),
            "operation" => filter.operation = Some(check_operation(value)?),
            "merchant" => filter.merchants = world.merchant_names(&value),
            "method" => filter.method = Some(value.to_ascii_uppercase()),
            "path" => filter.path = Some(value),
            "status" => filter.status = Some(number(&name, &value)?),
            _ => filter.limit = Some(number(&name, &value)?),
        }
    }
    Ok(filter)
}

/// An operation is a noun and a verb; which ones there are depends on the provider.
fn check_operation(given: String) -> Result<String, Wrong> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match given.split_once('.') {
        Some((noun, verb)) if is_word(noun) && is_word(verb) => Ok(given),
        _ => Err(Wrong::field(
            "operation",
            format!("operation {given} must be a noun and a verb, such as orders.create"),
        )),
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, Wrong> {
    value
        .parse()
        .ok()
        .ok_or_else(|| Wrong::field(name, format!("{name} must be a whole number, not {value}")))
}
