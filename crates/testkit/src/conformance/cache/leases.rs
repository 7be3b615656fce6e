//! What dividing a limit among nodes promises: never more than the limit, and all of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{Lease, LeaseRequest, QuotaLeases};
use domain::{KeyId, QuotaWindow};
use tokio::task::JoinSet;

use super::super::samples;

/// Lets time pass for the leases of one key, without waiting.
#[async_trait]
pub trait Passing: Send + Sync {
    /// Lets `by` pass.
    async fn pass(&self, key: KeyId, window: QuotaWindow, by: Duration);

    /// Returns how much time has passed beside that, since some moment before the first lease: none on a clock that stands.
    fn passed_by_itself(&self) -> Duration;
}

/// Runs the suite.
pub async fn passes(leases: &dyn QuotaLeases, time: &dyn Passing) {
    a_limit_is_leased_to_the_last_request(leases).await;
    keys_and_windows_are_apart(leases).await;
    what_left_the_window_is_leased_again(leases, time).await;
    what_may_be_spent_later_stays_longer(leases, time).await;
    it_is_told_when_there_is_more(leases, time).await;
    what_was_not_spent_comes_back(leases).await;
    no_more_comes_back_than_was_leased(leases).await;
    a_lease_that_nobody_knows_is_no_error(leases).await;
    a_new_limit_holds_at_once(leases).await;
    many_small_leases_are_counted_exactly(leases).await;
    leases_that_are_counted_together_leave_late_and_never_early(leases, time).await;
    of_leases_that_are_counted_together_each_gives_back_its_own(leases).await;
    a_node_is_there_once_it_says_so(leases).await;
}

/// Returns what asks for `want` of `limit` in a minute, to be spent at once.
pub fn ask(key: KeyId, limit: u32, want: u32) -> LeaseRequest {
    LeaseRequest { key, window: QuotaWindow::Minute, limit, want, spend_within: Duration::ZERO }
}

async fn lease(leases: &dyn QuotaLeases, request: LeaseRequest) -> Lease {
    leases.lease(request).await.unwrap()
}

async fn a_limit_is_leased_to_the_last_request(leases: &dyn QuotaLeases) {
    let key = samples::id();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let lease = lease(leases, ask(key, 10, 4)).await;
        seen.push((lease.granted, lease.remaining, lease.retry_after.is_zero()));
    }
    assert_eq!(seen, [(4, 6, true), (4, 2, true), (2, 0, false), (0, 0, false)]);
}

async fn keys_and_windows_are_apart(leases: &dyn QuotaLeases) {
    let key = samples::id();
    assert_eq!(lease(leases, ask(key, 5, 5)).await.granted, 5);
    assert_eq!(lease(leases, ask(samples::id(), 5, 5)).await.granted, 5);
    let day = LeaseRequest { window: QuotaWindow::Day, ..ask(key, 5, 5) };
    assert_eq!(lease(leases, day).await.granted, 5);
    assert_eq!(lease(leases, day).await.granted, 0);
}

async fn what_left_the_window_is_leased_again(leases: &dyn QuotaLeases, time: &dyn Passing) {
    let key = samples::id();
    assert_eq!(lease(leases, ask(key, 10, 6)).await.granted, 6);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(30)).await;
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 4);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(20)).await;
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 0);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(10)).await;
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 6);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(300)).await;
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 10);
}

async fn what_may_be_spent_later_stays_longer(leases: &dyn QuotaLeases, time: &dyn Passing) {
    let key = samples::id();
    let later = LeaseRequest { spend_within: Duration::from_secs(30), ..ask(key, 10, 10) };
    assert_eq!(lease(leases, later).await.granted, 10);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(70)).await;
    assert_eq!(lease(leases, ask(key, 10, 1)).await.granted, 0);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(20)).await;
    assert_eq!(lease(leases, ask(key, 10, 1)).await.granted, 1);
}

async fn it_is_told_when_there_is_more(leases: &dyn QuotaLeases, time: &dyn Passing) {
    let key = samples::id();
    let early = lease(leases, ask(key, 10, 4)).await;
    assert!(early.retry_after.is_zero());
    assert_between(early.reset_after, 50, 60);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(20)).await;
    let full = lease(leases, ask(key, 10, 6)).await;
    assert_between(full.retry_after, 30, 40);
    assert_between(full.reset_after, 50, 60);
    // A lower limit has room only when enough has left.
    let lower = lease(leases, ask(key, 6, 1)).await;
    assert_between(lower.retry_after, 50, 60);
    time.pass(key, QuotaWindow::Minute, Duration::from_secs(20)).await;
    assert_between(lease(leases, ask(key, 10, 1)).await.retry_after, 10, 20);
    let unused = lease(leases, ask(samples::id(), 10, 1)).await;
    assert!(unused.retry_after.is_zero());
}

#[track_caller]
fn assert_between(time: Duration, least_seconds: u64, most_seconds: u64) {
    let range = Duration::from_secs(least_seconds)..=Duration::from_secs(most_seconds);
    assert!(range.contains(&time), "{time:?}");
}

async fn what_was_not_spent_comes_back(leases: &dyn QuotaLeases) {
    let key = samples::id();
    let first = lease(leases, ask(key, 10, 7)).await;
    assert_eq!(lease(leases, ask(key, 10, 7)).await.granted, 3);
    leases.give_back(key, QuotaWindow::Minute, &first.id, 0).await.unwrap();
    assert_eq!(lease(leases, ask(key, 10, 7)).await.granted, 0);
    leases.give_back(key, QuotaWindow::Minute, &first.id, 5).await.unwrap();
    assert_eq!(lease(leases, ask(key, 10, 7)).await.granted, 5);
}

async fn no_more_comes_back_than_was_leased(leases: &dyn QuotaLeases) {
    let key = samples::id();
    let first = lease(leases, ask(key, 10, 2)).await;
    assert_eq!(lease(leases, ask(key, 10, 8)).await.granted, 8);
    leases.give_back(key, QuotaWindow::Minute, &first.id, u32::MAX).await.unwrap();
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 2);
}

async fn a_lease_that_nobody_knows_is_no_error(leases: &dyn QuotaLeases) {
    let key = samples::id();
    for unknown in ["", "nonsense", "1/2/3", "9/9"] {
        leases.give_back(key, QuotaWindow::Minute, unknown, 3).await.unwrap();
    }
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 10);
    let refused = lease(leases, ask(key, 10, 10)).await;
    leases.give_back(key, QuotaWindow::Minute, &refused.id, 3).await.unwrap();
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 0);
}

async fn a_new_limit_holds_at_once(leases: &dyn QuotaLeases) {
    let key = samples::id();
    assert_eq!(lease(leases, ask(key, 10, 10)).await.granted, 10);
    assert_eq!(lease(leases, ask(key, 15, 10)).await.granted, 5);
    let lowered = lease(leases, ask(key, 5, 10)).await;
    assert_eq!((lowered.granted, lowered.remaining), (0, 0));
    assert_eq!(lease(leases, ask(key, 16, 10)).await.granted, 1);
}

/// More than are counted one by one.
async fn many_small_leases_are_counted_exactly(leases: &dyn QuotaLeases) {
    let key = samples::id();
    let mut granted = 0;
    for _ in 0..700 {
        granted += lease(leases, ask(key, 600, 1)).await.granted;
    }
    assert_eq!(granted, 600);
    let large = samples::id();
    let limit = 500_000_000;
    for spent in 1..=700 {
        let request = LeaseRequest { window: QuotaWindow::Day, ..ask(large, limit, 1) };
        assert_eq!(lease(leases, request).await.remaining, limit - spent);
    }
    let rest = LeaseRequest { window: QuotaWindow::Day, ..ask(large, limit, u32::MAX) };
    assert_eq!(lease(leases, rest).await.granted, limit - 700);
}

async fn leases_that_are_counted_together_leave_late_and_never_early(
    leases: &dyn QuotaLeases,
    time: &dyn Passing,
) {
    let key = samples::id();
    let one = LeaseRequest { window: QuotaWindow::Day, ..ask(key, 1_000, 1) };
    for _ in 0..200 {
        lease(leases, one).await;
    }
    // A 200th of a day are 432 seconds: wherever it begins, some of these are counted with their neighbours.
    for _ in 0..4 {
        time.pass(key, QuotaWindow::Day, Duration::from_secs(100)).await;
        lease(leases, one).await;
    }
    time.pass(key, QuotaWindow::Day, Duration::from_secs(86_400 - 350)).await;
    let held = 1_000 - lease(leases, one).await.remaining - 1;
    assert!((4..=204).contains(&held), "{held} of the four are held");
    time.pass(key, QuotaWindow::Day, Duration::from_secs(350 + 432)).await;
    assert_eq!(lease(leases, one).await.remaining, 1_000 - 2);
}

async fn of_leases_that_are_counted_together_each_gives_back_its_own(leases: &dyn QuotaLeases) {
    let key = samples::id();
    let one = LeaseRequest { window: QuotaWindow::Day, ..ask(key, 250, 1) };
    let mut last = lease(leases, one).await;
    for _ in 1..250 {
        last = lease(leases, one).await;
    }
    leases.give_back(key, QuotaWindow::Day, &last.id, u32::MAX).await.unwrap();
    assert_eq!(lease(leases, LeaseRequest { want: 250, ..one }).await.granted, 1);
}

async fn a_node_is_there_once_it_says_so(leases: &dyn QuotaLeases) {
    let first = leases.nodes().await.unwrap();
    assert!(first >= 1);
    assert_eq!(leases.nodes().await.unwrap(), first);
}

/// Fails unless nodes that ask 3,000 times at once for one of 100 get exactly 100.
pub async fn nodes_at_once_get_exactly_the_limit(nodes: Vec<Arc<dyn QuotaLeases>>) {
    let key = samples::id();
    let mut asking = JoinSet::new();
    for node in nodes.iter().cycle().take(60) {
        let node = Arc::clone(node);
        asking.spawn(async move {
            let mut granted = 0;
            for _ in 0..50 {
                granted += lease(&*node, ask(key, 100, 1)).await.granted;
            }
            granted
        });
    }
    let granted: u32 = asking.join_all().await.into_iter().sum();
    assert_eq!(granted, 100);
}
