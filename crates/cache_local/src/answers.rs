//! Finished answers, up to 64 MiB of them.

use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{Answers, CacheError, KeptAnswer};
use domain::{Environment, TenantId};
use moka::sync::Cache;

use crate::LocalCache;

const MOST_BYTES: u64 = 64 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(86_400);
/// What an entry weighs beside its texts.
const ENTRY_BYTES: usize = 200;

/// One answer for a tenant's key: another environment's takes its place.
type Answered = (TenantId, Box<str>);

#[derive(Debug, Clone)]
struct Kept {
    environment: Environment,
    answer: KeptAnswer,
    until: Duration,
}

#[derive(Debug)]
pub(crate) struct KeptAnswers(Cache<Answered, Kept>);

impl KeptAnswers {
    pub(crate) fn new() -> Self {
        let weigh = |key: &Answered, kept: &Kept| {
            u32::try_from(ENTRY_BYTES + key.1.len() + kept.answer.body.len()).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).time_to_live(LONGEST).build())
    }
}

#[async_trait]
impl Answers for LocalCache {
    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<KeptAnswer>, CacheError> {
        let now = self.clock.monotonic();
        let kept = self.answers.0.get(&(tenant, idempotency_key.into()));
        let is_meant = |kept: &Kept| kept.environment == environment && now < kept.until;
        Ok(kept.filter(is_meant).map(|kept| kept.answer))
    }

    async fn keep(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
        answer: KeptAnswer,
        replay_for: Duration,
    ) -> Result<(), CacheError> {
        let until = self.clock.monotonic().saturating_add(replay_for.min(LONGEST));
        self.answers.0.insert((tenant, idempotency_key.into()), Kept { environment, answer, until });
        Ok(())
    }
}
