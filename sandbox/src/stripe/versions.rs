//! What later API versions changed in the shape of answers; inside, every object has the shape of 2023-08-16.

use serde_json::{Map, Value, json};

/// From here on subscription periods are on the items, and invoices no longer name their intent.
pub(super) const BASIL: &str = "2025-03-31";
/// From here on payment links take `line_items[][price_data]`.
pub(super) const INLINE_LINK_PRICES: &str = "2025-07-30";

/// Tells whether the version has the changes of basil.
pub(super) fn is_basil(version: &str) -> bool {
    version >= BASIL
}

/// Gives an answer the shape of its version.
pub(super) fn shape(answer: &mut Value, version: &str) {
    if is_basil(version) {
        reshape(answer);
    }
}

fn reshape(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(reshape),
        Value::Object(map) => {
            match map.get("object").and_then(Value::as_str) {
                Some("payment_intent" | "charge") => drop(map.remove("invoice")),
                Some("invoice") => reshape_invoice(map),
                Some("subscription") => reshape_subscription(map),
                _ => {}
            }
            // Metadata is the caller's own, whatever it looks like.
            map.iter_mut().filter(|(name, _)| *name != "metadata").for_each(|(_, inner)| reshape(inner));
        }
        _ => {}
    }
}

fn reshape_invoice(invoice: &mut Map<String, Value>) {
    let subscription = invoice.get("subscription").cloned().unwrap_or_default();
    let metadata = invoice.get("subscription_details").and_then(|details| details.get("metadata")).cloned();
    let gone = [
        "payment_intent",
        "charge",
        "paid",
        "paid_out_of_band",
        "subscription",
        "subscription_details",
        "subscription_proration_date",
        "discount",
        "quote",
        "tax",
        "total_tax_amounts",
        "transfer_data",
        "application_fee_amount",
    ];
    for name in gone {
        invoice.remove(name);
    }
    let details = json!({"metadata": metadata, "subscription": subscription});
    let parent =
        json!({"quote_details": null, "subscription_details": details, "type": "subscription_details"});
    invoice.insert("parent".to_owned(), parent);
    invoice.insert("total_taxes".to_owned(), json!([]));
}

fn reshape_subscription(subscription: &mut Map<String, Value>) {
    let start = subscription.remove("current_period_start");
    let end = subscription.remove("current_period_end");
    subscription.remove("discount");
    subscription.insert("discounts".to_owned(), json!([]));
    let items = subscription.get_mut("items").and_then(|items| items.get_mut("data"));
    for item in items.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(item) = item {
            item.insert("current_period_start".to_owned(), json!(start));
            item.insert("current_period_end".to_owned(), json!(end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_move_to_the_items_with_basil() {
        let subscription = json!({
            "object": "subscription", "current_period_start": 1, "current_period_end": 2, "metadata": {"object": "invoice"},
            "items": {"data": [{"id": "si_1"}]}, "latest_invoice": {"object": "invoice", "payment_intent": "pi_1", "subscription": "sub_1"},
        });
        let mut old = subscription.clone();
        shape(&mut old, "2023-08-16");
        assert_eq!(old, subscription);
        let mut new = subscription;
        shape(&mut new, "2025-03-31.basil");
        assert_eq!(new.get("current_period_end"), None);
        assert_eq!(new["items"]["data"][0]["current_period_end"], 2);
        assert_eq!(new["latest_invoice"].get("payment_intent"), None);
        assert_eq!(new["latest_invoice"]["parent"]["subscription_details"]["subscription"], "sub_1");
        assert_eq!(new["metadata"], json!({"object": "invoice"}));
    }
}
