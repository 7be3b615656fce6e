//! Random schedules of leases: over any window no more is spent than the limit, and what is free is granted.

use std::time::Duration;

use domain::QuotaWindow;
use domain::ports::{LeaseRequest, QuotaLeases};

use super::super::samples;
use super::leases::Passing;

/// Steps of a schedule: with the first, no leases are ever counted together.
const STEPS: [u64; 2] = [120, 700];
/// So many leases are counted one by one.
const COUNTED_EXACTLY: usize = 200;
const SLICES: u64 = 200;

/// What a lease allowed, in milliseconds of the time that was let pass.
struct Granted {
    at_ms: u64,
    last_spent_ms: u64,
    count: u64,
}

/// Runs a schedule for each of these seeds.
pub async fn never_spend_too_much(leases: &dyn QuotaLeases, time: &dyn Passing, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        run(leases, time, seed).await;
    }
}

async fn run(leases: &dyn QuotaLeases, time: &dyn Passing, seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let window = random.one_of([QuotaWindow::Minute, QuotaWindow::Day]);
    let window_ms = millis(window.length());
    let limit = random.one_of([1, 3, 50, 150, 5_000]);
    let key = samples::id();
    let started = time.passed_by_itself();
    let (mut now_ms, mut granted) = (0, Vec::<Granted>::new());
    for step in 0..random.one_of(STEPS) {
        if random.below(4) > 0 {
            let longest_ms = window_ms / random.one_of([40, 1_000, 4_000]);
            let by_ms = random.below(longest_ms);
            time.pass(key, window, Duration::from_millis(by_ms)).await;
            now_ms += by_ms;
        }
        let spend_within_ms = random.one_of([0, 1, 2]) * random.below(window_ms / 6);
        let most = random.one_of([3, u64::from(limit)]);
        let want = 1 + random.below(most);
        let request = LeaseRequest {
            key,
            window,
            limit,
            want: u32::try_from(want).unwrap(),
            spend_within: Duration::from_millis(spend_within_ms),
        };
        let lease = leases.lease(request).await.unwrap();
        let count = u64::from(lease.granted);
        // More time may have passed than was let pass, never less.
        let drift_ms = millis(time.passed_by_itself().saturating_sub(started)) + 1;
        let held = |window_ms: u64| -> u64 {
            let holds = |old: &&Granted| old.last_spent_ms + window_ms > now_ms;
            granted.iter().filter(holds).map(|old| old.count).sum()
        };
        let certain = held(window_ms.saturating_sub(drift_ms));
        assert!(
            certain + count <= u64::from(limit),
            "seed {seed}, step {step}: {certain}, {count} of {limit}"
        );
        let late_ms = if granted.len() < COUNTED_EXACTLY { 1 } else { window_ms / SLICES + 1 };
        let free = u64::from(limit).saturating_sub(held(window_ms + late_ms));
        assert!(count >= want.min(free), "seed {seed}, step {step}: {count} of {want}, {free} are free");
        let unspent = if random.below(3) == 0 { random.below(count + 1) } else { 0 };
        leases.give_back(key, window, &lease.id, u32::try_from(unspent).unwrap()).await.unwrap();
        granted.push(Granted {
            at_ms: now_ms,
            last_spent_ms: now_ms + spend_within_ms,
            count: count - unspent,
        });
    }
    let drift_ms = millis(time.passed_by_itself().saturating_sub(started)) + 1;
    any_window_is_within(&granted, limit, window_ms.saturating_sub(drift_ms));
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// Spends the leases in the worst way: those before a moment as late as they may be, those after it at once.
fn any_window_is_within(granted: &[Granted], limit: u32, window_ms: u64) {
    for newest in granted {
        let moment_ms = newest.at_ms;
        let spent: u64 = granted
            .iter()
            .filter(|lease| lease.at_ms <= moment_ms && lease.last_spent_ms + window_ms > moment_ms)
            .map(|lease| lease.count)
            .sum();
        assert!(spent <= u64::from(limit), "{spent} of {limit} may be spent around {moment_ms} ms");
    }
}

/// A stream of numbers that is the same each time (xorshift).
struct Random(u64);

impl Random {
    /// Returns a number below `bound`, zero where that is zero.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11).checked_rem(bound).unwrap_or(0)
    }

    fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        *choices.get(usize::try_from(self.below(N.try_into().unwrap())).unwrap()).unwrap()
    }
}
