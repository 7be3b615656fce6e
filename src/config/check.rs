//! What no value alone shows: settings that contradict each other, and those that are legal and dangerous.

use domain::Secret;
use tokio::sync::Semaphore;

use super::sections::Listen;
use super::{CacheEngine, Config, Purpose, StoreEngine};
use crate::http::api_routes;

/// Smallest segment of the journal, in bytes: a record of the largest request and answer must fit.
const MIN_SEGMENT_BYTES: u64 = 1024 * 1024;

/// More failures than this do not fit the count, waits included.
const MOST_FREE_GUESSES: u8 = 200;

/// So many addresses take about a gigabyte: five tables, some 17 bytes each.
const MOST_ADDRESSES: usize = 10_000_000;

impl Config {
    /// Returns everything that keeps the gateway from starting, a sentence each.
    pub(super) fn problems(&self, purpose: Purpose) -> Vec<String> {
        let mut found = Vec::new();
        let postgres = &self.store.postgres;
        let counted = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let positive = [
            ("calls.deadline_ms", self.calls.deadline_ms),
            ("calls.replay_hours", self.calls.replay_hours),
            ("reconcile.every_ms", self.reconcile.every_ms),
            ("reconcile.at_once", counted(self.reconcile.at_once)),
            ("reconcile.per_provider", counted(self.reconcile.per_provider)),
            ("calls.in_flight_least", self.calls.in_flight_least.into()),
            ("calls.lag_ms", self.calls.lag_ms),
            ("calls.tenant_in_flight", self.calls.tenant_in_flight.into()),
            ("listen.header_seconds", self.listen.header_seconds),
            ("listen.body_seconds", self.listen.body_seconds),
            ("listen.connections", counted(self.listen.connections)),
            ("limits.addresses", counted(self.limits.addresses)),
            ("limits.sign_in_wait_seconds", self.limits.sign_in_wait_seconds),
            ("limits.sign_in_forget_seconds", self.limits.sign_in_forget_seconds),
            ("log.queue", counted(self.log.queue)),
            ("transport.connect_ms", self.transport.connect_ms),
            ("transport.reply_bytes", counted(self.transport.reply_bytes)),
            ("auth.token_minutes", self.auth.token_minutes),
            ("store.postgres.connections", postgres.connections.into()),
            ("store.postgres.connect_ms", postgres.connect_ms),
            ("store.postgres.checkout_ms", postgres.checkout_ms),
            ("store.postgres.statement_ms", postgres.statement_ms),
            ("store.postgres.lifetime_minutes", postgres.lifetime_minutes),
            ("store.postgres.retention_days", postgres.retention_days.into()),
            ("cache.redis.timeout_ms", self.cache.redis.timeout_ms),
        ];
        for (name, _) in positive.into_iter().filter(|(_, value)| *value == 0) {
            found.push(format!("{name} must be greater than zero"));
        }
        if purpose == Purpose::Serve {
            self.check_engines(&mut found);
        }
        self.check_urls(&mut found);
        self.check_journal(&mut found);
        self.check_reconcile(&mut found);
        self.check_times(&mut found);
        self.check_places(&mut found);
        self.check_limits(&mut found);
        self.check_listen(&mut found);
        found
    }

    /// Returns what is legal and dangerous, a sentence each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let Listen { public, admin, .. } = self.listen;
        let is_open = !public.ip().is_loopback();
        if is_open && self.listen.tls.certificate.is_none() {
            found.push(format!(
                "listen.public is {public} without TLS: whoever is on the way reads keys; set listen.tls, or let only a proxy that ends TLS reach it"
            ));
        }
        if is_open && self.auth.sign_up {
            found.push("auth.sign_up is on: whoever reaches the public port can make an account".into());
        }
        if !admin.ip().is_loopback() {
            found.push(format!(
                "listen.admin is {admin}: /metrics asks nobody who they are; keep that port private"
            ));
        }
        if self.listen.drain_seconds.saturating_mul(1000) < self.calls.deadline_ms {
            found.push(
                "listen.drain_seconds is shorter than calls.deadline_ms: stopping may cut requests off"
                    .into(),
            );
        }
        if self.calls.quiet_ms == 0 {
            found.push(
                "calls.quiet_ms is 0, which is for tests: a call that is still under way counts as one that never arrived, and is made again"
                    .into(),
            );
        }
        match (self.store.engine, self.cache.engine) {
            (StoreEngine::Embedded, CacheEngine::Redis) => found.push(
                "store.engine is \"embedded\" and cache.engine is \"redis\": no other node can share this store, so that Redis only costs time".into(),
            ),
            (StoreEngine::Postgres, CacheEngine::Local) => found.push(
                "store.engine is \"postgres\" and cache.engine is \"local\": run one node only; a second one would not hear of revoked keys, and limits would count for each".into(),
            ),
            _ => {}
        }
        let (database, cache) = (&self.store.postgres.url, &self.cache.redis.url);
        if database.as_ref().is_some_and(|url| is_remote(url) && !url.expose().contains("sslmode=require")) {
            found.push("store.postgres.url is on another machine without sslmode=require: it may be spoken to without TLS".into());
        }
        if cache.as_ref().is_some_and(|url| is_remote(url) && url.expose().starts_with("redis:")) {
            found.push("cache.redis.url is on another machine without TLS: rediss:// has it".into());
        }
        found
    }

    fn check_listen(&self, found: &mut Vec<String>) {
        let tls = &self.listen.tls;
        match (&tls.certificate, &tls.key) {
            (Some(_), None) => found.push(
                "listen.tls.certificate is set and listen.tls.key is not: set both, or none for plain HTTP"
                    .into(),
            ),
            (None, Some(_)) => found.push(
                "listen.tls.key is set and listen.tls.certificate is not: set both, or none for plain HTTP"
                    .into(),
            ),
            _ => {}
        }
        let (public, admin) = (self.listen.public, self.listen.admin);
        if public == admin && public.port() != 0 {
            found.push(format!(
                "listen.public and listen.admin are both {public}: metrics must not be where everybody is; set another port"
            ));
        }
    }

    fn check_engines(&self, found: &mut Vec<String>) {
        let postgres = &self.store.postgres;
        if self.store.engine == StoreEngine::Postgres && postgres.url.is_none() {
            found.push(
                "store.engine is \"postgres\" and no URL is set: set store.postgres.url (GATEWAY_STORE__POSTGRES__URL), or url_file with the file that holds it".into(),
            );
        }
        if self.cache.engine == CacheEngine::Redis && self.cache.redis.url.is_none() {
            found.push(
                "cache.engine is \"redis\" and no URL is set: set cache.redis.url (GATEWAY_CACHE__REDIS__URL), or url_file with the file that holds it".into(),
            );
        }
    }

    fn check_urls(&self, found: &mut Vec<String>) {
        let postgres = &self.store.postgres;
        let databases: &[&str] = &["postgres://", "postgresql://"];
        let caches: &[&str] = &[
            "redis://",
            "rediss://",
            "redis-cluster://",
            "rediss-cluster://",
            "redis-sentinel://",
            "rediss-sentinel://",
        ];
        for (name, url, schemes) in [
            ("store.postgres.url", &postgres.url, databases),
            ("store.postgres.owner_url", &postgres.owner_url, databases),
            ("cache.redis.url", &self.cache.redis.url, caches),
        ] {
            let begins_right = |url: &Secret| schemes.iter().any(|scheme| url.expose().starts_with(scheme));
            if url.as_ref().is_some_and(|url| !begins_right(url)) {
                found.push(format!("{name} must begin with {}", schemes.join(" or ")));
            }
        }
    }

    fn check_reconcile(&self, found: &mut Vec<String>) {
        if let Err(error) = self.reconcile.schedule() {
            found.push(format!("reconcile.schedule_ms: {error}"));
        }
        let last = self.reconcile.schedule_ms.last().copied().unwrap_or_default();
        if last < self.calls.quiet_ms {
            found.push(
                "reconcile.schedule_ms must end after calls.quiet_ms: only then does \"no trace\" mean that a call never arrived".into(),
            );
        }
    }

    fn check_times(&self, found: &mut Vec<String>) {
        let calls = &self.calls;
        if calls.quiet_ms != 0 && calls.quiet_ms < calls.deadline_ms {
            found.push(
                "calls.quiet_ms must not be less than calls.deadline_ms: a call that is still under way would count as one that never arrived".into(),
            );
        }
        if self.tenants.idle_seconds.saturating_mul(1000) <= calls.deadline_ms {
            found.push(
                "tenants.idle_seconds must be longer than calls.deadline_ms: a tenant must not be forgotten while its requests are under way".into(),
            );
        }
    }

    fn check_places(&self, found: &mut Vec<String>) {
        let calls = &self.calls;
        if calls.in_flight < calls.in_flight_least {
            found.push("calls.in_flight must not be less than calls.in_flight_least".into());
        }
        if !(1..=100).contains(&calls.tenant_provider_percent) {
            found.push("calls.tenant_provider_percent must be 1 to 100".into());
        }
        if calls.provider_in_flight == 0 {
            found.push("calls.provider_in_flight must be greater than zero".into());
        }
        for (name, places) in [
            ("calls.provider_in_flight", calls.provider_in_flight),
            ("reconcile.at_once", self.reconcile.at_once),
            ("reconcile.per_provider", self.reconcile.per_provider),
        ] {
            if places > Semaphore::MAX_PERMITS {
                found.push(format!("{name} must be at most {}", Semaphore::MAX_PERMITS));
            }
        }
    }

    fn check_limits(&self, found: &mut Vec<String>) {
        let limits = &self.limits;
        if limits.sign_in_failures.max(limits.sign_in_failures_per_ip) > MOST_FREE_GUESSES {
            found
                .push(format!("limits.sign_in_failures and its _per_ip must be at most {MOST_FREE_GUESSES}"));
        }
        if limits.sign_in_longest_wait_seconds < limits.sign_in_wait_seconds {
            found.push(
                "limits.sign_in_longest_wait_seconds is shorter than limits.sign_in_wait_seconds".into(),
            );
        }
        if limits.addresses > MOST_ADDRESSES {
            found.push(format!(
                "limits.addresses must be at most {MOST_ADDRESSES}: their memory is taken at the start"
            ));
        }
        if limits.endpoints.is_empty() {
            return;
        }
        let routes = api_routes();
        for name in limits.endpoints.keys().filter(|name| !routes.contains(name)) {
            found.push(format!(
                "limits.endpoints: \"{name}\" is no route of the API; these are: {}",
                routes.join(", ")
            ));
        }
    }

    fn check_journal(&self, found: &mut Vec<String>) {
        let journal = &self.journal;
        if journal.segment_bytes < MIN_SEGMENT_BYTES {
            found.push(format!("journal.segment_bytes must be at least {MIN_SEGMENT_BYTES}"));
        }
        if journal.bytes < journal.segment_bytes.saturating_mul(2) {
            found.push("journal.bytes must hold at least two segments of journal.segment_bytes".into());
        }
    }
}

/// Whether a URL leads to another machine.
fn is_remote(url: &Secret) -> bool {
    let Ok(url) = url::Url::parse(url.expose()) else { return true };
    match url.host() {
        // An address is a name, too, in a URL of a scheme that the web does not know.
        Some(url::Host::Domain(name)) => {
            let is_here = name.is_empty()
                || name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
            !is_here
        }
        Some(url::Host::Ipv4(address)) => !address.is_loopback(),
        Some(url::Host::Ipv6(address)) => !address.is_loopback(),
        // A socket of this machine.
        None => false,
    }
}
