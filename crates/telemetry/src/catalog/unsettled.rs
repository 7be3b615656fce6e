//! Series of what is not settled: transactions of unknown outcome, and their look-ups.

use std::time::Duration;

use metrics::{Counter, Gauge};

use super::family::{Family, Labels};
use super::series::{self, OTHER, Registrar};
use super::{from_count, table};

/// The labels of a look-up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct LookUpKey {
    provider: &'static str,
    result: &'static str,
}

impl Labels for LookUpKey {
    const OTHER: Self = Self { provider: OTHER, result: OTHER };
}

pub(super) struct UnsettledSeries {
    look_ups: Family<LookUpKey, Counter>,
    waiting: Gauge,
    needs_attention: Gauge,
    oldest: Gauge,
}

impl UnsettledSeries {
    pub(super) fn new(registrar: &Registrar) -> Self {
        let state = |state| registrar.gauge(&table::UNSETTLED, vec![("state", series::word(state))]);
        Self {
            look_ups: Family::new(),
            waiting: state("waiting"),
            needs_attention: state("needs_attention"),
            oldest: registrar.gauge(&table::UNSETTLED_OLDEST, Vec::new()),
        }
    }

    pub(super) fn looked_up(&self, registrar: &Registrar, provider: &'static str, result: &'static str) {
        let make = |LookUpKey { provider, result }| {
            let labels = vec![("provider", series::word(provider)), ("result", series::word(result))];
            registrar.counter(&table::LOOK_UPS, labels)
        };
        self.look_ups.with(LookUpKey { provider, result }, make, |count| count.increment(1));
    }

    pub(super) fn stand(&self, waiting: u64, needs_attention: u64, oldest: Duration) {
        let count = |rows| from_count(usize::try_from(rows).unwrap_or(usize::MAX));
        self.waiting.set(count(waiting));
        self.needs_attention.set(count(needs_attention));
        self.oldest.set(oldest.as_secs_f64());
    }
}
