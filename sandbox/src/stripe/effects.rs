//! Recording what was created or changed, with the caller's own id as far as the metadata has one.

use serde_json::{Map, Value, json};

use crate::desk::{Change, Desk};

use super::Account;

/// The keys of metadata under which callers keep their own ids.
const REFERENCES: [&str; 9] = [
    "reference",
    "transaction_id",
    "gateway_transaction_id",
    "gateway_order_id",
    "order_id",
    "gateway_refund_id",
    "gateway_subscription_id",
    "gateway_link_id",
    "gateway_payout_id",
];

/// What there is to record of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effect<'a> {
    pub(super) id: &'a str,
    /// An amount in the smallest unit with its currency; none for objects without one.
    pub(super) money: Option<(i64, &'a str)>,
    pub(super) metadata: &'a Map<String, Value>,
}

/// Records that an object of the account was created or changed.
pub(super) fn report(desk: &mut Desk, account: &Account, operation: &'static str, effect: Effect<'_>) {
    let reference = REFERENCES.iter().find_map(|name| effect.metadata.get(*name)).and_then(Value::as_str);
    desk.report(Change {
        operation,
        merchant: &account.id,
        id: effect.id,
        amount: json!(effect.money.map(|(amount, _)| amount)),
        currency: effect.money.map(|(_, currency)| currency),
        reference,
    });
}
