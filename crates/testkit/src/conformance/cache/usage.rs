//! What counters of calls promise.

use domain::ports::{ServiceUse, UsageCounters};
use domain::{TenantId, Timestamp};

use super::super::samples;

/// Runs the suite. `now` is the day of today for the counters.
pub async fn passes(counters: &dyn UsageCounters, now: Timestamp) {
    calls_add_up_by_service_tenant_and_day(counters, now).await;
    the_most_calls_come_first(counters, now).await;
    nothing_counted_is_nothing_found(counters, now).await;
    days_past_thirty_are_let_go(counters, now).await;
}

fn service() -> Box<str> {
    format!("service_{}", samples::id::<domain::kind::Tenant>()).into()
}

fn calls(service: &str, tenant: TenantId, at: Timestamp, calls: u64) -> ServiceUse {
    ServiceUse { service: service.into(), tenant, at, calls }
}

async fn calls_add_up_by_service_tenant_and_day(counters: &dyn UsageCounters, now: Timestamp) {
    let (one, other) = (service(), service());
    let tenant = samples::id();
    let yesterday = Timestamp::from_unix_ms(now.unix_ms() - 86_400_000);
    let uses =
        vec![calls(&one, tenant, now, 2), calls(&other, tenant, now, 7), calls(&one, tenant, yesterday, 1)];
    counters.count(uses).await.unwrap();
    counters.count(vec![calls(&one, tenant, now, 3)]).await.unwrap();
    assert_eq!(counters.on_day(&one, now).await.unwrap(), [(tenant, 5)]);
    assert_eq!(counters.on_day(&one, yesterday).await.unwrap(), [(tenant, 1)]);
    assert_eq!(counters.on_day(&other, now).await.unwrap(), [(tenant, 7)]);
}

async fn the_most_calls_come_first(counters: &dyn UsageCounters, now: Timestamp) {
    let service = service();
    let tenants: Vec<TenantId> = (0..300).map(|_| samples::id()).collect();
    let uses = (1..).zip(&tenants).map(|(count, tenant)| calls(&service, *tenant, now, count)).collect();
    counters.count(uses).await.unwrap();
    let expected: Vec<(TenantId, u64)> = (1..)
        .zip(&tenants)
        .map(|(count, tenant)| (*tenant, count))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    assert_eq!(counters.on_day(&service, now).await.unwrap(), expected);
}

async fn nothing_counted_is_nothing_found(counters: &dyn UsageCounters, now: Timestamp) {
    counters.count(Vec::new()).await.unwrap();
    assert_eq!(counters.on_day(&service(), now).await.unwrap(), []);
}

/// Whoever counts lets go of old days bit by bit: after some counting they are gone.
async fn days_past_thirty_are_let_go(counters: &dyn UsageCounters, now: Timestamp) {
    let service = service();
    let long_ago = Timestamp::from_unix_ms(now.unix_ms() - 31 * 86_400_000);
    let last = Timestamp::from_unix_ms(now.unix_ms() - 29 * 86_400_000);
    let tenant = samples::id();
    let old = (0..500).map(|_| calls(&service, samples::id(), long_ago, 1)).collect();
    counters.count(old).await.unwrap();
    counters.count(vec![calls(&service, tenant, last, 4)]).await.unwrap();
    for _ in 0..100 {
        counters.count(vec![calls(&service, tenant, now, 1)]).await.unwrap();
    }
    assert_eq!(counters.on_day(&service, long_ago).await.unwrap(), []);
    assert_eq!(counters.on_day(&service, last).await.unwrap(), [(tenant, 4)]);
    assert_eq!(counters.on_day(&service, now).await.unwrap(), [(tenant, 100)]);
}
