//! How to reach the server, and what the driver makes of it.

use std::time::Duration;

use domain::Secret;
use tokio_postgres::Config;

use crate::ConnectError;

/// How long a silent connection is trusted before the peer is asked whether it still lives.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;
const APPLICATION_NAME: &str = "unified-gateway";

/// How to reach the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// `postgres://user:password@host:port/database?sslmode=…`. With `require`, `verify-ca` or `verify-full` nothing is sent
    /// without TLS; with `prefer`, which is the default, TLS is used where the server has it; with `disable` never. Where TLS
    /// is used, the server's certificate and name are verified.
    pub url: Secret,
    /// Connections at most; at least 1.
    pub pool_size: u32,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long a caller waits for a connection.
    pub checkout_timeout: Duration,
    /// How long one piece of work may take, its commit included.
    pub statement_timeout: Duration,
    /// A connection is closed at this age.
    pub max_lifetime: Duration,
    /// Whether a statement may outlive its transaction. To be off behind a pooler that gives each transaction another
    /// connection of the server. Off, log rows are inserted; on, they are copied in, which is faster. Everything else is sent
    /// unprepared, in one round trip, either way.
    pub prepared_statements: bool,
    /// The certificate authorities that may have signed the server's certificate, as PEM, instead of the system's.
    pub ca_pem: Option<Box<[u8]>>,
    /// How many days log rows are kept.
    pub retention_days: u32,
}

/// Returns the driver's settings for a node's connections.
pub(crate) fn driver_config(options: &Options) -> Result<Config, ConnectError> {
    let mut config = read_url(options.url.expose())?;
    config
        .connect_timeout(options.connect_timeout)
        .tcp_user_timeout(options.statement_timeout)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES);
    Ok(config)
}

/// Reads an address for the driver.
pub(crate) fn read_url(url: &str) -> Result<Config, ConnectError> {
    let mut config: Config = with_known_sslmode(url)?.parse().map_err(|_unsaid| ConnectError::Url)?;
    if config.get_application_name().is_none() {
        config.application_name(APPLICATION_NAME);
    }
    Ok(config)
}

/// Writes the modes that the driver does not know as the one that says the same here, where every certificate is verified.
fn with_known_sslmode(url: &str) -> Result<String, ConnectError> {
    const KEY: &str = "sslmode=";
    let Some((before, rest)) = url.split_once(KEY) else { return Ok(url.to_owned()) };
    let end = rest.find(|letter: char| !letter.is_ascii_alphabetic() && letter != '-').unwrap_or(rest.len());
    let (mode, after) = rest.split_at_checked(end).ok_or(ConnectError::Url)?;
    let known = match mode {
        "disable" | "prefer" | "require" => mode,
        "verify-ca" | "verify-full" => "require",
        _ => return Err(ConnectError::SslMode),
    };
    Ok(format!("{before}{KEY}{known}{after}"))
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::*;

    fn options(url: &str) -> Options {
        Options {
            url: Secret::new(url),
            pool_size: 4,
            connect_timeout: Duration::from_secs(1),
            checkout_timeout: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(1),
            max_lifetime: Duration::from_secs(60),
            prepared_statements: true,
            ca_pem: None,
            retention_days: 30,
        }
    }

    #[test]
    fn every_mode_that_asks_for_a_certificate_makes_tls_a_must() {
        let mode = |url: &str| driver_config(&options(url)).unwrap().get_ssl_mode();
        for word in ["require", "verify-ca", "verify-full"] {
            assert_eq!(
                mode(&format!("postgres://u:p@h/d?sslmode={word}&connect_timeout=3")),
                SslMode::Require
            );
            assert_eq!(mode(&format!("host=h user=u sslmode={word} dbname=d")), SslMode::Require);
        }
        assert_eq!(mode("postgres://u:p@h/d"), SslMode::Prefer);
        assert_eq!(mode("postgres://u:p@h/d?sslmode=prefer"), SslMode::Prefer);
        assert_eq!(mode("postgres://u:p@h/d?sslmode=disable"), SslMode::Disable);
    }

    #[test]
    fn a_wrong_address_is_refused_and_not_shown() {
        for url in ["postgres://u:hunter2@h:port/d", "postgres://u:hunter2@h/d?sslmode=allow", "hunter2"] {
            let refused = driver_config(&options(url)).unwrap_err();
            assert!(!format!("{refused:?} {refused}").contains("hunter2"), "{url}");
        }
        assert!(!format!("{:?}", options("postgres://u:hunter2@h/d")).contains("hunter2"));
    }
}
