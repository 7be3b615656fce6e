//! Memory of resident tenants: bytes a tenant at 100,000 residents, the time to load them, and that all are served from
//! memory. Beside it what an idle actix actor each would add, which is why there is none.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people at a terminal: it prints, and stops at the first surprise"
)]

use std::time::Duration;

use actix::{Actor, Context};
use domain::Clock;
use gateway::SystemClock;

use stage::{Stage, TENANTS, key_id, platform_key};

mod stage;

/// As in the program, so that the figures are those of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a resident tenant may cost in memory.
const MOST_BYTES: u64 = 2048;

fn main() {
    actix_rt::System::new().block_on(async {
        let clock = SystemClock::start();
        let stage = Stage::start();
        // One beforehand, so that what is made once is not counted.
        stage.load(TENANTS..TENANTS + 1).await;

        let (before, began) = (resident_bytes(), clock.monotonic());
        stage.load(0..TENANTS).await;
        let took = clock.monotonic().saturating_sub(began);
        let after = resident_bytes();
        let bytes = each(before, after);
        println!("{TENANTS} tenants loaded in {}, {} each", seconds(took), micros(took));
        println!("resident memory: {} before, {} after", mib(before), mib(after));
        let verdict = if bytes <= MOST_BYTES { "within" } else { "OVER" };
        println!("a resident tenant: {bytes} bytes, {verdict} the bound of {MOST_BYTES}");

        let is_absent = |number: &u32| {
            let key = platform_key(key_id(*number));
            stage.authenticate(key.text().expose()).is_none()
        };
        assert_eq!((0..TENANTS).filter(is_absent).count(), 0, "every key finds its tenant in memory");
        println!("every key finds its tenant in memory");

        let before = resident_bytes();
        let idle: Vec<actix::Addr<Idle>> = (0..TENANTS).map(|_| Idle.start()).collect();
        tokio::task::yield_now().await;
        println!("an idle actix actor, for comparison: {} bytes", each(before, resident_bytes()));
        drop(idle);
        stage.tree.stop().await;
    });
}

/// Returns the process's resident memory in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

fn each(before: u64, after: u64) -> u64 {
    after.saturating_sub(before) / u64::from(TENANTS)
}

fn mib(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn seconds(took: Duration) -> String {
    format!("{}.{:03} s", took.as_secs(), took.subsec_millis())
}

fn micros(took: Duration) -> String {
    format!("{} µs", took.as_micros() / u128::from(TENANTS))
}

struct Idle;
impl Actor for Idle {
    type Context = Context<Self>;
}
