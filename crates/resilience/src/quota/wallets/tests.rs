//! Wallets never spend more than was granted nor past its end, lease little for the quiet and more for the busy.

use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::from_secs(1_000);
const NODES: u32 = 3;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn limits(per_minute: u32, per_day: u32) -> RateLimits {
    RateLimits { per_minute, per_day }
}

fn lease(granted: u32, remaining: u32, retry_after: Duration) -> Lease {
    Lease { id: "lease".into(), granted, remaining, retry_after, reset_after: Duration::from_secs(60) }
}

/// Grants all that is asked for, and returns how much that was by the minute.
fn grant_all(wallets: &mut KeyWallets, limits: RateLimits, waiting: u32, now: Duration) -> u32 {
    let asks = wallets.ask(limits, NODES, waiting, now);
    for ask in asks.iter().flatten() {
        wallets.grant(ask, lease(ask.want, 1_000, Duration::ZERO));
    }
    asks[0].map_or(0, |ask| ask.want)
}

fn passes(wallets: &mut KeyWallets, limits: RateLimits, now: Duration) -> bool {
    matches!(wallets.spend(limits, now), Spending::Passed(_))
}

#[test]
fn a_quiet_key_leases_one_at_a_time_for_the_request_that_waits() {
    let (mut wallets, limits) = (KeyWallets::new(), limits(100_000, 10_000_000));
    for request in 0..10 {
        let now = NOW + ms(60_000) * request;
        assert_eq!(wallets.spend(limits, now), Spending::Empty);
        let asks = wallets.ask(limits, NODES, 1, now);
        assert!(asks.iter().flatten().all(|ask| ask.want == 1 && ask.spend_within.is_zero()));
        asks.iter().flatten().for_each(|ask| wallets.grant(ask, lease(1, 5, Duration::ZERO)));
        assert!(passes(&mut wallets, limits, now + ms(3)));
        assert_eq!(wallets.drain(now + ms(3)), []);
    }
}

#[test]
fn a_busy_key_leases_twice_as_much_each_time_up_to_a_hundredth_of_its_limit() {
    let (mut wallets, limits) = (KeyWallets::new(), limits(6_000, 6_000));
    let mut leased = Vec::new();
    let mut now = NOW;
    for _ in 0..400 {
        if !passes(&mut wallets, limits, now) {
            leased.push(grant_all(&mut wallets, limits, 1, now));
            assert!(passes(&mut wallets, limits, now));
            wallets.drain(now);
        } else if wallets.is_low(now) {
            leased.push(grant_all(&mut wallets, limits, 0, now));
        }
        now += ms(1);
    }
    leased.retain(|lease| *lease > 0);
    assert_eq!(leased[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn the_more_nodes_the_less_each_leases() {
    let most = |nodes, per_minute| {
        let (mut wallets, limits) = (KeyWallets::new(), limits(per_minute, 1_000_000_000));
        let mut most = 0;
        for step in 0..40 {
            let asks = wallets.ask(limits, nodes, 1, NOW + ms(step));
            most = most.max(asks[0].map_or(0, |ask| ask.want));
        }
        most
    };
    assert_eq!((most(1, 6_000), most(3, 6_000), most(10, 6_000)), (60, 60, 20));
    assert_eq!((most(1, 200), most(1, 201), most(1, 300), most(10, 300)), (1, 2, 3, 1));
    assert_eq!((most(0, 6_000), most(u32::MAX, 6_000)), (60, 1));
}

#[test]
fn all_who_wait_are_leased_for_at_once() {
    let (mut wallets, limits) = (KeyWallets::new(), limits(100, 1_000));
    assert_eq!(grant_all(&mut wallets, limits, 50, NOW), 50);
    assert!((0..50).all(|_| passes(&mut wallets, limits, NOW)));
    assert_eq!(wallets.spend(limits, NOW), Spending::Empty);
}

#[test]
fn what_is_left_past_its_end_is_given_back_and_not_spent() {
    let (mut wallets, limits) = (KeyWallets::new(), limits(6_000, 6_000));
    for step in 0..3 {
        grant_all(&mut wallets, limits, 1, NOW + ms(step));
        assert!(passes(&mut wallets, limits, NOW + ms(step)));
        wallets.drain(NOW + ms(step));
        while !wallets.is_low(NOW + ms(step)) && passes(&mut wallets, limits, NOW + ms(step)) {}
    }
    let end = wallets.next_end().unwrap();
    assert!(passes(&mut wallets, limits, end));
    let past = end + ms(1_000);
    assert_eq!(wallets.spend(limits, past), Spending::Empty);
    let unspent = wallets.drain(past);
    assert!(unspent.iter().any(|unspent| unspent.window == QuotaWindow::Minute && unspent.requests > 0));
    assert_eq!(wallets.drain(past), []);
}

#[test]
fn when_the_day_refuses_the_minutes_request_is_not_lost() {
    let (mut wallets, limits) = (KeyWallets::new(), limits(100, 1_000));
    let [minute, day] = wallets.ask(limits, NODES, 1, NOW).map(Option::unwrap);
    wallets.grant(&minute, lease(1, 99, Duration::ZERO));
    wallets.grant(&day, lease(0, 0, ms(5_000)));
    let Spending::Exceeded(exceeded) = wallets.spend(limits, NOW) else { panic!("passed") };
    assert_eq!((exceeded.which, exceeded.retry_after), (QuotaWindow::Day, ms(5_000)));
    assert_eq!((exceeded.allowance.minute.remaining, exceeded.allowance.day.remaining), (100, 0));
    let unspent = Unspent { window: QuotaWindow::Minute, lease: "lease".into(), requests: 1 };
    assert_eq!(wallets.drain(NOW), [unspent]);
}

#[test]
fn a_refusal_is_believed_for_a_second_at_most() {
    for (told, believed) in [(ms(300), ms(300)), (ms(20_000), ms(1_000)), (ms(0), ms(1))] {
        let (mut wallets, limits) = (KeyWallets::new(), limits(100, 1_000));
        let [minute, day] = wallets.ask(limits, NODES, 1, NOW).map(Option::unwrap);
        wallets.grant(&minute, lease(0, 0, told));
        wallets.grant(&day, lease(1, 0, Duration::ZERO));
        let last = NOW + believed - Duration::from_nanos(1);
        let Spending::Exceeded(exceeded) = wallets.spend(limits, last) else { panic!("passed") };
        assert_eq!(exceeded.which, QuotaWindow::Minute);
        assert!(exceeded.retry_after > Duration::ZERO);
        assert!(wallets.ask(limits, NODES, 1, last)[0].is_none());
        wallets.drain(last);
        assert_eq!(wallets.spend(limits, NOW + believed), Spending::Empty);
    }
}

#[test]
fn where_both_refuse_the_longer_wait_is_told() {
    for (minute_ms, day_ms, which) in [(100, 200, QuotaWindow::Day), (200, 100, QuotaWindow::Minute)] {
        let (mut wallets, limits) = (KeyWallets::new(), limits(100, 1_000));
        let [minute, day] = wallets.ask(limits, NODES, 1, NOW).map(Option::unwrap);
        wallets.grant(&minute, lease(0, 0, ms(minute_ms)));
        wallets.grant(&day, lease(0, 0, ms(day_ms)));
        let Spending::Exceeded(exceeded) = wallets.spend(limits, NOW) else { panic!("passed") };
        assert_eq!((exceeded.which, exceeded.retry_after), (which, ms(200)));
        assert_eq!(exceeded.exceeded().remaining, 0);
    }
}

#[test]
fn a_lessor_that_did_not_answer_is_left_alone_for_a_moment() {
    let (mut wallets, limits) = (KeyWallets::new(), limits(100, 1_000));
    let asks = wallets.ask(limits, NODES, 1, NOW);
    asks.iter().flatten().for_each(|ask| wallets.miss(ask, NOW));
    assert_eq!(wallets.spend(limits, NOW + ms(99)), Spending::Away);
    assert_eq!(wallets.ask(limits, NODES, 9, NOW + ms(99)), [None, None]);
    assert_eq!(wallets.spend(limits, NOW + ms(100)), Spending::Empty);
}

#[test]
fn other_limits_hold_from_the_next_lease_on() {
    let mut wallets = KeyWallets::new();
    let asks = wallets.ask(limits(100, 1_000), NODES, 1, NOW);
    assert_eq!(asks.map(|ask| ask.unwrap().limit), [100, 1_000]);
    asks.iter().flatten().for_each(|ask| wallets.grant(ask, lease(1, 0, Duration::ZERO)));
    assert!(passes(&mut wallets, limits(50, 0), NOW));
    let asks = wallets.ask(limits(50, 0), NODES, 1, NOW);
    assert_eq!(asks.map(|ask| ask.unwrap().limit), [50, 1]);
}

#[test]
fn what_is_left_is_what_is_leased_and_what_was_heard_of_the_rest() {
    let (mut wallets, limits) = (KeyWallets::new(), limits(100, 1_000));
    let [minute, day] = wallets.ask(limits, NODES, 2, NOW).map(Option::unwrap);
    wallets.grant(&minute, lease(2, 40, Duration::ZERO));
    wallets.grant(&day, lease(2, 700, Duration::ZERO));
    let Spending::Passed(allowance) = wallets.spend(limits, NOW) else { panic!("refused") };
    assert_eq!((allowance.minute.remaining, allowance.day.remaining), (41, 701));
    assert_eq!((allowance.minute.limit, allowance.minute.reset_after), (100, ms(60_000)));
    let later = wallets.allowance(limits, NOW + ms(60_000));
    assert_eq!((later.minute.remaining, later.minute.reset_after), (100, ms(0)));
}

/// What may happen to wallets.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Spend,
    /// So many wait; the answers take a while, and grant so many of a hundred wanted.
    Lease {
        waiting: u32,
        took_ms: u64,
        percent: [Option<u32>; 2],
    },
    Drain,
}

fn step() -> impl Strategy<Value = Step> {
    let percent = || proptest::option::weighted(0.8, 0_u32..=100);
    prop_oneof![
        2 => (0_u64..3_000).prop_map(Step::Wait),
        6 => Just(Step::Spend),
        3 => (0_u32..5, 0_u64..1_500, percent(), percent()).prop_map(|(waiting, took_ms, minute, day)| {
            Step::Lease { waiting, took_ms, percent: [minute, day] }
        }),
        1 => Just(Step::Drain),
    ]
}

/// What was granted of one limit and may still be spent: how many, and until when.
#[derive(Debug, Default)]
struct Granted(Vec<(u32, Option<Duration>)>);

impl Granted {
    fn spend(&mut self, now: Duration) -> bool {
        let may = |(left, end): &&mut (u32, Option<Duration>)| *left > 0 && end.is_none_or(|end| now <= end);
        self.0.iter_mut().find(may).map(|(left, _)| *left -= 1).is_some()
    }

    fn drain(&mut self, now: Duration) -> u32 {
        let is_over = |(_, end): &(u32, Option<Duration>)| end.is_none_or(|end| now > end);
        let over: u32 = self.0.iter().filter(|granted| is_over(granted)).map(|(left, _)| *left).sum();
        self.0.retain(|granted| !is_over(granted));
        over
    }
}

proptest! {
    #[test]
    fn never_is_more_spent_than_granted_nor_past_its_end_and_the_rest_is_given_back(
        per_minute in 1_u32..3_000,
        steps in proptest::collection::vec(step(), 1..300),
    ) {
        let limits = limits(per_minute, 5_000);
        let mut wallets = KeyWallets::new();
        let mut granted: [Granted; 2] = Default::default();
        let mut now = NOW;
        for step in steps {
            match step {
                Step::Wait(wait_ms) => now += ms(wait_ms),
                Step::Spend => if passes(&mut wallets, limits, now) {
                    prop_assert!(granted[0].spend(now) && granted[1].spend(now));
                },
                Step::Lease { waiting, took_ms, percent } => {
                    let asks = wallets.ask(limits, NODES, waiting, now);
                    now += ms(took_ms);
                    for ((ask, percent), granted) in asks.iter().zip(percent).zip(&mut granted) {
                        let Some(ask) = ask else { continue };
                        let Some(percent) = percent else { wallets.miss(ask, now); continue };
                        let count = ask.want * percent / 100;
                        wallets.grant(ask, lease(count, 0, ms(if count < ask.want { 700 } else { 0 })));
                        let end = ask.asked_at + ask.spend_within;
                        match ask.spend_within.is_zero() {
                            true => granted.0.insert(0, (count, None)),
                            false => granted.0.push((count, Some(end))),
                        }
                    }
                    for _ in 0..waiting {
                        if passes(&mut wallets, limits, now) {
                            prop_assert!(granted[0].spend(now) && granted[1].spend(now));
                        }
                    }
                    check_drain(&mut wallets, &mut granted, now)?;
                }
                Step::Drain => check_drain(&mut wallets, &mut granted, now)?,
            }
        }
    }
}

fn check_drain(
    wallets: &mut KeyWallets,
    granted: &mut [Granted; 2],
    now: Duration,
) -> Result<(), TestCaseError> {
    let unspent = wallets.drain(now);
    for (window, granted) in [QuotaWindow::Minute, QuotaWindow::Day].into_iter().zip(granted) {
        let of_window = unspent.iter().filter(|unspent| unspent.window == window);
        prop_assert_eq!(of_window.map(|unspent| unspent.requests).sum::<u32>(), granted.drain(now));
    }
    prop_assert!(unspent.iter().all(|unspent| unspent.requests > 0));
    Ok(())
}
