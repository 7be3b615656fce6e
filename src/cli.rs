//! The command line: what can be started, and how it ends.

mod check_config;
mod migrate;

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::migrate::MigrateArgs;
use crate::config::{Config, LogFormat, Overrides};
use crate::dev::{self, Sandbox};
use crate::server::{self, RunError, Running};

/// The exit code of everything that a person can mend: a taken port, an unwritable folder, a wrong key, a bad setting.
const CANNOT_START: u8 = 2;

/// One API for Razorpay, PayPal, Stripe and Twilio: your .env in, payments and messages out.
#[derive(Debug, Parser)]
#[command(name = "unified-gateway", version, about, long_about = None, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  unified-gateway dev                                 try everything on this machine, no account needed
  unified-gateway dev --port 9000 --data-dir /tmp/gw  on another port, with its own data
  unified-gateway serve --config gateway.toml         serve real providers
  unified-gateway check-config --config gateway.toml  every setting, where it comes from, what is wrong
  unified-gateway migrate --config gateway.toml       the schema of a PostgreSQL database, before nodes start
  unified-gateway openapi > openapi.json              the API as OpenAPI 3.1
  unified-gateway providers                           which provider can do what";

const SERVE_EXAMPLES: &str = "Examples:
  unified-gateway serve --data-dir /var/lib/unified-gateway        one machine, the embedded store
  unified-gateway serve --config gateway.toml --listen 0.0.0.0:8443
  GATEWAY_STORE__ENGINE=postgres GATEWAY_STORE__POSTGRES__URL_FILE=/run/secrets/database \\
    unified-gateway serve --config gateway.toml                    a node of several, the secret in a file

SIGTERM stops it in order: not ready, no new connections, requests under way finish. A second one skips the wait in between.
SIGHUP reads the certificate again. Exit code 2: it cannot start, and says why.";

const CHECK_CONFIG_EXAMPLES: &str = "Examples:
  unified-gateway check-config --config gateway.toml
  GATEWAY_CALLS__DEADLINE_MS=5000 unified-gateway check-config | grep -v ' default '   what is set here

Takes what `serve` takes. Secrets are not shown. Exit code 0: it can be served; 2: it cannot, and every reason is told.";

const MIGRATE_EXAMPLES: &str = "Examples:
  GATEWAY_STORE__POSTGRES__OWNER_URL_FILE=/run/secrets/owner unified-gateway migrate --config gateway.toml
  unified-gateway migrate --url postgres://owner@db.internal/gateway --login gateway_node

Run it before nodes of a new version start. All in one commit: when it fails, the database is as it was, and the exit code is 2.
The owner's URL is for this command alone; nodes need store.postgres.url, of a role that owns nothing.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Gateway, simulated providers and embedded store in one process, for trying out and for developing against.
    Dev(DevArgs),
    /// The gateway with real providers.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Print every setting with its value, where it comes from and its default; tell all that is wrong or dangerous.
    #[command(after_help = CHECK_CONFIG_EXAMPLES)]
    CheckConfig(ServeArgs),
    /// Bring the schema of a PostgreSQL database up to date. Safe to run twice, and at several places at once.
    #[command(after_help = MIGRATE_EXAMPLES)]
    Migrate(MigrateArgs),
    /// Print the API's OpenAPI 3.1 document.
    Openapi,
    /// Print which provider can do which operation, as a Markdown table.
    Providers,
}

#[derive(Debug, Args)]
struct DevArgs {
    /// Port of the API, on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// First of the five ports of the simulated providers: control, Razorpay, PayPal, Stripe, Twilio.
    #[arg(long, default_value_t = 8090)]
    sandbox_port: u16,
    /// Port of /metrics and the health checks, on 127.0.0.1.
    #[arg(long, default_value_t = 9464)]
    admin_port: u16,
    /// Folder of the data and of the master key.
    #[arg(long, default_value = "./data")]
    data_dir: PathBuf,
    /// Use the `sandbox` process whose control port is here, instead of starting one inside.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "sandbox_port")]
    external_sandbox: Option<SocketAddr>,
    /// Forget all data first, and start over with a new demo tenant.
    #[arg(long)]
    fresh: bool,
    /// What is logged: tracing's filter syntax.
    #[arg(long, default_value = "warn,gateway=info")]
    log: String,
    /// A TOML file with settings that go over the defaults.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// A TOML file with settings; every setting has a default, and a variable of the environment
    /// (`GATEWAY_LISTEN__PUBLIC`) that goes over both.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Address of the API.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder of the data.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

impl ServeArgs {
    fn overrides(&self) -> Overrides {
        Overrides { public: self.listen, admin: None, folder: self.data_dir.clone() }
    }
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Dev(args) => finish(run_dev(&args)),
        Command::Serve(args) => finish(run_serve(&args)),
        Command::CheckConfig(args) => check_config::run(args.config.as_deref(), &args.overrides()),
        Command::Migrate(args) => finish(migrate::run(&args)),
        Command::Openapi => finish(print(&crate::http::openapi_document())),
        Command::Providers => finish(print(crate::abilities_table().trim_end())),
    }
}

fn finish(result: Result<(), RunError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when even this cannot be written.
            writeln!(std::io::stderr(), "unified-gateway: {error}").ok();
            ExitCode::from(CANNOT_START)
        }
    }
}

fn run_dev(args: &DevArgs) -> Result<(), RunError> {
    let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let overrides = Overrides {
        public: Some(loopback(args.port)),
        admin: Some(loopback(args.admin_port)),
        folder: Some(args.data_dir.clone()),
    };
    let mut config = Config::load(args.config.as_deref(), &overrides)?;
    config.listen.unready_seconds = 0;
    config.telemetry.format = LogFormat::Pretty;
    config.telemetry.filter.clone_from(&args.log);
    if args.fresh {
        dev::forget(&config.store.folder, &config.master_key_file())?;
    }
    let sandbox = match args.external_sandbox {
        Some(control) => Sandbox::external(control)?,
        None => Sandbox::start(args.sandbox_port)?,
    };
    let addresses = sandbox.addresses();
    dev::point_at_sandbox(&mut config, addresses);
    let welcome = async move |running: &Running| dev::welcome(running, addresses).await;
    let ended = server::run(config, welcome);
    // The providers go last: requests under way still need them.
    drop(sandbox);
    ended
}

fn run_serve(args: &ServeArgs) -> Result<(), RunError> {
    let config = Config::load(args.config.as_deref(), &args.overrides())?;
    server::run(config, async |_| Ok(()))
}

fn print(text: &str) -> Result<(), RunError> {
    writeln!(std::io::stdout(), "{text}").map_err(RunError::Output)
}
