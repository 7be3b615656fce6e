//! What a store of events promises.

use bytes::Bytes;
use domain::ports::{Begun, Events, Ledger, Record, TransactionLog};
use domain::{Environment, Event, EventKind, LedgerState, Settlement, TenantId};

use super::samples;

/// The ports that the suite needs, all of one store.
#[derive(Debug, Clone, Copy)]
pub struct Ports<'a> {
    /// The port that is tried.
    pub events: &'a dyn Events,
    /// Writes events.
    pub log: &'a dyn TransactionLog,
    /// Has the rows that events tell of.
    pub ledger: &'a dyn Ledger,
}

/// Runs the suite.
pub async fn passes(ports: Ports<'_>) {
    events_are_listed_newest_first_in_pages(ports).await;
    an_event_is_stored_once(ports).await;
    an_event_is_written_with_what_it_tells_of(ports).await;
    a_foreign_tenant_or_environment_sees_nothing(ports).await;
}

fn telling(event: &Event) -> Record {
    Record { transaction: None, settlement: None, event: Some(event.clone()) }
}

async fn write(ports: Ports<'_>, events: &[&Event]) {
    ports.log.record(events.iter().map(|event| telling(event)).collect()).await.unwrap();
}

async fn all(ports: Ports<'_>, tenant: TenantId) -> Vec<Event> {
    ports.events.list(tenant, Environment::Test, None, 100).await.unwrap()
}

async fn events_are_listed_newest_first_in_pages(ports: Ports<'_>) {
    let tenant = samples::id();
    assert_eq!(all(ports, tenant).await, []);
    let [a, b, c] = [(); 3].map(|()| samples::event(tenant, samples::id()));
    write(ports, &[&b, &c, &a]).await;
    assert_eq!(all(ports, tenant).await, [c.clone(), b.clone(), a.clone()]);
    let list = async |starting_after: Option<&Event>, limit| {
        let starting_after = starting_after.map(|event| event.id);
        ports.events.list(tenant, Environment::Test, starting_after, limit).await.unwrap()
    };
    assert_eq!(list(None, 2).await, [c.clone(), b.clone()]);
    assert_eq!(list(Some(&a), 2).await, []);
    assert_eq!(list(Some(&b), 2).await, [a]);
    assert_eq!(list(None, 0).await, []);
}

async fn an_event_is_stored_once(ports: Ports<'_>) {
    let tenant = samples::id();
    let first = samples::event(tenant, samples::id());
    let again = Event { payload: Bytes::from_static(b"{}"), ..samples::event(tenant, first.transaction) };
    let other =
        Event { kind: EventKind::TransactionNeedsAttention, ..samples::event(tenant, first.transaction) };
    write(ports, &[&first, &again]).await;
    write(ports, &[&again]).await;
    write(ports, &[&first, &other, &again]).await;
    assert_eq!(all(ports, tenant).await, [other, first]);
}

async fn an_event_is_written_with_what_it_tells_of(ports: Ports<'_>) {
    let tenant = samples::id();
    for is_logged_before in [false, true] {
        let entry = samples::entry(tenant, Some(&format!("late {is_logged_before}")));
        assert_eq!(ports.ledger.begin(vec![entry.clone()]).await.unwrap(), [Begun::Started]);
        let mut order = samples::order(tenant);
        order.id = entry.transaction;
        let logged = Record { transaction: Some(order), settlement: None, event: None };
        if is_logged_before {
            ports.log.record(vec![logged.clone()]).await.unwrap();
        }
        let event = samples::event(tenant, entry.transaction);
        let answer = Settlement::Settled { status: 201, body: Bytes::new() };
        let settlement = Some((tenant, entry.transaction, answer));
        let record = Record { settlement, event: Some(event.clone()), ..logged };
        ports.log.record(vec![record.clone()]).await.unwrap();
        ports.log.record(vec![record]).await.unwrap();
        assert_eq!(all(ports, tenant).await.first(), Some(&event));
        let key = entry.idempotency_key.as_deref().unwrap();
        let row = ports.ledger.find(tenant, entry.environment, key).await.unwrap().unwrap();
        assert_eq!(row.state, LedgerState::Settled { status: 201, body: Bytes::new() });
    }
    assert_eq!(all(ports, tenant).await.len(), 2);
}

async fn a_foreign_tenant_or_environment_sees_nothing(ports: Ports<'_>) {
    let (tenant, stranger) = (samples::id(), samples::id());
    let ours = samples::event(tenant, samples::id());
    let live = Event { environment: Environment::Live, ..samples::event(tenant, samples::id()) };
    let theirs = samples::event(stranger, ours.transaction);
    write(ports, &[&ours, &live, &theirs]).await;
    assert_eq!(all(ports, tenant).await, [ours]);
    assert_eq!(all(ports, stranger).await, [theirs]);
    assert_eq!(ports.events.list(tenant, Environment::Live, None, 9).await.unwrap(), [live]);
    assert_eq!(all(ports, samples::id()).await, []);
}
