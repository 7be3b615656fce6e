//! Limits as an answer tells them: what is left of each, and the one that will refuse first.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use domain::QuotaWindow;
use resilience::{Allowance, Remaining};

use super::error::whole_seconds;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What is left of the limits that a request was measured by. Those that it was not stay empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    /// The key's own.
    pub key: Option<Allowance>,
    /// The endpoint's, of the key.
    pub endpoint: Option<Remaining>,
    /// The address's.
    pub ip: Option<Remaining>,
}

impl Measured {
    fn each(&self) -> impl Iterator<Item = (&'static str, &Remaining)> {
        let key = self.key.iter().flat_map(|key| [("key-min", &key.minute), ("key-day", &key.day)]);
        let endpoint = self.endpoint.iter().map(|left| ("endpoint", left));
        let ip = self.ip.iter().map(|left| ("ip", left));
        key.chain(endpoint).chain(ip)
    }

    /// Returns the limit that will refuse first: the one with the fewest requests left; among equals the first.
    fn tightest(&self) -> Option<(&'static str, &Remaining)> {
        self.each().min_by_key(|(_, left)| left.remaining)
    }

    /// Writes the headers; none for a request that was not measured.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let Some((name, tightest)) = self.tightest() else { return };
        let mut put = |name: HeaderName, text: String| {
            // Every text here is digits, letters and punctuation of our own.
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        };
        let policy = |(name, left): (&str, &Remaining)| {
            format!("\"{name}\";q={};w={}", left.limit, seconds_of(left.window))
        };
        put(RATE_LIMIT_POLICY, self.each().map(policy).collect::<Vec<_>>().join(", "));
        let reset = reset_seconds(tightest);
        put(RATE_LIMIT, format!("\"{name}\";r={};t={reset}", tightest.remaining));
        put(X_LIMIT, tightest.limit.to_string());
        put(X_REMAINING, tightest.remaining.to_string());
        put(X_RESET, reset.to_string());
    }
}

fn reset_seconds(left: &Remaining) -> u64 {
    if left.reset_after.is_zero() { 0 } else { whole_seconds(left.reset_after) }
}

const fn seconds_of(window: QuotaWindow) -> u64 {
    window.length().as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn left(window: QuotaWindow, limit: u32, remaining: u32) -> Remaining {
        Remaining { window, limit, remaining, reset_after: Duration::from_millis(17_200) }
    }

    #[track_caller]
    fn check(measured: &Measured, expected: [Option<&str>; 3]) {
        let mut headers = HeaderMap::new();
        measured.write(&mut headers);
        let of = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let found = [of(RATE_LIMIT_POLICY), of(RATE_LIMIT), of(X_REMAINING)];
        assert_eq!(found.each_ref().map(Option::as_deref), expected);
    }

    #[test]
    fn the_tightest_of_those_that_applied_is_named() {
        check(&Measured::default(), [None; 3]);
        let key = Allowance {
            minute: left(QuotaWindow::Minute, 600, 412),
            day: left(QuotaWindow::Day, 10_000, 500),
        };
        let of_key = "\"key-min\";q=600;w=60, \"key-day\";q=10000;w=86400";
        let mut measured = Measured { key: Some(key), ..Measured::default() };
        check(&measured, [Some(of_key), Some("\"key-min\";r=412;t=18"), Some("412")]);
        measured.endpoint = Some(left(QuotaWindow::Minute, 5, 3));
        let policy = format!("{of_key}, \"endpoint\";q=5;w=60");
        check(&measured, [Some(&policy), Some("\"endpoint\";r=3;t=18"), Some("3")]);
        measured.ip = Some(left(QuotaWindow::Minute, 1_000, 2));
        let policy = format!("{policy}, \"ip\";q=1000;w=60");
        check(&measured, [Some(&policy), Some("\"ip\";r=2;t=18"), Some("2")]);
        measured.key = None;
        measured.endpoint = None;
        check(&measured, [Some("\"ip\";q=1000;w=60"), Some("\"ip\";r=2;t=18"), Some("2")]);
    }
}
