//! What a batch of log rows adds to the sums by the minute.

use std::collections::BTreeMap;

use domain::{Environment, TenantId, Timestamp, Transaction, TransactionStatus};

use crate::batch::{Arrays, ColumnType};
use crate::columns::{Column, Text, micros};
use crate::error::Failure;
use crate::store::Statement;

const MINUTE_MS: u64 = 60_000;
/// The longest duration that is counted in each class but the last, in microseconds.
const CLASSES_US: [i64; 9] =
    [10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];
const COLUMNS: usize = 23;

/// In the order of keys: two nodes that add to the same sums queue up and never cross. Amounts come as text, since a batch's
/// sum can be more than any integer column takes.
const ADD_SQL: &str = "INSERT INTO usage_rollups AS kept (user_id, environment, minute, service_name, operation, currency,
        calls, failures, unknowns, attempts, amount_minor, duration_us, provider_duration_us, within_10_ms, within_25_ms,
        within_50_ms, within_100_ms, within_250_ms, within_500_ms, within_1000_ms, within_2500_ms, within_10000_ms,
        over_10000_ms)
    SELECT user_id, environment, minute, service_name, operation, currency, calls, failures, unknowns, attempts,
        amount_minor::numeric, duration_us, provider_duration_us, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
        WITH ORDINALITY AS added (user_id, environment, minute, service_name, operation, currency, calls, failures, unknowns,
        attempts, amount_minor, duration_us, provider_duration_us, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, place)
    ORDER BY place
    ON CONFLICT (user_id, environment, minute, service_name, operation, currency) DO UPDATE SET
        calls = kept.calls + excluded.calls,
        failures = kept.failures + excluded.failures,
        unknowns = kept.unknowns + excluded.unknowns,
        attempts = kept.attempts + excluded.attempts,
        amount_minor = kept.amount_minor + excluded.amount_minor,
        duration_us = kept.duration_us + excluded.duration_us,
        provider_duration_us = kept.provider_duration_us + excluded.provider_duration_us,
        within_10_ms = kept.within_10_ms + excluded.within_10_ms,
        within_25_ms = kept.within_25_ms + excluded.within_25_ms,
        within_50_ms = kept.within_50_ms + excluded.within_50_ms,
        within_100_ms = kept.within_100_ms + excluded.within_100_ms,
        within_250_ms = kept.within_250_ms + excluded.within_250_ms,
        within_500_ms = kept.within_500_ms + excluded.within_500_ms,
        within_1000_ms = kept.within_1000_ms + excluded.within_1000_ms,
        within_2500_ms = kept.within_2500_ms + excluded.within_2500_ms,
        within_10000_ms = kept.within_10000_ms + excluded.within_10000_ms,
        over_10000_ms = kept.over_10000_ms + excluded.over_10000_ms";

const TYPES: [ColumnType; COLUMNS] = {
    const COUNT: ColumnType = ColumnType::INT8;
    const WORD: ColumnType = ColumnType::TEXT;
    [
        ColumnType::UUID,
        WORD,
        ColumnType::TIMESTAMPTZ,
        WORD,
        WORD,
        WORD,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        WORD,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
    ]
};

/// What is summed up apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    tenant: TenantId,
    environment: Environment,
    minute: Timestamp,
    provider: &'a str,
    operation: &'static str,
    currency: &'static str,
}

/// Sums of one key.
#[derive(Debug, Default)]
struct Sums {
    calls: i64,
    failures: i64,
    unknowns: i64,
    attempts: i64,
    amount_minor: i128,
    duration_us: i64,
    provider_duration_us: i64,
    /// Calls by how long they took; the last class has no end.
    classes: [i64; CLASSES_US.len() + 1],
}

/// A batch's sums, as the statement takes them.
#[derive(Debug)]
pub(crate) struct Rollups(Arrays<COLUMNS>);

impl Rollups {
    /// Sums transactions up.
    pub(crate) fn of<'a>(transactions: impl Iterator<Item = &'a Transaction>) -> Result<Self, Failure> {
        let mut sums: BTreeMap<Key<'_>, Sums> = BTreeMap::new();
        for transaction in transactions {
            sums.entry(key_of(transaction)).or_default().add(transaction);
        }
        let mut rows = Arrays::new(TYPES);
        for (key, sums) in &sums {
            push(&mut rows, key, sums)?;
        }
        Ok(Self(rows))
    }

    /// Returns the statement that adds them to what is there; none when there is nothing to add.
    pub(crate) fn statement(&self) -> Option<Statement<'_>> {
        (self.0.len() > 0).then(|| Statement::new(ADD_SQL, self.0.parameters()))
    }
}

fn key_of(transaction: &Transaction) -> Key<'_> {
    let created_ms = transaction.created_at.unix_ms();
    Key {
        tenant: transaction.tenant,
        environment: transaction.environment,
        minute: Timestamp::from_unix_ms(created_ms - created_ms % MINUTE_MS),
        provider: transaction.provider.as_deref().unwrap_or_default(),
        operation: transaction.operation.as_str(),
        currency: transaction.amount_minor.and(transaction.currency).unwrap_or_default(),
    }
}

impl Sums {
    fn add(&mut self, transaction: &Transaction) {
        self.calls += 1;
        match transaction.status {
            TransactionStatus::Success => {
                let amount = i128::from(transaction.amount_minor.unwrap_or(0));
                self.amount_minor = self.amount_minor.saturating_add(amount);
            }
            TransactionStatus::Failed => self.failures += 1,
            TransactionStatus::Unknown => self.unknowns += 1,
        }
        self.attempts += i64::from(transaction.attempts);
        let took_us = micros(transaction.duration);
        self.duration_us = self.duration_us.saturating_add(took_us);
        self.provider_duration_us =
            self.provider_duration_us.saturating_add(micros(transaction.provider_duration));
        let class = CLASSES_US.iter().position(|most| took_us <= *most).unwrap_or(CLASSES_US.len());
        if let Some(calls) = self.classes.get_mut(class) {
            *calls += 1;
        }
    }
}

fn push(rows: &mut Arrays<COLUMNS>, key: &Key<'_>, sums: &Sums) -> Result<(), Failure> {
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9] = &sums.classes;
    rows.push(&[
        &Column(key.tenant),
        &key.environment.as_str(),
        &Column(key.minute),
        &Text(key.provider),
        &key.operation,
        &key.currency,
        &sums.calls,
        &sums.failures,
        &sums.unknowns,
        &sums.attempts,
        &sums.amount_minor.to_string(),
        &sums.duration_us,
        &sums.provider_duration_us,
        c0,
        c1,
        c2,
        c3,
        c4,
        c5,
        c6,
        c7,
        c8,
        c9,
    ])
}
