//! Addresses that are read, and those that are refused without being repeated.

use super::*;

#[track_caller]
fn read(url: &str) -> Address {
    Address::parse(url).unwrap()
}

#[test]
fn a_single_server() {
    let plain = read("redis://cache.internal");
    assert_eq!(plain.server, ServerConfig::new_centralized("cache.internal", 6379));
    assert_eq!(
        (plain.is_encrypted, plain.username, plain.password, plain.database),
        (false, None, None, None)
    );
    let full = read("rediss://app:p%40ss%2F%E2%82%AC:@10.0.0.1:7000/3");
    assert_eq!(full.server, ServerConfig::new_centralized("10.0.0.1", 7000));
    assert_eq!((full.is_encrypted, full.database), (true, Some(3)));
    assert_eq!((full.username.as_deref(), full.password.as_deref()), (Some("app"), Some("p@ss/€:")));
    let old = read("redis://:secret@[::1]:7000/");
    assert_eq!(old.server, ServerConfig::new_centralized("::1", 7000));
    assert_eq!((old.username, old.password.as_deref()), (None, Some("secret")));
    assert_eq!(read("redis://[::1]").server, ServerConfig::new_centralized("::1", 6379));
}

#[test]
fn sentinels() {
    let address =
        read("redis-sentinel://:p@one,two:7000/gateway/2?sentinel_username=s&sentinel_password=%21");
    let hosts = vec![Server::new("one", 26379), Server::new("two", 7000)];
    let (username, password) = (Some("s".to_owned()), Some("!".to_owned()));
    let service_name = "gateway".to_owned();
    assert_eq!(address.server, ServerConfig::Sentinel { hosts, service_name, username, password });
    assert_eq!((address.password.as_deref(), address.database), (Some("p"), Some(2)));
    assert!(read("rediss-sentinel://one/gateway").is_encrypted);
}

#[test]
fn a_cluster() {
    let address = read("rediss-cluster://app:p@one,two:7000");
    let hosts = vec![Server::new("one", 6379), Server::new("two", 7000)];
    assert_eq!(address.server, ServerConfig::Clustered { hosts, policy: Default::default() });
    assert!(address.is_encrypted);
    assert!(!read("redis-cluster://one").is_encrypted);
}

#[test]
fn what_is_no_address_is_refused_and_not_repeated() {
    let broken = [
        "",
        "SECRET",
        "http://SECRET",
        "redis://",
        "redis://SECRET@host",
        "redis://:SECRET@",
        "redis://:SECRET%@host",
        "redis://:SECRET%zz@host",
        "redis://:SECRET%ff@host",
        "redis://host:SECRET",
        "redis://[SECRET",
        "redis://host/SECRET",
        "redis://host/256",
        "redis://host/0/SECRET",
        "redis://host?SECRET=1",
        "redis://one,two/0",
        "redis-sentinel://SECRET",
        "redis-sentinel://one/gateway/0/SECRET",
        "redis-sentinel://one/gateway?SECRET=1",
        "redis-cluster://one/0",
        "redis-cluster://one,,two",
    ];
    for url in broken {
        let refused = Address::parse(url).map(|_| ()).unwrap_err();
        assert!(!refused.to_string().contains("SECRET"), "{refused}");
    }
}
