//! What the writer has taken and the store has not acknowledged: a state machine that says what to try next.
//!
//! After a failure one item is tried alone, so that a single item that the store cannot take (it panics, or refuses that row)
//! is found and put aside. It is tried again when nothing else waits, and now and then in between: it never holds up the
//! others, and is never dropped here. Whoever can keep it elsewhere takes it out when it is refused once more.

use std::collections::VecDeque;

/// Most items aside. If more are refused, it is not their fault: then the store counts as away.
const MOST_ASIDE: usize = 1_024;
/// As many batches succeed before what is aside has a turn in between.
const TURN: u32 = 64;

/// Items taken and not acknowledged.
#[derive(Debug)]
pub(super) struct Backlog<T> {
    head: VecDeque<T>,
    aside: VecDeque<T>,
    /// Failures in a row of the head; paces its tries.
    failures: u32,
    /// Failures in a row of what is aside; paces its tries.
    aside_failures: u32,
    /// Successes of the head since what is aside was tried.
    passed: u32,
    trial: Option<Trial>,
}

/// What is being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trial {
    /// This many from the head.
    Head(usize),
    /// The first of those put aside.
    Aside,
}

/// How a try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The store is away: it says nothing about the items.
    Away,
    /// The store refused, or died over them.
    Refused,
}

/// What a failed try says about its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may go another time.
    Open,
    /// It was aside and is refused once more, alone: the store will not have it.
    Hopeless,
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self {
            head: VecDeque::new(),
            aside: VecDeque::new(),
            failures: 0,
            aside_failures: 0,
            passed: 0,
            trial: None,
        }
    }
}

impl<T> Backlog<T> {
    /// Takes more items over.
    pub(super) fn extend(&mut self, items: impl IntoIterator<Item = T>) {
        self.head.extend(items);
    }

    /// Returns whether there is something to try before new items are taken over.
    pub(super) fn has_head(&self) -> bool {
        !self.head.is_empty()
    }

    /// Returns whether items were put aside.
    pub(super) fn has_aside(&self) -> bool {
        !self.aside.is_empty()
    }

    /// Returns how many items are not acknowledged.
    pub(super) fn len(&self) -> usize {
        self.head.len().saturating_add(self.aside.len())
    }

    /// Returns how many tries in a row of the head failed.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns how many tries in a row of what is aside failed.
    pub(super) const fn aside_failures(&self) -> u32 {
        self.aside_failures
    }

    /// Returns the items that are not acknowledged.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.head.iter().chain(&self.aside)
    }

    /// Begins a try and returns copies of its items.
    pub(super) fn begin<U>(&mut self, copy: impl Fn(&T) -> U) -> Vec<U> {
        let is_its_turn = self.passed >= TURN && self.failures == 0 && !self.aside.is_empty();
        let (trial, source) = if self.head.is_empty() || is_its_turn {
            self.passed = 0;
            (Trial::Aside, &self.aside)
        } else {
            (Trial::Head(if self.failures == 0 { self.head.len() } else { 1 }), &self.head)
        };
        let count = match trial {
            Trial::Head(count) => count,
            Trial::Aside => 1,
        };
        self.trial = Some(trial);
        source.iter().take(count).map(copy).collect()
    }

    /// Counts the try that a writer had begun when it died.
    pub(super) fn recover(&mut self) -> Verdict {
        if self.trial.is_some() { self.failed(Failure::Refused) } else { Verdict::Open }
    }

    /// Lets go of what was tried: the store has it. Returns the items.
    pub(super) fn succeeded(&mut self) -> Vec<T> {
        match self.trial.take() {
            Some(Trial::Head(count)) => {
                self.failures = 0;
                self.passed = self.passed.saturating_add(1);
                self.head.drain(..count.min(self.head.len())).collect()
            }
            Some(Trial::Aside) => {
                self.aside_failures = 0;
                self.aside.pop_front().into_iter().collect()
            }
            None => Vec::new(),
        }
    }

    /// Returns the item that was refused once more, until it is [taken out](Self::take_hopeless).
    pub(super) fn hopeless(&self) -> Option<&T> {
        self.aside.back()
    }

    /// Takes the item out that was refused once more.
    pub(super) fn take_hopeless(&mut self) -> Option<T> {
        self.aside_failures = 0;
        self.aside.pop_back()
    }

    /// Keeps what was tried, for later.
    pub(super) fn failed(&mut self, failure: Failure) -> Verdict {
        match self.trial.take() {
            Some(Trial::Head(count)) => {
                self.failures = self.failures.saturating_add(1);
                if count == 1 && failure == Failure::Refused && self.aside.len() < MOST_ASIDE {
                    let first = self.head.pop_front();
                    self.aside.extend(first);
                }
                Verdict::Open
            }
            Some(Trial::Aside) => {
                self.aside_failures = self.aside_failures.saturating_add(1);
                let first = self.aside.pop_front();
                self.aside.extend(first);
                if failure == Failure::Refused { Verdict::Hopeless } else { Verdict::Open }
            }
            None => Verdict::Open,
        }
    }
}

#[cfg(test)]
mod tests;
