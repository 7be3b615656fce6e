//! Whose request it is. Everybody can write `X-Forwarded-For`; only what our own proxies added to it is worth anything.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Returns the address of whoever asks: the rightmost one that is no trusted proxy's, as each proxy adds whom it hears on the
/// right. All of them trusted: the leftmost. From a peer that is no trusted proxy nothing is read, and what is no address
/// ends the reading: then it is the peer.
pub(super) fn client<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    proxies: &[IpNet],
) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let mut client = peer;
    // Several headers are one list, in their order (RFC 9110, section 5.3).
    for hop in forwarded.rev().flat_map(|value| value.rsplit(|byte| *byte == b',')) {
        match read(hop) {
            Some(address) if is_trusted(&address) => client = address,
            Some(address) => return address,
            None => return peer,
        }
    }
    client
}

/// Reads an address, with or without brackets and a port.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `peer` and the headers, with `10.0.0.0/8` and `2001:db8:1::/48` trusted.
    #[track_caller]
    fn check(peer: &str, headers: &[&str], expected: &str) {
        let proxies = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap());
        let headers = headers.iter().map(|header| header.as_bytes());
        let client = client(peer.parse().unwrap(), headers, &proxies);
        assert_eq!(client, expected.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_peer_that_is_no_proxy_of_ours_is_the_client_whatever_it_says() {
        check("192.0.2.7", &[], "192.0.2.7");
        check("192.0.2.7", &["127.0.0.1"], "192.0.2.7");
        check("192.0.2.7", &["10.0.0.1, 198.51.100.1"], "192.0.2.7");
        check("::ffff:192.0.2.7", &["127.0.0.1"], "192.0.2.7");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_of_ours_is_the_client() {
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["127.0.0.1, 198.51.100.1, 10.2.0.1 , 2001:db8:1::5"], "198.51.100.1");
        check("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1");
        check("2001:db8:1::9", &["2001:db8:2::9"], "2001:db8:2::9");
    }

    #[test]
    fn several_headers_are_one_list() {
        check("10.0.0.1", &["203.0.113.9", "198.51.100.1, 10.0.0.2", "10.0.0.3"], "198.51.100.1");
        check("10.0.0.1", &["198.51.100.1", ""], "10.0.0.1");
    }

    #[test]
    fn ports_and_brackets_are_left_out() {
        check("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("10.0.0.1", &["[2001:db8:2::9]:443"], "2001:db8:2::9");
        check("10.0.0.1", &["[2001:db8:2::9]"], "2001:db8:2::9");
    }

    #[test]
    fn where_all_are_proxies_of_ours_the_first_one_asks() {
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["10.0.0.9, 10.0.0.2"], "10.0.0.9");
    }

    #[test]
    fn what_is_no_address_is_nobody() {
        for garbage in
            ["", ",", "unknown", "_hidden", "198.51.100.1, x", "1.2.3", "[::1", "198.51.100.1:99999"]
        {
            check("10.0.0.1", &[garbage], "10.0.0.1");
        }
        check("10.0.0.1", &["x, 198.51.100.1"], "198.51.100.1");
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(client(peer, [&b"198.51.100.1, \xff\xfe"[..]].into_iter(), &proxies), peer);
        let long = vec![b','; 100_000];
        assert_eq!(client(peer, [&*long].into_iter(), &proxies), peer);
    }
}
