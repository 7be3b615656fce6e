//! A Redis server of a test's own, alone, as a cluster, or watched by a Sentinel.

use std::path::Path;
use std::sync::OnceLock;

use super::keeper::{Keeper, Kept};
use super::{binaries, certificates, ports};

/// A Redis server on loopback that keeps nothing on the disk.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    authority: Option<String>,
    client: String,
    keeper: Keeper,
}

impl Redis {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_server(Kind::Plain)
    }

    /// Starts a server that speaks TLS only; see [`Redis::ca_pem`].
    pub fn start_with_tls() -> Self {
        Self::start_server(Kind::Tls)
    }

    /// Returns the server that all tests of this process share. It must not be killed, paused or flushed.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts three masters that share the slots.
    pub fn start_cluster() -> [Self; 3] {
        let nodes = [(); 3].map(|()| Self::start_server(Kind::ClusterNode));
        let addresses = nodes.each_ref().map(Self::address);
        let [first, second, third] = addresses.each_ref().map(String::as_str);
        binaries::run(
            &nodes[0].client,
            &["--cluster", "create", first, second, third, "--cluster-replicas", "0", "--cluster-yes"],
        );
        for node in &nodes {
            node.keeper.wait_until(|| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
        }
        nodes
    }

    /// Starts a master called `gateway`, a replica of it, and one Sentinel that makes the replica master when the master is
    /// away for five seconds: less than that is a busy machine.
    pub fn start_sentinel() -> Watched {
        let master = Self::start();
        let replica = Self::start();
        replica.cli(&["REPLICAOF", "127.0.0.1", &master.port.to_string()]);
        replica.keeper.wait_until(|| replica.cli(&["INFO", "replication"]).contains("master_link_status:up"));
        let sentinel = Self::start_server(Kind::Sentinel { master: master.port });
        sentinel.keeper.wait_until(|| {
            sentinel.cli(&["SENTINEL", "REPLICAS", "gateway"]).contains(&replica.port.to_string())
        });
        Watched { sentinel, master, replica }
    }

    /// Returns its address.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}/0", self.address())
    }

    /// Returns its host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the certificate of the authority that vouches for a server with TLS.
    pub fn ca_pem(&self) -> &str {
        self.authority.as_deref().unwrap()
    }

    /// Runs a command and returns its answer as text.
    #[track_caller]
    pub fn cli(&self, command: &[&str]) -> String {
        binaries::run(&self.client, &self.to_client(command)).trim().to_owned()
    }

    /// Kills it: all it holds is gone.
    pub fn kill(&self) {
        self.keeper.kill();
    }

    /// Lets it stand still: connections stay open and nothing is answered.
    pub fn pause(&self) {
        self.keeper.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.keeper.resume();
    }

    /// Starts it again on the same port after it was killed; it is empty.
    pub fn start_again(&self) {
        self.keeper.start();
        assert!(self.wait_until_ready(), "Redis does not start again:\n{}", self.keeper.log());
    }

    fn start_server(kind: Kind) -> Self {
        let programs = binaries::folder_of("redis");
        Self::start_prepared(|| Self::prepare(&programs, kind))
    }

    fn prepare(programs: &Path, kind: Kind) -> Self {
        let folder = binaries::new_folder("redis", None);
        let port = ports::free_port();
        let mut command = vec![binaries::program(programs, "redis-server")];
        if let Kind::Sentinel { master } = kind {
            let file = folder.join("sentinel.conf");
            std::fs::write(&file, sentinel_settings(master)).unwrap();
            command.extend([file.to_str().unwrap().to_owned(), "--sentinel".to_owned()]);
        }
        let files = folder.to_str().unwrap();
        command.extend(["--bind", "127.0.0.1", "--dir", files].map(str::to_owned));
        let authority = matches!(kind, Kind::Tls).then(|| certificates::write(&folder));
        if authority.is_some() {
            command.extend(["--port".to_owned(), "0".to_owned(), "--tls-port".to_owned(), port.to_string()]);
            command.extend(["--tls-cert-file".to_owned(), format!("{files}/server.pem")]);
            command.extend(["--tls-key-file".to_owned(), format!("{files}/server.key")]);
            command.extend(["--tls-ca-cert-file".to_owned(), format!("{files}/ca.pem")]);
            command.extend(["--tls-auth-clients", "no"].map(str::to_owned));
        } else {
            command.extend(["--port".to_owned(), port.to_string()]);
        }
        if !matches!(kind, Kind::Sentinel { .. }) {
            command.extend(["--save", "", "--appendonly", "no"].map(str::to_owned));
        }
        if matches!(kind, Kind::ClusterNode) {
            // A node that is silent for less is on a busy machine.
            command.extend(["--cluster-enabled", "yes", "--cluster-node-timeout", "5000"].map(str::to_owned));
            command.extend(["--cluster-port".to_owned(), ports::free_port().to_string()]);
        }
        let client = binaries::program(programs, "redis-cli");
        Self { port, authority, client, keeper: Keeper::new(&folder, ["TERM", "TERM"], &command) }
    }

    fn to_client(&self, command: &[&str]) -> Vec<String> {
        // Whether the certificate is right is for the tests to find out.
        let encryption: &[&str] = if self.authority.is_some() { &["--tls", "--insecure"] } else { &[] };
        let port = self.port.to_string();
        [encryption, &["-h", "127.0.0.1", "-p", &port], command]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

impl Kept for Redis {
    const NAME: &'static str = "Redis";
    const PORT_TAKEN: &'static str = "Address already in use";

    fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Another server could answer on a port that was taken first: it has to be the one that was started here.
    fn wait_until_ready(&self) -> bool {
        self.keeper.wait_until(|| binaries::succeeds(&self.client, &self.to_client(&["PING"])))
            && !self.keeper.log().contains(Self::PORT_TAKEN)
    }
}

/// A master called `gateway`, its replica, and the Sentinel that watches both.
#[derive(Debug)]
pub struct Watched {
    /// Tells where the master is.
    pub sentinel: Redis,
    /// The master.
    pub master: Redis,
    /// What becomes master without it.
    pub replica: Redis,
}

#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Tls,
    ClusterNode,
    Sentinel { master: u16 },
}

fn sentinel_settings(master: u16) -> String {
    format!(
        "sentinel monitor gateway 127.0.0.1 {master} 1\n\
         sentinel down-after-milliseconds gateway 5000\n\
         sentinel failover-timeout gateway 5000\n"
    )
}
