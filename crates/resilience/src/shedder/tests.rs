//! Places never leak, the limit holds, and whoever is less important is refused first; by examples, threads and laws.

use proptest::prelude::*;

use super::*;

use RequestClass::{Analytics, Passthrough, Read, Write};

fn shedder(least: u32, most: u32) -> Arc<Shedder> {
    let settings = ShedderSettings { least, most, lag: Duration::from_millis(20) };
    Arc::new(Shedder::try_new(settings).unwrap())
}

fn enter(shedder: &Arc<Shedder>, class: RequestClass, times: usize) -> Vec<Place> {
    (0..times).map_while(|_| Shedder::try_enter(shedder, class).ok()).collect()
}

/// Returns the classes that would be let in now.
fn welcome(shedder: &Arc<Shedder>) -> Vec<RequestClass> {
    RequestClass::ALL.into_iter().filter(|class| Shedder::try_enter(shedder, *class).is_ok()).collect()
}

#[test]
fn classes_are_refused_one_after_the_other_as_it_fills() {
    let shedder = shedder(20, 20);
    let mut places = Vec::new();
    for (under_way, expected) in [
        (9, vec![Analytics, Passthrough, Read, Write]),
        (10, vec![Passthrough, Read, Write]),
        (13, vec![Passthrough, Read, Write]),
        (14, vec![Read, Write]),
        (16, vec![Read, Write]),
        (17, vec![Write]),
        (19, vec![Write]),
        (20, vec![]),
    ] {
        places.extend(enter(&shedder, Write, under_way - places.len()));
        assert_eq!(welcome(&shedder), expected, "{under_way} under way");
    }
    let refused = Shedder::try_enter(&shedder, Write).unwrap_err();
    assert_eq!(refused, Shed { class: Write, retry_after: Duration::from_secs(1) });
    drop(places);
    assert_eq!(welcome(&shedder), RequestClass::ALL);
}

#[test]
fn the_smallest_limit_lets_one_in_of_whatever_class() {
    let shedder = shedder(1, 1);
    for class in RequestClass::ALL {
        let place = Shedder::try_enter(&shedder, class).unwrap();
        assert_eq!(welcome(&shedder), []);
        drop(place);
    }
}

#[test]
fn what_is_told_of_it_is_what_happened() {
    let shedder = shedder(10, 10);
    let (reads, writes) = (enter(&shedder, Read, 3), enter(&shedder, Write, 4));
    assert!(Shedder::try_enter(&shedder, Analytics).is_err());
    assert!(Shedder::try_enter(&shedder, Analytics).is_err());
    assert!(Shedder::try_enter(&shedder, Passthrough).is_err());
    let told = shedder.observe();
    assert_eq!(
        told,
        ShedderObservation { limit: 10, under_way: 7, by_class: [0, 0, 3, 4], shed: [2, 1, 0, 0] }
    );
    drop((reads, writes));
    assert_eq!((shedder.observe().under_way, shedder.observe().by_class), (0, [0; 4]));
}

#[test]
fn places_of_a_request_that_panics_are_free_again() {
    let shedder = shedder(5, 5);
    let inside = Arc::clone(&shedder);
    let thread = std::thread::spawn(move || {
        let _place = Shedder::try_enter(&inside, Write).unwrap();
        panic!("as a handler might");
    });
    assert!(thread.join().is_err());
    assert_eq!(shedder.observe().under_way, 0);
}

#[test]
fn threads_never_hold_more_places_than_there_are() {
    let shedder = shedder(8, 8);
    let most = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for number in 0..8_usize {
            let (shedder, most) = (&shedder, &most);
            scope.spawn(move || {
                for round in 0..5_000 {
                    let class = RequestClass::ALL[(number + round) % 4];
                    if let Ok(place) = Shedder::try_enter(shedder, class) {
                        most.fetch_max(shedder.observe().under_way, Ordering::Relaxed);
                        drop(place);
                    }
                }
            });
        }
    });
    assert!(most.load(Ordering::Relaxed) <= 8);
    assert_eq!((shedder.observe().under_way, shedder.observe().by_class), (0, [0; 4]));
}

#[test]
fn a_limit_that_shrinks_throws_nobody_out() {
    let shedder = shedder(10, 100);
    let mut places = enter(&shedder, Write, 100);
    shedder.adapt(Duration::from_secs(1), Duration::from_secs(1));
    assert_eq!((shedder.observe().limit, shedder.observe().under_way), (80, 100));
    places.truncate(80);
    assert!(Shedder::try_enter(&shedder, Write).is_err());
    places.pop();
    assert!(Shedder::try_enter(&shedder, Write).is_ok());
}

/// Something that happens to a shedder.
#[derive(Debug, Clone)]
enum Step {
    Enter(RequestClass),
    Leave(usize),
    Adapt { lag_ms: u64, passed_ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0_usize..4).prop_map(|class| Step::Enter(RequestClass::ALL[class])),
        3 => any::<usize>().prop_map(Step::Leave),
        1 => (0_u64..40, 0_u64..300).prop_map(|(lag_ms, passed_ms)| Step::Adapt { lag_ms, passed_ms }),
    ]
}

proptest! {
    #[test]
    fn places_never_leak_bounds_hold_and_the_order_is_kept(
        steps in proptest::collection::vec(step(), 1..400),
        (least, more) in (1_u32..20, 0_u32..40),
    ) {
        let shedder = shedder(least, least + more);
        let mut places: Vec<(RequestClass, Place)> = Vec::new();
        let mut now = Duration::from_secs(1);
        for step in steps {
            match step {
                Step::Enter(class) => {
                    let before = shedder.observe();
                    let bound = (before.limit * class.share_percent() / 100).max(1);
                    match Shedder::try_enter(&shedder, class) {
                        Ok(place) => {
                            prop_assert!(before.under_way < bound);
                            places.push((class, place));
                        }
                        Err(shed) => {
                            prop_assert_eq!(shed.class, class);
                            prop_assert!(before.under_way >= bound);
                        }
                    }
                }
                Step::Leave(which) if !places.is_empty() => drop(places.swap_remove(which % places.len())),
                Step::Leave(_) => {}
                Step::Adapt { lag_ms, passed_ms } => {
                    now += Duration::from_millis(passed_ms);
                    shedder.adapt(Duration::from_millis(lag_ms), now);
                }
            }
            let told = shedder.observe();
            prop_assert!((least..=least + more).contains(&told.limit));
            prop_assert_eq!(usize::try_from(told.under_way).unwrap(), places.len());
            for (class, count) in RequestClass::ALL.into_iter().zip(told.by_class) {
                prop_assert_eq!(places.iter().filter(|(of, _)| *of == class).count(), usize::try_from(count).unwrap());
            }
            // Whoever is let in, all that are more important are, too.
            let welcome = welcome(&shedder);
            prop_assert!(RequestClass::ALL.ends_with(&welcome), "{welcome:?}");
        }
        places.clear();
        prop_assert_eq!(shedder.observe().under_way, 0);
    }
}
