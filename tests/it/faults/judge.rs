//! The judge: from what was told and what was done, whether a promise was broken. Knows nothing of gateways.
//!
//! What leads from an effect back to its idempotency key must not come from the gateway, which is on trial. It is the mark:
//! an amount that only one wish has. Providers tell amounts of all they do: Razorpay and Stripe in the smallest unit, PayPal
//! as text; captures and cancellations with their order's, ends of subscriptions with what a cycle costs. Twilio's messages
//! and calls have none: there it is the number that they go to. The gateway's own traces are for reading only: Razorpay's
//! `receipt` and `reference_id` and every provider's idempotency key are the hash of tenant, route and key; PayPal's
//! `custom_id` and Stripe's metadata are the transaction.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::evidence::{Effect, Evidence, Told};
use super::wishes::Wish;

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Broken {
    /// One key, more than one side effect.
    DoneTwice,
    /// Told that it failed, and it was done.
    FailedButDone,
    /// Told that it is done, and it was not.
    ToldButNotDone,
    /// One key, and two different objects told as done; or two transactions, while the ledger was there all the time.
    ToldDifferently,
    /// An effect that nobody asked for.
    NobodyAskedForIt,
    /// A gateway's fault told as the caller's: 401 or 403.
    BlamedOnTheCaller,
    /// Answered, and not in the log, or not once.
    NotLoggedOnce,
    /// The log says otherwise than the providers.
    LogIsWrong,
    /// A payer has paid, and the gateway that is to take the money does not, while the ledger was there all the time.
    NotCaptured,
    /// Too many outcomes were still unknown after the reconciler's first minutes.
    NotSettled,
}

/// One finding, with all that is known of it.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) broken: Broken,
    pub(super) key: String,
    pub(super) told: Vec<String>,
    pub(super) effects: Vec<Effect>,
}

/// The judgement.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) findings: Vec<Finding>,
    /// Transactions told as unknown.
    pub(super) unknown: usize,
    /// Of these, those that were still unknown when the time was over.
    pub(super) unsettled: usize,
    /// Transactions that gave way to another one of their key: two nodes began it while the ledger was away, and the provider,
    /// who has the same key from both, made them one.
    pub(super) replaced: usize,
}

/// Of so many unknown outcomes one may stay unknown: 99 of a hundred are settled.
const ONE_OF: usize = 100;
/// So many may where there are fewer: each of a few dozen may meet a fault at the one look-up that could tell, and is looked up again
/// when the first minutes are over.
const A_FEW: usize = 3;

/// Judges a run.
pub(super) fn judge(evidence: &Evidence) -> Verdict {
    let mut effects: HashMap<(&str, &str, &str), Vec<&Effect>> = HashMap::new();
    for effect in &evidence.effects {
        let mark = (&*effect.provider, &*effect.operation, &*effect.mark);
        effects.entry(mark).or_default().push(effect);
    }
    let mut findings = Vec::new();
    let mut replaced = 0;
    for wish in &evidence.wishes {
        let done = effects.remove(&(wish.provider, wish.operation, &*wish.mark)).unwrap_or_default();
        let told = evidence.answers(&wish.key);
        let case = Case { evidence, told, done: &done };
        findings.extend(case.broken().into_iter().map(|broken| case.finding(broken, wish)));
        replaced += case.replaced();
    }
    let nobody = effects.into_values().map(|effects| Finding {
        broken: Broken::NobodyAskedForIt,
        key: "(none)".to_owned(),
        told: Vec::new(),
        effects: effects.into_iter().cloned().collect(),
    });
    findings.extend(nobody);
    let unknown = evidence.transactions(|told| matches!(told, Told::Unknown { .. })).len();
    let unsettled = evidence.unsettled.len();
    if unsettled > (unknown / ONE_OF).max(A_FEW) {
        findings.push(not_settled(evidence));
    }
    if !evidence.was_ledger_away {
        findings.extend(evidence.stuck.iter().map(|order| Finding {
            broken: Broken::NotCaptured,
            key: order.clone(),
            told: Vec::new(),
            effects: Vec::new(),
        }));
    }
    findings.sort_by_key(|finding| finding.broken);
    Verdict { findings, unknown, unsettled, replaced }
}

/// One wish with its answers and effects.
struct Case<'a> {
    evidence: &'a Evidence,
    told: &'a [Told],
    done: &'a [&'a Effect],
}

impl Case<'_> {
    fn broken(&self) -> Vec<Broken> {
        let is_told_done = self.told.iter().any(|told| matches!(told, Told::Done { .. }));
        let objects: HashSet<_> = self.told.iter().filter_map(done_object).collect();
        let bodies: HashSet<_> = self.told.iter().filter_map(done_body).collect();
        let is_blamed = |told: &Told| matches!(told, Told::Refused { status: 401 | 403, .. });
        [
            (self.done.len() > 1, Broken::DoneTwice),
            (is_told_done && self.done.is_empty(), Broken::ToldButNotDone),
            (!is_told_done && self.is_told_failed() && !self.done.is_empty(), Broken::FailedButDone),
            (objects.len() > 1 || self.is_told_in_other_words(&bodies), Broken::ToldDifferently),
            (self.told.iter().any(is_blamed), Broken::BlamedOnTheCaller),
            (!self.is_logged_once(), Broken::NotLoggedOnce),
            (self.is_log_wrong(), Broken::LogIsWrong),
        ]
        .into_iter()
        .filter_map(|(is_so, broken)| is_so.then_some(broken))
        .collect()
    }

    /// Whether the caller was told at last that it failed. That nothing was sent this time is no such word when an earlier
    /// request may have arrived, nor is that it was refused for now, when a later one may have.
    fn is_told_failed(&self) -> bool {
        let is_doubtful = self.told.iter().any(|told| matches!(told, Told::Unknown { .. } | Told::Lost));
        let is_word = |told: &Told| !matches!(told, Told::InUse | Told::Lost);
        let words = self.told.iter().rposition(is_word).map_or(0, |last| last + 1);
        let (words, silence) = self.told.split_at(words);
        match words.last() {
            Some(refused @ Told::Refused { .. }) => refused.is_final() || !silence.contains(&Told::Lost),
            Some(Told::NotSent { .. }) => !is_doubtful,
            _ => false,
        }
    }

    /// Returns what the log says of the transactions that were named.
    fn statuses(&self) -> Vec<(&str, Option<u64>)> {
        let named: HashSet<&str> = self.told.iter().filter_map(Told::transaction).collect();
        let logged = named.into_iter().map(|id| match self.evidence.log.get(id) {
            Some(logged) => (&*logged.status, logged.rows),
            None => ("missing", None),
        });
        logged.collect()
    }

    /// Whether a repeat was answered in other words than the first, beyond what a ledger that is away explains.
    fn is_told_in_other_words(&self, bodies: &HashSet<&bytes::Bytes>) -> bool {
        let transactions: HashSet<_> =
            self.told.iter().filter(|told| done_body(told).is_some()).filter_map(Told::transaction).collect();
        bodies.len() > 1 && !(self.evidence.was_ledger_away && transactions.len() == bodies.len())
    }

    /// Returns how many transactions gave way to another one of the key.
    fn replaced(&self) -> usize {
        let statuses = self.statuses();
        let settled = statuses.iter().filter(|(status, _)| *status == "success").count();
        let missing = statuses.iter().filter(|(status, _)| *status == "missing").count();
        if self.evidence.was_ledger_away { settled.saturating_sub(1) + missing } else { 0 }
    }

    fn is_logged_once(&self) -> bool {
        let statuses = self.statuses();
        // By one that is told as done or stands for the key until it is known, or by one of which nobody was told.
        let has_another = statuses.iter().any(|(status, _)| matches!(*status, "success" | "unknown"))
            || self.told.iter().any(|told| matches!(told, Told::Lost | Told::InUse));
        let may_be_replaced = self.evidence.was_ledger_away && has_another;
        statuses.into_iter().all(|(status, rows)| match status {
            "missing" => may_be_replaced,
            // Told from the ledger; its row follows when it is known.
            "unknown" => true,
            _ => rows.is_none_or(|rows| rows == 1),
        })
    }

    /// Whether the log says that it was done when it was not, or that it failed when it was. Of a key whose answers were
    /// lost there may be a transaction that nobody was told of.
    fn is_log_wrong(&self) -> bool {
        let statuses = self.statuses();
        let says = |word: &str| statuses.iter().any(|(status, _)| *status == word);
        let is_failed = !statuses.is_empty() && statuses.iter().all(|(status, _)| *status == "failed");
        let is_complete = !self.told.iter().any(|told| matches!(told, Told::Lost | Told::InUse));
        (says("success") && self.done.is_empty()) || (is_failed && is_complete && !self.done.is_empty())
    }

    fn finding(&self, broken: Broken, wish: &Wish) -> Finding {
        let told =
            self.told.iter().map(|told| match told.transaction().and_then(|id| self.evidence.log.get(id)) {
                Some(logged) => format!("{told:?} logged as {logged:?}"),
                None => format!("{told:?}"),
            });
        let told = [format!("{} {} {} {}", wish.provider, wish.operation, wish.path, wish.body)]
            .into_iter()
            .chain(told);
        Finding {
            broken,
            key: wish.key.clone(),
            told: told.collect(),
            effects: self.done.iter().map(|effect| (*effect).clone()).collect(),
        }
    }
}

/// Returns what is known of all that is unknown still.
fn not_settled(evidence: &Evidence) -> Finding {
    let told = evidence.told.iter().filter(|(_, told)| {
        told.iter()
            .filter_map(Told::transaction)
            .any(|id| evidence.unsettled.iter().any(|unknown| unknown == id))
    });
    Finding {
        broken: Broken::NotSettled,
        key: evidence.unsettled.join(" "),
        told: told
            .map(|(key, told)| {
                let named = told.iter().filter_map(Told::transaction);
                let logged: BTreeMap<_, _> = named.map(|id| (id, evidence.log.get(id))).collect();
                format!("{key}: {told:?} logged as {logged:?}")
            })
            .collect(),
        effects: Vec::new(),
    }
}

fn done_body(told: &Told) -> Option<&bytes::Bytes> {
    match told {
        Told::Done { body, .. } => Some(body),
        _ => None,
    }
}

/// Returns the provider's id of the object that an answer shows.
fn done_object(told: &Told) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(done_body(told)?).unwrap_or_default();
    let fields = body.as_object()?;
    let id = fields.iter().find(|(name, _)| name.starts_with("provider_") && name.ends_with("_id"));
    id.map(|(_, id)| id.to_string())
}

impl Verdict {
    /// Returns how often each promise was broken.
    pub(super) fn counts(&self) -> BTreeMap<Broken, usize> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.broken).or_default() += 1;
        }
        counts
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{:?}: {}", self.broken, self.key)?;
        for told in &self.told {
            writeln!(formatter, "    told   {told}")?;
        }
        for effect in &self.effects {
            writeln!(formatter, "    effect {effect:?}")?;
        }
        Ok(())
    }
}

mod tests;
