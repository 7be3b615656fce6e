//! The command `sandbox`: starts the four simulated providers and prints where they are.

use std::{
    io::{self, Write},
    net::IpAddr,
    process::ExitCode,
};

use anyhow::Context;
use clap::Parser;
use sandbox::{Addresses, Options, StartError};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Razorpay, PayPal, Stripe and Twilio on your own machine, simulated from their documentation.
///
/// Five ports in a row: control (and the payer's pages), Razorpay, PayPal, Stripe, Twilio. Any credentials of the
/// right form are taken: a new key id is a new merchant with its own state, and the first secret seen with it is the
/// right one from then on. Nothing is stored; everything is forgotten at the end.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version, after_help = EXAMPLES)]
struct Arguments {
    /// The control port P; Razorpay, PayPal, Stripe and Twilio take P+1 to P+4. 0 takes five free ports.
    #[arg(long, default_value_t = 8090, value_name = "P")]
    port: u16,
    /// The address to listen on. Anything but loopback lets others use the control calls.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Makes ids repeatable and stops the clock at 2026-01-05T10:00:00Z; POST /_control/advance moves it.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Keeps no calls and no single effects, only counts: for load tests.
    #[arg(long)]
    no_record: bool,
    /// The life of a PayPal access token, in seconds.
    #[arg(long, default_value_t = 32_400, value_name = "SECONDS")]
    token_lifetime: u64,
}

const EXAMPLES: &str = "\
Examples:
  sandbox                                   # control on 8090, providers on 8091 to 8094
  sandbox --port 0                          # five free ports, printed at the start
  sandbox --seed 1                          # the same ids and times every time

Create an order, pay it, see what happened:
  curl -u rzp_test_00000000000000:secret http://127.0.0.1:8091/v1/orders \\
       -H 'Content-Type: application/json' -d '{\"amount\": 50000, \"currency\": \"INR\"}'
  curl -X POST http://127.0.0.1:8090/_control/orders/razorpay/ORDER_ID/pay
  curl http://127.0.0.1:8090/_control/effects

Make the next capture at Stripe fail after it was executed:
  curl -X PUT http://127.0.0.1:8090/_control/faults \\
       -d '{\"provider\": \"stripe\", \"operation\": \"orders.capture\", \"times\": 1, \"fault\": {\"kind\": \"execute_then_reset\"}}'";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error closed: there is nobody left to tell.
            writeln!(io::stderr(), "sandbox: {error:#}").ok();
            let is_start = error.downcast_ref::<StartError>().is_some();
            if is_start { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let sandbox = sandbox::start(Options {
        host: arguments.host,
        port: arguments.port,
        seed: arguments.seed,
        record_calls: !arguments.no_record,
        token_lifetime_seconds: arguments.token_lifetime,
    })?;
    greet(sandbox.addresses()).context("cannot write to standard output")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot wait for Ctrl-C")?;
    runtime.block_on(wait_for_the_end()).context("cannot wait for Ctrl-C")?;
    sandbox.stop();
    Ok(())
}

fn greet(addresses: Addresses) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "The sandbox is running; no real money moves.\n")?;
    for (name, address) in [
        ("control", addresses.control),
        ("razorpay", addresses.razorpay),
        ("paypal", addresses.paypal),
        ("stripe", addresses.stripe),
        ("twilio", addresses.twilio),
    ] {
        writeln!(out, "  {name:<9} http://{address}")?;
    }
    writeln!(out, "\nTry it:\n")?;
    writeln!(out, "  curl -u rzp_test_00000000000000:secret http://{}/v1/orders \\", addresses.razorpay)?;
    writeln!(
        out,
        "       -H 'Content-Type: application/json' -d '{{\"amount\": 50000, \"currency\": \"INR\"}}'"
    )?;
    writeln!(out, "\nsandbox --help shows more; Ctrl-C ends it.")?;
    out.flush()
}

#[cfg(unix)]
async fn wait_for_the_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn wait_for_the_end() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
