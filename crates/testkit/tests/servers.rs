//! The servers themselves: they start, stand still, come back, and end with whoever started them.

use testkit::servers::{PgBouncer, Postgres, Redis};

#[test]
fn postgres_keeps_what_is_committed_when_it_is_killed() {
    let postgres = Postgres::start();
    let database = postgres.create_database();
    postgres.psql(&database, "CREATE TABLE kept (n integer); INSERT INTO kept VALUES (7)");
    postgres.kill();
    postgres.start_again();
    assert_eq!(postgres.psql(&database, "SELECT n FROM kept"), "7");
    postgres.stop();
    postgres.start_again();
    postgres.pause();
    postgres.resume();
    let copy = postgres.copy_database(&database);
    assert_eq!(postgres.psql(&copy, "SELECT n FROM kept"), "7");
}

#[test]
fn postgres_with_tls_refuses_whoever_comes_without() {
    let postgres = Postgres::start_with_tls();
    assert!(postgres.ca_pem().contains("BEGIN CERTIFICATE"));
    assert_eq!(postgres.psql("postgres", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), "t");
}

#[test]
fn the_pooler_lets_a_user_through() {
    let postgres = Postgres::shared();
    let pooler = PgBouncer::start(postgres, &["postgres"]);
    let url = pooler.url("postgres", "postgres");
    let output = std::process::Command::new("psql").args(["-Atc", "SELECT 1", "-d", &url]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1", "{output:?}");
}

#[test]
fn redis_is_empty_when_it_comes_back() {
    let redis = Redis::start();
    redis.cli(&["SET", "a", "1"]);
    redis.pause();
    redis.resume();
    assert_eq!(redis.cli(&["GET", "a"]), "1");
    redis.kill();
    redis.start_again();
    assert_eq!(redis.cli(&["GET", "a"]), "");
}

#[test]
fn redis_speaks_tls_where_it_is_asked_to() {
    let redis = Redis::start_with_tls();
    assert!(redis.url().starts_with("rediss://"));
    assert_eq!(redis.cli(&["PING"]), "PONG");
}

#[test]
fn a_cluster_has_all_slots() {
    let nodes = Redis::start_cluster();
    assert!(nodes[2].cli(&["CLUSTER", "INFO"]).contains("cluster_slots_ok:16384"));
}

#[test]
fn a_sentinel_makes_the_replica_master() {
    let watched = Redis::start_sentinel();
    watched.master.kill();
    let port = watched.replica.port().to_string();
    let master = || watched.sentinel.cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "gateway"]);
    assert!(comes_true(|| master().contains(&port)));
}

/// Runs itself once more in a process that is killed. What tells that one is a name that no test has.
#[test]
fn a_killed_test_leaves_no_server_behind() {
    const TELL: &str = "tell-port=";
    if let Some(file) = std::env::args().find_map(|word| word.strip_prefix(TELL).map(str::to_owned)) {
        let redis = Redis::start();
        std::fs::write(file, redis.port().to_string()).unwrap();
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_test_leaves_no_server_behind"])
        .arg(format!("{TELL}{}", file.path().display()))
        .spawn()
        .unwrap();
    let is_told = || std::fs::read_to_string(file.path()).unwrap().parse::<u16>().is_ok();
    assert!(comes_true(is_told));
    let port: u16 = std::fs::read_to_string(file.path()).unwrap().parse().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(comes_true(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_err()));
}

fn comes_true(look: impl Fn() -> bool) -> bool {
    (0..1200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        look()
    })
}
