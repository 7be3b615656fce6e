//! How large a run is, what goes wrong in it, and how the gateways are set up for it. All chance comes from the seed.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::fault_proxy::{Fault, FaultPlan};

/// A run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Wishes of each kind.
    pub(super) each: u64,
    pub(super) tenants: usize,
    /// Requests at once.
    pub(super) callers: usize,
    /// Between two blows to gateways and servers, in milliseconds: at least, and as much again at most.
    pub(super) pause_ms: u64,
    /// How long the callers may take, before the run counts as stuck.
    pub(super) patience: Duration,
}

/// A request's time limit.
const DEADLINE_MS: u64 = 1_500;
/// How old a lost call must be before no trace of it means that it never arrived: the request's own time, in which it may be
/// sent late, the longest delay on the way to a provider, and what a busy machine adds.
const QUIET_MS: u64 = DEADLINE_MS + LONGEST_DELAY_MS + 2_500;
const LONGEST_DELAY_MS: u64 = 600;
/// How long past its deadline a row of a gateway that died counts as worked on.
const LEASE_MARGIN_MS: u64 = 5_000;

/// The reconciler's schedule, fifteen times as fast as in production.
const RECONCILER: [(&str, &str); 2] = [
    ("GATEWAY_RECONCILE__SCHEDULE_MS", "[333, 2000, 8000, 40000, 240000, 1440000, 5760000]"),
    ("GATEWAY_RECONCILE__EVERY_MS", "100"),
];
/// What five minutes are on that schedule, from the moment when a row that a dead gateway left may be taken.
const FIRST_MINUTES_MS: u64 = 20_000 + DEADLINE_MS + LEASE_MARGIN_MS;

impl Plan {
    /// Small enough for every change.
    pub(super) const fn small(seed: u64) -> Self {
        Self { seed, each: 12, tenants: 3, callers: 24, pause_ms: 500, patience: Duration::from_secs(240) }
    }

    /// As large as a few minutes allow.
    pub(super) const fn large(seed: u64, each: u64) -> Self {
        let tenants = 12;
        Self { seed, each, tenants, callers: 64, pause_ms: 1_500, patience: Duration::from_secs(300) }
    }

    /// Returns how long unknown outcomes are given to be settled by the gateways themselves.
    pub(super) const fn first_minutes() -> Duration {
        Duration::from_millis(FIRST_MINUTES_MS)
    }

    /// Returns what every gateway is told beside its addresses.
    pub(super) fn settings() -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("GATEWAY_CALLS__DEADLINE_MS", DEADLINE_MS.to_string()),
            ("GATEWAY_CALLS__QUIET_MS", QUIET_MS.to_string()),
            ("GATEWAY_TRANSPORT__CONNECT_MS", "500".to_owned()),
            ("GATEWAY_LISTEN__WORKERS", "1".to_owned()),
            ("GATEWAY_TELEMETRY__FILTER", "error".to_owned()),
        ];
        settings.extend(RECONCILER.map(|(name, value)| (name, value.to_owned())));
        settings
    }

    /// Returns what the network between a gateway and its `number`th provider does.
    pub(super) fn network(&self, number: u64) -> FaultPlan {
        let late = Duration::from_millis(LONGEST_DELAY_MS);
        let slow = Fault::Throttle { piece_bytes: 64, pause: Duration::from_millis(5) };
        FaultPlan::new(
            self.seed.wrapping_mul(31).wrapping_add(number),
            &[
                (Fault::ResetOnAccept, 20),
                (Fault::ResetBeforeRequest, 10),
                (Fault::CutRequest { percent: 40 }, 8),
                (Fault::CutRequest { percent: 95 }, 8),
                (Fault::CutAnswer { percent: 0 }, 15),
                (Fault::CutAnswer { percent: 10 }, 8),
                (Fault::CutAnswer { percent: 90 }, 8),
                (Fault::HalfAnswer, 8),
                (Fault::BlackHole, 5),
                (Fault::EdgePage, 10),
                (Fault::Garbage, 8),
                (Fault::DelayRequest(late), 15),
                (Fault::DelayAnswer(late), 15),
                (slow, 20),
            ],
        )
    }

    /// Returns what providers themselves do wrong.
    pub(super) fn providers() -> Vec<Value> {
        let kind = |kind: &str, probability: f64| (json!({"kind": kind}), probability);
        let faults = [
            kind("execute_then_reset", 0.015),
            kind("execute_then_hang", 0.008),
            kind("hang", 0.004),
            kind("reset_before_read", 0.015),
            kind("reset_after_read", 0.01),
            kind("half_body", 0.01),
            kind("html_502", 0.01),
            kind("garbage", 0.005),
            (json!({"status": 500, "body": "Internal Server Error"}), 0.01),
            (json!({"status": 503}), 0.01),
            (json!({"status": 429}), 0.005),
            (json!({"latency_ms": 150}), 0.05),
        ];
        let providers = ["razorpay", "paypal", "stripe", "twilio"];
        let of = |provider: &'static str| {
            faults.clone().map(|(fault, probability)| {
                json!({"provider": provider, "fault": fault, "probability": probability})
            })
        };
        providers.into_iter().flat_map(of).collect()
    }
}
