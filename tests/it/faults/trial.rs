//! A trial: two storms, the calm behind them, the evidence, and the judgement.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::TransactionId;
use futures_util::StreamExt;
use serde_json::Value;
use testkit::fault_proxy::Random;

use super::blows::{Blow, deal, shuffled};
use super::callers::{Callers, Tries};
use super::evidence::{Effect, Evidence, Logged, Told};
use super::ground::Ground;
use super::judge::judge;
use super::payers;
use super::plan::Plan;
use super::table::table;
use super::wishes::{Wish, Wishes};

/// Transactions that are read at once.
const AT_ONCE: usize = 16;

/// A trial under way.
struct Trial {
    plan: Plan,
    ground: Arc<Ground>,
    callers: Callers,
    random: Random,
    blows: BTreeMap<Blow, u64>,
    /// Every wish that was asked for.
    asked: Vec<Wish>,
}

/// Holds a trial, prints its table, and fails when a promise was broken.
#[expect(clippy::print_stdout, reason = "the table is what `make chaos` is for")]
pub(super) async fn hold(plan: Plan, ground: Ground) {
    let callers = Callers::new(ground.tenants(plan.tenants).await, plan.callers);
    let (ground, random) = (Arc::new(ground), Random::new(plan.seed));
    let mut trial = Trial { plan, ground, callers, random, blows: BTreeMap::new(), asked: Vec::new() };
    let mut wishes = Wishes::new(plan.tenants);
    let first = wishes.creations(plan.each);
    let began = Instant::now();
    trial.storm(first.clone()).await;
    let paid = payers::pay(&trial.ground, &trial.callers, &mut wishes, &first).await;
    trial.storm(paid.changes).await;
    let stormed = began.elapsed();
    trial.asked.extend(first.iter().filter_map(Wish::beside));
    let unsettled = trial.settle().await;
    let settled = began.elapsed();
    trial.ask_once_more().await;
    let evidence = Evidence { stuck: paid.stuck, ..trial.gather(unsettled).await };
    let verdict = judge(&evidence);
    println!("{}", table((&plan, &trial.ground), &evidence, &verdict, &trial.blows));
    let judged = began.elapsed();
    println!(
        "storms over after {stormed:.0?}, outcomes settled after {settled:.0?}, judged after {judged:.0?}"
    );
    for finding in verdict.findings.iter().take(20) {
        println!("{finding}");
    }
    assert!(verdict.findings.is_empty(), "seed {}: {:?}", plan.seed, verdict.counts());
}

impl Trial {
    /// Asks for everything while everything goes wrong; all is well again when this returns.
    async fn storm(&mut self, wishes: Vec<Wish>) {
        let wishes = shuffled(wishes, &mut self.random);
        self.ground.storm(&self.plan).await;
        let is_over = AtomicBool::new(false);
        let mut dealer = Random::new(self.random.draw());
        let asking = async {
            let asked = self.callers.ask(&self.ground, &wishes, Tries::AFew, &mut self.random);
            let in_time = tokio::time::timeout(self.plan.patience, asked).await;
            is_over.store(true, Ordering::Relaxed);
            in_time.expect("the callers are done in time");
        };
        let dealing = deal(&self.ground, self.plan.pause_ms, &mut dealer, || is_over.load(Ordering::Relaxed));
        let ((), blows) = futures_util::join!(asking, dealing);
        for (blow, count) in blows {
            *self.blows.entry(blow).or_default() += count;
        }
        self.asked.extend(wishes);
        self.ground.calm().await;
    }

    /// Gives unknown outcomes their time, in which nobody asks; returns those that are unknown still.
    async fn settle(&self) -> Vec<String> {
        let began = Instant::now();
        loop {
            let unsettled = self.still_unknown().await;
            if unsettled.is_empty() || began.elapsed() >= Plan::first_minutes() {
                return unsettled;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn still_unknown(&self) -> Vec<String> {
        let log = self.read_log(|told| matches!(told, Told::Unknown { .. }), 1).await;
        log.into_iter().filter(|(_, logged)| logged.status == "unknown").map(|(id, _)| id).collect()
    }

    /// Lets half of the callers ask once more: whoever was told that it is done is told so again, in the same words.
    async fn ask_once_more(&mut self) {
        let mut wishes = self.asked.clone();
        wishes.retain(|wish| !wish.is_beside && self.random.below(2) == 0);
        self.callers.ask(&self.ground, &wishes, Tries::UntilTold(20), &mut self.random).await;
    }

    async fn gather(&self, unsettled: Vec<String>) -> Evidence {
        let mut log = self.read_log(|_| true, 10).await;
        if let Some(rows) = self.rows() {
            for (id, logged) in &mut log {
                logged.rows = Some(rows.get(id).copied().unwrap_or_default());
            }
        }
        Evidence {
            wishes: self.asked.clone(),
            told: self.callers.told(),
            effects: self.effects().await,
            was_ledger_away: self.blows.contains_key(&Blow::RestartPostgres),
            log,
            unsettled,
            stuck: Vec::new(),
        }
    }

    /// Returns what the API says of each transaction that was named by an answer of this kind. What it does not know is asked
    /// for so many times: what was answered is on its way for a moment.
    async fn read_log(&self, pick: fn(&Told) -> bool, times: u32) -> BTreeMap<String, Logged> {
        let told = self.callers.told();
        let named = self.asked.iter().flat_map(|wish| {
            let told = told.get(&wish.key).map(Vec::as_slice).unwrap_or_default();
            let key = &self.callers.account(wish.tenant).key;
            told.iter().filter(|told| pick(told)).filter_map(move |told| Some((told.transaction()?, key)))
        });
        let mut named: BTreeMap<&str, &String> = named.collect();
        let mut log = BTreeMap::new();
        for time in 1..=times {
            let reads =
                named.iter().map(|(id, key)| async move { ((*id).to_owned(), self.logged(id, key).await) });
            let read: Vec<_> = futures_util::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
            log.extend(read);
            named.retain(|id, _| log[*id].status == "missing");
            if named.is_empty() || time == times {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        log
    }

    async fn logged(&self, id: &str, key: &str) -> Logged {
        let path = format!("/v1/transactions/{id}");
        for _ in 0..300 {
            let answer = self.ground.any().get(&path, &[("x-platform-key", key)]).await;
            match answer.status.as_u16() {
                200 => {
                    let body = answer.json();
                    let status = body["status"].as_str().unwrap_or_default().to_owned();
                    return Logged { status, attempts: body["attempts"].to_string(), rows: None };
                }
                404 => break,
                // A key's minute is over.
                429 | 503 => tokio::time::sleep(Duration::from_millis(300)).await,
                _ => panic!("{path}: {}", answer.text()),
            }
        }
        Logged { status: "missing".to_owned(), attempts: String::new(), rows: None }
    }

    /// Returns how many rows the log has of each transaction, where it can be asked.
    fn rows(&self) -> Option<BTreeMap<String, u64>> {
        let servers = self.ground.servers()?;
        let told =
            servers.sql("SELECT transaction_id, count(*) FROM transaction_logs GROUP BY transaction_id");
        let rows = told.lines().filter_map(|line| {
            let (id, count) = line.split_once('|')?;
            let id = u128::from_str_radix(&id.replace('-', ""), 16).ok()?;
            Some((TransactionId::from_u128(id).to_string(), count.parse().ok()?))
        });
        Some(rows.collect())
    }

    /// Returns what the providers did of all that was asked for.
    async fn effects(&self) -> Vec<Effect> {
        let kinds: std::collections::BTreeSet<(&str, &str)> =
            self.asked.iter().map(|wish| (wish.provider, wish.operation)).collect();
        let mut effects = Vec::new();
        for (provider, operation) in kinds {
            let path = format!("/_control/effects?provider={provider}&operation={operation}");
            let told = self.ground.control.get(&path, &[]).await.expect(200).json();
            let items = told["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert_eq!(told["count"].as_u64(), u64::try_from(items.len()).ok(), "every effect is shown");
            effects.extend(items.iter().map(|item: &Value| Effect::read(item)));
        }
        effects
    }
}
