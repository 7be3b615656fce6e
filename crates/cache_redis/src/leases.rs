//! Limits: `ratelimit:{api_key_id}:minute` and `…:day`, sorted sets of leases; and `nodes`. Redis's clock tells the time, so that
//! nodes need not agree on it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{CacheError, Lease, LeaseRequest, QuotaLeases};
use domain::{KeyId, QuotaWindow};

use crate::RedisCache;
use crate::cache::Asked;
use crate::command::Command;

const LEASE: &str = include_str!("scripts/lease.lua");
const GIVE_BACK: &str = include_str!("scripts/give_back.lua");
const NODES: &str = include_str!("scripts/nodes.lua");

/// How long a node counts as there after it said so.
const NODE_LIFE: Duration = Duration::from_secs(15);
const WHAT: &str = "a lease";

/// Numbers this process's leases.
static LEASES: AtomicU64 = AtomicU64::new(0);

fn name(key: KeyId, window: QuotaWindow) -> String {
    format!("ratelimit:{key}:{}", window.as_str())
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Reads `id/granted`, as a lease is named to who holds it. Redis knows it by the id.
fn parse(lease: &str) -> Option<(&str, u32)> {
    let (id, granted) = lease.rsplit_once('/')?;
    Some((id, granted.parse().ok()?))
}

#[async_trait]
impl QuotaLeases for RedisCache {
    async fn lease(&self, request: LeaseRequest) -> Result<Lease, CacheError> {
        let LeaseRequest { key, window, limit, want, spend_within } = request;
        let number = LEASES.fetch_add(1, Ordering::Relaxed);
        let asked = Asked { port: "leases", doing: "leasing requests of a limit", what: WHAT };
        let command = Command::script(LEASE, &name(key, window))
            .number(micros(window.length()))
            // A fraction more, so that none is cut off.
            .number(
                micros(spend_within.min(window.length())).saturating_add(u64::from(!spend_within.is_zero())),
            )
            .number(limit)
            .number(want)
            .text(format!("{}-{number:x}", self.node));
        let (id, granted, remaining, retry_us, reset_us): (String, u32, u32, u64, u64) =
            self.ask(asked, command).await?;
        Ok(Lease {
            id: format!("{id}/{granted}").into(),
            granted,
            remaining,
            retry_after: Duration::from_micros(retry_us),
            reset_after: Duration::from_micros(reset_us),
        })
    }

    async fn give_back(
        &self,
        key: KeyId,
        window: QuotaWindow,
        lease: &str,
        unspent: u32,
    ) -> Result<(), CacheError> {
        let Some((id, granted)) = parse(lease) else { return Ok(()) };
        let unspent = unspent.min(granted);
        if unspent == 0 {
            return Ok(());
        }
        let asked = Asked { port: "leases", doing: "giving a lease back", what: WHAT };
        self.ask(asked, Command::script(GIVE_BACK, &name(key, window)).text(id).number(unspent)).await
    }

    async fn nodes(&self) -> Result<u32, CacheError> {
        let asked = Asked { port: "leases", doing: "counting nodes", what: "a count of nodes" };
        let command = Command::script(NODES, "nodes").text(&*self.node).millis(NODE_LIFE);
        self.ask(asked, command).await
    }
}

impl RedisCache {
    /// Tells that this node is not there any more. If that fails, its life ends soon.
    pub(crate) async fn leave(&self) {
        let asked = Asked { port: "leases", doing: "leaving the nodes", what: "a count of nodes" };
        let left: Result<(), CacheError> =
            self.ask(asked, Command::on("ZREM", "nodes").text(&*self.node)).await;
        left.ok();
    }
}
