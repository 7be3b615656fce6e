//! `Buy`: buys a token for all who wait for it. One message a purchase, whoever asked first.

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, Handler, Message, ResponseActFuture, WrapFuture};
use domain::Credentials;

use super::ProviderActor;
use super::token::{Bought, FetchedToken, Purchase, Token, TokenFailure};
use crate::flight::Landing;
use crate::supervisor::Place;

/// The message. Dropped unanswered, it tells the waiting that the purchase is lost.
pub(super) struct Buy {
    pub(super) purchase: Purchase,
    pub(super) credentials: Arc<Credentials>,
    pub(super) landing: Landing<Bought>,
    pub(super) place: Place,
}

impl Message for Buy {
    type Result = ();
}

impl Handler<Buy> for ProviderActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, buy: Buy, _: &mut Self::Context) -> Self::Result {
        let (provider, timeout) = (self.provider, self.settings.token_timeout);
        let (source, credentials) = (Arc::clone(&self.source), Arc::clone(&buy.credentials));
        let asked_at = self.clock.monotonic();
        // A task of its own: its panic ends the purchase and not the actor.
        let task = actix_rt::spawn(async move {
            tokio::time::timeout(timeout, source.fetch(provider, &credentials)).await
        });
        let bought = async move {
            match task.await {
                Ok(Ok(fetched)) => fetched,
                Ok(Err(_elapsed)) => Err(TokenFailure::Unreachable),
                Err(_panicked) => Err(TokenFailure::Lost),
            }
        };
        Box::pin(bought.into_actor(self).map(move |bought, actor, _| actor.settle(buy, bought, asked_at)))
    }
}

impl ProviderActor {
    /// Puts the token into the table and answers all who wait.
    fn settle(&self, buy: Buy, fetched: Result<FetchedToken, TokenFailure>, asked_at: Duration) {
        let Buy { purchase, credentials, landing, place } = buy;
        let renew_before = self.settings.renew_before;
        let bought = fetched.map(|fetched| {
            Arc::new(Token::new(fetched, purchase.holder, credentials, asked_at, renew_before))
        });
        match &bought {
            Ok(token) => self.tokens.put(Arc::clone(token)),
            Err(failure) => {
                let (tenant, environment) = purchase.holder;
                tracing::warn!(
                    provider = %self.provider,
                    tenant.id = %tenant,
                    environment = %environment,
                    error = failure as &dyn std::error::Error,
                    "no token was bought"
                );
            }
        }
        self.tokens.end(purchase);
        landing.land(bought);
        drop(place);
    }
}
