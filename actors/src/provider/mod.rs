//! Providers: one actor per provider buys tokens and keeps them; calls go out from the request's own task.
//!
//! A token that is there is read without a message. One that is missing or about to end is bought once for all who need it;
//! each purchase is a task of its own, so that one that panics costs no other tenant anything. The actor is the only one who
//! writes the table of tokens. Attempts need no order and no owner: they are plain functions with a bound.
//!
//! What all tenants share of a provider is looked at without a message, too: its circuits (one for each environment and operation,
//! see `circuits.rs`), its seats, and its budget of retries. The circuit of a tenant's credentials is with the tenant.

mod attempt;
mod buy;
mod circuits;
mod handle;
mod observe;
mod repeat;
mod stream;
mod token;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context};
use domain::{Clock, ProviderId};

use crate::ProviderSettings;
use crate::supervisor::Life;
use token::Tokens;

pub use attempt::{Answer, AttemptCall, AttemptReport};
pub use circuits::{Calls, CircuitObservation, CircuitOf, ProviderAdmission};
pub use handle::{ProviderHandle, Providers};
pub use observe::ProviderObservation;
pub use stream::{Seat, StreamAnswer, StreamCall, StreamReport};
pub use token::{FetchedToken, Token, TokenFailure, TokenSource};

pub(crate) use handle::ProvidersParams;

/// How often tokens that have ended are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// Buys tokens of one provider.
struct ProviderActor {
    provider: ProviderId,
    tokens: Arc<Tokens>,
    source: Arc<dyn TokenSource>,
    clock: Arc<dyn Clock>,
    settings: ProviderSettings,
    _life: Life,
}

impl Actor for ProviderActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(PRUNE_EVERY, |actor, _| actor.tokens.prune(actor.clock.monotonic()));
    }
}
