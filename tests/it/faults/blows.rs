//! What happens to gateways and servers meanwhile: a deck of blows, shuffled by the seed, one at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use testkit::fault_proxy::Random;

use super::ground::Ground;

/// A blow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blow {
    /// `kill -9` of a gateway, and another one in its place.
    KillGateway,
    /// A provider's address refuses connections for a while.
    RefuseProvider,
    /// Redis forgets everything.
    FlushRedis,
    /// Redis is killed, away for a while, and comes back empty.
    RestartRedis,
    /// PostgreSQL is killed, away for a while, and comes back with what was committed.
    RestartPostgres,
}

const DECK: [Blow; 7] = [
    Blow::KillGateway,
    Blow::RefuseProvider,
    Blow::FlushRedis,
    Blow::RestartPostgres,
    Blow::KillGateway,
    Blow::RestartRedis,
    Blow::KillGateway,
];

/// Deals blows until it is told to stop; each is over when this returns. Returns how many of each.
pub(super) async fn deal(
    ground: &Ground,
    pause_ms: u64,
    random: &mut Random,
    is_over: impl Fn() -> bool,
) -> BTreeMap<Blow, u64> {
    let mut dealt = BTreeMap::new();
    let mut deck = Vec::new();
    while !is_over() {
        tokio::time::sleep(Duration::from_millis(pause_ms + random.below(pause_ms))).await;
        if deck.is_empty() {
            deck = shuffled(DECK.to_vec(), random);
        }
        let Some(blow) = deck.pop() else { continue };
        if strike(ground, blow, random).await {
            *dealt.entry(blow).or_default() += 1;
        }
    }
    dealt
}

/// Returns whether there was something to strike.
async fn strike(ground: &Ground, blow: Blow, random: &mut Random) -> bool {
    let away = Duration::from_millis(200 + random.below(600));
    match (blow, ground.servers()) {
        (Blow::KillGateway, _) => {
            let place = usize::try_from(random.draw()).unwrap_or_default() % ground.gateways();
            ground.kill(place).await;
            ground.start(place).await;
        }
        (Blow::RefuseProvider, _) => {
            let place = usize::try_from(random.below(4)).unwrap_or_default();
            let proxy = &ground.network[place];
            proxy.refuse();
            tokio::time::sleep(away).await;
            proxy.accept();
        }
        (_, None) => return false,
        (Blow::FlushRedis, Some(servers)) => {
            tokio::task::block_in_place(|| servers.redis.cli(&["FLUSHALL"]));
        }
        (Blow::RestartRedis, Some(servers)) => {
            tokio::task::block_in_place(|| servers.redis.kill());
            tokio::time::sleep(away).await;
            tokio::task::block_in_place(|| servers.redis.start_again());
        }
        (Blow::RestartPostgres, Some(servers)) => {
            tokio::task::block_in_place(|| servers.postgres.kill());
            tokio::time::sleep(away).await;
            tokio::task::block_in_place(|| servers.postgres.start_again());
        }
    }
    true
}

/// Returns the same in an order that the seed gives.
pub(super) fn shuffled<T>(mut all: Vec<T>, random: &mut Random) -> Vec<T> {
    for end in (1..all.len()).rev() {
        let place = random.below(u64::try_from(end + 1).unwrap_or(1));
        all.swap(end, usize::try_from(place).unwrap_or_default());
    }
    all
}
