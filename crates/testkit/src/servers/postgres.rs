//! A PostgreSQL server of a test's own.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::keeper::{Keeper, Kept};
use super::{binaries, certificates, ports};

/// A PostgreSQL server with an empty cluster, on loopback, without passwords. The superuser is `postgres`. What is committed
/// is on the disk: killing it loses nothing.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    authority: Option<String>,
    keeper: Keeper,
}

impl Postgres {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_server(Encryption::None)
    }

    /// Starts a server that refuses connections without TLS; see [`Postgres::ca_pem`].
    pub fn start_with_tls() -> Self {
        Self::start_server(Encryption::Tls)
    }

    /// Returns the server that all tests of this process share. It must not be stopped, killed or paused.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Returns the address of a database for a user.
    pub fn url(&self, user: &str, database: &str) -> String {
        let encryption = if self.authority.is_some() { "?sslmode=require" } else { "" };
        format!("postgres://{user}@127.0.0.1:{}/{database}{encryption}", self.port)
    }

    /// Returns the superuser's address of the database `postgres`.
    pub fn admin_url(&self) -> String {
        self.url("postgres", "postgres")
    }

    /// Returns the port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the certificate of the authority that vouches for a server with TLS.
    pub fn ca_pem(&self) -> &str {
        self.authority.as_deref().unwrap()
    }

    /// Makes an empty database and returns its name.
    pub fn create_database(&self) -> String {
        let name = format!("test_{:016x}", ports::random());
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// Makes a database that is a copy of another, which nobody may be connected to, and returns its name.
    pub fn copy_database(&self, of: &str) -> String {
        let name = format!("test_{:016x}", ports::random());
        self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {of}"));
        name
    }

    /// Runs SQL as the superuser and returns what it gives: rows as lines, columns parted by `|`.
    #[track_caller]
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let psql = binaries::program(&self.programs, "psql");
        let url = self.url("postgres", database);
        let quiet = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"];
        let arguments = [&quiet[..], &["-d", &url, "-c", sql]].concat();
        binaries::run(&psql, &arguments).trim().to_owned()
    }

    /// Shuts the server down in order: open connections are ended.
    pub fn stop(&self) {
        self.keeper.stop();
    }

    /// Kills all of its processes at once.
    pub fn kill(&self) {
        self.keeper.kill();
    }

    /// Lets all of its processes stand still.
    pub fn pause(&self) {
        self.keeper.pause();
    }

    /// Lets them go on.
    pub fn resume(&self) {
        self.keeper.resume();
    }

    /// Starts the server again that was stopped or killed: the same port, the same databases.
    pub fn start_again(&self) {
        self.keeper.start();
        assert!(self.wait_until_ready(), "PostgreSQL does not start again:\n{}", self.keeper.log());
    }

    fn start_server(encryption: Encryption) -> Self {
        let programs = binaries::folder_of("postgres");
        Self::start_prepared(|| Self::prepare(&programs, encryption))
    }

    fn prepare(programs: &Path, encryption: Encryption) -> Self {
        let user = binaries::unprivileged();
        let folder = binaries::new_folder("postgres", user);
        let cluster = folder.join("cluster");
        let cluster_text = cluster.to_str().unwrap();
        let initdb = binaries::program(programs, "initdb");
        let words = [&[initdb.as_str()], &INITDB[..], &["-D", cluster_text]].concat();
        binaries::run_as_user(user, &words);

        let port = ports::free_port();
        let mut command = binaries::words_to_run_as(user);
        command.push(binaries::program(programs, "postgres"));
        command.extend(["-D".to_owned(), cluster_text.to_owned(), "-p".to_owned(), port.to_string()]);
        let authority = match encryption {
            Encryption::None => None,
            Encryption::Tls => Some(encrypt(&folder, &cluster, user)),
        };
        if authority.is_some() {
            let files = folder.to_str().unwrap();
            command.extend(["-c".to_owned(), "ssl=on".to_owned()]);
            command.extend(["-c".to_owned(), format!("ssl_cert_file={files}/server.pem")]);
            command.extend(["-c".to_owned(), format!("ssl_key_file={files}/server.key")]);
        }
        for setting in SETTINGS {
            command.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let keeper = Keeper::new(&folder, ["INT", "QUIT"], &command);
        Self { programs: programs.to_path_buf(), port, authority, keeper }
    }
}

impl Kept for Postgres {
    const NAME: &'static str = "PostgreSQL";
    const PORT_TAKEN: &'static str = "Address already in use";

    fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Another server could answer on a port that was taken first: it has to be the one that was started here.
    fn wait_until_ready(&self) -> bool {
        let program = binaries::program(&self.programs, "pg_isready");
        let port = self.port.to_string();
        self.keeper.wait_until(|| binaries::succeeds(&program, &["-q", "-h", "127.0.0.1", "-p", &port]))
            && !self.keeper.log().contains("Address already in use")
    }
}

const INITDB: [&str; 8] =
    ["--no-sync", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale=C"];

/// Small, and with no socket but the one on loopback.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=16MB",
    "max_wal_size=128MB",
    "max_connections=200",
    "max_prepared_transactions=0",
    "log_min_messages=warning",
    "timezone=UTC",
];

#[derive(Clone, Copy)]
enum Encryption {
    None,
    Tls,
}

/// Writes the certificates and refuses whoever comes without TLS; returns the authority.
fn encrypt(folder: &Path, cluster: &Path, user: Option<&str>) -> String {
    let authority = certificates::write(folder);
    std::fs::write(cluster.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
    if let Some(user) = user {
        binaries::give(folder, user);
    }
    authority
}
