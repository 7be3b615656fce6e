//! What no value alone shows: settings that contradict each other, and those that are legal and dangerous.

use domain::Secret;

use super::{CacheEngine, Config, StoreEngine};

/// Smallest segment of the journal, in bytes: a record of the largest request and answer must fit.
const MIN_SEGMENT_BYTES: u64 = 1024 * 1024;

impl Config {
    /// Returns everything that keeps the gateway from starting, a sentence each.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let postgres = &self.store.postgres;
        let positive = [
            ("calls.deadline_ms", self.calls.deadline_ms),
            ("calls.replay_hours", self.calls.replay_hours),
            ("transport.connect_ms", self.transport.connect_ms),
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
        self.check_urls(&mut found);
        self.check_journal(&mut found);
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
        found
    }

    fn check_urls(&self, found: &mut Vec<String>) {
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
