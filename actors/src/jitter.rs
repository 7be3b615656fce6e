//! Waits of a random length, from the injected entropy.

use std::time::Duration;

use domain::Entropy;
use resilience::Backoff;

/// Returns how long to wait after this many failures in a row; nothing after none.
pub(crate) fn wait_after(failures: u32, backoff: Backoff, entropy: &dyn Entropy) -> Duration {
    let Some(attempt) = failures.checked_sub(1) else {
        return Duration::ZERO;
    };
    let mut random = [0_u8; 8];
    entropy.fill(&mut random);
    backoff.delay(attempt, u64::from_be_bytes(random))
}
