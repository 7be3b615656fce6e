//! `Observe`: what the reconciler is doing.

use actix::{Handler, Message};

use super::Reconciler;

/// What a reconciler is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconcilerObservation {
    /// Whether rows are looked for.
    pub is_up: bool,
    /// Look-ups under way.
    pub under_way: usize,
    /// Rows taken so far, by all its lives.
    pub taken: u64,
    /// How often it died.
    pub restarts: u64,
}

/// The message.
pub(super) struct Observe;

impl Message for Observe {
    type Result = bool;
}

impl Handler<Observe> for Reconciler {
    type Result = bool;

    fn handle(&mut self, Observe: Observe, _: &mut Self::Context) -> Self::Result {
        true
    }
}
