//! Faults on demand: the rules that are set, and what they do to one request.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{
    provider::{Provider, Recognised},
    random::Random,
};

/// What one fault does.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The request is executed at once, its answer comes later.
    Latency(Duration),
    /// This answer instead of the provider's; nothing is executed.
    Answer(FaultAnswer),
    /// A broken connection or answer.
    Kind(FaultKind),
}

/// The answer that a fault gives.
#[derive(Clone, Debug)]
pub(crate) struct FaultAnswer {
    pub(crate) status: u16,
    /// A JSON value is sent as JSON, a text as it is.
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(String, String)>,
}

/// The kinds of broken connections and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Hang,
    ResetBeforeRead,
    ResetAfterRead,
    ExecuteThenReset,
    ExecuteThenHang,
    HalfBody,
    Garbage,
    Html502,
    SlowBody,
    EndlessBody,
    GzipBomb,
}

impl FaultKind {
    /// Every kind with its name in control calls.
    pub(crate) const ALL: [(&'static str, Self); 11] = [
        ("hang", Self::Hang),
        ("reset_before_read", Self::ResetBeforeRead),
        ("reset_after_read", Self::ResetAfterRead),
        ("execute_then_reset", Self::ExecuteThenReset),
        ("execute_then_hang", Self::ExecuteThenHang),
        ("half_body", Self::HalfBody),
        ("garbage", Self::Garbage),
        ("html_502", Self::Html502),
        ("slow_body", Self::SlowBody),
        ("endless_body", Self::EndlessBody),
        ("gzip_bomb", Self::GzipBomb),
    ];

    /// Returns the kind's name.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// One rule: which requests it meets, how often, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) provider: Provider,
    pub(crate) operation: Option<String>,
    /// Names of one merchant, any of which fits; empty for every merchant.
    pub(crate) merchants: Vec<String>,
    /// How many requests it still meets; none for without end.
    pub(crate) times: Option<u64>,
    /// How likely it meets a request that fits, 0 to 1.
    pub(crate) probability: f64,
    pub(crate) fault: Fault,
}

impl Rule {
    fn fits(&self, provider: Provider, request: &Recognised) -> bool {
        self.provider == provider
            && self.times != Some(0)
            && self.operation.as_deref().is_none_or(|wanted| Some(wanted) == request.operation)
            && (self.merchants.is_empty()
                || request.merchant.as_ref().is_some_and(|merchant| self.merchants.contains(merchant)))
    }

    fn to_json(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("provider".to_owned(), json!(self.provider.name()));
        if let Some(operation) = &self.operation {
            shown.insert("operation".to_owned(), json!(operation));
        }
        if let Some(merchant) = self.merchants.first() {
            shown.insert("merchant".to_owned(), json!(merchant));
        }
        if let Some(times) = self.times {
            shown.insert("times".to_owned(), json!(times));
        }
        shown.insert("probability".to_owned(), json!(self.probability));
        shown.insert("fault".to_owned(), self.fault.to_json());
        Value::Object(shown)
    }
}

impl Fault {
    fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency_ms",
            Self::Answer(_) => "status",
            Self::Kind(kind) => kind.name(),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Latency(latency) => {
                json!({"latency_ms": u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)})
            }
            Self::Answer(answer) => json!({"status": answer.status, "body": answer.body}),
            Self::Kind(kind) => json!({"kind": kind.name()}),
        }
    }
}

/// What the rules do to one request: all latencies in sum, and the first fault that is not a latency.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) latency: Duration,
    pub(crate) fault: Option<Fault>,
    /// The names of the faults in the order they were met, joined by `+`.
    pub(crate) names: Option<String>,
}

/// The rules in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
}

impl Faults {
    /// Adds a rule behind those that are there.
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Removes every rule.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Returns the rules that can still meet a request.
    pub(crate) fn to_json(&self) -> Value {
        Value::Array(self.rules.iter().filter(|rule| rule.times != Some(0)).map(Rule::to_json).collect())
    }

    /// Decides what happens to a request, and counts it against the rules that met it.
    pub(crate) fn plan(&mut self, provider: Provider, request: &Recognised, random: &mut Random) -> Plan {
        let mut plan = Plan::default();
        let mut names: Vec<&'static str> = Vec::new();
        for rule in &mut self.rules {
            if !rule.fits(provider, request) || !random.happens(rule.probability) {
                continue;
            }
            if let Some(times) = rule.times.as_mut() {
                *times = times.saturating_sub(1);
            }
            names.push(rule.fault.name());
            if let Fault::Latency(latency) = rule.fault {
                plan.latency = plan.latency.saturating_add(latency);
            } else {
                plan.fault = Some(rule.fault.clone());
                break;
            }
        }
        if !names.is_empty() {
            plan.names = Some(names.join("+"));
        }
        self.rules.retain(|rule| rule.times != Some(0));
        plan
    }
}

/// The body of a `502` as an edge in front of a provider sends it.
pub(crate) fn html_502() -> Bytes {
    Bytes::from_static(
        b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudfront</center>\r\n</body>\r\n</html>\r\n",
    )
}
