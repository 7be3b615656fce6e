//! A `PgBouncer` in front of a test's PostgreSQL: a connection to it is another backend's in each transaction.

use std::path::Path;

use super::keeper::{Keeper, Kept};
use super::{Postgres, binaries, ports};

/// A pooler in transaction mode, with few backends, so that clients do share them.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    keeper: Keeper,
}

impl PgBouncer {
    /// Starts a pooler for these users, in front of a server without TLS.
    pub fn start(postgres: &Postgres, users: &[&str]) -> Self {
        let programs = binaries::folder_of("pgbouncer");
        Self::start_prepared(|| Self::prepare(&programs, postgres, users))
    }

    /// Returns the address of a database for a user.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Kills it: its clients' connections end, the server stays.
    pub fn kill(&self) {
        self.keeper.kill();
    }

    /// Lets it stand still.
    pub fn pause(&self) {
        self.keeper.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.keeper.resume();
    }

    fn prepare(programs: &Path, postgres: &Postgres, users: &[&str]) -> Self {
        let user = binaries::unprivileged();
        let folder = binaries::new_folder("pgbouncer", user);
        let port = ports::free_port();
        let list: String = users.iter().map(|name| format!("\"{name}\" \"\"\n")).collect();
        std::fs::write(folder.join("users.txt"), list).unwrap();
        let settings = folder.join("pgbouncer.ini");
        std::fs::write(&settings, settings_of(&folder, port, postgres.port())).unwrap();
        if let Some(user) = user {
            binaries::give(&folder, user);
        }
        let mut command = binaries::words_to_run_as(user);
        command.extend([binaries::program(programs, "pgbouncer"), settings.to_str().unwrap().to_owned()]);
        Self { port, keeper: Keeper::new(&folder, ["INT", "TERM"], &command) }
    }
}

impl Kept for PgBouncer {
    const NAME: &'static str = "PgBouncer";
    const PORT_TAKEN: &'static str = "in use";

    fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// It may tell that its port is taken and live on: then another pooler answered.
    fn wait_until_ready(&self) -> bool {
        let ready = binaries::program(&binaries::folder_of("postgres"), "pg_isready");
        let port = self.port.to_string();
        let is_ready = || binaries::succeeds(&ready, &["-q", "-h", "127.0.0.1", "-p", &port]);
        self.keeper.wait_until(is_ready) && !self.keeper.log().contains(Self::PORT_TAKEN)
    }
}

fn settings_of(folder: &Path, port: u16, server: u16) -> String {
    format!(
        "[databases]\n* = host=127.0.0.1 port={server}\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = trust\nauth_file = {}/users.txt\npool_mode = transaction\ndefault_pool_size = 4\n",
        folder.display()
    )
}
