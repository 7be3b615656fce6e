//! A ledger entry, and what becomes of one, as the journal writes them.

use domain::{Environment, LedgerEntry, LedgerState, LookUps, OperationKind, Settlement, Timestamp};
use serde::{Deserialize, Serialize};

use super::codec::{Blob, Unreadable, blob, environment, id, operation};

/// Mirrors [`LedgerEntry`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntryV2<'a> {
    #[serde(borrow)]
    row: EntryV1<'a>,
    serial: Option<&'a str>,
    look_ups: LookUpsV2<'a>,
}

/// Mirrors [`LookUps`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LookUpsV2<'a> {
    done: u8,
    next: Option<u64>,
    #[serde(borrow)]
    attempt_lines: Blob<'a>,
}

/// What a ledger entry was in version 1.
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
pub(crate) enum SettlementV2<'a> {
    Settled {
        status: u16,
        #[serde(borrow)]
        body: Blob<'a>,
    },
    Unknown(LookUpsV2<'a>),
    Released,
}

/// What a settlement was in version 1.
#[derive(Debug, Deserialize)]
pub(crate) enum SettlementV1<'a> {
    Settled {
        status: u16,
        #[serde(borrow)]
        body: Blob<'a>,
    },
    Unknown,
    Released,
}

impl<'a> EntryV2<'a> {
    pub(crate) fn of(entry: &'a LedgerEntry) -> Self {
        Self {
            row: EntryV1::of(entry),
            serial: entry.serial.as_deref(),
            look_ups: LookUpsV2::of(&entry.look_ups),
        }
    }

    pub(crate) fn read(self) -> Result<LedgerEntry, Unreadable> {
        let serial = self.serial.map(Into::into);
        Ok(LedgerEntry { serial, look_ups: self.look_ups.read(), ..self.row.read()? })
    }
}

impl<'a> LookUpsV2<'a> {
    fn of(look_ups: &'a LookUps) -> Self {
        Self {
            done: look_ups.done,
            next: look_ups.next.map(Timestamp::unix_ms),
            attempt_lines: Blob(&look_ups.attempt_lines),
        }
    }

    fn read(self) -> LookUps {
        LookUps {
            done: self.done,
            next: self.next.map(Timestamp::from_unix_ms),
            attempt_lines: blob(self.attempt_lines),
        }
    }
}

impl<'a> EntryV1<'a> {
    fn of(entry: &'a LedgerEntry) -> Self {
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
            look_ups: LookUps { next: Some(Timestamp::from_unix_ms(self.lease_until)), ..LookUps::default() },
            state: match self.state {
                StateV1::Started => LedgerState::Started,
                StateV1::Unknown => LedgerState::Unknown,
                StateV1::Settled { status, body } => LedgerState::Settled { status, body: blob(body) },
            },
        })
    }
}

impl<'a> SettlementV2<'a> {
    pub(crate) fn of(settlement: &'a Settlement) -> Self {
        match settlement {
            Settlement::Settled { status, body } => Self::Settled { status: *status, body: Blob(body) },
            Settlement::Unknown(look_ups) => Self::Unknown(LookUpsV2::of(look_ups)),
            Settlement::Released => Self::Released,
        }
    }

    pub(crate) fn read(self) -> Settlement {
        match self {
            Self::Settled { status, body } => Settlement::Settled { status, body: blob(body) },
            Self::Unknown(look_ups) => Settlement::Unknown(look_ups.read()),
            Self::Released => Settlement::Released,
        }
    }
}

impl SettlementV1<'_> {
    pub(crate) fn read(self) -> Settlement {
        /// Version 1 did not say when to look next: at once.
        const AT_ONCE: Timestamp = Timestamp::from_unix_ms(0);
        match self {
            Self::Settled { status, body } => Settlement::Settled { status, body: blob(body) },
            Self::Unknown => Settlement::Unknown(LookUps { next: Some(AT_ONCE), ..LookUps::default() }),
            Self::Released => Settlement::Released,
        }
    }
}
