//! Addresses are counted as customers have them, the exempt are not, and guesses for account and address.

use super::*;
use crate::config::Overrides;

const NOW: Duration = Duration::from_secs(1);

fn limits(change: impl FnOnce(&mut Config)) -> Limits {
    let mut config = Config::load(None, &Overrides::default()).unwrap();
    config.limits.ip_per_minute = 2;
    config.limits.sign_in_failures = 3;
    config.limits.sign_in_failures_per_ip = 5;
    change(&mut config);
    Limits::new(&config)
}

fn from(address: &str) -> Option<IpAddr> {
    Some(address.parse().unwrap())
}

fn passes(limits: &Limits, address: &str) -> bool {
    limits.count(AddressLimit::Requests, from(address), NOW).is_ok()
}

#[test]
fn an_ipv4_address_is_counted_by_itself_and_an_ipv6_one_with_its_network() {
    let limits = limits(|_| {});
    assert!(
        passes(&limits, "192.0.2.1") && passes(&limits, "::ffff:192.0.2.1") && passes(&limits, "192.0.2.2")
    );
    assert!(!passes(&limits, "192.0.2.1"));
    assert!(passes(&limits, "2001:db8::1") && passes(&limits, "2001:db8::ffff:0:0:1"));
    assert!(!passes(&limits, "2001:db8::2"));
    assert!(passes(&limits, "2001:db8:0:1::1"), "another customer");
    assert_eq!(limits.addresses(NOW), 4);
}

#[test]
fn whoever_is_exempt_and_whoever_has_no_address_is_not_counted() {
    let limits = limits(|_| {});
    for _ in 0..10 {
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(limits.count(AddressLimit::Requests, from(loopback), NOW), Ok(None));
        }
        assert_eq!(limits.count(AddressLimit::Requests, None, NOW), Ok(None));
    }
    assert_eq!(limits.addresses(NOW), 0);
}

#[test]
fn what_is_taken_back_and_what_is_only_looked_at_is_not_counted() {
    let limits = limits(|_| {});
    for _ in 0..10 {
        assert!(passes(&limits, "192.0.2.1"));
        limits.look(AddressLimit::Requests, from("192.0.2.1"), NOW).unwrap();
        limits.take_back(AddressLimit::Requests, from("192.0.2.1"));
    }
    assert!(passes(&limits, "192.0.2.1") && passes(&limits, "192.0.2.1"));
    let refused = limits.look(AddressLimit::Requests, from("192.0.2.1"), NOW).unwrap_err();
    assert_eq!((refused.which, refused.limit), (AddressLimit::Requests, 2));
}

#[test]
fn a_limit_of_zero_is_none() {
    let limits = limits(|config| {
        config.limits.ip_per_minute = 0;
        config.limits.sign_in_failures = 0;
        config.limits.sign_in_failures_per_ip = 0;
    });
    for _ in 0..1_000 {
        assert!(passes(&limits, "192.0.2.1"));
        drop(limits.begin_sign_in("a@example.com", from("192.0.2.1"), NOW).unwrap());
    }
}

#[test]
fn failures_at_one_account_come_from_anywhere() {
    let limits = limits(|_| {});
    for last in 1..=3 {
        drop(limits.begin_sign_in("a@example.com", from(&format!("192.0.2.{last}")), NOW).unwrap());
    }
    assert!(limits.begin_sign_in("a@example.com", from("192.0.2.9"), NOW).is_err());
    limits.begin_sign_in("b@example.com", from("192.0.2.9"), NOW).unwrap().was_right();
}

#[test]
fn an_account_of_ones_own_buys_no_guesses_at_others() {
    let limits = limits(|_| {});
    for number in 0..5 {
        limits.begin_sign_in("own@example.com", from("192.0.2.1"), NOW).unwrap().was_right();
        drop(limits.begin_sign_in(&format!("{number}@example.com"), from("192.0.2.1"), NOW).unwrap());
    }
    assert!(limits.begin_sign_in("own@example.com", from("192.0.2.1"), NOW).is_err());
    // What the address was refused is no failure of the account.
    for _ in 0..10 {
        assert!(limits.begin_sign_in("c@example.com", from("192.0.2.1"), NOW).is_err());
    }
    limits.begin_sign_in("c@example.com", from("192.0.2.2"), NOW).unwrap().was_right();
}

#[test]
fn a_guess_that_nobody_could_look_at_is_none() {
    let limits = limits(|_| {});
    for _ in 0..20 {
        limits.begin_sign_in("a@example.com", from("192.0.2.1"), NOW).unwrap().was_not_looked_at();
    }
}

#[test]
fn endpoints_are_found_by_method_and_route() {
    let limits = limits(|config| {
        config.limits.endpoints = [("GET /v1/sms/{id}", 5), ("POST /v1/payouts", 0), ("POST /v1/sms", 7)]
            .map(|(name, limit)| (name.to_owned(), limit))
            .into();
        assert_eq!(config.limits.of_endpoints().iter().map(|limit| limit.get()).collect::<Vec<_>>(), [5, 7]);
    });
    let index = |method, route| limits.endpoint(method, route).map(|endpoint| endpoint.0);
    assert_eq!(index("GET", "/v1/sms/{id}"), Some(0));
    assert_eq!(index("POST", "/v1/sms"), Some(1));
    assert_eq!(index("GET", "/v1/sms"), None);
    assert_eq!(index("POST", "/v1/payouts"), None, "0 is no limit");
}
