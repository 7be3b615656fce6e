//! The `Events` port, and how events are written with what they tell of.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::{Events, Record, StoreError};
use domain::{Environment, Event, EventId, EventKind, TenantId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::batch::{Arrays, ColumnType};
use crate::columns::{Column, plain, read};
use crate::error::{Failure, Task};
use crate::store::{Scope, Statement};

const LIST: Task = Task { doing: "listing events", row: "an event" };

/// A trigger leaves out those that are there already. In the order of the arrays, which is the order of what must be there
/// once: two nodes that write the same ones queue up, and never cross.
const INSERT_SQL: &str =
    "INSERT INTO webhook_events (id, user_id, service_name, environment, provider_event_id,
        event_type, payload, related_txn_id, created_at)
    SELECT id, user_id, 'gateway', environment, once, event_type, payload, related_txn_id, created_at
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY
        AS new (id, user_id, environment, once, event_type, payload, related_txn_id, created_at, place)
    ORDER BY place";

/// The service stands in the text, not as a parameter, so that the planner sees that the index of these events serves.
const LIST_SQL: &str = "SELECT * FROM webhook_events
    WHERE user_id = $1 AND environment = $2 AND service_name = 'gateway' AND id < $3
    ORDER BY id DESC LIMIT $4";

#[async_trait]
impl Events for PostgresStore {
    async fn list(
        &self,
        tenant: TenantId,
        environment: Environment,
        starting_after: Option<EventId>,
        limit: u16,
    ) -> Result<Vec<Event>, StoreError> {
        let cursor = starting_after.unwrap_or(EventId::from_u128(u128::MAX));
        let list = async {
            let rows = self
                .query(
                    Scope::Tenant(tenant),
                    LIST_SQL,
                    [
                        (&Column(tenant), Type::UUID),
                        (&environment.as_str(), Type::TEXT),
                        (&Column(cursor), Type::UUID),
                        (&i64::from(limit), Type::INT8),
                    ],
                )
                .await?;
            rows.iter().map(read_event).collect::<Result<Vec<_>, Failure>>()
        };
        list.await.map_err(|failure| failure.into_store_error(LIST))
    }
}

/// The events of a batch, each once, as a statement takes them.
#[derive(Debug)]
pub(crate) struct NewEvents(Arrays<8>);

impl NewEvents {
    /// Returns the events that records bring.
    pub(crate) fn of(records: &[Record]) -> Result<Self, Failure> {
        let mut events: BTreeMap<(TenantId, Environment, String), &Event> = BTreeMap::new();
        for event in records.iter().filter_map(|record| record.event.as_ref()) {
            events.entry((event.tenant, event.environment, event.once())).or_insert(event);
        }
        let mut arrays = Arrays::new([
            ColumnType::UUID,
            ColumnType::UUID,
            ColumnType::TEXT,
            ColumnType::TEXT,
            ColumnType::TEXT,
            ColumnType::BYTEA,
            ColumnType::UUID,
            ColumnType::TIMESTAMPTZ,
        ]);
        for ((_, _, once), event) in events {
            arrays.push(&[
                &Column(event.id),
                &Column(event.tenant),
                &event.environment.as_str(),
                &once,
                &event.kind.as_str(),
                &&*event.payload,
                &Column(event.transaction),
                &Column(event.created_at),
            ])?;
        }
        Ok(Self(arrays))
    }

    /// Returns whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    /// Returns the statement that adds them, to be run as whoever writes the log; nothing when there are none.
    pub(crate) fn statement(&self) -> Option<Statement<'_>> {
        (!self.is_empty()).then(|| Statement::new(INSERT_SQL, self.0.parameters()))
    }
}

fn read_event(row: &Row) -> Result<Event, Failure> {
    let word: &str = plain(row, "event_type")?;
    let kind = EventKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    Ok(Event {
        id: read(row, "id")?,
        tenant: read(row, "user_id")?,
        environment: read(row, "environment")?,
        kind: kind.ok_or(Failure::Unreadable("event_type"))?,
        transaction: read(row, "related_txn_id")?,
        payload: Bytes::copy_from_slice(plain(row, "payload")?),
        created_at: read(row, "created_at")?,
    })
}
