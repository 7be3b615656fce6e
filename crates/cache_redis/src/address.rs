//! Where Redis is: one address for a server, its Sentinels or a cluster. An error never repeats the address, which may hold a
//! password.

use fred::types::config::{Server, ServerConfig};

use crate::OptionsError;

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// An address that was read.
pub(crate) struct Address {
    pub(crate) server: ServerConfig,
    pub(crate) is_encrypted: bool,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<u8>,
}

enum Kind {
    Single,
    Sentinel,
    Cluster,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, OptionsError> {
        parse(url).map_err(OptionsError::Address)
    }
}

fn parse(url: &str) -> Result<Address, &'static str> {
    let (scheme, rest) = url.trim().split_once("://").ok_or("there is no scheme")?;
    let (is_encrypted, kind) = match scheme {
        "redis" => (false, Kind::Single),
        "rediss" => (true, Kind::Single),
        "redis-sentinel" => (false, Kind::Sentinel),
        "rediss-sentinel" => (true, Kind::Sentinel),
        "redis-cluster" => (false, Kind::Cluster),
        "rediss-cluster" => (true, Kind::Cluster),
        _ => return Err("the scheme is none of redis, redis-sentinel, redis-cluster, or these with rediss"),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (username, password) = read_user(user)?;
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if !query.is_empty() && !matches!(kind, Kind::Sentinel) {
        return Err("only a Sentinel's address has a query");
    }
    let (server, database) = match (kind, path.as_slice()) {
        (Kind::Single, []) => (single(hosts)?, None),
        (Kind::Single, [database]) => (single(hosts)?, Some(*database)),
        (Kind::Sentinel, [master]) => (sentinel(hosts, master, query)?, None),
        (Kind::Sentinel, [master, database]) => (sentinel(hosts, master, query)?, Some(*database)),
        (Kind::Cluster, []) => (cluster(hosts)?, None),
        (Kind::Single, _) => return Err("after the host only a database's number may stand"),
        (Kind::Sentinel, _) => return Err("after the hosts a master's name is missing"),
        (Kind::Cluster, _) => return Err("a cluster has no databases"),
    };
    let database = database.map(str::parse).transpose().or(Err("the database is no number from 0 to 255"))?;
    Ok(Address { server, is_encrypted, username, password, database })
}

fn single(hosts: &str) -> Result<ServerConfig, &'static str> {
    match read_hosts(hosts, REDIS_PORT)?.as_slice() {
        [server] => Ok(ServerConfig::Centralized { server: server.clone() }),
        _ => Err("several hosts are a cluster or Sentinels"),
    }
}

fn cluster(hosts: &str) -> Result<ServerConfig, &'static str> {
    Ok(ServerConfig::Clustered { hosts: read_hosts(hosts, REDIS_PORT)?, policy: Default::default() })
}

fn sentinel(hosts: &str, master: &str, query: &str) -> Result<ServerConfig, &'static str> {
    let (mut username, mut password) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sentinel_username", value)) => username = Some(decode(value)?),
            Some(("sentinel_password", value)) => password = Some(decode(value)?),
            _ => return Err("the query may only hold sentinel_username and sentinel_password"),
        }
    }
    let hosts = read_hosts(hosts, SENTINEL_PORT)?;
    Ok(ServerConfig::Sentinel { hosts, service_name: decode(master)?, username, password })
}

fn read_user(user: &str) -> Result<(Option<String>, Option<String>), &'static str> {
    if user.is_empty() {
        return Ok((None, None));
    }
    let (name, password) = user.split_once(':').ok_or("the user has no password")?;
    let name = if name.is_empty() { None } else { Some(decode(name)?) };
    Ok((name, Some(decode(password)?)))
}

fn read_hosts(hosts: &str, default_port: u16) -> Result<Vec<Server>, &'static str> {
    hosts.split(',').map(|host| read_host(host, default_port)).collect()
}

fn read_host(text: &str, default_port: u16) -> Result<Server, &'static str> {
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, rest))) => (host, rest.strip_prefix(':').unwrap_or(rest)),
        Some(None) => return Err("a bracket is not closed"),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    if host.is_empty() {
        return Err("a host is missing");
    }
    let port = if port.is_empty() { default_port } else { port.parse().or(Err("a port is no number"))? };
    Ok(Server::new(host, port))
}

/// Reads `%2F` and the like.
fn decode(text: &str) -> Result<String, &'static str> {
    const BROKEN: &str = "a percent sign is not followed by two hexadecimal digits of UTF-8";
    let (first, encoded) = text.split_once('%').map_or((text, None), |(first, rest)| (first, Some(rest)));
    let mut bytes = first.as_bytes().to_vec();
    for part in encoded.into_iter().flat_map(|rest| rest.split('%')) {
        let (digits, plain) = part.split_at_checked(2).ok_or(BROKEN)?;
        bytes.extend(hex::decode(digits).or(Err(BROKEN))?);
        bytes.extend(plain.as_bytes());
    }
    String::from_utf8(bytes).or(Err(BROKEN))
}

#[cfg(test)]
mod tests;
