//! Room for the days to come, and letting go of the days past: the log, the webhook events and the rollups come in parts of a
//! day each.

use std::time::Duration;

use domain::Timestamp;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

/// How many days have their partitions, the present one included. A node that looks once an hour is far ahead.
const DAYS_AHEAD: i32 = 3;

/// Rollups are kept longer than what they sum up: a year and a month, so that a month can be held against last year's.
const ROLLUP_DAYS: u32 = 400;

/// So many ids of webhook events are let go of in one transaction.
const EVENT_IDS_AT_ONCE: i32 = 10_000;
/// After so many transactions the rest is left for the next time.
const MOST_ROUNDS: u32 = 100;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const ENSURE_SQL: &str = "SELECT ensure_partitions($1, $2)";
const DROP_SQL: &str = "SELECT drop_partitions($1, $2)";
const FORGET_SQL: &str = "SELECT forget_webhook_event_ids($1, $2)";

/// Makes the partitions of today and the days to come, and drops those of more than `retention_days` ago. What another node
/// does at the moment is left to it.
///
/// # Errors
/// What the server says. Each step is a commit of its own: what was done stays.
pub(crate) async fn tend(
    client: &mut Client,
    now: Timestamp,
    retention_days: u32,
) -> Result<(), tokio_postgres::Error> {
    let before = moment(days_before(now, retention_days));
    let rollups_before = moment(days_before(now, retention_days.max(ROLLUP_DAYS)));
    ensure(client, now, DAYS_AHEAD).await?;

    let dropping = begin(client).await?;
    let types = [(&before as _, Type::TIMESTAMPTZ), (&rollups_before as _, Type::TIMESTAMPTZ)];
    dropping.query_typed(DROP_SQL, &types).await?;
    dropping.commit().await?;

    forget_event_ids(client, before).await
}

/// The ids of webhook events are in no partition: they go in bounded numbers, so that nobody waits long for them.
async fn forget_event_ids(client: &mut Client, before: OffsetDateTime) -> Result<(), tokio_postgres::Error> {
    for _ in 0..MOST_ROUNDS {
        let transaction = begin(client).await?;
        let types = [(&before as _, Type::TIMESTAMPTZ), (&EVENT_IDS_AT_ONCE as _, Type::INT4)];
        let rows = transaction.query_typed(FORGET_SQL, &types).await?;
        transaction.commit().await?;
        let gone: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        if gone < i64::from(EVENT_IDS_AT_ONCE) {
            break;
        }
    }
    Ok(())
}

/// Makes the partitions of the day of `from` and those after it, `days` in all, where they are missing.
pub(crate) async fn ensure(
    client: &mut Client,
    from: Timestamp,
    days: i32,
) -> Result<(), tokio_postgres::Error> {
    let from = moment(from);
    let transaction = begin(client).await?;
    transaction.query_typed(ENSURE_SQL, &[(&from, Type::TIMESTAMPTZ), (&days, Type::INT4)]).await?;
    transaction.commit().await
}

/// Returns the name of a table's partition for the day of `at`, schema and all. It need not be there: see [`ensure`].
pub(crate) fn of_day(table: &str, at: Timestamp) -> String {
    let day = moment(at).date().format(format_description!("[year][month][day]"));
    // A day that cannot be written has no partition either.
    let suffix = day.unwrap_or_else(|_| "default".to_owned());
    format!("partitions.{table}_{suffix}")
}

async fn begin(client: &mut Client) -> Result<tokio_postgres::Transaction<'_>, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("SET LOCAL ROLE gateway_log_writer").await?;
    Ok(transaction)
}

fn days_before(at: Timestamp, days: u32) -> Timestamp {
    let ms = u64::try_from(DAY.saturating_mul(days).as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_unix_ms(at.unix_ms().saturating_sub(ms))
}

/// A moment past the last one that can be written is the last one.
fn moment(at: Timestamp) -> OffsetDateTime {
    let nanos = i128::from(at.unix_ms()).saturating_mul(1_000_000);
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .unwrap_or_else(|_| time::Date::MAX.midnight().assume_utc())
}

#[cfg(test)]
mod tests;
