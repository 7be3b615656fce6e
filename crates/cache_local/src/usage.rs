//! Calls by service, day and tenant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;
use domain::ports::{CacheError, ServiceUse, UsageCounters};
use domain::{TenantId, Timestamp};

use crate::LocalCache;
use crate::cache::lock;

/// How many days are kept beside today.
const DAYS: u64 = 30;
const DAY_SECONDS: u64 = 86_400;

/// The least value of a tenant's id.
const FIRST: TenantId = TenantId::from_u128(0);

#[derive(Debug, Default)]
pub(crate) struct Counted(Mutex<HashMap<Box<str>, Days>>);

/// Calls by day and tenant.
type Days = BTreeMap<(u64, TenantId), u64>;

const fn day_of(at: Timestamp) -> u64 {
    at.unix_seconds() / DAY_SECONDS
}

#[async_trait]
impl UsageCounters for LocalCache {
    async fn count(&self, uses: Vec<ServiceUse>) -> Result<(), CacheError> {
        let oldest = (day_of(self.clock.now()).saturating_sub(DAYS), FIRST);
        let mut counted = lock(&self.counted.0);
        for ServiceUse { service, tenant, at, calls } in uses {
            let days = counted.entry(service).or_default();
            let sum = days.entry((day_of(at), tenant)).or_default();
            *sum = sum.saturating_add(calls);
            if days.first_key_value().is_some_and(|(first, _)| *first < oldest) {
                *days = days.split_off(&oldest);
            }
        }
        Ok(())
    }

    async fn on_day(&self, service: &str, at: Timestamp) -> Result<Vec<(TenantId, u64)>, CacheError> {
        let day = day_of(at);
        let counted = lock(&self.counted.0);
        let Some(days) = counted.get(service) else { return Ok(Vec::new()) };
        let of_day = days.range((day, FIRST)..(day.saturating_add(1), FIRST));
        let mut found: Vec<(TenantId, u64)> = of_day.map(|((_, tenant), calls)| (*tenant, *calls)).collect();
        found.sort_by_key(|(tenant, calls)| (Reverse(*calls), *tenant));
        Ok(found)
    }
}
