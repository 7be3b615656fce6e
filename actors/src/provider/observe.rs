//! `Observe`: how a provider stands.

use actix::{Handler, Message, MessageResult};
use domain::ProviderId;

use super::{CircuitObservation, ProviderActor};

/// The state of a provider's actor and calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderObservation {
    /// Which provider.
    pub provider: ProviderId,
    /// Whether the actor answers.
    pub is_up: bool,
    /// Calls that may still begin.
    pub free_calls: usize,
    /// Every circuit.
    pub circuits: Vec<CircuitObservation>,
    /// Tokens in the table.
    pub tokens: usize,
    /// Tokens being bought.
    pub buying: usize,
    /// How often the actor died.
    pub restarts: u64,
}

/// Asks whether the actor's mailbox is served; the numbers stand in the shared tables.
pub(super) struct Observe;

impl Message for Observe {
    type Result = bool;
}

impl Handler<Observe> for ProviderActor {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, Observe: Observe, _: &mut Self::Context) -> Self::Result {
        MessageResult(true)
    }
}
