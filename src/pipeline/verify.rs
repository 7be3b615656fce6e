//! Calls that no tenant's request is behind: buying a token, and asking whether credentials are accepted.

use std::sync::Arc;
use std::time::Duration;

use actors::{FetchedToken, TokenFailure, TokenSource};
use adapters::{Adapter, adapter};
use async_trait::async_trait;
use domain::ports::Transport;
use domain::{Credentials, ProviderId, Rejection, RejectionClass, Reply, Request};

use super::Endpoints;

/// Time limit of such a call.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// Buys tokens for the provider actors.
#[derive(Debug)]
pub(crate) struct TokenExchange {
    /// The way to the providers, on the actors' own thread.
    pub transport: Arc<dyn Transport>,
    /// Where they listen.
    pub endpoints: Arc<Endpoints>,
}

#[async_trait]
impl TokenSource for TokenExchange {
    async fn fetch(
        &self,
        provider: ProviderId,
        credentials: &Credentials,
    ) -> Result<FetchedToken, TokenFailure> {
        let adapter = adapter(provider.as_str()).ok_or(TokenFailure::Unreachable)?;
        let request = adapter.token_request(credentials).ok_or(TokenFailure::Unreachable)?;
        let reply = send(&*self.transport, &self.endpoints, credentials, &request, TIME_LIMIT)
            .await
            .ok_or(TokenFailure::Unreachable)?;
        match adapter.read_token(&reply) {
            Ok(token) => Ok(FetchedToken { secret: token.secret, expires_in: token.expires_in }),
            Err(rejection) => Err(TokenFailure::Refused(Box::new(rejection))),
        }
    }
}

/// Asks a provider whether it accepts these credentials, and waits so long for its answer, or [`TIME_LIMIT`].
///
/// # Errors
/// The provider's refusal, or one of class `Unavailable` when it did not tell.
pub(crate) async fn verify_credentials(
    transport: &dyn Transport,
    endpoints: &Endpoints,
    adapter: &dyn Adapter,
    credentials: &Credentials,
    within: Duration,
) -> Result<(), Rejection> {
    let within = within.min(TIME_LIMIT);
    if let Some(request) = adapter.token_request(credentials) {
        let reply =
            send(transport, endpoints, credentials, &request, within).await.ok_or_else(unreachable)?;
        return adapter.read_token(&reply).map(|_| ());
    }
    let mut request = adapter.verification(credentials);
    adapter.authorize(&mut request, credentials, None);
    let reply = send(transport, endpoints, credentials, &request, within).await.ok_or_else(unreachable)?;
    adapter.read_verification(&reply)
}

async fn send(
    transport: &dyn Transport,
    endpoints: &Endpoints,
    credentials: &Credentials,
    request: &Request,
    within: Duration,
) -> Option<Reply> {
    let endpoint = endpoints.of(credentials.provider, credentials.environment)?;
    match transport.send(endpoint, request, within).await {
        Ok(reply) => Some(reply),
        Err(failure) => {
            tracing::warn!(provider = credentials.provider.as_str(), %failure, "the provider did not answer");
            None
        }
    }
}

fn unreachable() -> Rejection {
    let message = "The provider could not be reached.";
    Rejection::new(RejectionClass::Unavailable, "provider_unreachable", message)
}
