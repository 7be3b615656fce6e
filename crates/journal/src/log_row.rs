//! A log record as the journal writes it.

use std::net::IpAddr;
use std::time::Duration;

use domain::ports::Record;
use domain::{Event, EventKind, Timestamp, Transaction, TransactionStatus};
use serde::{Deserialize, Serialize};

use super::codec::{Blob, Unreadable, blob, environment, id, operation};
use super::ledger_row::{SettlementV1, SettlementV2};
use super::words::Words;

/// Mirrors [`Record`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RecordV2<'a> {
    #[serde(borrow)]
    transaction: Option<TransactionV2<'a>>,
    settlement: Option<(u128, u128, SettlementV2<'a>)>,
    event: Option<EventV2<'a>>,
}

/// Mirrors [`Transaction`].
#[derive(Debug, Serialize, Deserialize)]
struct TransactionV2<'a> {
    #[serde(borrow)]
    row: TransactionV1<'a>,
    attempt_lines: Blob<'a>,
}

/// Mirrors [`Event`].
#[derive(Debug, Serialize, Deserialize)]
struct EventV2<'a> {
    id: u128,
    tenant: u128,
    environment: &'a str,
    kind: &'a str,
    transaction: u128,
    #[serde(borrow)]
    payload: Blob<'a>,
    created_at: u64,
}

/// What a record was in version 1.
#[derive(Debug, Deserialize)]
pub(crate) struct RecordV1<'a> {
    #[serde(borrow)]
    transaction: Option<TransactionV1<'a>>,
    settlement: Option<(u128, u128, SettlementV1<'a>)>,
}

/// What a transaction was in version 1.
#[derive(Debug, Serialize, Deserialize)]
struct TransactionV1<'a> {
    id: u128,
    tenant: u128,
    key: u128,
    environment: &'a str,
    operation: &'a str,
    subject: Option<u128>,
    provider: Option<&'a str>,
    provider_ref: Option<&'a str>,
    endpoint: &'a str,
    status: &'a str,
    object_status: Option<&'a str>,
    provider_status: Option<&'a str>,
    response_status: u16,
    error_code: Option<&'a str>,
    amount_minor: Option<i64>,
    currency: Option<&'a str>,
    reference: Option<&'a str>,
    #[serde(borrow)]
    request_payload: Blob<'a>,
    #[serde(borrow)]
    response_payload: Blob<'a>,
    duration: Duration,
    provider_duration: Duration,
    attempts: u16,
    request_id: &'a str,
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
    created_at: u64,
}

impl<'a> RecordV2<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        Self {
            transaction: record.transaction.as_ref().map(|row| TransactionV2 {
                row: TransactionV1::of(row),
                attempt_lines: Blob(&row.attempt_lines),
            }),
            settlement: record.settlement.as_ref().map(|(tenant, transaction, settlement)| {
                (tenant.as_u128(), transaction.as_u128(), SettlementV2::of(settlement))
            }),
            event: record.event.as_ref().map(EventV2::of),
        }
    }

    pub(crate) fn read(self, words: &Words) -> Result<Record, Unreadable> {
        let with_lines = |TransactionV2 { row, attempt_lines }: TransactionV2<'_>| {
            Ok(Transaction { attempt_lines: blob(attempt_lines), ..row.read(words)? })
        };
        Ok(Record {
            transaction: self.transaction.map(with_lines).transpose()?,
            settlement: self
                .settlement
                .map(|(tenant, transaction, settlement)| (id(tenant), id(transaction), settlement.read())),
            event: self.event.map(EventV2::read).transpose()?,
        })
    }
}

impl<'a> EventV2<'a> {
    fn of(event: &'a Event) -> Self {
        Self {
            id: event.id.as_u128(),
            tenant: event.tenant.as_u128(),
            environment: event.environment.as_str(),
            kind: event.kind.as_str(),
            transaction: event.transaction.as_u128(),
            payload: Blob(&event.payload),
            created_at: event.created_at.unix_ms(),
        }
    }

    fn read(self) -> Result<Event, Unreadable> {
        let kind = EventKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind);
        Ok(Event {
            id: id(self.id),
            tenant: id(self.tenant),
            environment: environment(self.environment)?,
            kind: kind.ok_or(Unreadable::Word)?,
            transaction: id(self.transaction),
            payload: blob(self.payload),
            created_at: Timestamp::from_unix_ms(self.created_at),
        })
    }
}

impl RecordV1<'_> {
    pub(crate) fn read(self, words: &Words) -> Result<Record, Unreadable> {
        Ok(Record {
            transaction: self.transaction.map(|transaction| transaction.read(words)).transpose()?,
            settlement: self
                .settlement
                .map(|(tenant, transaction, settlement)| (id(tenant), id(transaction), settlement.read())),
            event: None,
        })
    }
}

impl<'a> TransactionV1<'a> {
    fn of(row: &'a Transaction) -> Self {
        Self {
            id: row.id.as_u128(),
            tenant: row.tenant.as_u128(),
            key: row.key.as_u128(),
            environment: row.environment.as_str(),
            operation: row.operation.as_str(),
            subject: row.subject.map(domain::Id::as_u128),
            provider: row.provider.as_deref(),
            provider_ref: row.provider_ref.as_deref(),
            endpoint: row.endpoint,
            status: row.status.as_str(),
            object_status: row.object_status,
            provider_status: row.provider_status.as_deref(),
            response_status: row.response_status,
            error_code: row.error_code.as_deref(),
            amount_minor: row.amount_minor,
            currency: row.currency,
            reference: row.reference.as_deref(),
            request_payload: Blob(&row.request_payload),
            response_payload: Blob(&row.response_payload),
            duration: row.duration,
            provider_duration: row.provider_duration,
            attempts: row.attempts,
            request_id: &row.request_id,
            ip: row.ip,
            user_agent: row.user_agent.as_deref(),
            created_at: row.created_at.unix_ms(),
        }
    }

    fn read(self, words: &Words) -> Result<Transaction, Unreadable> {
        let keep = |word: &str| words.keep(word).ok_or(Unreadable::Word);
        let status = TransactionStatus::ALL.into_iter().find(|status| status.as_str() == self.status);
        Ok(Transaction {
            id: id(self.id),
            tenant: id(self.tenant),
            key: id(self.key),
            environment: environment(self.environment)?,
            operation: operation(self.operation)?,
            subject: self.subject.map(id),
            provider: self.provider.map(Into::into),
            provider_ref: self.provider_ref.map(Into::into),
            endpoint: keep(self.endpoint)?,
            status: status.ok_or(Unreadable::Word)?,
            object_status: self.object_status.map(keep).transpose()?,
            provider_status: self.provider_status.map(Into::into),
            response_status: self.response_status,
            error_code: self.error_code.map(Into::into),
            amount_minor: self.amount_minor,
            currency: self.currency.map(keep).transpose()?,
            reference: self.reference.map(Into::into),
            request_payload: blob(self.request_payload),
            response_payload: blob(self.response_payload),
            duration: self.duration,
            provider_duration: self.provider_duration,
            attempts: self.attempts,
            attempt_lines: bytes::Bytes::new(),
            request_id: self.request_id.into(),
            ip: self.ip,
            user_agent: self.user_agent.map(Into::into),
            created_at: Timestamp::from_unix_ms(self.created_at),
        })
    }
}
