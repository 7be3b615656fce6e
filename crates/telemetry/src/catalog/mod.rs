//! The catalogue: the only place that names a metric. Handles are resolved once and kept, so that writing one is an atomic
//! operation and not a look-up by name.

mod circuits;
mod family;
mod journal;
mod series;
mod table;
mod unsettled;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, NoopRecorder, Recorder};

use circuits::AdmissionSeries;
pub use circuits::{CircuitLabels, CircuitLevel};
use family::Family;
use journal::JournalSeries;
use series::{CallKey, CallSeries, Registrar, RequestKey, RequestSeries};
use unsettled::UnsettledSeries;

pub use table::{Kind, METRICS, Metric, Unit};

/// Handles of every metric there is. Shared by all threads; no method blocks or allocates once its labels were seen.
pub struct Catalog {
    registrar: Registrar,
    requests: Family<RequestKey, RequestSeries>,
    calls: Family<CallKey, CallSeries>,
    actor_restarts: Family<&'static str, Counter>,
    actor_busy: Family<&'static str, Counter>,
    queue_depth: Family<&'static str, Gauge>,
    rate_limited: Family<&'static str, Counter>,
    attempts_blocked: Family<&'static str, Counter>,
    addresses: Gauge,
    local_share: Counter,
    residents: Gauge,
    started: Gauge,
    ledger_rows: Histogram,
    ledger_seconds: Histogram,
    log_rows: Histogram,
    log_seconds: Histogram,
    log_failures: Counter,
    journal: JournalSeries,
    admission: AdmissionSeries,
    replayed: Counter,
    unsettled: UnsettledSeries,
    cache_failures: Family<&'static str, Counter>,
    cache_refused: Family<&'static str, Counter>,
    cache_up: Gauge,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("metrics", &METRICS.len()).finish_non_exhaustive()
    }
}

impl Catalog {
    /// Returns handles into this recorder. Describes every metric of the table, and writes the build's version.
    pub fn new(recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        let registrar = Registrar::new(recorder);
        registrar.describe_all();
        registrar.gauge(&table::BUILD, vec![("version", env!("CARGO_PKG_VERSION").into())]).set(1.0);
        Self {
            requests: Family::new(),
            calls: Family::new(),
            actor_restarts: Family::new(),
            actor_busy: Family::new(),
            queue_depth: Family::new(),
            rate_limited: Family::new(),
            attempts_blocked: Family::new(),
            addresses: registrar.gauge(&table::ADDRESSES, Vec::new()),
            local_share: registrar.counter(&table::LOCAL_SHARE, Vec::new()),
            residents: registrar.gauge(&table::RESIDENTS, Vec::new()),
            started: registrar.gauge(&table::STARTED, Vec::new()),
            ledger_rows: registrar.histogram(&table::LEDGER_ROWS, Vec::new()),
            ledger_seconds: registrar.histogram(&table::LEDGER_SECONDS, Vec::new()),
            log_rows: registrar.histogram(&table::LOG_ROWS, Vec::new()),
            log_seconds: registrar.histogram(&table::LOG_SECONDS, Vec::new()),
            log_failures: registrar.counter(&table::LOG_FAILURES, Vec::new()),
            journal: JournalSeries::new(&registrar),
            admission: AdmissionSeries::new(&registrar),
            replayed: registrar.counter(&table::REPLAYED, Vec::new()),
            unsettled: UnsettledSeries::new(&registrar),
            cache_failures: Family::new(),
            cache_refused: Family::new(),
            cache_up: registrar.gauge(&table::CACHE_UP, Vec::new()),
            registrar,
        }
    }

    /// Returns handles that record nothing. For tests of what does not measure.
    pub fn silent() -> Self {
        Self::new(Arc::new(NoopRecorder))
    }

    /// Notes when the process started.
    pub fn started_at(&self, unix_seconds: u64) {
        self.started.set(Duration::from_secs(unix_seconds).as_secs_f64());
    }

    /// Notes an answered request: `gateway` is the gateway's own share of the time, `provider` the provider's (zero when no
    /// provider was called).
    #[expect(
        clippy::too_many_arguments,
        reason = "one call a request, and a struct would only name the same five again"
    )]
    pub fn request_finished(
        &self,
        route: &'static str,
        method: &'static str,
        status: u16,
        gateway: Duration,
        provider: Duration,
    ) {
        let key = RequestKey { route, method, status };
        self.requests.with(
            key,
            |key| self.registrar.request(key),
            |series| {
                series.count.increment(1);
                series.gateway.record(gateway.as_secs_f64());
                if !provider.is_zero() {
                    series.provider.record(provider.as_secs_f64());
                }
            },
        );
    }

    /// Notes a call to a provider and how it ended.
    pub fn provider_call(
        &self,
        provider: &'static str,
        operation: &'static str,
        outcome: &'static str,
        took: Duration,
    ) {
        let key = CallKey { provider, operation, outcome };
        self.calls.with(
            key,
            |key| self.registrar.call(key),
            |series| {
                series.count.increment(1);
                series.took.record(took.as_secs_f64());
            },
        );
    }

    /// Notes that an actor was started again after a panic.
    pub fn actor_restarted(&self, actor: &'static str) {
        let make =
            |actor| self.registrar.counter(&table::ACTOR_RESTARTS, vec![("actor", series::word(actor))]);
        self.actor_restarts.with(actor, make, |count| count.increment(1));
    }

    /// Notes a message that an actor's full mailbox turned away.
    pub fn actor_busy(&self, actor: &'static str) {
        let make = |actor| self.registrar.counter(&table::ACTOR_BUSY, vec![("actor", series::word(actor))]);
        self.actor_busy.with(actor, make, |count| count.increment(1));
    }

    /// Notes how many tenants are resident.
    pub fn residents(&self, n: usize) {
        self.residents.set(from_count(n));
    }

    /// Notes how much waits in a queue.
    pub fn queue_depth(&self, queue: &'static str, depth: usize) {
        let make = |queue| self.registrar.gauge(&table::QUEUE_DEPTH, vec![("queue", series::word(queue))]);
        self.queue_depth.with(queue, make, |gauge| gauge.set(from_count(depth)));
    }

    /// Notes a group commit of the ledger.
    pub fn ledger_batch(&self, rows: usize, took: Duration) {
        self.ledger_rows.record(from_count(rows));
        self.ledger_seconds.record(took.as_secs_f64());
    }

    /// Notes a batch of transaction-log rows that the store took.
    pub fn log_batch(&self, rows: usize, took: Duration) {
        self.log_rows.record(from_count(rows));
        self.log_seconds.record(took.as_secs_f64());
    }

    /// Notes a request that a limit turned away.
    pub fn rate_limited(&self, which: &'static str) {
        let make = |limit| self.registrar.counter(&table::RATE_LIMITED, vec![("limit", series::word(limit))]);
        self.rate_limited.with(which, make, |count| count.increment(1));
    }

    /// Notes an attempt (a sign-in, an account, an unknown key) that was refused unseen, because too many failed before.
    pub fn attempt_blocked(&self, attempt: &'static str) {
        let make = |attempt| {
            self.registrar.counter(&table::ATTEMPTS_BLOCKED, vec![("attempt", series::word(attempt))])
        };
        self.attempts_blocked.with(attempt, make, |count| count.increment(1));
    }

    /// Notes how many addresses are being counted.
    pub fn addresses(&self, n: usize) {
        self.addresses.set(from_count(n));
    }

    /// Notes a request that passed on this node's own share of a limit.
    pub fn passed_on_local_share(&self) {
        self.local_share.increment(1);
    }

    /// Notes an answer that was replayed for an idempotency key.
    pub fn replayed(&self) {
        self.replayed.increment(1);
    }

    /// Notes a look-up of an unknown outcome and what it led to.
    pub fn looked_up(&self, provider: &'static str, result: &'static str) {
        self.unsettled.looked_up(&self.registrar, provider, result);
    }

    /// Notes how many transactions are of unknown outcome, and how old the oldest is.
    pub fn unsettled(&self, waiting: u64, needs_attention: u64, oldest: Duration) {
        self.unsettled.stand(waiting, needs_attention, oldest);
    }

    /// Notes a call to the shared cache that failed or took too long.
    pub fn cache_failed(&self, port: &'static str) {
        let make = |port| self.registrar.counter(&table::CACHE_FAILURES, vec![("port", series::word(port))]);
        self.cache_failures.with(port, make, |count| count.increment(1));
    }

    /// Notes a call to the shared cache that was not made because it is away.
    pub fn cache_refused(&self, port: &'static str) {
        let make = |port| self.registrar.counter(&table::CACHE_REFUSED, vec![("port", series::word(port))]);
        self.cache_refused.with(port, make, |count| count.increment(1));
    }

    /// Notes whether the shared cache is connected.
    pub fn cache_connected(&self, is_connected: bool) {
        self.cache_up.set(f64::from(u8::from(is_connected)));
    }

    /// Notes a batch of transaction-log rows that the store refused.
    pub fn log_store_failed(&self) {
        self.log_failures.increment(1);
    }
}

/// Beyond four thousand million the exact number does not matter to a graph.
fn from_count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests;
