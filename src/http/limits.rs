//! Limits as an answer tells them: what is left of each, and the one that will refuse first, or has.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
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
    /// The one that refused, where it is none of these.
    pub spent: Option<Spent>,
}

/// A limit of which nothing is left, and which is not told of before: of an address, beside its requests, or of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    /// Its name in the headers.
    pub name: &'static str,
    /// How much it allows in all.
    pub limit: u32,
    /// For which time.
    pub window: Duration,
    /// How long until it passes something again.
    pub reset_after: Duration,
}

/// A limit and what is left of it.
struct Standing {
    limit: Spent,
    remaining: u32,
}

impl Standing {
    const fn of(name: &'static str, left: &Remaining) -> Self {
        let Remaining { window, limit, remaining, reset_after } = *left;
        Self { limit: Spent { name, limit, window: window.length(), reset_after }, remaining }
    }
}

impl Measured {
    /// Returns each, the one that refused before the others.
    fn each(&self) -> impl Iterator<Item = Standing> {
        let spent = self.spent.iter().map(|limit| Standing { limit: *limit, remaining: 0 });
        let key = self.key.iter().flat_map(|key| [("key-min", &key.minute), ("key-day", &key.day)]);
        let endpoint = self.endpoint.iter().map(|left| ("endpoint", left));
        let ip = self.ip.iter().map(|left| ("ip", left));
        spent.chain(key.chain(endpoint).chain(ip).map(|(name, left)| Standing::of(name, left)))
    }

    /// Returns the limit that will refuse first: the one with the fewest requests left; among equals the first.
    fn tightest(&self) -> Option<Standing> {
        self.each().min_by_key(|standing| standing.remaining)
    }

    /// Writes the headers; none for a request that was not measured.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let Some(Standing { limit: Spent { name, limit, reset_after, .. }, remaining }) = self.tightest()
        else {
            return;
        };
        let mut put = |name: HeaderName, text: String| {
            // Every text here is digits, letters and punctuation of our own.
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        };
        let policy = |Standing { limit: Spent { name, limit, window, .. }, .. }| {
            format!("\"{name}\";q={limit};w={}", window.as_secs())
        };
        put(RATE_LIMIT_POLICY, self.each().map(policy).collect::<Vec<_>>().join(", "));
        let reset = if reset_after.is_zero() { 0 } else { whole_seconds(reset_after) };
        put(RATE_LIMIT, format!("\"{name}\";r={remaining};t={reset}"));
        put(X_LIMIT, limit.to_string());
        put(X_REMAINING, remaining.to_string());
        put(X_RESET, reset.to_string());
    }
}

#[cfg(test)]
mod tests {
    use domain::QuotaWindow;

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

    #[test]
    fn the_one_that_refused_is_named_before_all_others() {
        let spent = Spent {
            name: "sign-ups",
            limit: 20,
            window: Duration::from_secs(3600),
            reset_after: Duration::from_millis(179_001),
        };
        let mut measured = Measured { spent: Some(spent), ..Measured::default() };
        let policy = "\"sign-ups\";q=20;w=3600";
        check(&measured, [Some(policy), Some("\"sign-ups\";r=0;t=180"), Some("0")]);
        measured.ip = Some(left(QuotaWindow::Minute, 1_000, 0));
        let policy = format!("{policy}, \"ip\";q=1000;w=60");
        check(&measured, [Some(&policy), Some("\"sign-ups\";r=0;t=180"), Some("0")]);
    }
}
