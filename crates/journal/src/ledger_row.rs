//! A ledger entry as version 1 of the journal writes it.

use domain::{Environment, LedgerEntry, LedgerState, OperationKind, Settlement, Timestamp};
use serde::{Deserialize, Serialize};

use super::codec::{Blob, Unreadable, blob, environment, id, operation};

/// Mirrors [`LedgerEntry`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntryV1<'a> {
    transaction: u128,
    tenant: u128,
    key: u128,
    environment: &'a str,
    idempotency_key: Option<&'a str>,
    operation: &'a str,
    fingerprint: [u8; 32],
    provider: &'a str,
    provider_key: &'a str,
    target: &'a str,
    #[serde(borrow)]
    request: Blob<'a>,
    started_at: u64,
    lease_until: u64,
    replay_until: u64,
    state: StateV1<'a>,
}

/// Mirrors [`LedgerState`].
#[derive(Debug, Serialize, Deserialize)]
enum StateV1<'a> {
    Started,
    Unknown,
    Settled {
        status: u16,
        #[serde(borrow)]
        body: Blob<'a>,
    },
}

/// Mirrors [`Settlement`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SettlementV1<'a> {
    Settled {
        status: u16,
        #[serde(borrow)]
        body: Blob<'a>,
    },
    Unknown,
    Released,
}

impl<'a> EntryV1<'a> {
    pub(crate) fn of(entry: &'a LedgerEntry) -> Self {
        Self {
            transaction: entry.transaction.as_u128(),
            tenant: entry.tenant.as_u128(),
            key: entry.key.as_u128(),
            environment: entry.environment.as_str(),
            idempotency_key: entry.idempotency_key.as_deref(),
            operation: entry.operation.as_str(),
            fingerprint: entry.fingerprint,
            provider: &entry.provider,
            provider_key: &entry.provider_key,
            target: &entry.target,
            request: Blob(&entry.request),
            started_at: entry.started_at.unix_ms(),
            lease_until: entry.lease_until.unix_ms(),
            replay_until: entry.replay_until.unix_ms(),
            state: match &entry.state {
                LedgerState::Started => StateV1::Started,
                LedgerState::Unknown => StateV1::Unknown,
                LedgerState::Settled { status, body } => {
                    StateV1::Settled { status: *status, body: Blob(body) }
                }
            },
        }
    }

    pub(crate) fn read(self) -> Result<LedgerEntry, Unreadable> {
        let environment: Environment = environment(self.environment)?;
        let operation: OperationKind = operation(self.operation)?;
        Ok(LedgerEntry {
            transaction: id(self.transaction),
            tenant: id(self.tenant),
            key: id(self.key),
            environment,
            idempotency_key: self.idempotency_key.map(Into::into),
            operation,
            fingerprint: self.fingerprint,
            provider: self.provider.into(),
            provider_key: self.provider_key.into(),
            target: self.target.into(),
            request: blob(self.request),
            started_at: Timestamp::from_unix_ms(self.started_at),
            lease_until: Timestamp::from_unix_ms(self.lease_until),
            replay_until: Timestamp::from_unix_ms(self.replay_until),
            serial: None,
            look_ups: domain::LookUps::default(),
            state: match self.state {
                StateV1::Started => LedgerState::Started,
                StateV1::Unknown => LedgerState::Unknown,
                StateV1::Settled { status, body } => LedgerState::Settled { status, body: blob(body) },
            },
        })
    }
}

impl<'a> SettlementV1<'a> {
    pub(crate) fn of(settlement: &'a Settlement) -> Self {
        match settlement {
            Settlement::Settled { status, body } => Self::Settled { status: *status, body: Blob(body) },
            Settlement::Unknown(_) => Self::Unknown,
            Settlement::Released => Self::Released,
        }
    }

    pub(crate) fn read(self) -> Settlement {
        match self {
            Self::Settled { status, body } => Settlement::Settled { status, body: blob(body) },
            Self::Unknown => Settlement::Unknown(domain::LookUps::default()),
            Self::Released => Settlement::Released,
        }
    }
}
