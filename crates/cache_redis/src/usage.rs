//! Calls: `usage:{service}:daily`, a sorted set of `yyyy-mm-dd:{user_id}` by calls, for 30 days. Whoever counts looks at some
//! members for days that are past, once through the set each day.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{CacheError, ServiceUse, UsageCounters};
use domain::{TenantId, Timestamp};
use fred::types::Value;
use time::{Date, OffsetDateTime};

use crate::RedisCache;
use crate::cache::Asked;
use crate::command::Command;

const COUNT: &str = include_str!("scripts/count.lua");
/// How many days are kept beside today.
const DAYS: u64 = 30;
const DAY: Duration = Duration::from_secs(86_400);
/// Members of one command.
const MOST_MEMBERS: usize = 1_000;
/// Members that are looked at in one page.
const PAGE: u32 = 1_000;
const WHAT: &str = "counters of calls";
const FIRST_PAGE: &str = "0";

/// Where the search for past days is, by service.
#[derive(Debug, Default)]
pub(crate) struct Sweeps(Mutex<HashMap<Box<str>, Sweep>>);

#[derive(Debug)]
struct Sweep {
    /// The day on which it began.
    day: String,
    /// Where to look on; absent when it is through.
    at: Option<String>,
}

impl Sweeps {
    /// Returns where to look on, empty for nowhere.
    fn next(&self, service: &str, today: &str) -> String {
        let mut sweeps = self.lock();
        let sweep = match sweeps.get(service) {
            Some(sweep) if sweep.day == today => sweep,
            _ => {
                let begun = Sweep { day: today.to_owned(), at: Some(FIRST_PAGE.to_owned()) };
                sweeps.entry(service.into()).insert_entry(begun).into_mut()
            }
        };
        sweep.at.clone().unwrap_or_default()
    }

    fn went_on(&self, service: &str, at: String) {
        if let Some(sweep) = self.lock().get_mut(service) {
            sweep.at = Some(at).filter(|at| at != FIRST_PAGE);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Sweep>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(service: &str) -> String {
    format!("usage:{service}:daily")
}

/// Returns the day as `yyyy-mm-dd`, in UTC.
fn day_of(at: Timestamp) -> String {
    let seconds = i64::try_from(at.unix_seconds()).unwrap_or(i64::MAX);
    let date = OffsetDateTime::from_unix_timestamp(seconds).map_or(Date::MAX, OffsetDateTime::date);
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

#[async_trait]
impl UsageCounters for RedisCache {
    async fn count(&self, uses: Vec<ServiceUse>) -> Result<(), CacheError> {
        let asked = Asked { port: "usage", doing: "counting calls", what: WHAT };
        let mut by_service: BTreeMap<Box<str>, BTreeMap<String, u64>> = BTreeMap::new();
        for ServiceUse { service, tenant, at, calls } in uses {
            let sums = by_service.entry(service).or_default();
            let sum = sums.entry(format!("{}:{tenant}", day_of(at))).or_default();
            *sum = sum.saturating_add(calls);
        }
        let now = self.clock.now();
        let today = day_of(now);
        let past = DAY.saturating_mul(u32::try_from(DAYS).unwrap_or(u32::MAX));
        let oldest = day_of(Timestamp::from_unix_ms(now.unix_ms().saturating_sub(as_millis(past))));
        let (mut services, mut commands) = (Vec::new(), Vec::new());
        for (service, sums) in &by_service {
            let sums: Vec<_> = sums.iter().collect();
            for sums in sums.chunks(MOST_MEMBERS) {
                let command = Command::script(COUNT, &name(service))
                    .number(past.as_secs())
                    .text(&*oldest)
                    .text(self.sweeps.next(service, &today));
                let add = |command: Command, (member, calls): &(&String, &u64)| {
                    command.text(member.as_str()).number(**calls)
                };
                commands.push(sums.iter().fold(command, add));
                services.push(service);
            }
        }
        let replies = self.ask_all(asked, commands).await?;
        for (service, at) in services.into_iter().zip(replies) {
            self.sweeps.went_on(service, at.convert().unwrap_or_default());
        }
        Ok(())
    }

    async fn on_day(&self, service: &str, at: Timestamp) -> Result<Vec<(TenantId, u64)>, CacheError> {
        let asked = Asked { port: "usage", doing: "reading counted calls", what: WHAT };
        let before = format!("{}:", day_of(at));
        let mut found = BTreeMap::new();
        let mut page = FIRST_PAGE.to_owned();
        loop {
            let command = Command::on("ZSCAN", &name(service))
                .text(&*page)
                .text("MATCH")
                .text(format!("{before}*"))
                .text("COUNT")
                .number(PAGE);
            let (next, members): (String, Vec<Value>) = self.ask(asked, command).await?;
            for pair in members.chunks_exact(2) {
                let [member, calls] = pair else { continue };
                let member = member.as_str().unwrap_or_default();
                let tenant = member.strip_prefix(&*before).and_then(|tenant| tenant.parse::<TenantId>().ok());
                if let (Some(tenant), Some(calls)) = (tenant, calls.as_u64()) {
                    found.insert(tenant, calls);
                }
            }
            if next == FIRST_PAGE {
                break;
            }
            page = next;
        }
        let mut found: Vec<(TenantId, u64)> = found.into_iter().collect();
        found.sort_by_key(|(tenant, calls)| (Reverse(*calls), *tenant));
        Ok(found)
    }
}

fn as_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
