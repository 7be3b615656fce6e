//! What telling changes promises: each listener hears all of them, in order.

use std::time::Duration;

use domain::TenantId;
use domain::ports::{Change, Changes};

use super::super::samples;

/// Nobody waits this long for a change unless it is lost.
const LOST: Duration = Duration::from_secs(30);

/// Runs the suite: whatever `teller` publishes, each of `listeners` hears. `teller` may be a listener itself.
pub async fn passes(teller: &dyn Changes, listeners: &[&dyn Changes]) {
    let tenants: Vec<TenantId> = (0..100).map(|_| samples::id()).collect();
    for tenant in &tenants {
        teller.publish(*tenant).await.unwrap();
    }
    for listener in listeners {
        for tenant in &tenants {
            assert_eq!(next(*listener).await, Change::Tenant(*tenant));
        }
        is_silent(*listener).await;
    }
    a_wait_that_is_given_up_loses_nothing(teller, listeners).await;
}

async fn a_wait_that_is_given_up_loses_nothing(teller: &dyn Changes, listeners: &[&dyn Changes]) {
    for listener in listeners {
        is_silent(*listener).await;
    }
    let tenant = samples::id();
    teller.publish(tenant).await.unwrap();
    for listener in listeners {
        assert_eq!(next(*listener).await, Change::Tenant(tenant));
    }
}

/// Returns the next change.
pub async fn next(listener: &dyn Changes) -> Change {
    tokio::time::timeout(LOST, listener.next()).await.unwrap()
}

/// Fails if there is something to hear.
pub async fn is_silent(listener: &dyn Changes) {
    let heard = tokio::time::timeout(Duration::from_millis(50), listener.next()).await;
    assert!(heard.is_err(), "heard {heard:?}");
}
