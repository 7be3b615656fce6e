//! What the writer has taken and the store has not acknowledged: a state machine that says what to try next.
//!
//! After a failure one item is tried alone, so that a single item that the store cannot take (it panics, or refuses that row)
//! is found and put aside. It is tried again when nothing else waits: it never holds up the others, and is never dropped.

use std::collections::VecDeque;

/// An item and its place in the order of arrival.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    /// Counts from 1.
    pub(super) number: u64,
    /// The item.
    pub(super) item: T,
}

/// Items taken and not acknowledged.
#[derive(Debug)]
pub(super) struct Backlog<T> {
    head: VecDeque<Numbered<T>>,
    aside: VecDeque<Numbered<T>>,
    /// Failures in a row of the head; paces its tries.
    failures: u32,
    /// Failures in a row of what is aside; paces its tries.
    aside_failures: u32,
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

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self { head: VecDeque::new(), aside: VecDeque::new(), failures: 0, aside_failures: 0, trial: None }
    }
}

impl<T> Backlog<T> {
    /// Takes more items over.
    pub(super) fn extend(&mut self, items: impl IntoIterator<Item = Numbered<T>>) {
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

    /// Returns the lowest number that is not acknowledged.
    pub(super) fn first_open(&self) -> Option<u64> {
        self.head.iter().chain(&self.aside).map(|numbered| numbered.number).min()
    }

    /// Begins a try and returns copies of its items.
    pub(super) fn begin<U>(&mut self, copy: impl Fn(&T) -> U) -> Vec<U> {
        let (trial, source) = if self.head.is_empty() {
            (Trial::Aside, &self.aside)
        } else {
            (Trial::Head(if self.failures == 0 { self.head.len() } else { 1 }), &self.head)
        };
        let count = match trial {
            Trial::Head(count) => count,
            Trial::Aside => 1,
        };
        self.trial = Some(trial);
        source.iter().take(count).map(|numbered| copy(&numbered.item)).collect()
    }

    /// Counts the try that a writer had begun when it died.
    pub(super) fn recover(&mut self) {
        if self.trial.is_some() {
            self.failed(Failure::Refused);
        }
    }

    /// Lets go of what was tried: the store has it. Returns how many items that were.
    pub(super) fn succeeded(&mut self) -> usize {
        match self.trial.take() {
            Some(Trial::Head(count)) => {
                self.failures = 0;
                self.head.drain(..count.min(self.head.len())).count()
            }
            Some(Trial::Aside) => {
                self.aside_failures = 0;
                usize::from(self.aside.pop_front().is_some())
            }
            None => 0,
        }
    }

    /// Keeps what was tried, for later.
    pub(super) fn failed(&mut self, failure: Failure) {
        match self.trial.take() {
            Some(Trial::Head(count)) => {
                self.failures = self.failures.saturating_add(1);
                if count == 1 && failure == Failure::Refused {
                    let first = self.head.pop_front();
                    self.aside.extend(first);
                }
            }
            Some(Trial::Aside) => {
                self.aside_failures = self.aside_failures.saturating_add(1);
                let first = self.aside.pop_front();
                self.aside.extend(first);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
