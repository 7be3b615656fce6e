//! The reconciler takes what is due as soon as it starts, no more than it may, and lives on.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use actix_rt::Arbiter;
use async_trait::async_trait;
use testkit::ManualClock;

use super::*;
use crate::doubles::Stage;
use crate::supervisor::{Intensity, Supervisor};

/// What a row's look-up does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    End,
    Hang,
    Panic,
}

/// Rows that wait, and those that were looked up.
#[derive(Debug, Default)]
struct Rows {
    due: Mutex<VecDeque<Does>>,
    limits: Mutex<Vec<usize>>,
    over: Arc<AtomicUsize>,
    panics_left: AtomicUsize,
}

/// Counts when it is dropped, as a row in care does.
struct Care(Arc<AtomicUsize>);

impl Drop for Care {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait(?Send)]
impl Reconcile for Rows {
    async fn take(&self, limit: usize) -> Vec<Errand> {
        if self
            .panics_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok()
        {
            panic!("scripted panic");
        }
        self.limits.lock().unwrap().push(limit);
        let mut due = self.due.lock().unwrap();
        let count = due.len().min(limit);
        due.drain(..count).map(|does| errand(does, Care(Arc::clone(&self.over)))).collect()
    }
}

fn errand(does: Does, care: Care) -> Errand {
    Box::pin(async move {
        let _care = care;
        match does {
            Does::End => {}
            Does::Hang => std::future::pending().await,
            Does::Panic => panic!("scripted panic"),
        }
    })
}

fn start(rows: &Arc<Rows>, at_once: usize) -> (ReconcilerHandle, Arbiter) {
    let arbiter = Arbiter::new();
    let catalog = Arc::new(telemetry::Catalog::silent());
    let (supervisor, deaths) = Supervisor::new(Arc::new(ManualClock::default()), catalog);
    arbiter.spawn(supervisor.run());
    let handle = ReconcilerHandle::start(ReconcilerParams {
        port: Arc::clone(rows) as _,
        settings: ReconcilerSettings { every: Duration::from_millis(1), at_once },
        intensity: Intensity::new(10, Duration::from_secs(10), Duration::from_secs(1)),
        arbiter: arbiter.handle(),
        deaths,
    });
    (handle, arbiter)
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn due(rows: impl IntoIterator<Item = Does>) -> Arc<Rows> {
    Arc::new(Rows { due: Mutex::new(rows.into_iter().collect()), ..Rows::default() })
}

#[actix_rt::test]
async fn what_is_due_is_looked_up_without_anyone_asking() {
    let rows = due([Does::End; 3]);
    let (handle, _arbiter) = start(&rows, 8);
    until(|| rows.over.load(Ordering::SeqCst) == 3).await;
    let observed = handle.observe().await;
    assert_eq!((observed.is_up, observed.taken, observed.restarts), (true, 3, 0));
}

#[actix_rt::test]
async fn no_more_are_under_way_than_allowed_and_those_that_hang_leave_the_others_their_places() {
    let rows = due([Does::Hang, Does::End, Does::End, Does::End]);
    let (handle, _arbiter) = start(&rows, 2);
    until(|| rows.over.load(Ordering::SeqCst) == 3).await;
    assert!(rows.limits.lock().unwrap().iter().all(|limit| *limit <= 2));
    let observed = handle.observe().await;
    assert_eq!((observed.taken, observed.under_way), (4, 1));
}

#[actix_rt::test]
async fn a_panic_costs_its_own_look_up_or_one_life() {
    let rows = due([Does::Panic, Does::End]);
    rows.panics_left.store(1, Ordering::SeqCst);
    let (handle, _arbiter) = start(&rows, 1);
    until(|| rows.over.load(Ordering::SeqCst) == 2).await;
    let observed = handle.observe().await;
    assert_eq!((observed.is_up, observed.restarts), (true, 1));
}

#[actix_rt::test]
async fn stopping_waits_for_the_look_ups_under_way_and_takes_no_more() {
    let rows = due([]);
    let (handle, _arbiter) = start(&rows, 2);
    handle.stop(Duration::from_secs(60)).await;
    rows.due.lock().unwrap().push_back(Does::End);
    let rounds = rows.limits.lock().unwrap().len();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(rows.limits.lock().unwrap().len() <= rounds + 1, "a round that was under way, and no other");
    assert_eq!(rows.over.load(Ordering::SeqCst), 0);
}

#[actix_rt::test]
async fn the_tree_starts_it_and_shows_how_it_is() {
    let rows = due([Does::End]);
    let mut tree = Stage::new().start();
    assert_eq!(tree.observe().await.reconciler, None);
    tree.start_reconciler(Arc::clone(&rows) as _);
    until(|| rows.over.load(Ordering::SeqCst) == 1).await;
    let observed = tree.observe().await;
    assert!(observed.is_up() && observed.reconciler.is_some_and(|reconciler| reconciler.taken == 1));
    assert_eq!(tree.stop().await.order.first(), Some(&"reconciler"));
}
