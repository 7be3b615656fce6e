//! Finished answers: `idempotent:{user_id}:{idempotency_key}`, a string of JSON, 24 hours at most. One answer for a tenant's
//! key: another environment's takes its place, and is a miss to who asks for the other.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::{Answers, CacheError, KeptAnswer};
use domain::{Environment, TenantId};
use serde::{Deserialize, Serialize};

use crate::RedisCache;
use crate::cache::Asked;
use crate::command::Command;

const LONGEST: Duration = Duration::from_secs(86_400);
const WHAT: &str = "a kept answer";

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    environment: String,
    fingerprint: String,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    body: Option<String>,
    /// The body where it is no text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    body_hex: Option<String>,
}

fn name(tenant: TenantId, idempotency_key: &str) -> String {
    format!("idempotent:{tenant}:{idempotency_key}")
}

impl Kept {
    fn new(environment: Environment, answer: &KeptAnswer) -> Self {
        let text = std::str::from_utf8(&answer.body).ok().map(str::to_owned);
        Self {
            environment: environment.as_str().to_owned(),
            fingerprint: hex::encode(answer.fingerprint),
            status: answer.status,
            body_hex: text.is_none().then(|| hex::encode(&answer.body)),
            body: text,
        }
    }

    fn into_answer(self) -> Option<KeptAnswer> {
        let body = match (self.body, self.body_hex) {
            (Some(text), None) => Bytes::from(text),
            (None, Some(encoded)) => Bytes::from(hex::decode(encoded).ok()?),
            _ => return None,
        };
        let mut fingerprint = [0; 32];
        hex::decode_to_slice(self.fingerprint, &mut fingerprint).ok()?;
        Some(KeptAnswer { fingerprint, status: self.status, body })
    }
}

#[async_trait]
impl Answers for RedisCache {
    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<KeptAnswer>, CacheError> {
        let asked = Asked { port: "answers", doing: "looking for an answer", what: WHAT };
        let found: Option<Bytes> =
            self.ask(asked, Command::on("GET", &name(tenant, idempotency_key))).await?;
        let Some(found) = found else { return Ok(None) };
        let kept: Kept = serde_json::from_slice(&found).or(Err(CacheError::Corrupt(WHAT)))?;
        if kept.environment != environment.as_str() {
            return Ok(None);
        }
        kept.into_answer().map(Some).ok_or(CacheError::Corrupt(WHAT))
    }

    async fn keep(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
        answer: KeptAnswer,
        replay_for: Duration,
    ) -> Result<(), CacheError> {
        let replay_for = replay_for.min(LONGEST);
        if replay_for < Duration::from_millis(1) {
            return Ok(());
        }
        let asked = Asked { port: "answers", doing: "keeping an answer", what: WHAT };
        let kept = serde_json::to_vec(&Kept::new(environment, &answer)).or(Err(CacheError::Corrupt(WHAT)))?;
        let set = Command::on("SET", &name(tenant, idempotency_key)).bytes(kept);
        self.ask(asked, set.text("PX").millis(replay_for)).await
    }
}
