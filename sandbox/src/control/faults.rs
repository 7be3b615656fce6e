//! `GET`, `PUT` and `DELETE /_control/faults`.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

use crate::{
    exchange::Incoming,
    faults::{Fault, FaultAnswer, FaultKind, Rule},
    provider::Provider,
    world::World,
};

use super::fields::{self, Wrong};

/// The longest latency: an hour.
const LONGEST_LATENCY_MS: u64 = 3_600_000;

/// Shows, adds or removes faults; every answer lists those that are set now.
pub(super) fn answer(world: &mut World, incoming: &Incoming) -> Result<Value, Wrong> {
    if incoming.method == Method::PUT {
        let body = fields::object(incoming)?;
        let rule = read(world, &body)?;
        world.faults.add(rule);
    } else if incoming.method == Method::DELETE {
        world.faults.clear();
    }
    Ok(json!({"faults": world.faults.to_json()}))
}

fn read(world: &World, body: &Map<String, Value>) -> Result<Rule, Wrong> {
    fields::only(body, &["provider", "operation", "merchant", "times", "probability", "fault"], "")?;
    let provider = fields::text(body, "provider")?
        .ok_or_else(|| Wrong::field("provider", "provider is missing: razorpay, paypal, stripe or twilio"))?;
    let provider = fields::provider(provider)?;
    let fault = match body.get("fault") {
        Some(Value::Object(fault)) => read_fault(fault)?,
        Some(_) => {
            return Err(Wrong::field("fault", "fault must be an object, such as {\"kind\": \"hang\"}"));
        }
        None => return Err(Wrong::field("fault", "fault is missing, such as {\"kind\": \"hang\"}")),
    };
    Ok(Rule {
        provider,
        operation: read_operation(world, provider, body)?,
        merchants: fields::text(body, "merchant")?
            .map(|merchant| vec![world.simulation(provider).merchant_alias(merchant)])
            .unwrap_or_default(),
        times: fields::number(body, "times", 1, "times")?,
        probability: read_probability(body)?,
        fault,
    })
}

fn read_operation(
    world: &World,
    provider: Provider,
    body: &Map<String, Value>,
) -> Result<Option<String>, Wrong> {
    let Some(operation) = fields::text(body, "operation")? else { return Ok(None) };
    let known = world.simulation(provider).operations();
    if known.contains(&operation) {
        return Ok(Some(operation.to_owned()));
    }
    let message = format!("unknown operation {operation} of {provider}; there are {}", known.join(", "));
    Err(Wrong::field("operation", message))
}

fn read_probability(body: &Map<String, Value>) -> Result<f64, Wrong> {
    match body.get("probability") {
        None | Some(Value::Null) => Ok(1.0),
        Some(value) => value
            .as_f64()
            .filter(|probability| (0.0..=1.0).contains(probability))
            .ok_or_else(|| Wrong::field("probability", "probability must be a number from 0 to 1")),
    }
}

fn read_fault(fault: &Map<String, Value>) -> Result<Fault, Wrong> {
    let kinds = ["latency_ms", "status", "kind"];
    let given: Vec<&str> = kinds.into_iter().filter(|name| fault.contains_key(*name)).collect();
    let [only] = given.as_slice() else {
        return Err(Wrong::field("fault", "fault must have exactly one of latency_ms, status and kind"));
    };
    match *only {
        "latency_ms" => {
            fields::only(fault, &["latency_ms"], "fault.")?;
            let path = "fault.latency_ms";
            let wrong = || {
                Wrong::field(path, format!("{path} must be a whole number from 0 to {LONGEST_LATENCY_MS}"))
            };
            let milliseconds = fault.get("latency_ms").and_then(Value::as_u64).ok_or_else(wrong)?;
            if milliseconds > LONGEST_LATENCY_MS {
                return Err(wrong());
            }
            Ok(Fault::Latency(Duration::from_millis(milliseconds)))
        }
        "status" => {
            fields::only(fault, &["status", "body", "headers"], "fault.")?;
            read_answer(fault).map(Fault::Answer)
        }
        _ => {
            fields::only(fault, &["kind"], "fault.")?;
            let name = fault.get("kind").and_then(Value::as_str).unwrap_or_default();
            match FaultKind::ALL.into_iter().find(|(known, _)| *known == name) {
                Some((_, kind)) => Ok(Fault::Kind(kind)),
                None => {
                    let names = FaultKind::ALL.map(|(name, _)| name).join(", ");
                    Err(Wrong::field("fault.kind", format!("fault.kind must be one of {names}")))
                }
            }
        }
    }
}

fn read_answer(fault: &Map<String, Value>) -> Result<FaultAnswer, Wrong> {
    let status = fault
        .get("status")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| (200..=599).contains(status))
        .ok_or_else(|| Wrong::field("fault.status", "fault.status must be a whole number from 200 to 599"))?;
    let mut headers = Vec::new();
    match fault.get("headers") {
        None | Some(Value::Null) => {}
        Some(Value::Object(given)) => {
            for (name, value) in given {
                let path = format!("fault.headers.{name}");
                let text = value.as_str().filter(|text| HeaderValue::from_str(text).is_ok());
                match text {
                    Some(text) if HeaderName::try_from(name).is_ok() => {
                        headers.push((name.clone(), text.to_owned()));
                    }
                    _ => return Err(Wrong::field(path.clone(), format!("{path} is not a header"))),
                }
            }
        }
        Some(_) => return Err(Wrong::field("fault.headers", "fault.headers must be an object of texts")),
    }
    let body = fault.get("body").filter(|body| !body.is_null()).cloned();
    Ok(FaultAnswer { status, body, headers })
}
