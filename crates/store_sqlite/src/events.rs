//! The `Events` port, and how an event is written with what it tells of.

use async_trait::async_trait;
use domain::ports::{Events, StoreError};
use domain::{Environment, Event, EventId, EventKind, TenantId};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, params};

use crate::SqliteStore;
use crate::columns::{Column, UnknownWord, id, ms, read};
use crate::error::Task;

const LIST: Task = Task { doing: "listing events", row: "an event" };

/// An event that is there already is left as it is.
const INSERT_SQL: &str =
    "INSERT INTO webhook_events (id, user_id, service_name, environment, provider_event_id,
    event_type, payload, related_txn_id, created_at)
    VALUES (?1, ?2, 'gateway', ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";

/// The service stands in the text, not as a parameter, so that `SQLite` sees that the index of these events serves.
const LIST_SQL: &str = "SELECT * FROM webhook_events
    WHERE user_id = ?1 AND environment = ?2 AND service_name = 'gateway' AND id < ?3
    ORDER BY id DESC LIMIT ?4";

#[async_trait]
impl Events for SqliteStore {
    async fn list(
        &self,
        tenant: TenantId,
        environment: Environment,
        starting_after: Option<EventId>,
        limit: u16,
    ) -> Result<Vec<Event>, StoreError> {
        let older_than = starting_after.unwrap_or(EventId::from_u128(u128::MAX));
        self.read(LIST, move |connection| {
            let mut list = connection.prepare_cached(LIST_SQL)?;
            let of = params![id(tenant), environment.as_str(), id(older_than), limit];
            Ok(list.query_map(of, read_event)?.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Writes an event, once.
pub(crate) fn insert(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    connection.prepare_cached(INSERT_SQL)?.execute(params![
        id(event.id),
        id(event.tenant),
        event.environment.as_str(),
        event.once(),
        event.kind.as_str(),
        &*event.payload,
        id(event.transaction),
        ms(event.created_at),
    ])?;
    Ok(())
}

fn read_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: read(row, "id")?,
        tenant: read(row, "user_id")?,
        environment: read(row, "environment")?,
        kind: read(row, "event_type")?,
        transaction: read(row, "related_txn_id")?,
        payload: read(row, "payload")?,
        created_at: read(row, "created_at")?,
    })
}

impl FromSql for Column<EventKind> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let kind = EventKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        kind.map(Self).ok_or_else(|| FromSqlError::other(UnknownWord))
    }
}

#[cfg(test)]
mod tests {
    use crate::connection::plan_of;

    #[test]
    fn events_are_listed_by_an_index_and_nothing_is_sorted() {
        let plan = plan_of(super::LIST_SQL);
        assert!(plan.contains("SEARCH webhook_events USING INDEX webhook_events_of_gateway"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
