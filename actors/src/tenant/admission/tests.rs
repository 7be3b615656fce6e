//! A tenant's gate: places that are given back, and a circuit that only its own credentials open and close.

use std::time::Duration;

use domain::{Clock, Environment};
use resilience::{BreakerState, Fault, Verdict};

use crate::doubles::{OTHER, PROVIDER, Stage, hash_of, key_id};
use crate::{Admission, Barrier, NotAdmitted, ServiceEntry, ServiceObservation, TenantHandle, Tree};

const REFUSED: Verdict = Verdict::Failure(Fault::CredentialsRefused);
const FIVE_SECONDS: Duration = Duration::from_secs(5);

async fn loaded(tree: &Tree, number: u32) -> TenantHandle {
    tree.tenants.by_key(key_id(number), hash_of(key_id(number))).await.unwrap().unwrap()
}

fn service(handle: &TenantHandle) -> &ServiceEntry {
    handle.services(Environment::Test).find(|service| service.provider == PROVIDER).unwrap()
}

fn admit(stage: &Stage, handle: &TenantHandle) -> Result<Admission, NotAdmitted> {
    handle.admit(service(handle), stage.clock.monotonic())
}

fn observe(stage: &Stage, handle: &TenantHandle) -> ServiceObservation {
    service(handle).observe(stage.clock.monotonic())
}

/// Makes calls that end like this.
fn call(stage: &Stage, handle: &TenantHandle, verdicts: &[Verdict]) {
    for verdict in verdicts {
        admit(stage, handle).unwrap().settle(*verdict, stage.clock.monotonic());
    }
}

#[track_caller]
fn check_stopped(stage: &Stage, handle: &TenantHandle, barrier: Barrier) {
    assert_eq!(admit(stage, handle).unwrap_err().barrier, barrier);
}

#[actix_rt::test]
async fn refusals_of_credentials_in_a_row_open_the_circuit_of_that_tenant_only() {
    let stage = Stage::new();
    stage.add_tenant(1);
    stage.add_tenant(2);
    let tree = stage.start();
    let (wrong, right) = (loaded(&tree, 1).await, loaded(&tree, 2).await);
    call(&stage, &wrong, &[REFUSED, REFUSED, Verdict::Success, REFUSED, REFUSED]);
    call(&stage, &wrong, &[REFUSED]);
    let stopped = admit(&stage, &wrong).unwrap_err();
    assert_eq!(stopped, NotAdmitted { barrier: Barrier::CredentialsCircuit, retry_after: FIVE_SECONDS });
    assert!(admit(&stage, &right).is_ok());
    let seen = observe(&stage, &wrong);
    assert_eq!(seen.under_way, 0, "who is stopped has no place");
    assert_eq!(seen.credentials.last_fault, Some(Fault::CredentialsRefused));
    assert_eq!((seen.credentials.failures, seen.credentials.openings), (5, 1));
}

#[actix_rt::test]
async fn what_says_nothing_of_the_credentials_does_not_count() {
    let stage = Stage::new();
    stage.add_tenant(1);
    let tree = stage.start();
    let handle = loaded(&tree, 1).await;
    for fault in Fault::ALL.into_iter().filter(|fault| *fault != Fault::CredentialsRefused) {
        call(&stage, &handle, &[Verdict::Failure(fault); 3]);
    }
    call(&stage, &handle, &[Verdict::Ignored; 3]);
    assert_eq!(observe(&stage, &handle).credentials.samples, 0);
    // Nor does it end a row.
    call(&stage, &handle, &[REFUSED, Verdict::Failure(Fault::TimedOut), REFUSED, Verdict::Ignored, REFUSED]);
    check_stopped(&stage, &handle, Barrier::CredentialsCircuit);
}

#[actix_rt::test]
async fn one_probe_finds_out_and_an_abandoned_one_passes_its_turn_on() {
    let stage = Stage::new();
    stage.add_tenant(1);
    let tree = stage.start();
    let handle = loaded(&tree, 1).await;
    call(&stage, &handle, &[REFUSED; 3]);
    stage.clock.advance(FIVE_SECONDS);
    assert_eq!(observe(&stage, &handle).credentials.state, BreakerState::HalfOpen);
    let abandoned = admit(&stage, &handle).unwrap();
    check_stopped(&stage, &handle, Barrier::CredentialsCircuit);
    drop(abandoned);
    call(&stage, &handle, &[REFUSED]);
    let twice = admit(&stage, &handle).unwrap_err();
    assert_eq!(twice.retry_after, 2 * FIVE_SECONDS, "each failed probe doubles the time");
    stage.clock.advance(2 * FIVE_SECONDS);
    call(&stage, &handle, &[Verdict::Success]);
    assert_eq!(observe(&stage, &handle).credentials.state, BreakerState::Closed);
    assert!(admit(&stage, &handle).is_ok());
}

#[actix_rt::test]
async fn the_circuit_survives_a_refresh_and_closes_with_other_credentials() {
    let stage = Stage::new();
    let (tenant, _) = stage.add_tenant(1);
    let tree = stage.start();
    let before = loaded(&tree, 1).await;
    let under_way = admit(&stage, &before).unwrap();
    call(&stage, &before, &[REFUSED; 3]);
    // Sealed anew, which makes other bytes of the same credentials.
    stage.directory.change(tenant, |sealed| {
        sealed.services = vec![stage.service(tenant, &sealed.data_key, PROVIDER.as_str())];
    });
    tree.tenants.refresh(tenant).await.unwrap();
    check_stopped(&stage, &loaded(&tree, 1).await, Barrier::CredentialsCircuit);
    stage.directory.change(tenant, |sealed| {
        sealed.services =
            vec![stage.service_with(tenant, &sealed.data_key, (PROVIDER.as_str(), "corrected"))];
    });
    tree.tenants.refresh(tenant).await.unwrap();
    let after = loaded(&tree, 1).await;
    assert_eq!(observe(&stage, &after).credentials.state, BreakerState::Closed);
    assert_eq!(observe(&stage, &after).under_way, 1, "the call of before still has its place");
    // What becomes of it says nothing of the new ones.
    under_way.settle(REFUSED, stage.clock.monotonic());
    assert_eq!(observe(&stage, &after).under_way, 0);
    assert_eq!(observe(&stage, &after).credentials.samples, 0);
}

#[actix_rt::test]
async fn a_tenant_has_so_many_places_at_a_provider_test_and_live_together() {
    let stage = Stage::new();
    let (tenant, _) = stage.add_tenant(1);
    stage.directory.change(tenant, |sealed| {
        let mut live = stage.service(tenant, &sealed.data_key, PROVIDER.as_str());
        live.environment = Environment::Live;
        sealed.services.push(live);
    });
    stage.add_tenant(2);
    let tree = stage.start();
    let (greedy, modest) = (loaded(&tree, 1).await, loaded(&tree, 2).await);
    let mut calls: Vec<Admission> = (0..4).map(|_| admit(&stage, &greedy).unwrap()).collect();
    let stopped = admit(&stage, &greedy).unwrap_err();
    assert_eq!(stopped, NotAdmitted { barrier: Barrier::ServiceFull, retry_after: Duration::from_secs(1) });
    assert!(admit(&stage, &modest).is_ok());
    calls.pop();
    assert!(admit(&stage, &greedy).is_ok());
    calls.clear();
    let seen = observe(&stage, &greedy);
    assert_eq!((seen.under_way, seen.under_way_in_all), (0, 0));
}

#[actix_rt::test]
async fn a_tenant_has_so_many_places_at_all_providers_together() {
    let stage = Stage::new();
    let (tenant, _) = stage.add_tenant(1);
    stage.directory.change(tenant, |sealed| {
        sealed.services.push(stage.service(tenant, &sealed.data_key, OTHER.as_str()));
    });
    let tree = stage.start();
    let handle = loaded(&tree, 1).await;
    let other = handle.services(Environment::Test).find(|service| service.provider == OTHER).unwrap();
    let now = stage.clock.monotonic();
    let first: Vec<Admission> = (0..4).map(|_| admit(&stage, &handle).unwrap()).collect();
    let more: Vec<Admission> = (0..2).map(|_| handle.admit(other, now).unwrap()).collect();
    assert_eq!(handle.admit(other, now).unwrap_err().barrier, Barrier::TenantFull);
    // A snapshot that takes the place of another does not make places.
    tree.tenants.refresh(tenant).await.unwrap();
    check_stopped(&stage, &loaded(&tree, 1).await, Barrier::TenantFull);
    drop((first, more));
    assert_eq!(observe(&stage, &handle).under_way_in_all, 0);
    assert!(admit(&stage, &loaded(&tree, 1).await).is_ok());
}
