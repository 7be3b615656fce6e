//! Every metric: name, kind, unit, labels, help. Dashboards and alerts are checked against this table.

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What its values count, where that is not just a number of events.
    pub unit: Option<Unit>,
    /// The names of its labels, in the order written. Each takes its values from a closed set.
    pub labels: &'static [&'static str],
    /// One sentence.
    pub help: &'static str,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Measurements by size: the buckets' upper bounds.
    Histogram(&'static [f64]),
}

/// What a metric's values count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Things: rows, tenants, messages.
    Count,
    /// Bytes.
    Bytes,
}

impl Unit {
    pub(super) const fn of_metrics(self) -> metrics::Unit {
        match self {
            Self::Seconds => metrics::Unit::Seconds,
            Self::Count => metrics::Unit::Count,
            Self::Bytes => metrics::Unit::Bytes,
        }
    }
}

/// From 50 µs, the gateway's own share on a good day, to 60 s, past every deadline.
const LATENCY: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0, 60.0,
];
/// Batches are bounded at a few thousand rows.
const ROWS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0];

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit: None, labels, help }
}

const fn gauge(
    name: &'static str,
    unit: Unit,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Gauge, unit: Some(unit), labels, help }
}

const fn latency(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram(LATENCY), unit: Some(Unit::Seconds), labels, help }
}

const fn rows(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram(ROWS), unit: Some(Unit::Count), labels: &[], help }
}

pub(super) const BUILD: Metric =
    gauge("gateway_build_info", Unit::Count, &["version"], "Always 1; the label tells the version.");
pub(super) const STARTED: Metric = gauge(
    "process_start_time_seconds",
    Unit::Seconds,
    &[],
    "When the process started, in seconds since 1970.",
);
pub(super) const REQUESTS: Metric =
    counter("gateway_requests_total", &["route", "method", "status"], "Requests answered.");
pub(super) const REQUEST_SECONDS: Metric = latency(
    "gateway_request_seconds",
    &["route", "method"],
    "The gateway's own share of a request's time: the provider's share is taken off.",
);
pub(super) const REQUEST_PROVIDER_SECONDS: Metric = latency(
    "gateway_request_provider_seconds",
    &["route", "method"],
    "The provider's share of a request's time, all its calls together.",
);
pub(super) const PROVIDER_CALLS: Metric = counter(
    "gateway_provider_calls_total",
    &["provider", "operation", "outcome"],
    "Calls made to providers.",
);
pub(super) const PROVIDER_SECONDS: Metric = latency(
    "gateway_provider_seconds",
    &["provider", "operation"],
    "How long one call to a provider took, from its start to its whole answer or failure.",
);
pub(super) const ACTOR_RESTARTS: Metric =
    counter("gateway_actor_restarts_total", &["actor"], "Actors started again after a panic.");
pub(super) const ACTOR_BUSY: Metric =
    counter("gateway_actor_busy_total", &["actor"], "Messages turned away because a mailbox was full.");
pub(super) const RESIDENTS: Metric =
    gauge("gateway_resident_tenants", Unit::Count, &[], "Tenants whose state is in memory.");
pub(super) const QUEUE_DEPTH: Metric =
    gauge("gateway_queue_depth", Unit::Count, &["queue"], "Entries that wait in a queue.");
pub(super) const LEDGER_ROWS: Metric = rows("gateway_ledger_batch_rows", "Rows in one commit of the ledger.");
pub(super) const LEDGER_SECONDS: Metric =
    latency("gateway_ledger_commit_seconds", &[], "How long one commit of the ledger took.");
pub(super) const LOG_ROWS: Metric =
    rows("gateway_log_batch_rows", "Rows in one batch of the transaction log.");
pub(super) const LOG_SECONDS: Metric = latency(
    "gateway_log_write_seconds",
    &[],
    "How long the store took for one batch of the transaction log.",
);
pub(super) const LOG_FAILURES: Metric = counter(
    "gateway_log_store_failures_total",
    &[],
    "Batches of the transaction log that the store did not take.",
);
pub(super) const LOG_REFUSED: Metric = counter(
    "gateway_log_refused_total",
    &[],
    "Entries that the store refused for good; the journal keeps them. Someone must look at them.",
);
pub(super) const LOG_DROPPED: Metric =
    counter("gateway_log_dropped_total", &[], "Log records that were lost. Anything but 0 is a fault.");
pub(super) const LOG_SPOOLED: Metric = gauge(
    "gateway_log_spooled_entries",
    Unit::Count,
    &[],
    "Entries that the store does not have and memory has no room for: they wait in the journal.",
);
pub(super) const JOURNAL_ENTRIES: Metric = gauge(
    "gateway_journal_entries",
    Unit::Count,
    &[],
    "Entries of the journal that the store has not acknowledged.",
);
pub(super) const JOURNAL_BYTES: Metric =
    gauge("gateway_journal_bytes", Unit::Bytes, &[], "The journal's bytes on the disk.");
pub(super) const JOURNAL_CAPACITY: Metric =
    gauge("gateway_journal_capacity_bytes", Unit::Bytes, &[], "Bytes that the journal may have on the disk.");
pub(super) const JOURNAL_FAILURES: Metric = counter(
    "gateway_journal_failures_total",
    &[],
    "Times that the journal did not take or give an entry: it was full, or its disk failed.",
);
pub(super) const STORE_AWAY: Metric = gauge(
    "gateway_store_away_seconds",
    Unit::Seconds,
    &[],
    "For how long the store has not answered the ledger; 0 while it does, and where there is no journal.",
);
pub(super) const LEDGER_JOURNALED: Metric = counter(
    "gateway_ledger_journaled_total",
    &[],
    "Ledger entries begun in the journal while the store was away.",
);
pub(super) const LEDGER_TWINS: Metric = counter(
    "gateway_ledger_twins_total",
    &[],
    "Ledger entries begun in the journal whose idempotency key another node had used meanwhile.",
);
pub(super) const RATE_LIMITED: Metric =
    counter("gateway_rate_limited_total", &["limit"], "Requests turned away by a limit.");
pub(super) const ATTEMPTS_BLOCKED: Metric = counter(
    "gateway_attempts_blocked_total",
    &["attempt"],
    "Attempts refused unseen after too many failures: sign_in, sign_up, unknown_key.",
);
pub(super) const ADDRESSES: Metric = gauge(
    "gateway_limited_addresses",
    Unit::Count,
    &[],
    "Addresses that have asked within the last minute, as far as they are counted.",
);
pub(super) const LOCAL_SHARE: Metric = counter(
    "gateway_limit_local_share_total",
    &[],
    "Requests let through on this node's own share of a limit while nothing could be leased.",
);
pub(super) const REPLAYED: Metric =
    counter("gateway_replayed_total", &[], "Answers replayed for an idempotency key.");
pub(super) const CACHE_FAILURES: Metric = counter(
    "gateway_cache_failures_total",
    &["port"],
    "Calls to the shared cache that failed or took too long.",
);
pub(super) const CACHE_REFUSED: Metric = counter(
    "gateway_cache_refused_total",
    &["port"],
    "Calls to the shared cache that were not made because it is away.",
);
pub(super) const CACHE_UP: Metric =
    gauge("gateway_cache_up", Unit::Count, &[], "1 while the shared cache is connected, else 0.");
pub(super) const CIRCUIT_STATE: Metric = gauge(
    "gateway_circuit_state",
    Unit::Count,
    &["provider", "operation", "environment"],
    "How a provider's circuit stands: 0 closed, 1 half-open, 2 open.",
);
pub(super) const CIRCUIT_TRANSITIONS: Metric = counter(
    "gateway_circuit_transitions_total",
    &["provider", "operation", "environment", "to"],
    "Times that a provider's circuit came to stand otherwise.",
);
pub(super) const CREDENTIALS_CIRCUITS: Metric = counter(
    "gateway_credentials_circuit_openings_total",
    &["provider"],
    "Times that a tenant's calls were stopped because the provider refused its credentials again and again.",
);
pub(super) const NOT_ADMITTED: Metric = counter(
    "gateway_calls_not_admitted_total",
    &["provider", "barrier"],
    "Calls that were not made because of a circuit, or because as many as allowed were under way.",
);
pub(super) const FAILOVERS: Metric = counter(
    "gateway_failovers_total",
    &["from", "to", "reason"],
    "Calls that another provider was given than the one whose turn it was, by what that one did not do them for.",
);
pub(super) const IN_FLIGHT: Metric =
    gauge("gateway_requests_in_flight", Unit::Count, &["class"], "Requests under way.");
pub(super) const IN_FLIGHT_LIMIT: Metric = gauge(
    "gateway_in_flight_limit",
    Unit::Count,
    &[],
    "Requests that may be under way now; it shrinks while event loops run late.",
);
pub(super) const SHED: Metric = counter(
    "gateway_requests_shed_total",
    &["class"],
    "Requests refused because the gateway had too much to do.",
);

pub(super) const LOOK_UPS: Metric = counter(
    "gateway_look_ups_total",
    &["provider", "result"],
    "Look-ups of unknown outcomes, by what they led to; `postponed` asked nobody.",
);
pub(super) const UNSETTLED: Metric = gauge(
    "gateway_unsettled_transactions",
    Unit::Count,
    &["state"],
    "Transactions of unknown outcome: those that are looked up (`waiting`), and those that nobody looks up any more \
     (`needs_attention`): someone must look at the provider.",
);
pub(super) const UNSETTLED_OLDEST: Metric = gauge(
    "gateway_unsettled_oldest_seconds",
    Unit::Seconds,
    &[],
    "Age of the oldest transaction of unknown outcome; 0 when there is none.",
);

/// Every metric there is.
pub static METRICS: &[Metric] = &[
    BUILD,
    STARTED,
    REQUESTS,
    REQUEST_SECONDS,
    REQUEST_PROVIDER_SECONDS,
    PROVIDER_CALLS,
    PROVIDER_SECONDS,
    ACTOR_RESTARTS,
    ACTOR_BUSY,
    RESIDENTS,
    QUEUE_DEPTH,
    LEDGER_ROWS,
    LEDGER_SECONDS,
    LOG_ROWS,
    LOG_SECONDS,
    LOG_FAILURES,
    LOG_REFUSED,
    LOG_DROPPED,
    LOG_SPOOLED,
    JOURNAL_ENTRIES,
    JOURNAL_BYTES,
    JOURNAL_CAPACITY,
    JOURNAL_FAILURES,
    STORE_AWAY,
    LEDGER_JOURNALED,
    LEDGER_TWINS,
    RATE_LIMITED,
    ATTEMPTS_BLOCKED,
    ADDRESSES,
    LOCAL_SHARE,
    REPLAYED,
    LOOK_UPS,
    UNSETTLED,
    UNSETTLED_OLDEST,
    CACHE_FAILURES,
    CACHE_REFUSED,
    CACHE_UP,
    CIRCUIT_STATE,
    CIRCUIT_TRANSITIONS,
    CREDENTIALS_CIRCUITS,
    NOT_ADMITTED,
    FAILOVERS,
    IN_FLIGHT,
    IN_FLIGHT_LIMIT,
    SHED,
];
