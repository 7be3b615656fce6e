//! Flights: requests with one idempotency key that are under way on this node. One leads, the others wait for it.

use std::sync::Arc;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use domain::{Environment, TenantId};
use tokio::sync::watch;

type FlightKey = (TenantId, Environment, Box<str>);

/// The flights of this node.
#[derive(Debug, Default)]
pub struct Flights(Arc<DashMap<FlightKey, Flight>>);

#[derive(Debug)]
struct Flight {
    fingerprint: [u8; 32],
    /// Closed when the leader lands.
    landed: watch::Receiver<()>,
}

/// What boarding leads to.
pub(super) enum Boarded {
    /// This request leads.
    Leader(Leader),
    /// Another one with the same body leads: wait, then board again.
    Follower(watch::Receiver<()>),
    /// Another one leads, with another body or route.
    Mismatch,
}

/// The right to act for an idempotency key. Dropped, it lets the others on.
#[derive(Debug)]
pub(super) struct Leader {
    flights: Arc<DashMap<FlightKey, Flight>>,
    key: FlightKey,
    _landing: watch::Sender<()>,
}

impl Flights {
    /// Boards the flight of an idempotency key.
    pub(super) fn board(&self, key: FlightKey, fingerprint: &[u8; 32]) -> Boarded {
        match self.0.entry(key) {
            Entry::Occupied(flight) if flight.get().fingerprint == *fingerprint => {
                Boarded::Follower(flight.get().landed.clone())
            }
            Entry::Occupied(_) => Boarded::Mismatch,
            Entry::Vacant(vacant) => {
                let (landing, landed) = watch::channel(());
                let key = vacant.key().clone();
                vacant.insert(Flight { fingerprint: *fingerprint, landed });
                Boarded::Leader(Leader { flights: Arc::clone(&self.0), key, _landing: landing })
            }
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.flights.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> FlightKey {
        (TenantId::from_u128(1), Environment::Test, text.into())
    }

    #[tokio::test]
    async fn one_leads_and_the_others_wait_until_it_lands() {
        let flights = Flights::default();
        let Boarded::Leader(leader) = flights.board(key("a"), &[1; 32]) else {
            panic!("the first one leads")
        };
        let Boarded::Follower(mut landed) = flights.board(key("a"), &[1; 32]) else {
            panic!("the second one waits")
        };
        assert!(matches!(flights.board(key("a"), &[2; 32]), Boarded::Mismatch));
        assert!(matches!(flights.board(key("b"), &[2; 32]), Boarded::Leader(_)));
        drop(leader);
        assert!(landed.changed().await.is_err(), "the flight is over");
        assert!(matches!(flights.board(key("a"), &[2; 32]), Boarded::Leader(_)));
    }
}
