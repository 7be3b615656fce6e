//! Callers: they ask, ask again with the same key as they are told to, give up at some time, and note every answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use testkit::fault_proxy::Random;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::evidence::Told;
use super::ground::Ground;
use super::wishes::Wish;
use crate::support::Account;

/// Longer than any gateway takes.
const AT_MOST: Duration = Duration::from_secs(15);

/// All callers of a run, and what they were told.
#[derive(Debug, Clone)]
pub(super) struct Callers {
    accounts: Arc<Vec<Account>>,
    told: Arc<Mutex<BTreeMap<String, Vec<Told>>>>,
    places: Arc<Semaphore>,
}

/// How often a caller asks, at most.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tries {
    /// One to five times, as the seed says.
    AFew,
    /// Until there is an answer that says what happened, or so many times.
    UntilTold(u32),
}

impl Callers {
    pub(super) fn new(accounts: Vec<Account>, at_once: usize) -> Self {
        let places = Arc::new(Semaphore::new(at_once));
        Self { accounts: Arc::new(accounts), told: Arc::default(), places }
    }

    /// Asks for everything, in the order given, so many at once.
    pub(super) async fn ask(&self, ground: &Arc<Ground>, wishes: &[Wish], tries: Tries, random: &mut Random) {
        let mut asking = JoinSet::new();
        for wish in wishes {
            let place = Arc::clone(&self.places).acquire_owned().await.expect("a place");
            let (own, ground, wish) = (self.clone(), Arc::clone(ground), wish.clone());
            let mut random = Random::new(random.draw());
            asking.spawn(async move {
                own.ask_for(&ground, &wish, tries, &mut random).await;
                drop(place);
            });
            while let Some(asked) = asking.try_join_next() {
                asked.expect("a caller that does not panic");
            }
        }
        while let Some(asked) = asking.join_next().await {
            asked.expect("a caller that does not panic");
        }
    }

    async fn ask_for(&self, ground: &Ground, wish: &Wish, tries: Tries, random: &mut Random) {
        let tries = match tries {
            Tries::AFew => 1 + random.below(5),
            Tries::UntilTold(tries) => u64::from(tries),
        };
        for _ in 0..tries {
            let told = self.ask_once(ground, wish, random).await;
            let is_final = told.is_final();
            self.told
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(wish.key.clone())
                .or_default()
                .push(told);
            if is_final {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100 + random.below(400))).await;
        }
    }

    /// Asks a gateway that is there.
    async fn ask_once(&self, ground: &Ground, wish: &Wish, random: &mut Random) -> Told {
        let gateways = u64::try_from(ground.gateways()).expect("a few");
        let api = loop {
            let place = usize::try_from(random.below(gateways)).expect("a few");
            match ground.api(place) {
                Some(api) => break api,
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let headers = [
            ("x-platform-key", &*self.accounts[wish.tenant].key),
            ("idempotency-key", &*wish.key),
            ("content-type", "application/json"),
        ];
        let asked = api.try_send(Method::POST, &wish.path, &headers, wish.body.to_string());
        match tokio::time::timeout(AT_MOST, asked).await {
            Ok(Ok(answer)) => Told::read(&answer),
            Ok(Err(_)) | Err(_) => Told::Lost,
        }
    }

    /// Returns the tenant of a wish.
    pub(super) fn account(&self, tenant: usize) -> &Account {
        &self.accounts[tenant]
    }

    /// Returns what was told so far.
    pub(super) fn told(&self) -> BTreeMap<String, Vec<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
