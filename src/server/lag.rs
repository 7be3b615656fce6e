//! How late an event loop runs: a tick that should come every ten milliseconds, and how much later it does. What takes the loop
//! that long, every request on it waits for.

use std::sync::Arc;
use std::time::Duration;

use resilience::{RequestClass, Shedder};

use crate::app::Gateway;

/// How often it is looked.
const TICK: Duration = Duration::from_millis(10);

/// Measures this thread's loop for as long as it runs, and tells the shedder.
pub(super) async fn watch(gateway: Arc<Gateway>) {
    let clock = &gateway.clock;
    let mut told = clock.monotonic();
    let mut worst = Duration::ZERO;
    loop {
        let due = clock.monotonic().saturating_add(TICK);
        tokio::time::sleep(TICK).await;
        let now = clock.monotonic();
        worst = worst.max(now.saturating_sub(due));
        if now.saturating_sub(told) >= Shedder::TELL_EVERY {
            gateway.shedder.adapt(worst, now);
            tell(&gateway);
            (told, worst) = (now, Duration::ZERO);
        }
    }
}

fn tell(gateway: &Gateway) {
    let seen = gateway.shedder.observe();
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    gateway.catalog.in_flight_limit(number(seen.limit));
    for (class, under_way) in RequestClass::ALL.into_iter().zip(seen.by_class) {
        gateway.catalog.requests_in_flight(class.as_str(), number(under_way));
    }
}
