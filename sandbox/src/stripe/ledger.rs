//! The account's money by currency: what is available, what becomes available later, and the opening balance.

use std::collections::BTreeMap;

use super::currencies;

/// What a new account has available in every currency, in whole units: 10,000.00 USD, 10,000 JPY. Payouts need no ceremony.
const OPENING_UNITS: i64 = 10_000;

/// The money of one account.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    purses: BTreeMap<String, Purse>,
}

#[derive(Debug)]
struct Purse {
    available: i64,
    /// By the time from which the money is available; one entry a second at most.
    pending: BTreeMap<i64, i64>,
}

impl Purse {
    fn opened(currency: &str) -> Self {
        let decimals = u32::try_from(currencies::decimals(currency)).unwrap_or(2);
        Self {
            available: OPENING_UNITS.saturating_mul(10_i64.saturating_pow(decimals)),
            pending: BTreeMap::new(),
        }
    }
}

impl Ledger {
    /// Books an amount that is available from `available_on`; a negative one is taken away.
    pub(super) fn book(&mut self, currency: &str, amount: i64, available_on: i64) {
        let sum = self.purse(currency).pending.entry(available_on).or_insert(0);
        *sum = sum.saturating_add(amount);
    }

    /// Books an amount that is available at once; a negative one is taken away.
    pub(super) fn book_now(&mut self, currency: &str, amount: i64) {
        let purse = self.purse(currency);
        purse.available = purse.available.saturating_add(amount);
    }

    /// Returns what is available.
    pub(super) fn available(&mut self, currency: &str, now: i64) -> i64 {
        let purse = self.purse(currency);
        while let Some(entry) = purse.pending.first_entry()
            && *entry.key() <= now
        {
            purse.available = purse.available.saturating_add(entry.remove());
        }
        purse.available
    }

    /// Returns what becomes available later.
    pub(super) fn pending(&mut self, currency: &str, now: i64) -> i64 {
        self.available(currency, now);
        self.purse(currency).pending.values().fold(0, |sum, amount| sum.saturating_add(*amount))
    }

    /// Returns the currencies in which something was booked, US dollars before all.
    pub(super) fn currencies(&self) -> Vec<String> {
        let others = self.purses.keys().filter(|currency| *currency != "usd").cloned();
        std::iter::once("usd".to_owned()).chain(others).collect()
    }

    fn purse(&mut self, currency: &str) -> &mut Purse {
        self.purses.entry(currency.to_owned()).or_insert_with(|| Purse::opened(currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_pending_until_its_time() {
        let mut ledger = Ledger::default();
        ledger.book("usd", 2000, 100);
        ledger.book("usd", -500, 100);
        assert_eq!((ledger.available("usd", 99), ledger.pending("usd", 99)), (1_000_000, 1500));
        assert_eq!((ledger.available("usd", 100), ledger.pending("usd", 100)), (1_001_500, 0));
        ledger.book_now("usd", -1_001_500);
        assert_eq!(ledger.available("usd", 100), 0);
    }

    #[test]
    fn every_currency_opens_with_whole_units() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.available("jpy", 0), 10_000);
        assert_eq!(ledger.available("kwd", 0), 10_000_000);
        assert_eq!(ledger.currencies(), ["usd", "jpy", "kwd"]);
    }
}
