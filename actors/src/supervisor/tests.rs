//! Children that die come back with fresh state, and not too often.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix::{Actor, Context, Handler as Handles, Message, MessageResult};
use actix_rt::Arbiter;
use testkit::ManualClock;

use super::{CallFailure, Child, ChildParams, Handle, Intensity, Life, Place, Supervisor, Verdict};
use crate::flight::{Landing, Lost, depart};

const MINUTE: Duration = Duration::from_secs(60);

/// Counts what it is told; each life begins at nought.
struct Counter {
    count: u32,
    life: u32,
    _life: Life,
}

impl Actor for Counter {
    type Context = Context<Self>;
}

struct Increment;
impl Message for Increment {
    type Result = (u32, u32);
}
impl Handles<Increment> for Counter {
    type Result = MessageResult<Increment>;

    fn handle(&mut self, Increment: Increment, _: &mut Self::Context) -> Self::Result {
        self.count += 1;
        MessageResult((self.life, self.count))
    }
}

struct Die(Option<(Landing<()>, Place)>);
impl Message for Die {
    type Result = ();
}
impl Handles<Die> for Counter {
    type Result = ();

    fn handle(&mut self, die: Die, _: &mut Self::Context) {
        panic!("scripted panic with {}", die.0.is_some());
    }
}

struct Wait(Arc<tokio::sync::Semaphore>);
impl Message for Wait {
    type Result = ();
}
impl Handles<Wait> for Counter {
    type Result = actix::ResponseFuture<()>;

    fn handle(&mut self, wait: Wait, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { wait.0.acquire().await.unwrap().forget() })
    }
}

fn start(restarts: usize, pause: Duration) -> (Handle<Counter>, Arbiter) {
    let arbiter = Arbiter::new();
    let catalog = Arc::new(telemetry::Catalog::silent());
    let (supervisor, deaths) = Supervisor::new(Arc::new(ManualClock::default()), catalog);
    arbiter.spawn(supervisor.run());
    let lives = AtomicU32::new(0);
    let child = Child::start_new(ChildParams {
        name: "counter",
        intensity: Intensity::new(restarts, MINUTE, pause),
        bound: 2,
        arbiter: arbiter.handle(),
        deaths,
        factory: Box::new(move |life| Counter {
            count: 0,
            life: lives.fetch_add(1, Ordering::SeqCst) + 1,
            _life: life,
        }),
    });
    (Handle::new(child), arbiter)
}

#[actix_rt::test]
async fn an_actor_that_panics_is_there_again_with_fresh_state() {
    let (handle, _arbiter) = start(100, MINUTE);
    assert_eq!(handle.call(Increment).await, Ok((1, 1)));
    assert_eq!(handle.call(Increment).await, Ok((1, 2)));
    assert_eq!(handle.call(Die(None)).await, Err(CallFailure::Down));
    assert_eq!(handle.call(Increment).await, Ok((2, 1)));
    assert_eq!(handle.child().restarts(), 1);
}

#[actix_rt::test]
async fn as_many_panics_in_a_row_as_the_table_allows_are_survived() {
    let (handle, _arbiter) = start(101, MINUTE);
    for life in 1..=101 {
        assert_eq!(handle.call(Increment).await, Ok((life, 1)));
        assert_eq!(handle.call(Die(None)).await, Err(CallFailure::Down));
    }
    assert_eq!(handle.call(Increment).await, Ok((102, 1)));
}

#[actix_rt::test]
async fn a_child_that_dies_too_often_is_down_and_its_callers_do_not_wait() {
    let (handle, _arbiter) = start(1, MINUTE);
    assert_eq!(handle.call(Die(None)).await, Err(CallFailure::Down));
    assert_eq!(handle.call(Increment).await, Ok((2, 1)));
    assert_eq!(handle.call(Die(None)).await, Err(CallFailure::Down));
    assert_eq!(handle.call(Increment).await, Err(CallFailure::Down));
    assert!(!handle.child().is_up());
}

#[actix_rt::test]
async fn a_child_that_is_down_is_tried_again_after_the_pause() {
    let (handle, _arbiter) = start(0, Duration::ZERO);
    assert_eq!(handle.call(Die(None)).await, Err(CallFailure::Down));
    let answer = loop {
        if let Ok(answer) = handle.call(Increment).await {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(answer, (2, 1));
}

#[actix_rt::test]
async fn a_handle_answers_busy_beyond_its_bound() {
    let (handle, _arbiter) = start(1, MINUTE);
    let release = Arc::new(tokio::sync::Semaphore::new(0));
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let (handle, release) = (handle.clone(), Arc::clone(&release));
            actix_rt::spawn(async move { handle.call(Wait(release)).await })
        })
        .collect();
    while handle.child().places.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(handle.call(Increment).await, Err(CallFailure::Busy));
    release.add_permits(2);
    for call in waiting {
        assert_eq!(call.await.unwrap(), Ok(()));
    }
    assert_eq!(handle.call(Increment).await, Ok((1, 1)));
}

#[actix_rt::test]
async fn a_message_lost_with_its_actor_tells_those_who_wait() {
    let (handle, _arbiter) = start(100, MINUTE);
    let (landing, flight) = depart();
    handle.tell(|place| Die(Some((landing, place)))).await.unwrap();
    assert_eq!(flight.wait().await, Err(Lost));
    // The flight is lost a moment before the actor is: one message more may go the same way, and waits for the death.
    let answer = match handle.call(Increment).await {
        Ok(answer) => Ok(answer),
        Err(_lost) => handle.call(Increment).await,
    };
    assert_eq!(answer, Ok((2, 1)));
    assert_eq!(handle.child().places.available_permits(), 2);
}

#[actix_rt::test]
async fn a_retired_child_stays_dead() {
    let (handle, _arbiter) = start(100, MINUTE);
    assert_eq!(handle.call(Increment).await, Ok((1, 1)));
    handle.child().retire();
    assert_eq!(handle.call(Increment).await, Err(CallFailure::Down));
}

#[test]
fn intensity_counts_within_its_window_only() {
    let pause = Duration::from_secs(5);
    let mut intensity = Intensity::new(2, MINUTE, pause);
    let at = Duration::from_secs;
    assert_eq!(intensity.record(at(0)), Verdict::Restart);
    assert_eq!(intensity.record(at(30)), Verdict::Restart);
    assert_eq!(intensity.record(at(61)), Verdict::Restart);
    assert_eq!(intensity.record(at(62)), Verdict::Escalate { pause });
    assert_eq!(intensity.record(at(63)), Verdict::Restart);
}
