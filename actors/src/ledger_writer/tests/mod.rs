//! What the ledger's writer promises, by where it begins.

mod away;
mod draining;
mod store;

use std::time::Duration;

use domain::ports::{Record, Reroute};
use domain::{Settlement, TransactionId};

use crate::Tree;
use crate::doubles::{Stage, tenant_id};

fn to_paypal(from: &str) -> Reroute {
    let (from, to) = (from.into(), "paypal".into());
    Reroute { from, to, provider_key: "key".into(), attempt_lines: "[]".into() }
}

/// Returns a stage with a journal and a store that is away.
fn store_away() -> Stage {
    let mut stage = Stage::with_journal();
    stage.settings.ledger.timeout = Duration::from_millis(50);
    stage.ledger.fault.set_away(true);
    stage.log.fault.set_away(true);
    stage
}

fn back(stage: &Stage) {
    stage.ledger.fault.set_away(false);
    stage.log.fault.set_away(false);
}

/// Settles a row.
fn settle(tree: &Tree, number: u32, settlement: Settlement) {
    let transaction = TransactionId::from_u128(u128::from(number));
    let settlement = Some((tenant_id(1), transaction, settlement));
    tree.log.reserve().unwrap().record(Record { transaction: None, settlement, event: None });
}

fn settled(number: u32) -> Settlement {
    Settlement::Settled { status: 201, body: number.to_string().into() }
}
