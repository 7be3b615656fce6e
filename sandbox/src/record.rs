//! What happened: effects (objects created or changed, counted for ever) and calls (requests received, a ring).

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::provider::Provider;

/// The most effects that are kept one by one; older ones stay counted.
const MOST_EFFECTS: usize = 100_000;
/// The most calls that are kept.
const MOST_CALLS: usize = 10_000;
/// The most bytes of a request's body that are kept with its call.
const MOST_BODY_BYTES: usize = 16 * 1024;

/// One object created or changed.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) id: String,
    pub(crate) provider: Provider,
    pub(crate) operation: &'static str,
    pub(crate) merchant: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) amount: Value,
    pub(crate) currency: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// One request received.
#[derive(Clone, Debug)]
pub(crate) struct CallRecord {
    pub(crate) at: OffsetDateTime,
    pub(crate) provider: Provider,
    pub(crate) operation: Option<&'static str>,
    pub(crate) merchant: Option<String>,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<String>,
    pub(crate) request_id: String,
}

/// What an effect or a call must have to be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) provider: Option<Provider>,
    pub(crate) operation: Option<String>,
    /// Names of one merchant, any of which fits (a Stripe key and the account it belongs to).
    pub(crate) merchants: Vec<String>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) limit: Option<usize>,
}

impl Filter {
    fn fits(&self, provider: Provider, operation: Option<&str>, merchant: Option<&str>) -> bool {
        self.provider.is_none_or(|wanted| wanted == provider)
            && self.operation.as_deref().is_none_or(|wanted| Some(wanted) == operation)
            && (self.merchants.is_empty()
                || merchant.is_some_and(|known| self.merchants.iter().any(|wanted| wanted == known)))
    }

    fn fits_call(&self, call: &CallRecord) -> bool {
        self.fits(call.provider, call.operation, call.merchant.as_deref())
            && self.method.as_deref().is_none_or(|wanted| wanted == call.method.as_str())
            && self.path.as_deref().is_none_or(|wanted| wanted == call.path)
            && self.status.is_none_or(|wanted| Some(wanted) == call.status)
    }
}

/// All effects and calls since the start or the last `DELETE /_control/state`.
#[derive(Debug)]
pub(crate) struct Record {
    is_kept: bool,
    counts: HashMap<(Provider, &'static str), HashMap<String, u64>>,
    effects: VecDeque<Effect>,
    calls: VecDeque<CallRecord>,
}

impl Record {
    /// Returns an empty record; without `is_kept` only counts are made.
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { is_kept, counts: HashMap::new(), effects: VecDeque::new(), calls: VecDeque::new() }
    }

    /// Tells whether single effects and calls are kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Counts an effect, and keeps it where recording is on.
    pub(crate) fn add_effect(&mut self, effect: Effect) {
        let merchants = self.counts.entry((effect.provider, effect.operation)).or_default();
        if let Some(count) = merchants.get_mut(&effect.merchant) {
            *count = count.saturating_add(1);
        } else {
            merchants.insert(effect.merchant.clone(), 1);
        }
        if self.is_kept {
            push_bounded(&mut self.effects, effect, MOST_EFFECTS);
        }
    }

    /// Keeps a call where recording is on.
    pub(crate) fn add_call(&mut self, mut call: CallRecord) {
        if self.is_kept {
            if call.body.len() > MOST_BODY_BYTES {
                call.body = Bytes::copy_from_slice(call.body.get(..MOST_BODY_BYTES).unwrap_or_default());
            }
            push_bounded(&mut self.calls, call, MOST_CALLS);
        }
    }

    /// Returns how many effects the filter fits, since the start, and those that are still kept.
    pub(crate) fn effects(&self, filter: &Filter) -> Value {
        let mut count = 0_u64;
        for ((provider, operation), merchants) in &self.counts {
            for (merchant, number) in merchants {
                if filter.fits(*provider, Some(*operation), Some(merchant)) {
                    count = count.saturating_add(*number);
                }
            }
        }
        let items: Vec<Value> = self
            .effects
            .iter()
            .filter(|effect| filter.fits(effect.provider, Some(effect.operation), Some(&effect.merchant)))
            .take(filter.limit.unwrap_or(usize::MAX))
            .map(Effect::to_json)
            .collect();
        json!({"count": count, "items": items})
    }

    /// Returns the calls that the filter fits, the oldest first, and how many those are.
    pub(crate) fn calls(&self, filter: &Filter) -> Value {
        let fitting: Vec<&CallRecord> = self.calls.iter().filter(|call| filter.fits_call(call)).collect();
        let skipped = fitting.len().saturating_sub(filter.limit.unwrap_or(usize::MAX));
        let items: Vec<Value> = fitting.iter().skip(skipped).map(|call| call.to_json()).collect();
        json!({"count": fitting.len(), "items": items, "recording": self.is_kept})
    }
}

impl Effect {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "provider": self.provider.name(),
            "operation": self.operation,
            "merchant": self.merchant,
            "at": self.at.format(&Rfc3339).unwrap_or_default(),
            "amount": self.amount,
            "currency": self.currency,
            "reference": self.reference,
            "idempotency_key": self.idempotency_key,
            "request_id": self.request_id,
        })
    }
}

impl CallRecord {
    fn to_json(&self) -> Value {
        json!({
            "request_id": self.request_id,
            "at": self.at.format(&Rfc3339).unwrap_or_default(),
            "provider": self.provider.name(),
            "operation": self.operation,
            "merchant": self.merchant,
            "method": self.method.as_str(),
            "path": self.path,
            "query": self.query,
            "headers": headers_without_secrets(&self.headers),
            "body": String::from_utf8_lossy(&self.body),
            "status": self.status,
            "fault": self.fault,
        })
    }
}

fn headers_without_secrets(headers: &HeaderMap) -> Value {
    let mut shown = Map::new();
    for name in headers.keys() {
        let values: Vec<String> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let mut text = values.join(", ");
        if name == header::AUTHORIZATION {
            let scheme =
                text.split(' ').next().filter(|scheme| scheme.len() < text.len()).unwrap_or_default();
            text = format!("{scheme} [redacted]").trim_start().to_owned();
        } else if name == header::COOKIE || name == header::PROXY_AUTHORIZATION {
            "[redacted]".clone_into(&mut text);
        }
        shown.insert(name.as_str().to_owned(), Value::String(text));
    }
    Value::Object(shown)
}

fn push_bounded<T>(ring: &mut VecDeque<T>, item: T, most: usize) {
    if ring.len() >= most {
        ring.pop_front();
    }
    ring.push_back(item);
}
