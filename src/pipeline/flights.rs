//! Flights: requests with one idempotency key that are under way on this node. One leads; the others wait for its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use domain::{Environment, TenantId};
use tokio::sync::watch;

use super::Answer;

type FlightKey = (TenantId, Environment, Box<str>);

/// The flights of this node.
#[derive(Debug, Default)]
pub struct Flights(Arc<DashMap<FlightKey, Flight>>);

#[derive(Debug)]
struct Flight {
    fingerprint: [u8; 32],
    /// Holds the answer when the leader has one, and is closed when it lands.
    landed: watch::Receiver<Option<Landed>>,
}

/// The answer that a leader landed with.
#[derive(Debug, Clone)]
pub(super) struct Landed {
    /// HTTP status.
    pub(super) status: u16,
    /// Body.
    pub(super) body: Bytes,
    /// When to try again, where it was not done.
    pub(super) retry_after: Option<Duration>,
}

/// What boarding leads to.
pub(super) enum Boarded {
    /// This request leads.
    Leader(Leader),
    /// Another one with the same body leads: wait, then board again.
    Follower(watch::Receiver<Option<Landed>>),
    /// Another one leads, with another body or route.
    Mismatch,
}

/// The right to act for an idempotency key. Dropped, it lets the others on.
#[derive(Debug)]
pub(super) struct Leader {
    flights: Arc<DashMap<FlightKey, Flight>>,
    key: FlightKey,
    landing: watch::Sender<Option<Landed>>,
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
                let (landing, landed) = watch::channel(None);
                let key = vacant.key().clone();
                vacant.insert(Flight { fingerprint: *fingerprint, landed });
                Boarded::Leader(Leader { flights: Arc::clone(&self.0), key, landing })
            }
        }
    }
}

impl Leader {
    /// Gives the others this answer.
    pub(super) fn land(&self, answer: &Answer) {
        let Answer { status, ref body, retry_after, .. } = *answer;
        let landed = Landed { status, body: body.clone(), retry_after };
        self.landing.send_replace(Some(landed));
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
    use crate::pipeline::Origin;

    fn key(text: &str) -> FlightKey {
        (TenantId::from_u128(1), Environment::Test, text.into())
    }

    fn answer() -> Answer {
        Answer {
            status: 201,
            body: Bytes::from_static(b"{}"),
            origin: Origin::Fresh,
            provider_time: Duration::ZERO,
            retry_after: Some(Duration::from_secs(7)),
            provider: None,
            outcome: "executed",
        }
    }

    #[tokio::test]
    async fn one_leads_and_the_others_get_its_answer() {
        let flights = Flights::default();
        let Boarded::Leader(leader) = flights.board(key("a"), &[1; 32]) else {
            panic!("the first one leads")
        };
        let Boarded::Follower(mut landed) = flights.board(key("a"), &[1; 32]) else {
            panic!("the second one waits")
        };
        assert!(matches!(flights.board(key("a"), &[2; 32]), Boarded::Mismatch));
        assert!(matches!(flights.board(key("b"), &[2; 32]), Boarded::Leader(_)));
        leader.land(&answer());
        drop(leader);
        assert!(landed.changed().await.is_ok());
        let got = landed.borrow().as_ref().map(|landed| (landed.status, landed.retry_after));
        assert_eq!(got, Some((201, Some(Duration::from_secs(7)))));
        assert!(matches!(flights.board(key("a"), &[2; 32]), Boarded::Leader(_)), "the flight is over");
    }

    #[tokio::test]
    async fn a_leader_that_lands_without_an_answer_lets_the_others_on() {
        let flights = Flights::default();
        let Boarded::Leader(leader) = flights.board(key("a"), &[1; 32]) else {
            panic!("the first one leads")
        };
        let Boarded::Follower(mut landed) = flights.board(key("a"), &[1; 32]) else {
            panic!("the second one waits")
        };
        drop(leader);
        assert!(landed.changed().await.is_err());
        assert!(matches!(flights.board(key("a"), &[1; 32]), Boarded::Leader(_)));
    }
}
