//! How often a child may die: a pure count with `now` as an argument.

use std::collections::VecDeque;
use std::time::Duration;

/// What follows from a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start it again at once.
    Restart,
    /// It died too often: start it again after a pause, and say so.
    Escalate {
        /// How long to wait.
        pause: Duration,
    },
    /// It is being stopped: leave it.
    Stay,
}

/// Counts deaths in a sliding window.
#[derive(Debug, Clone)]
pub(crate) struct Intensity {
    /// Deaths within the window that are still answered with a restart.
    restarts: usize,
    within: Duration,
    pause: Duration,
    deaths: VecDeque<Duration>,
}

impl Intensity {
    /// Allows `restarts` deaths `within` a window, and asks for `pause` when there are more.
    pub(crate) const fn new(restarts: usize, within: Duration, pause: Duration) -> Self {
        Self { restarts, within, pause, deaths: VecDeque::new() }
    }

    /// Counts a death.
    pub(crate) fn record(&mut self, now: Duration) -> Verdict {
        let oldest = now.saturating_sub(self.within);
        while self.deaths.front().is_some_and(|&death| death < oldest) {
            self.deaths.pop_front();
        }
        self.deaths.push_back(now);
        if self.deaths.len() > self.restarts {
            self.deaths.clear();
            return Verdict::Escalate { pause: self.pause };
        }
        Verdict::Restart
    }
}
