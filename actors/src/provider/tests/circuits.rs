//! A provider's circuits: one an environment and operation, shared by tenants, and the whole way from closed to closed.

use std::time::Duration;

use domain::{Clock, Environment, OperationKind};
use resilience::{BreakerState, Fault, Verdict};

use crate::doubles::{OTHER, PROVIDER, Stage, tenant_id};
use crate::{Barrier, Calls, CircuitOf, NotAdmitted, ProviderAdmission, Tree};

const DOWN: Verdict = Verdict::Failure(Fault::TimedOut);
const FIVE_SECONDS: Duration = Duration::from_secs(5);
const CREATE: CircuitOf =
    CircuitOf { environment: Environment::Test, calls: Calls::Of(OperationKind::OrdersCreate) };

fn admit(
    stage: &Stage,
    tree: &Tree,
    circuit: CircuitOf,
    tenant: u32,
) -> Result<ProviderAdmission, NotAdmitted> {
    let provider = tree.providers.get(PROVIDER).unwrap();
    provider.admit(circuit, tenant_id(tenant), stage.clock.monotonic())
}

/// Makes calls of a tenant that end like this.
fn call(stage: &Stage, tree: &Tree, tenant: u32, verdicts: &[Verdict]) {
    for verdict in verdicts {
        admit(stage, tree, CREATE, tenant).unwrap().settle(*verdict, stage.clock.monotonic());
    }
}

async fn state(tree: &Tree) -> BreakerState {
    let seen = tree.providers.get(PROVIDER).unwrap().observe().await;
    seen.circuits.iter().find(|seen| seen.circuit == CREATE).unwrap().breaker.state
}

#[actix_rt::test]
async fn failures_open_the_circuit_of_one_operation_in_one_environment() {
    let stage = Stage::new();
    let tree = stage.start();
    call(&stage, &tree, 1, &[DOWN; 2]);
    call(&stage, &tree, 2, &[DOWN]);
    let stopped = admit(&stage, &tree, CREATE, 3).unwrap_err();
    assert_eq!(stopped, NotAdmitted { barrier: Barrier::ProviderCircuit, retry_after: FIVE_SECONDS });
    let others = OperationKind::ALL.map(Calls::Of).into_iter().chain([Calls::LookUps]);
    for calls in others.filter(|calls| *calls != CREATE.calls) {
        assert!(admit(&stage, &tree, CircuitOf { calls, ..CREATE }, 1).is_ok(), "{calls:?}");
    }
    assert!(admit(&stage, &tree, CircuitOf { environment: Environment::Live, ..CREATE }, 1).is_ok());
    let now = stage.clock.monotonic();
    assert!(tree.providers.get(OTHER).unwrap().admit(CREATE, tenant_id(1), now).is_ok());
}

#[actix_rt::test]
async fn what_the_provider_cannot_help_does_not_count() {
    let stage = Stage::new();
    let tree = stage.start();
    call(&stage, &tree, 1, &[Verdict::Failure(Fault::CredentialsRefused); 20]);
    call(&stage, &tree, 1, &[Verdict::Ignored; 20]);
    assert!(tree.providers.get(PROVIDER).unwrap().troubled_circuits(Environment::Test).is_empty());
}

#[actix_rt::test]
async fn a_circuit_goes_from_closed_to_closed_by_one_probe() {
    let stage = Stage::new();
    let tree = stage.start();
    assert_eq!(state(&tree).await, BreakerState::Closed);
    call(&stage, &tree, 1, &[DOWN; 2]);
    call(&stage, &tree, 2, &[DOWN]);
    assert_eq!(state(&tree).await, BreakerState::Open { retry_after: FIVE_SECONDS });
    stage.clock.advance(FIVE_SECONDS);
    assert_eq!(state(&tree).await, BreakerState::HalfOpen);
    // A probe that is dropped is given back.
    let abandoned = admit(&stage, &tree, CREATE, 1).unwrap();
    assert!(admit(&stage, &tree, CREATE, 2).is_err());
    drop(abandoned);
    let probe = admit(&stage, &tree, CREATE, 2).unwrap();
    probe.settle(DOWN, stage.clock.monotonic());
    assert_eq!(state(&tree).await, BreakerState::Open { retry_after: 2 * FIVE_SECONDS });
    assert!(admit(&stage, &tree, CREATE, 2).is_err());
    stage.clock.advance(2 * FIVE_SECONDS);
    call(&stage, &tree, 2, &[Verdict::Success]);
    assert_eq!(state(&tree).await, BreakerState::Closed);
    assert!(admit(&stage, &tree, CREATE, 1).is_ok());
}

#[actix_rt::test]
async fn one_tenants_failures_do_not_stop_another_that_is_served() {
    let stage = Stage::new();
    let tree = stage.start();
    call(&stage, &tree, 2, &[Verdict::Success]);
    call(&stage, &tree, 1, &[DOWN; 50]);
    assert_eq!(state(&tree).await, BreakerState::Closed);
    let troubled = tree.providers.get(PROVIDER).unwrap().troubled_circuits(Environment::Test);
    let [seen] = troubled.as_slice() else { panic!("one: {troubled:?}") };
    assert_eq!((seen.breaker.samples, seen.breaker.failures), (51, 50));
    assert_eq!(seen.breaker.last_fault, Some(Fault::TimedOut));
}
