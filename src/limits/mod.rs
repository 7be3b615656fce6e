//! Limits that are not a tenant's: how often one address may ask, look for keys, sign up, and how often a password is guessed.
//! Each node counts for itself, in tables that do not grow; what nodes share are the limits of keys.

mod address;
mod endpoints;
mod sign_in;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use domain::QuotaWindow;
use ipnet::{IpNet, Ipv6Net};
use resilience::{GuessPolicy, GuessTable, QuotaExhausted, QuotaLimit, QuotaTable, Remaining};

use self::endpoints::Endpoints;
use crate::config::Config;

pub(crate) use sign_in::GuessRefused;

/// Signing up is counted by the hour: somebody who does so in earnest does it once.
const SIGN_UP_WINDOW: Duration = Duration::from_secs(3600);
/// What one customer has of IPv6, so that an address more costs nothing (RFC 6177).
const CUSTOMER_PREFIX: u8 = 64;

/// What is counted for each address.
#[derive(Debug)]
pub struct Limits {
    proxies: Box<[IpNet]>,
    exempt: Box<[IpNet]>,
    requests: Option<QuotaTable>,
    unknown_keys: Option<QuotaTable>,
    sign_ups: Option<QuotaTable>,
    /// Failed sign-ins by account, whether there is one or not.
    accounts: Option<GuessTable>,
    /// Failed sign-ins by address.
    guessers: Option<GuessTable>,
    endpoints: Endpoints,
}

/// What of an address is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressLimit {
    /// Requests of any kind, a minute.
    Requests,
    /// Platform keys that nobody owns, a minute.
    UnknownKeys,
    /// Accounts made, an hour.
    SignUps,
}

/// An address has asked too often; nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address has asked too often")]
pub struct AddressExhausted {
    /// For what.
    pub which: AddressLimit,
    /// How much it has in all.
    pub limit: u32,
    /// How long until the next request passes. Greater than zero.
    pub retry_after: Duration,
}

impl AddressLimit {
    /// Returns the time for which the limit is.
    pub(crate) const fn window(self) -> Duration {
        match self {
            Self::Requests | Self::UnknownKeys => QuotaWindow::Minute.length(),
            Self::SignUps => SIGN_UP_WINDOW,
        }
    }
}

impl Limits {
    /// Returns limits of which nothing is used.
    pub(crate) fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let quotas = |requests: u32, which: AddressLimit| {
            let window = which.window();
            let requests = NonZeroU32::new(requests)?;
            Some(QuotaTable::new(QuotaLimit { requests, window }, limits.addresses))
        };
        let guesses = |free: u8| (free > 0).then(|| GuessTable::new(policy(limits, free), limits.addresses));
        Self {
            proxies: config.listen.trusted_proxies.clone(),
            exempt: limits.exempt.clone(),
            requests: quotas(limits.ip_per_minute, AddressLimit::Requests),
            unknown_keys: quotas(limits.unknown_keys_per_minute, AddressLimit::UnknownKeys),
            sign_ups: quotas(limits.sign_ups_per_hour, AddressLimit::SignUps),
            accounts: guesses(limits.sign_in_failures),
            guessers: guesses(limits.sign_in_failures_per_ip),
            endpoints: Endpoints::new(limits),
        }
    }

    /// Returns whose request it is: `peer`, or whom trusted proxies say it is from. `forwarded` are the values of
    /// `X-Forwarded-For`, in the order in which they came.
    pub(crate) fn client<'a>(
        &self,
        peer: Option<IpAddr>,
        forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> Option<IpAddr> {
        peer.map(|peer| address::client(peer, forwarded, &self.proxies))
    }

    /// Returns which of the limited endpoints this is.
    pub(crate) fn endpoint(&self, method: &str, route: &str) -> Option<actors::EndpointIndex> {
        self.endpoints.find(method, route)
    }

    /// Counts a request of an address, and returns what is left; nothing where it has no limit.
    ///
    /// # Errors
    /// [`AddressExhausted`] when nothing is left.
    pub(crate) fn count(
        &self,
        which: AddressLimit,
        from: Option<IpAddr>,
        now: Duration,
    ) -> Result<Option<Remaining>, AddressExhausted> {
        let Some((table, network)) = self.table(which).zip(self.counted(from)) else { return Ok(None) };
        let limit = table.limit().requests.get();
        match table.charge(&network, now) {
            Ok(left) => Ok(Some(Remaining::of_minute(limit, left))),
            Err(QuotaExhausted { retry_after }) => Err(AddressExhausted { which, limit, retry_after }),
        }
    }

    /// Looks whether a request of an address would be refused, without counting it.
    ///
    /// # Errors
    /// [`AddressExhausted`] when nothing is left.
    pub(crate) fn look(
        &self,
        which: AddressLimit,
        from: Option<IpAddr>,
        now: Duration,
    ) -> Result<(), AddressExhausted> {
        let Some((table, network)) = self.table(which).zip(self.counted(from)) else { return Ok(()) };
        let limit = table.limit().requests.get();
        let looked = table.check(&network, now).map(|_left| ());
        looked.map_err(|QuotaExhausted { retry_after }| AddressExhausted { which, limit, retry_after })
    }

    /// Takes back what was counted a moment ago, because another limit refused the request.
    pub(crate) fn take_back(&self, which: AddressLimit, from: Option<IpAddr>) {
        if let Some((table, network)) = self.table(which).zip(self.counted(from)) {
            table.give_back(&network);
        }
    }

    /// Returns how many addresses have asked within the last minute. Looks at the whole table.
    pub(crate) fn addresses(&self, now: Duration) -> usize {
        self.requests.as_ref().map_or(0, |requests| requests.count(now))
    }

    const fn table(&self, which: AddressLimit) -> Option<&QuotaTable> {
        match which {
            AddressLimit::Requests => self.requests.as_ref(),
            AddressLimit::UnknownKeys => self.unknown_keys.as_ref(),
            AddressLimit::SignUps => self.sign_ups.as_ref(),
        }
    }

    /// Returns what is counted as one: the address, or its customer's network; nothing for one that is exempt.
    fn counted(&self, from: Option<IpAddr>) -> Option<IpAddr> {
        let from = from?.to_canonical();
        if self.exempt.iter().any(|network| network.contains(&from)) {
            return None;
        }
        match from {
            IpAddr::V4(_) => Some(from),
            IpAddr::V6(address) => {
                let network = Ipv6Net::new(address, CUSTOMER_PREFIX).ok()?;
                Some(IpAddr::V6(network.network()))
            }
        }
    }
}

fn policy(limits: &crate::config::LimitSettings, free: u8) -> GuessPolicy {
    GuessPolicy {
        free,
        forget_after: Duration::from_secs(limits.sign_in_forget_seconds),
        first_wait: Duration::from_secs(limits.sign_in_wait_seconds),
        longest_wait: Duration::from_secs(limits.sign_in_longest_wait_seconds),
    }
}
