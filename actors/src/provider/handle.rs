//! What the data plane holds of a provider: tokens, attempts, circuits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use domain::{Clock, Credentials, Descriptor, Entropy, ProviderId, TenantId};
use resilience::{RetryBudget, RetryBudgetError};
use tokio::sync::Semaphore;

use super::buy::Buy;
use super::circuits::Circuits;
use super::observe::Observe;
use super::token::{Holder, Joined, Standing, Token, TokenFailure, TokenSource, Tokens};
use super::{ProviderActor, ProviderObservation};
use crate::ProviderSettings;
use crate::supervisor::{CallFailure, Child, ChildParams, Deaths, Handle, Intensity};

pub(super) const ACTOR: &str = "provider";

/// What all providers need.
pub(crate) struct ProvidersParams {
    pub(crate) descriptors: Vec<&'static Descriptor>,
    pub(crate) source: Arc<dyn TokenSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) catalog: Arc<telemetry::Catalog>,
    pub(crate) settings: ProviderSettings,
    pub(crate) intensity: Intensity,
    pub(crate) arbiter: ArbiterHandle,
    pub(crate) deaths: Deaths,
}

/// All providers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Providers {
    all: Arc<[ProviderHandle]>,
}

impl Providers {
    /// Starts one actor per descriptor.
    ///
    /// # Errors
    /// [`RetryBudgetError`] when the settings make no retry budget.
    pub(crate) fn start(params: &ProvidersParams) -> Result<Self, RetryBudgetError> {
        let started: Result<Vec<ProviderHandle>, RetryBudgetError> =
            params.descriptors.iter().map(|descriptor| ProviderHandle::start(descriptor, params)).collect();
        Ok(Self { all: started?.into() })
    }

    /// Returns a provider.
    pub fn get(&self, provider: ProviderId) -> Option<&ProviderHandle> {
        self.all.iter().find(|handle| handle.provider() == provider)
    }

    /// Returns how each provider stands.
    pub async fn observe(&self) -> Vec<ProviderObservation> {
        let mut all = Vec::with_capacity(self.all.len());
        for handle in self.all.iter() {
            all.push(handle.observe().await);
        }
        all
    }

    /// Tells the metrics how every circuit stands. Those that nobody calls through change by time alone.
    pub fn show_circuits(&self) {
        for handle in self.all.iter() {
            handle.show_circuits();
        }
    }

    /// Lets the actors end.
    pub(crate) fn stop(&self) {
        for handle in self.all.iter() {
            handle.actor.child().retire();
        }
    }
}

/// One provider. Cheap to clone, usable from any thread, outlives the actor's restarts.
#[derive(Clone)]
pub struct ProviderHandle {
    pub(super) shared: Arc<Shared>,
    actor: Handle<ProviderActor>,
}

/// What a provider's calls share.
pub(super) struct Shared {
    pub(super) provider: ProviderId,
    pub(super) circuits: Circuits,
    tokens: Arc<Tokens>,
    pub(super) seats: Arc<Semaphore>,
    pub(super) budget: RetryBudget,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) catalog: Arc<telemetry::Catalog>,
    pub(super) settings: ProviderSettings,
}

impl fmt::Debug for ProviderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderHandle").field("provider", &self.shared.provider).finish_non_exhaustive()
    }
}

impl ProviderHandle {
    fn start(descriptor: &Descriptor, params: &ProvidersParams) -> Result<Self, RetryBudgetError> {
        let (provider, tokens) = (descriptor.id, Arc::new(Tokens::default()));
        let policy = Arc::new(params.settings.breaker);
        let shared = Shared {
            provider,
            circuits: Circuits::new(descriptor, &policy),
            tokens: Arc::clone(&tokens),
            seats: Arc::new(Semaphore::new(params.settings.calls)),
            budget: RetryBudget::try_new(params.settings.retry_budget)?,
            clock: Arc::clone(&params.clock),
            entropy: Arc::clone(&params.entropy),
            catalog: Arc::clone(&params.catalog),
            settings: params.settings.clone(),
        };
        for circuit in shared.circuits.all() {
            params.catalog.circuit_made(shared.labels(circuit));
        }
        let (source, clock) = (Arc::clone(&params.source), Arc::clone(&params.clock));
        let settings = params.settings.clone();
        let child = Child::start_new(ChildParams {
            name: ACTOR,
            intensity: params.intensity.clone(),
            bound: params.settings.token_purchases,
            arbiter: params.arbiter.clone(),
            deaths: params.deaths.clone(),
            factory: Box::new(move |life| ProviderActor {
                provider,
                tokens: Arc::clone(&tokens),
                source: Arc::clone(&source),
                clock: Arc::clone(&clock),
                settings: settings.clone(),
                _life: life,
            }),
        });
        Ok(Self { shared: Arc::new(shared), actor: Handle::new(child) })
    }

    /// Returns which provider it is.
    pub fn provider(&self) -> ProviderId {
        self.shared.provider
    }

    pub(super) fn now(&self) -> Duration {
        self.shared.clock.monotonic()
    }

    /// Returns a token for a tenant's credentials: from memory, or bought once for all who ask at the same time. One that is
    /// about to end is still returned, and renewed behind the answer.
    ///
    /// # Errors
    /// [`TokenFailure`]: nothing of the call was sent.
    pub async fn token(
        &self,
        credentials: &Arc<Credentials>,
        tenant: TenantId,
    ) -> Result<Arc<Token>, TokenFailure> {
        let holder = (tenant, credentials.environment);
        // Once more when the actor died with the message.
        for _ in 0..2_u8 {
            match self.shared.tokens.standing(holder, credentials, self.now()) {
                Standing::Good(token) => return Ok(token),
                Standing::Ending(token) => {
                    self.renew(holder, credentials);
                    return Ok(token);
                }
                Standing::Missing => {}
            }
            let flight = match self.shared.tokens.join(holder, credentials, self.now()) {
                Joined::Bought(token) => return Ok(token),
                Joined::Waiting(flight) => flight,
                Joined::Began { purchase, landing, flight } => {
                    let credentials = Arc::clone(credentials);
                    let buy = |place| Buy { purchase, credentials, landing, place };
                    self.actor.tell(buy).await.map_err(|failure| self.refusal(failure))?;
                    flight
                }
            };
            if let Ok(bought) = flight.wait().await {
                return bought;
            }
            // The actor died with the message; a question waits until it is there again, or known to be away.
            self.actor.answers(Observe).await;
        }
        Err(TokenFailure::Lost)
    }

    /// Takes out a token that the provider refused; the next call buys another. A token that was replaced meanwhile stays.
    pub fn invalidate(&self, token: &Arc<Token>) {
        self.shared.tokens.remove(token);
    }

    /// Begins to renew a token, unless someone has. A renewal that cannot begin is left to the next call.
    fn renew(&self, holder: Holder, credentials: &Arc<Credentials>) {
        let joined = self.shared.tokens.join(holder, credentials, self.now());
        if let Joined::Began { purchase, landing, .. } = joined {
            let credentials = Arc::clone(credentials);
            let buy = |place| Buy { purchase, credentials, landing, place };
            if let Err(CallFailure::Busy) = self.actor.try_tell(buy) {
                self.shared.catalog.actor_busy(ACTOR);
            }
        }
    }

    fn refusal(&self, failure: CallFailure) -> TokenFailure {
        match failure {
            CallFailure::Busy => {
                self.shared.catalog.actor_busy(ACTOR);
                TokenFailure::Overloaded
            }
            CallFailure::Down => TokenFailure::Lost,
        }
    }

    /// Returns how the provider stands.
    pub async fn observe(&self) -> ProviderObservation {
        let is_up = self.actor.answers(Observe).await;
        ProviderObservation {
            provider: self.shared.provider,
            is_up,
            free_calls: self.shared.seats.available_permits(),
            circuits: self.circuits().collect(),
            tokens: self.shared.tokens.len(),
            buying: self.shared.tokens.under_way(),
            restarts: self.actor.child().restarts(),
        }
    }
}
