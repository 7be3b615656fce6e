//! What a run leaves behind: what was asked for, every answer that was told, what the providers did, what the log has.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::wishes::Wish;
use crate::support::Answer;

/// An answer to one request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// It is done.
    Done { transaction: String, body: Bytes },
    /// It is refused: it was not done.
    Refused { status: u16, code: String, transaction: Option<String> },
    /// Nothing was sent for this request. That says nothing of earlier ones with the same key.
    NotSent { status: u16, code: String, transaction: Option<String> },
    /// It is not known what became of it.
    Unknown { status: u16, code: String, transaction: Option<String> },
    /// An earlier request with the same key is under way.
    InUse,
    /// The connection was lost, or nothing came in time.
    Lost,
}

/// Codes by which a request is turned away before anything is sent for it.
const NOT_SENT: [&str; 7] = [
    "operation_in_progress",
    "provider_unreachable",
    "circuit_open",
    "overloaded",
    "ledger_unavailable",
    "key_minute_limit",
    "key_day_limit",
];

impl Told {
    /// Reads an answer.
    pub(super) fn read(answer: &Answer) -> Self {
        let status = answer.status.as_u16();
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            let transaction = body["transaction_id"].as_str().unwrap_or_default().to_owned();
            return Self::Done { transaction, body: answer.body.clone() };
        }
        let error = &body["error"];
        let code = error["code"].as_str().unwrap_or("not_our_error").to_owned();
        let transaction = error["transaction_id"].as_str().map(str::to_owned);
        match (status, code.as_str()) {
            (409, "idempotency_key_in_use") => Self::InUse,
            (_, code_) if NOT_SENT.contains(&code_) => Self::NotSent { status, code, transaction },
            // The store is away: it is not even known whose request this is.
            (503, _) => Self::NotSent { status, code, transaction },
            (500.., _) => Self::Unknown { status, code, transaction },
            _ => Self::Refused { status, code, transaction },
        }
    }

    /// Whether a caller that reads it has no reason to ask again.
    pub(super) const fn is_final(&self) -> bool {
        match self {
            Self::Done { .. } => true,
            // The provider was asked too often, and says so.
            Self::Refused { status, .. } => *status != 429,
            Self::NotSent { .. } | Self::Unknown { .. } | Self::InUse | Self::Lost => false,
        }
    }

    /// Returns the transaction that the answer names.
    pub(super) fn transaction(&self) -> Option<&str> {
        match self {
            Self::Done { transaction, .. } => Some(transaction),
            Self::Refused { transaction, .. }
            | Self::NotSent { transaction, .. }
            | Self::Unknown { transaction, .. } => transaction.as_deref(),
            Self::InUse | Self::Lost => None,
        }
    }
}

/// Something that a provider did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) provider: String,
    pub(super) operation: String,
    /// What leads back to the wish: see [`Wish::mark`].
    pub(super) mark: String,
    /// The provider's id of the object.
    pub(super) id: String,
    /// When, by the provider's clock.
    pub(super) at: String,
}

impl Effect {
    /// Reads an effect as the sandbox tells it.
    pub(super) fn read(told: &Value) -> Self {
        let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
        let mark = match &told["amount"] {
            Value::Number(minor) => minor.to_string(),
            // PayPal's: with its two decimals.
            Value::String(major) => major.replace('.', ""),
            _ => text("reference"),
        };
        Self {
            provider: text("provider"),
            operation: text("operation"),
            mark,
            id: text("id"),
            at: text("at"),
        }
    }
}

/// What the log has of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Logged {
    /// The API's word: `success`, `failed` or `unknown`; `missing` where the API does not know it.
    pub(super) status: String,
    /// The requests that went to the provider for it, as the API tells them.
    pub(super) attempts: String,
    /// How many rows the log has, where that can be counted.
    pub(super) rows: Option<u64>,
}

/// Everything that is judged.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) wishes: Vec<Wish>,
    /// By idempotency key, in the order in which they were told.
    pub(super) told: BTreeMap<String, Vec<Told>>,
    pub(super) effects: Vec<Effect>,
    /// By transaction id.
    pub(super) log: BTreeMap<String, Logged>,
    /// Whether the ledger was away for a while: nodes that cannot see it cannot see each other's rows.
    pub(super) was_ledger_away: bool,
    /// Those told as unknown that still were when the reconciler's first minutes were over.
    pub(super) unsettled: Vec<String>,
    /// Orders that were paid and not captured, although nobody else captures them.
    pub(super) stuck: Vec<String>,
}

impl Evidence {
    /// Returns what was told for a key.
    pub(super) fn answers(&self, key: &str) -> &[Told] {
        self.told.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns every transaction that an answer named, each once, with what `pick` makes of the answers.
    pub(super) fn transactions(&self, pick: impl Fn(&Told) -> bool) -> Vec<String> {
        let mut named: Vec<String> = self
            .told
            .values()
            .flatten()
            .filter(|told| pick(told))
            .filter_map(|told| told.transaction().map(str::to_owned))
            .collect();
        named.sort_unstable();
        named.dedup();
        named
    }
}
