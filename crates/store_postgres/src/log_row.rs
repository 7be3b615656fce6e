//! A transaction as a row of the log: its columns, in the order in which every statement names them.

use std::net::IpAddr;

use domain::{KeyId, TenantId, Timestamp, Transaction, TransactionId};

use crate::batch::{ColumnType, Values};
use crate::columns::{Column, Parameter, Text, micros};

/// How many columns a log row has.
pub(crate) const COLUMNS: usize = 27;

/// Their names.
pub(crate) const NAMES: &str = "user_id, transaction_id, api_key_id, environment, operation, subject, service_name,
    provider_txn_id, endpoint, status, object_status, provider_status, response_status, error_code, amount_minor,
    currency, reference, duration_us, provider_duration_us, attempts, request_id, ip_address, user_agent, created_at,
    request_payload, response_payload, attempt_lines";

/// Their types.
pub(crate) const TYPES: [ColumnType; COLUMNS] = [
    ColumnType::UUID,
    ColumnType::UUID,
    ColumnType::UUID,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::UUID,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::INT4,
    ColumnType::TEXT,
    ColumnType::INT8,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::INT8,
    ColumnType::INT8,
    ColumnType::INT4,
    ColumnType::TEXT,
    ColumnType::INET,
    ColumnType::TEXT,
    ColumnType::TIMESTAMPTZ,
    ColumnType::BYTEA,
    ColumnType::BYTEA,
    ColumnType::BYTEA,
];

/// A transaction's values as the columns take them.
pub(crate) struct LogRow<'a> {
    tenant: Column<TenantId>,
    id: Column<TransactionId>,
    key: Column<KeyId>,
    environment: &'static str,
    operation: &'static str,
    subject: Option<Column<TransactionId>>,
    provider: Option<Text<'a>>,
    provider_ref: Option<Text<'a>>,
    endpoint: &'static str,
    status: &'static str,
    object_status: Option<&'static str>,
    provider_status: Option<Text<'a>>,
    response_status: i32,
    error_code: Option<Text<'a>>,
    amount_minor: Option<i64>,
    currency: Option<&'static str>,
    reference: Option<Text<'a>>,
    duration_us: i64,
    provider_duration_us: i64,
    attempts: i32,
    request_id: Text<'a>,
    ip: Option<IpAddr>,
    user_agent: Option<Text<'a>>,
    created_at: Column<Timestamp>,
    request_payload: &'a [u8],
    response_payload: &'a [u8],
    attempt_lines: &'a [u8],
}

impl<'a> LogRow<'a> {
    pub(crate) fn of(row: &'a Transaction) -> Self {
        Self {
            tenant: Column(row.tenant),
            id: Column(row.id),
            key: Column(row.key),
            environment: row.environment.as_str(),
            operation: row.operation.as_str(),
            subject: row.subject.map(Column),
            provider: Text::optional(row.provider.as_deref()),
            provider_ref: Text::optional(row.provider_ref.as_deref()),
            endpoint: row.endpoint,
            status: row.status.as_str(),
            object_status: row.object_status,
            provider_status: Text::optional(row.provider_status.as_deref()),
            response_status: i32::from(row.response_status),
            error_code: Text::optional(row.error_code.as_deref()),
            amount_minor: row.amount_minor,
            currency: row.currency,
            reference: Text::optional(row.reference.as_deref()),
            duration_us: micros(row.duration),
            provider_duration_us: micros(row.provider_duration),
            attempts: i32::from(row.attempts),
            request_id: Text(&row.request_id),
            ip: row.ip,
            user_agent: Text::optional(row.user_agent.as_deref()),
            created_at: Column(row.created_at),
            request_payload: &row.request_payload,
            response_payload: &row.response_payload,
            attempt_lines: &row.attempt_lines,
        }
    }

    pub(crate) fn values(&self) -> Values<'_, COLUMNS> {
        [
            &self.tenant,
            &self.id,
            &self.key,
            &self.environment,
            &self.operation,
            &self.subject,
            &self.provider,
            &self.provider_ref,
            &self.endpoint,
            &self.status,
            &self.object_status,
            &self.provider_status,
            &self.response_status,
            &self.error_code,
            &self.amount_minor,
            &self.currency,
            &self.reference,
            &self.duration_us,
            &self.provider_duration_us,
            &self.attempts,
            &self.request_id,
            &self.ip,
            &self.user_agent,
            &self.created_at,
            &self.request_payload,
            &self.response_payload,
            &self.attempt_lines,
        ]
    }
}

/// Returns a row's values as the parameters of a statement for one row.
pub(crate) fn parameters<'a>(row: &'a LogRow<'_>) -> Vec<Parameter<'a>> {
    row.values().into_iter().zip(&TYPES).map(|(value, of)| (value, of.value())).collect()
}
