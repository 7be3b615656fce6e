//! Durations as whole nanoseconds in 64 bits, which is what fits an atomic: 584 years.

use std::time::Duration;

/// Returns the duration in nanoseconds, the most there can be when it is longer than 584 years.
pub(crate) fn from_duration(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
