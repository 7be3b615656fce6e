//! `expand[]`: whole objects in the place of their ids.

use serde_json::{Map, Value, json};

use super::{Account, pages, parameters::Parameters, refusal::Refusal};

/// Refuses what cannot be expanded; `prefix` is `data.` for lists.
pub(super) fn check(given: &Parameters, allowed: &[&str], prefix: &str) -> Result<(), Refusal> {
    for name in given.texts("expand") {
        let is_known = name.strip_prefix(prefix).is_some_and(|name| allowed.contains(&name));
        if !is_known {
            let message = format!("This property cannot be expanded ({name}).");
            return Err(Refusal::parameter(None, "expand", message));
        }
    }
    Ok(())
}

/// Puts whole objects into an answer, as the request asks for.
pub(super) fn expand(account: &Account, answer: &mut Value, given: &Parameters) {
    for name in given.texts("expand") {
        let path: Vec<&str> = name.split('.').collect();
        expand_path(account, answer, &path);
    }
}

fn expand_path(account: &Account, value: &mut Value, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| expand_path(account, item, path)),
        Value::Object(map) => {
            if let Some(whole) = whole(account, map, first) {
                map.insert((*first).to_owned(), whole);
            }
            if let Some(inner) = map.get_mut(*first) {
                expand_path(account, inner, rest);
            }
        }
        _ => {}
    }
}

/// Returns the object behind an id, or a member that is in the answer only when it is asked for.
fn whole(account: &Account, map: &Map<String, Value>, name: &str) -> Option<Value> {
    if let Some(Value::String(id)) = map.get(name) {
        return account.object(id);
    }
    let id = map.get("id")?.as_str()?;
    match (map.get("object")?.as_str()?, name) {
        ("charge", "refunds") => {
            let refunds = account.refunds.newest().filter(|refund| refund.charge == id);
            let data: Vec<Value> = refunds.map(super::refund::Refund::to_json).collect();
            Some(pages::written(&format!("/v1/charges/{id}/refunds"), &data, false))
        }
        ("payment_link", "line_items") => Some(account.links.get(id)?.line_items()),
        ("checkout.session", "line_items") => Some(account.sessions.get(id)?.line_items()),
        ("invoice", "confirmation_secret") => {
            let intent = account.intents.get(map.get("payment_intent")?.as_str()?)?;
            Some(json!({"client_secret": intent.client_secret, "type": "payment_intent"}))
        }
        ("invoice", "payments") => {
            let intent = map.get("payment_intent")?;
            let payment = json!({
                "id": id.replacen("in_", "inpay_", 1), "object": "invoice_payment", "invoice": id,
                "amount_requested": map.get("amount_due"), "currency": map.get("currency"), "is_default": true,
                "payment": {"payment_intent": intent, "type": "payment_intent"},
                "status": if map.get("status")?.as_str()? == "paid" { "paid" } else { "open" },
            });
            Some(pages::written(&format!("/v1/invoice_payments?invoice={id}"), &[payment], false))
        }
        _ => None,
    }
}

/// Returns a list as the request wants to see it.
pub(super) fn list(
    account: &Account,
    given: &Parameters,
    url: &str,
    (data, has_more): (Vec<Value>, bool),
) -> Value {
    let mut list = pages::written(url, &data, has_more);
    expand(account, &mut list, given);
    list
}
