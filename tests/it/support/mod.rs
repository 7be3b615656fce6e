//! What the tests stand on: a gateway and a sandbox of their own on free ports, and a client that speaks plain HTTP.

mod client;
mod dev;
mod embedded;
mod ledger;
mod log;
mod nodes;
mod requests;
mod scene;
mod serve;
mod stage;

pub(crate) use client::{Answer, Client};
pub(crate) use dev::{Dev, PROGRAM, dev_command, free_ports};
pub(crate) use embedded::plan_of_all;
pub(crate) use ledger::LedgerFaults;
pub(crate) use log::with_late_log;
pub(crate) use nodes::{Installation, Node};
pub(crate) use requests::{in_vain, ready};
pub(crate) use scene::{Scene, text};
pub(crate) use serve::Serve;
pub(crate) use stage::{Account, Stage, StageOptions, bearer, env_of};

/// Asks again until `found` gives something; for what happens behind an answer. Fails the test after ten seconds.
pub(crate) async fn eventually<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(value) = found().await {
            return value;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{what} did not happen within ten seconds");
}
