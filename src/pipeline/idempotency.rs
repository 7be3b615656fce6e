//! Idempotency: one key is one side effect. Twins on this node wait for their leader; twins elsewhere meet in the ledger.
//!
//! What happens if the process dies, line by line: before `begin` returns nothing was sent, and the key is free; after it
//! the row is `started`, and the next request with the key (or the reconciler) looks up what became of the call before
//! anything is sent again; where that never arrived, the row is ended first, and while its end is on the way to the store nothing
//! can be begun in its place; after the answer was recorded, the answer is replayed.

use std::time::Duration;

use adapters::Adapter;
use domain::ports::KeptAnswer;
use domain::{Credentials, LedgerEntry, LedgerState, Operation, Secret, TransactionId};
use sha2::{Digest, Sha256};

use super::flights::{Boarded, Landed};
use super::ledger::{self, Stop};
use super::resume::{self, Resumed};
use super::{Answer, Call, Origin, Present, Refusal, answers};
use crate::app::{Gateway, Worker};

/// How often a row that another node works on is looked at again.
pub(super) const POLL: Duration = Duration::from_millis(200);
const MAX_KEY_CHARS: usize = 255;
/// In front of the keys that stand for a request's own text; no caller's key starts with a control character.
const IMPLICIT: char = '\u{1}';

/// A caller's idempotency key: 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(Box<str>);

/// The text is no idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 printable ASCII characters")]
pub(crate) struct BadIdempotencyKey;

impl IdempotencyKey {
    /// Reads a header's text.
    ///
    /// # Errors
    /// [`BadIdempotencyKey`].
    pub(crate) fn try_new(text: &str) -> Result<Self, BadIdempotencyKey> {
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let is_blank = text.trim().is_empty();
        if is_printable && !is_blank && text.len() <= MAX_KEY_CHARS {
            Ok(Self(text.into()))
        } else {
            Err(BadIdempotencyKey)
        }
    }
}

/// What de-duplicates a request.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// The key in the ledger.
    pub key: Box<str>,
    /// How long its answer is replayed.
    pub replay: Duration,
}

/// Returns SHA-256 of route, target and body.
pub(super) fn fingerprint(call: &Call) -> [u8; 32] {
    let mut hash = Sha256::new();
    // The one request whose query says what is to be done. It is hashed and not kept: it may hold secrets.
    let query = match &call.operation {
        Operation::Proxy(request) => request.query.as_deref(),
        _ => None,
    };
    let query = query.map(str::as_bytes);
    for part in [call.endpoint.as_bytes(), call.target.as_bytes(), &call.body].into_iter().chain(query) {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Does an operation with a side effect, once for each idempotency key.
pub(super) async fn execute_once(
    worker: &Worker,
    call: Call,
    present: &dyn Present,
) -> Result<Answer, Refusal> {
    let fingerprint = fingerprint(&call);
    let Some(guard) = guard_of(worker, &call, &fingerprint) else {
        return match ledger::execute(worker, &call, present, None, fingerprint).await {
            Ok(answer) => Ok(answer),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Exists(_) | Stop::Kept(_)) => {
                Err(Refusal::Internal("beginning an entry that nothing de-duplicates"))
            }
        };
    };
    let tenant = call.principal.tenant.tenant().id;
    let environment = call.principal.environment;
    loop {
        match worker.gateway.flights.board((tenant, environment, guard.key.clone()), &fingerprint) {
            Boarded::Mismatch => return Err(Refusal::KeyReused),
            Boarded::Follower(mut landed) => {
                let left = call.meta.deadline.remaining(worker.gateway.clock.monotonic());
                let left = left.ok_or(Refusal::KeyInUse { retry_after: Duration::from_secs(1) })?;
                // Landed, landed without an answer, or no time left: what is there now tells.
                tokio::time::timeout(left, landed.changed()).await.ok();
                if let Some(Landed { status, body, retry_after }) = landed.borrow().clone() {
                    return Ok(Answer { retry_after, ..replayed(status, body) });
                }
            }
            Boarded::Leader(leader) => {
                let answer = lead(worker, &call, present, &guard, fingerprint).await?;
                leader.land(&answer);
                return Ok(answer);
            }
        }
    }
}

/// Acts for an idempotency key on this node.
async fn lead(
    worker: &Worker,
    call: &Call,
    present: &dyn Present,
    guard: &Guard,
    fingerprint: [u8; 32],
) -> Result<Answer, Refusal> {
    let mut has_flushed = false;
    loop {
        let row = match ledger::execute(worker, call, present, Some(guard), fingerprint).await {
            Ok(answer) => return Ok(answer),
            Err(Stop::Exists(row)) => row,
            Err(Stop::Kept(kept)) => return repeated(kept, &fingerprint),
            // The row that the store would show now may be this very one.
            Err(Stop::Refused(unsure @ Refusal::NotConfirmed { .. })) => {
                let kept = answers::find(worker, call, guard).await.ok_or(unsure)?;
                return repeated(kept, &fingerprint);
            }
            // What would be refused now may have been answered before.
            Err(Stop::Refused(refusal)) => match find(worker, call, guard).await {
                Ok(Some(row)) => row,
                Ok(None) => return Err(refusal),
                Err(away) => {
                    let kept = answers::find(worker, call, guard).await.ok_or(away)?;
                    return repeated(kept, &fingerprint);
                }
            },
        };
        if row.fingerprint != fingerprint {
            return Err(Refusal::KeyReused);
        }
        let now = worker.gateway.clock.now();
        match &row.state {
            LedgerState::Settled { status, body } => return Ok(replayed(*status, body.clone())),
            LedgerState::Started | LedgerState::Unknown if !has_flushed => {
                // Perhaps this node knows how it ended, and that is on the way to the store. A log that is stopping has
                // written what it can, and a store that is away is not waited for beyond the request's own time.
                let left = call.meta.deadline.remaining(worker.gateway.clock.monotonic()).unwrap_or_default();
                tokio::time::timeout(left, worker.gateway.log.flush()).await.ok();
                has_flushed = true;
            }
            LedgerState::Started if row.lease_until > now => {
                wait_for_owner(worker, call, row.lease_until.since(now)).await?;
            }
            LedgerState::Started | LedgerState::Unknown => {
                match resume::resume(worker, call, present, guard, &row).await? {
                    Resumed::Ended(answer) => return Ok(answer),
                    // Begun anew when its row is gone.
                    Resumed::NeverArrived => has_flushed = false,
                    Resumed::Elsewhere => wait_for_owner(worker, call, POLL).await?,
                }
            }
        }
    }
}

/// Returns the answer that the cache has for a repeat.
fn repeated(kept: KeptAnswer, fingerprint: &[u8; 32]) -> Result<Answer, Refusal> {
    if kept.fingerprint == *fingerprint {
        Ok(replayed(kept.status, kept.body))
    } else {
        Err(Refusal::KeyReused)
    }
}

/// Returns the row of a key whose answer is still replayed.
pub(super) async fn find(
    worker: &Worker,
    call: &Call,
    guard: &Guard,
) -> Result<Option<Box<LedgerEntry>>, Refusal> {
    let tenant = call.principal.tenant.tenant().id;
    let gateway = &worker.gateway;
    let finding = gateway.ledger.find(tenant, call.principal.environment, &guard.key);
    let found = call.meta.in_time(gateway, finding).await.ok_or(Refusal::LedgerUnavailable)?;
    let row = found.map_err(|_logged| Refusal::LedgerUnavailable)?;
    Ok(row.filter(|row| row.replay_until > call.meta.at || !is_settled(row)).map(Box::new))
}

const fn is_settled(row: &LedgerEntry) -> bool {
    matches!(row.state, LedgerState::Settled { .. })
}

/// Waits while another node is at work on the key.
async fn wait_for_owner(worker: &Worker, call: &Call, at_most: Duration) -> Result<(), Refusal> {
    let left = || call.meta.deadline.remaining(worker.gateway.clock.monotonic());
    let in_use = || Refusal::KeyInUse { retry_after: Duration::from_secs(1) };
    let at_most = at_most.max(Duration::from_millis(1));
    tokio::time::sleep(POLL.min(left().ok_or_else(in_use)?).min(at_most)).await;
    // Without time left the ledger cannot be asked again, which is not the ledger's fault.
    left().map(|_| ()).ok_or_else(in_use)
}

const fn replayed(status: u16, body: bytes::Bytes) -> Answer {
    Answer {
        status,
        body,
        origin: Origin::Replayed,
        provider_time: Duration::ZERO,
        retry_after: None,
        provider: None,
        outcome: "replayed",
    }
}

/// Returns what de-duplicates a call: the caller's key, or the request itself where the tenant wants that.
fn guard_of(worker: &Worker, call: &Call, fingerprint: &[u8; 32]) -> Option<Guard> {
    if let Some(key) = &call.idempotency_key {
        return Some(Guard { key: key.0.clone(), replay: worker.gateway.config.calls.replay() });
    }
    let seconds = call.principal.tenant.tenant().implicit_idempotency_seconds?;
    let key = format!("{IMPLICIT}{}", hex::encode(fingerprint)).into_boxed_str();
    Some(Guard { key, replay: Duration::from_secs(u64::from(seconds)) })
}

/// Returns the provider's idempotency key. Derived from the caller's, so that a repeat has the same one even when all
/// memory of the first is lost; without one, from the transaction, which is as new as the request. And from the account: at
/// another one nobody knows what was done at this.
pub(super) fn provider_key(
    gateway: &Gateway,
    call: &Call,
    (adapter, credentials): (&dyn Adapter, &Credentials),
    id: TransactionId,
) -> Box<str> {
    let field = |name: &&str| credentials.get(name).map_or("", Secret::expose);
    let account: Vec<&str> = adapter.descriptor().account.iter().map(field).collect();
    let tenant = call.principal.tenant.tenant().id;
    let text = match &call.idempotency_key {
        Some(key) => &key.0,
        None => &*id.to_string(),
    };
    let environment = call.principal.environment;
    gateway.pepper.provider_key(tenant, environment, call.endpoint, (&account, text)).into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idempotency_keys_are_printable_and_of_bounded_length() {
        for good in ["a", "order 42", "550e8400-e29b-41d4-a716-446655440000", &"x".repeat(255)] {
            assert!(IdempotencyKey::try_new(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "\u{1}", "tab\t", "ünï", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::try_new(bad), Err(BadIdempotencyKey), "{bad}");
        }
    }
}
