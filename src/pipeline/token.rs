//! The token that goes along with a call, where the provider works with tokens.

use std::sync::Arc;

use actors::{ProviderHandle, Token, TokenFailure};
use domain::{Authentication, NotSent, Outcome};

use super::exchange::Job;
use crate::app::Gateway;

/// Returns a call's token, `None` where none goes along, and what becomes of the call when there is none in time. A purchase
/// that takes longer than the request has goes on for those who come later.
pub(super) async fn token_for(
    gateway: &Gateway,
    provider: &ProviderHandle,
    job: &Job<'_>,
) -> Result<Option<Arc<Token>>, Outcome> {
    if job.adapter.descriptor().authentication != Authentication::Token {
        return Ok(None);
    }
    let late = || Outcome::NotSent(NotSent::DeadlinePassed);
    let left = job.call.meta.deadline.remaining(gateway.clock.monotonic()).ok_or_else(late)?;
    let tenant = job.call.principal.tenant.tenant().id;
    let token = provider.token(&job.service.credentials, tenant);
    match tokio::time::timeout(left, token).await {
        Ok(Ok(token)) => Ok(Some(token)),
        Ok(Err(failure)) => Err(outcome_of(failure)),
        // The provider has had all the time there was.
        Err(_elapsed) => Err(Outcome::NotSent(NotSent::Unreachable)),
    }
}

fn outcome_of(failure: TokenFailure) -> Outcome {
    match failure {
        TokenFailure::Refused(rejection) => Outcome::Rejected(*rejection),
        TokenFailure::Overloaded => Outcome::NotSent(NotSent::Overloaded),
        TokenFailure::Unreachable | TokenFailure::Lost => Outcome::NotSent(NotSent::Unreachable),
    }
}
