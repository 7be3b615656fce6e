//! What telling changes promises: each listener hears all of them, in order.

use std::time::Duration;

use domain::TenantId;
use domain::ports::{Change, Changes};

use super::super::samples;

/// Nobody waits this long for a change unless it is lost.
const LOST: Duration = Duration::from_secs(30);
/// Whoever hears nothing for so long has heard all.
const QUIET: Duration = Duration::from_millis(50);

/// Runs the suite: whatever `teller` publishes, each of `listeners` hears. `teller` may be a listener itself. On a machine that
/// stands still for a moment a listener may be cut off: the suite begins anew then.
pub async fn passes(teller: &dyn Changes, listeners: &[&dyn Changes]) {
    for _ in 0..10 {
        if all_is_heard_in_order(teller, listeners).await {
            return;
        }
        for listener in listeners {
            while tokio::time::timeout(QUIET, listener.next()).await.is_ok() {}
        }
    }
    panic!("a listener is cut off again and again");
}

/// Returns false when a listener was cut off.
async fn all_is_heard_in_order(teller: &dyn Changes, listeners: &[&dyn Changes]) -> bool {
    let tenants: Vec<TenantId> = (0..100).map(|_| samples::id()).collect();
    for tenant in &tenants {
        teller.publish(*tenant).await.unwrap();
    }
    for listener in listeners {
        for tenant in &tenants {
            match next(*listener).await {
                Change::Tenant(heard) => assert_eq!(heard, *tenant),
                Change::CutOff | Change::Resumed => return false,
            }
        }
        // A wait that is given up loses nothing of what comes after it.
        is_silent(*listener).await;
    }
    let tenant = samples::id();
    teller.publish(tenant).await.unwrap();
    for listener in listeners {
        match next(*listener).await {
            Change::Tenant(heard) => assert_eq!(heard, tenant),
            Change::CutOff | Change::Resumed => return false,
        }
    }
    true
}

/// Returns the next change.
pub async fn next(listener: &dyn Changes) -> Change {
    tokio::time::timeout(LOST, listener.next()).await.unwrap()
}

/// Fails if there is a tenant to hear of.
async fn is_silent(listener: &dyn Changes) {
    let heard = tokio::time::timeout(QUIET, listener.next()).await;
    assert!(!matches!(heard, Ok(Change::Tenant(_))), "heard {heard:?}");
}
