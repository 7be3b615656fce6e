//! Measures what the gateway promises under trouble, prints a table, and fails where a promise is missed: calls that hang slow down
//! nobody else, and three times the load that fits costs neither what fits nor its order. `make overload`; wants a quiet machine.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for people at a terminal: it prints, and stops at the first surprise"
)]

use std::time::Duration;

use load::{Ask, Heard, closed, open};
use rig::Rig;

mod load;
mod rig;

/// As in the program, so that the figures are those of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LASTING: Duration = Duration::from_secs(15);
/// How long each provider takes.
const PROVIDER_MS: u32 = 20;
/// The same where places are what is scarce, and not the processor.
const SLOW_PROVIDER_MS: u32 = 100;
/// Places of the gateway where they are scarce.
const PLACES: u32 = 64;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let missed = runtime.block_on(async {
        let mut missed = isolation().await;
        missed.extend(overload().await);
        missed
    });
    println!();
    for promise in &missed {
        println!("MISSED: {promise}");
    }
    if missed.is_empty() {
        println!("every promise is kept");
    } else {
        std::process::exit(1);
    }
}

fn line(name: &str, heard: &mut Heard) -> Duration {
    let (p50, p99) = (heard.percentile(50), heard.percentile(99));
    println!(
        "{name:<52} {:>7} ok {:>7} refused {:>5} other   p50 {:>8}   p99 {:>8}",
        heard.ok(),
        heard.refused,
        heard.other,
        millis(p50),
        millis(p99)
    );
    p99
}

fn millis(duration: Duration) -> String {
    format!("{}.{:02} ms", duration.as_millis(), duration.subsec_micros() % 1000 / 10)
}

/// A merchant that hangs, then a provider: what others notice of it.
async fn isolation() -> Vec<String> {
    println!("== calls that hang: others' p99 within 1.5 times of what it is without");
    let rig = Rig::start(|config| config.calls.deadline_ms = 5_000, 2).await;
    let latency = async || {
        rig.calm_down().await;
        for provider in ["razorpay", "stripe"] {
            rig.fault(provider, None, &format!(r#"{{"latency_ms": {PROVIDER_MS}}}"#)).await;
        }
    };
    let (hanging, calm) = (rig.key(0), rig.key(1));
    let others = || vec![(Ask::order("razorpay", calm), 50), (Ask::order("stripe", calm), 50)];
    let trouble = || vec![(Ask::order("razorpay", hanging), 60)];
    let mut missed = Vec::new();
    let mut judge = |what: &str, without: Duration, with: Duration| {
        if with * 2 > without * 3 {
            missed.push(format!("{what}: p99 {} instead of {}", millis(with), millis(without)));
        }
    };

    latency().await;
    // Once beforehand: connections, pages, the store's files.
    open(&rig.api, others(), LASTING / 3).await;
    let mut before = open(&rig.api, others(), LASTING).await;
    let same = line("nothing hangs: another tenant, same provider", &mut before[0]);
    let other = line("nothing hangs: another tenant, other provider", &mut before[1]);

    rig.calm_down().await;
    rig.fault("razorpay", Some(&rig.merchant(0)), r#"{"kind": "hang"}"#).await;
    for provider in ["razorpay", "stripe"] {
        rig.fault(provider, None, &format!(r#"{{"latency_ms": {PROVIDER_MS}}}"#)).await;
    }
    let asks = trouble().into_iter().chain(others()).collect();
    let mut with = open(&rig.api, asks, LASTING).await;
    line("a merchant hangs: its own tenant", &mut with[0]);
    judge(
        "a merchant hangs, same provider",
        same,
        line("a merchant hangs: another tenant, same provider", &mut with[1]),
    );
    judge(
        "a merchant hangs, other provider",
        other,
        line("a merchant hangs: another tenant, other provider", &mut with[2]),
    );

    latency().await;
    rig.fault("razorpay", None, r#"{"kind": "hang"}"#).await;
    let asks = trouble().into_iter().chain(others()).collect();
    let mut with = open(&rig.api, asks, LASTING).await;
    line("a provider hangs: a tenant's calls to it", &mut with[0]);
    line("a provider hangs: another tenant's calls to it", &mut with[1]);
    judge(
        "a provider hangs, other provider",
        other,
        line("a provider hangs: calls to another provider", &mut with[2]),
    );
    missed
}

/// Three times what fits: what is served of it, how soon, and who is refused.
async fn overload() -> Vec<String> {
    println!(
        "\n== three times the capacity of {PLACES} places at a provider that takes {SLOW_PROVIDER_MS} ms"
    );
    let configure = |config: &mut gateway::Config| {
        (config.calls.in_flight, config.calls.in_flight_least) = (PLACES, PLACES);
    };
    let rig = Rig::start(configure, 1).await;
    let key = rig.key(0);
    let (order, intent) = rig.make_order(key).await;
    rig.fault("stripe", None, &format!(r#"{{"latency_ms": {SLOW_PROVIDER_MS}}}"#)).await;
    let write = Ask::order("stripe", key);
    closed(&rig.api, &write, PLACES, LASTING / 5).await;
    let mut fits = closed(&rig.api, &write, PLACES, LASTING).await;
    let usual = line("capacity: writes, as many at once as places", &mut fits);
    let per_second = per_second(&fits);
    println!("{:<52} {per_second} a second", "capacity");

    // Half of them writes, so that writes alone are more than fits.
    let share = |percent: u32| per_second * 3 * percent / 100;
    let asks = vec![
        (Ask::get("/v1/payments/orders", key), share(10)),
        (Ask::get(&format!("/v1/proxy/stripe/v1/payment_intents/{intent}"), key), share(15)),
        (Ask::get(&format!("/v1/payments/orders/{order}"), key), share(25)),
        (write, share(50)),
    ];
    let mut heard = open(&rig.api, asks, LASTING).await;
    let names = ["3 x: lists", "3 x: passthrough", "3 x: reads", "3 x: writes"];
    let mut missed = Vec::new();
    let mut served = 0;
    for (name, heard) in names.iter().zip(&mut heard) {
        let p99 = line(name, heard);
        served += heard.ok();
        if heard.ok() > 100 && p99 > usual * 2 {
            missed.push(format!("{name}: p99 {} where it is {}", millis(p99), millis(usual)));
        }
    }
    let goodput = u64::from(served) * 1000 / u64::try_from(LASTING.as_millis()).unwrap();
    println!("{:<52} {goodput} a second, {} % of capacity", "goodput", goodput * 100 / u64::from(per_second));
    if goodput * 100 < u64::from(per_second) * 90 {
        missed.push(format!("goodput {goodput} a second of {per_second}"));
    }
    let refused: Vec<u32> = heard.iter().map(Heard::refused_per_mille).collect();
    println!("{:<52} {refused:?}", "refused of a thousand: lists, passthrough, reads, writes");
    if !refused.is_sorted_by(|sooner, later| sooner >= later) {
        missed.push(format!("order of refusals: {refused:?}"));
    }
    let mut refusals = heard.into_iter().fold(Heard::default(), Heard::refusals_with);
    line("refusals: how soon", &mut refusals);
    missed
}

fn per_second(heard: &Heard) -> u32 {
    u32::try_from(u128::from(heard.ok()) * 1000 / LASTING.as_millis()).unwrap()
}
