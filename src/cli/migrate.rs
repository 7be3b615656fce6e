//! `migrate`: brings the schema of a PostgreSQL database up to date, as the role that owns its tables.

use std::io::Write;

use clap::Args;
use domain::Secret;
use store_postgres::{MigrateOptions, MigrateReport};

use crate::config::{Config, read_authorities};
use crate::server::RunError;

/// What the command line may say.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    /// A TOML file with settings, and variables of the environment over it, as `serve` takes them.
    #[arg(long)]
    config: Option<std::path::PathBuf>,
    /// URL of the database, for the role that owns the tables. Others on this machine can see it while this runs: the
    /// setting `store.postgres.owner_url` and its `owner_url_file` keep it to themselves.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The role that nodes sign in as. It is made without a password when it is missing, and given the rights of a node.
    /// Left out: the user of `store.postgres.url`, where another role owns the tables.
    #[arg(long, value_name = "ROLE")]
    login: Option<Box<str>>,
}

/// Applies what is missing, and prints it.
///
/// # Errors
/// [`RunError::Config`], [`RunError::Migrate`]: the database is as it was.
pub(super) fn run(args: &MigrateArgs) -> Result<(), RunError> {
    let config = Config::load_for_migration(args.config.as_deref(), args.url.as_deref())?;
    let postgres = &config.store.postgres;
    let owner = postgres.owner().ok_or_else(|| {
        RunError::Migrate(
            "no database is named: set store.postgres.owner_url (GATEWAY_STORE__POSTGRES__OWNER_URL) or owner_url_file, or give --url"
                .to_owned(),
        )
    })?;
    let login = args.login.clone().or_else(|| node_role(postgres.url.as_ref(), owner));
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let ca_pem = read_authorities(postgres.ca_file.as_deref())
        .map_err(|error| RunError::Migrate(error.to_string()))?;
    let work = store_postgres::migrate(owner.expose(), MigrateOptions { login, ca_pem });
    let report = actix_rt::System::new().block_on(work).map_err(|error| RunError::Migrate(told(&error)))?;
    write(&mut std::io::stdout().lock(), &report).map_err(RunError::Output)
}

/// Returns the role of nodes, where it is another than the owner and its name needs no decoding.
fn node_role(node: Option<&Secret>, owner: &Secret) -> Option<Box<str>> {
    let user = |url: &Secret| Some(url::Url::parse(url.expose()).ok()?.username().to_owned());
    let name = user(node?)?;
    let is_another = user(owner).as_ref() != Some(&name);
    (is_another && !name.is_empty() && !name.contains('%')).then(|| name.into_boxed_str())
}

/// Words an error with its causes, in one sentence.
fn told(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_words = cause.to_string();
        if !words.ends_with(&cause_words) {
            words = format!("{words}: {cause_words}");
        }
        next = cause.source();
    }
    words.replace('\n', " ")
}

fn write(out: &mut impl Write, report: &MigrateReport) -> std::io::Result<()> {
    for name in &report.applied {
        writeln!(out, "applied {name}")?;
    }
    let version = report.version;
    match report.applied.len() {
        0 => writeln!(out, "nothing to do: the schema is version {version} already")?,
        _ => writeln!(out, "the schema is version {version} now")?,
    }
    out.flush()
}
