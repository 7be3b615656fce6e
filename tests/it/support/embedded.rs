//! The embedded store's file, past the gateway: what no route gives yet.

use std::path::Path;

use rusqlite::Connection;

/// Gives all tenants of the gateway in this folder another plan. It holds for what they ask for from then on.
pub(crate) fn plan_of_all(folder: &Path, plan: &str) {
    let database = Connection::open(folder.join("gateway.db")).expect("the store's file");
    database.busy_timeout(std::time::Duration::from_secs(5)).expect("patience");
    database.execute("UPDATE users SET plan_tier = ?1", [plan]).expect("another plan");
}
