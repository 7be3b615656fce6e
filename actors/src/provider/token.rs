//! Tokens: what they are, where they come from, and the table that requests read.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use domain::{Credentials, Environment, ProviderId, Rejection, Secret, TenantId};

use crate::flight::{Flight, Landing, depart};

/// Buys tokens from providers. Implemented by the gateway, which knows adapters and transport.
#[async_trait]
pub trait TokenSource: Send + Sync + std::fmt::Debug {
    /// Buys a token, once; whoever calls sees to repeats and to the time.
    async fn fetch(
        &self,
        provider: ProviderId,
        credentials: &Credentials,
    ) -> Result<FetchedToken, TokenFailure>;
}

/// A token as the provider gave it.
#[derive(Debug, Clone)]
pub struct FetchedToken {
    /// What goes with each call.
    pub secret: Secret,
    /// How long it works from now on.
    pub expires_in: Duration,
}

/// Why there is no token. Nothing of the call that needed it was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFailure {
    /// The provider refused the credentials, or the request for a token.
    #[error("provider refused a token: {}", .0.code)]
    Refused(Box<Rejection>),
    /// The provider could not be reached, or did not answer in time.
    #[error("provider did not answer the request for a token")]
    Unreachable,
    /// As many purchases as allowed are under way.
    #[error("too many tokens are being bought")]
    Overloaded,
    /// The purchase died, or the gateway is stopping.
    #[error("token purchase died")]
    Lost,
}

/// A token in use.
#[derive(Debug)]
pub struct Token {
    secret: Secret,
    holder: Holder,
    credentials: Arc<Credentials>,
    renew_at: Duration,
    expires_at: Duration,
}

impl Token {
    /// Returns what goes with a call.
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }
}

/// Whose token it is.
pub(super) type Holder = (TenantId, Environment);

/// The answer to a purchase.
pub(super) type Bought = Result<Arc<Token>, TokenFailure>;

/// What a purchase is for: a holder, and a fingerprint of the credentials, so that new credentials do not wait for old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Purchase {
    pub(super) holder: Holder,
    fingerprint: u64,
}

/// Tokens by holder, and the purchases under way. Guards are never held across an await.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    present: DashMap<Holder, Arc<Token>>,
    buying: DashMap<Purchase, Flight<Bought>>,
    hasher: RandomState,
}

/// How a token stands.
#[derive(Debug)]
pub(super) enum Standing {
    /// Use it.
    Good(Arc<Token>),
    /// Use it, and renew it.
    Ending(Arc<Token>),
    /// There is none that works.
    Missing,
}

/// What came of joining a purchase.
#[derive(Debug)]
pub(super) enum Joined {
    /// Someone is buying.
    Waiting(Flight<Bought>),
    /// It was bought a moment ago.
    Bought(Arc<Token>),
    /// Nobody is buying: whoever joined is to send the message.
    Began {
        /// What it is for.
        purchase: Purchase,
        /// The duty to answer.
        landing: Landing<Bought>,
        /// The answer.
        flight: Flight<Bought>,
    },
}

impl Tokens {
    /// Returns how the token for these credentials stands. One bought with others is never returned.
    pub(super) fn standing(&self, holder: Holder, credentials: &Credentials, now: Duration) -> Standing {
        let Some(token) = self.present.get(&holder).map(|token| Arc::clone(&token)) else {
            return Standing::Missing;
        };
        if now >= token.expires_at || token.credentials.fields != credentials.fields {
            return Standing::Missing;
        }
        if now >= token.renew_at { Standing::Ending(token) } else { Standing::Good(token) }
    }

    /// Joins the purchase under way, or begins a new one.
    pub(super) fn join(&self, holder: Holder, credentials: &Credentials, now: Duration) -> Joined {
        let purchase = Purchase { holder, fingerprint: self.fingerprint(credentials) };
        match self.buying.entry(purchase) {
            Entry::Occupied(present) if !present.get().is_over() => Joined::Waiting(present.get().clone()),
            entry => {
                // A purchase puts its token in before it ends: whoever finds none under way looks once more, or would buy
                // what has just been bought.
                if let Standing::Good(token) = self.standing(holder, credentials, now) {
                    return Joined::Bought(token);
                }
                let (landing, flight) = depart();
                drop(entry.insert(flight.clone()));
                Joined::Began { purchase, landing, flight }
            }
        }
    }

    /// Ends a purchase, before its answer lands.
    pub(super) fn end(&self, purchase: Purchase) {
        self.buying.remove(&purchase);
    }

    /// Puts a token in, over what its holder had.
    pub(super) fn put(&self, token: Arc<Token>) {
        self.present.insert(token.holder, token);
    }

    /// Takes a token out, unless it has been replaced already.
    pub(super) fn remove(&self, token: &Arc<Token>) {
        self.present.remove_if(&token.holder, |_, present| Arc::ptr_eq(present, token));
    }

    /// Removes tokens that have ended and purchases that died.
    pub(super) fn prune(&self, now: Duration) {
        self.present.retain(|_, token| now < token.expires_at);
        self.buying.retain(|_, flight| !flight.is_over());
    }

    /// Returns how many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.present.len()
    }

    /// Returns how many purchases are under way.
    pub(super) fn under_way(&self) -> usize {
        self.buying.len()
    }

    fn fingerprint(&self, credentials: &Credentials) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for (name, secret) in &credentials.fields {
            name.hash(&mut hasher);
            secret.expose().hash(&mut hasher);
        }
        hasher.finish()
    }
}

impl Token {
    /// Returns a token bought at `asked_at`: its time runs from when it was asked for, so that it never seems to work longer
    /// than it does.
    pub(super) fn new(
        fetched: FetchedToken,
        holder: Holder,
        credentials: Arc<Credentials>,
        asked_at: Duration,
        renew_before: Duration,
    ) -> Self {
        let expires_at = asked_at.saturating_add(fetched.expires_in);
        // A token of a short life is used for half of it at least, or each call would renew it.
        let renew_before = renew_before.min(fetched.expires_in / 2);
        Self {
            secret: fetched.secret,
            holder,
            credentials,
            renew_at: expires_at.saturating_sub(renew_before),
            expires_at,
        }
    }
}
