//! What handing webhook events off promises: each event is worked on by one node at a time, until it is done.

use std::time::Duration;

use domain::TenantId;
use domain::ports::{HandedOff, WebhookHandOff};

use super::super::samples;

const LONG: Duration = Duration::from_secs(3_600);

/// Runs the suite. `one` and `other` are two nodes, or one node twice.
pub async fn passes(one: &dyn WebhookHandOff, other: &dyn WebhookHandOff) {
    events_come_in_order_and_once(one, other).await;
    what_is_abandoned_is_taken_again(one, other).await;
    what_is_done_never_comes_again(one, other).await;
    no_more_is_taken_than_asked_for(one).await;
    tenants_are_apart(one).await;
}

async fn push(node: &dyn WebhookHandOff, tenant: TenantId, events: &[&str]) {
    for event in events {
        node.push(tenant, event).await.unwrap();
    }
}

fn events(taken: &[HandedOff]) -> Vec<&str> {
    taken.iter().map(|handed| &*handed.event).collect()
}

fn entries(taken: &[HandedOff]) -> Vec<Box<str>> {
    taken.iter().map(|handed| handed.entry.clone()).collect()
}

async fn events_come_in_order_and_once(one: &dyn WebhookHandOff, other: &dyn WebhookHandOff) {
    let tenant = samples::id();
    assert_eq!(one.take(tenant, 10, LONG).await.unwrap(), []);
    push(one, tenant, &["evt_1", "evt_2", "evt_3"]).await;
    let first = one.take(tenant, 2, LONG).await.unwrap();
    assert_eq!(events(&first), ["evt_1", "evt_2"]);
    assert_eq!(events(&other.take(tenant, 10, LONG).await.unwrap()), ["evt_3"]);
    assert_eq!(one.take(tenant, 10, LONG).await.unwrap(), []);
}

async fn what_is_abandoned_is_taken_again(one: &dyn WebhookHandOff, other: &dyn WebhookHandOff) {
    let tenant = samples::id();
    push(one, tenant, &["evt_1", "evt_2"]).await;
    let taken = one.take(tenant, 10, LONG).await.unwrap();
    push(one, tenant, &["evt_3"]).await;
    let again = other.take(tenant, 10, Duration::ZERO).await.unwrap();
    assert_eq!(events(&again), ["evt_1", "evt_2", "evt_3"]);
    assert!(entries(&again).starts_with(&entries(&taken)));
}

async fn what_is_done_never_comes_again(one: &dyn WebhookHandOff, other: &dyn WebhookHandOff) {
    let tenant = samples::id();
    push(one, tenant, &["evt_1", "evt_2"]).await;
    let taken = one.take(tenant, 10, LONG).await.unwrap();
    other.done(tenant, vec![taken.first().unwrap().entry.clone()]).await.unwrap();
    assert_eq!(events(&other.take(tenant, 10, Duration::ZERO).await.unwrap()), ["evt_2"]);
    one.done(tenant, entries(&taken)).await.unwrap();
    one.done(tenant, Vec::new()).await.unwrap();
    assert_eq!(one.take(tenant, 10, Duration::ZERO).await.unwrap(), []);
    push(one, tenant, &["evt_4"]).await;
    assert_eq!(events(&one.take(tenant, 10, LONG).await.unwrap()), ["evt_4"]);
}

async fn no_more_is_taken_than_asked_for(one: &dyn WebhookHandOff) {
    let tenant = samples::id();
    push(one, tenant, &["evt_1", "evt_2", "evt_3", "evt_4"]).await;
    assert_eq!(one.take(tenant, 0, LONG).await.unwrap(), []);
    assert_eq!(events(&one.take(tenant, 2, LONG).await.unwrap()), ["evt_1", "evt_2"]);
    assert_eq!(events(&one.take(tenant, 3, Duration::ZERO).await.unwrap()), ["evt_1", "evt_2", "evt_3"]);
}

async fn tenants_are_apart(one: &dyn WebhookHandOff) {
    let (tenant, other) = (samples::id(), samples::id());
    push(one, tenant, &["evt_1"]).await;
    assert_eq!(one.take(other, 10, Duration::ZERO).await.unwrap(), []);
    assert_eq!(events(&one.take(tenant, 10, LONG).await.unwrap()), ["evt_1"]);
}
