//! Guessing passwords: failures are counted for the account and for the address, before anybody looks whether it is right.

use std::net::IpAddr;
use std::time::Duration;

use resilience::{GuessPolicy, GuessTable, TooManyGuesses};

use super::Limits;

/// A guess comes too early. The same for a right password and a wrong one, for an account that is there and one that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed sign-ins")]
pub struct GuessRefused {
    /// How many failures in a row need no wait.
    pub free: u8,
    /// How long after the last failure, and its wait, all are forgotten.
    pub forget_after: Duration,
    /// How long until the next one is looked at. Greater than zero.
    pub retry_after: Duration,
}

/// A guess under way: a failure, until something else is said of it. A caller that goes before it is answered has failed.
#[derive(Debug)]
#[must_use = "a guess of which nothing is said is a failure"]
pub(crate) struct Guess<'a> {
    account: Option<(&'a GuessTable, &'a str)>,
    guesser: Option<(&'a GuessTable, IpAddr)>,
}

impl Limits {
    /// Begins to look at a password.
    ///
    /// # Errors
    /// [`GuessRefused`]: it must not be looked at.
    pub(crate) fn begin_sign_in<'a>(
        &'a self,
        account: &'a str,
        from: Option<IpAddr>,
        now: Duration,
    ) -> Result<Guess<'a>, GuessRefused> {
        let guess = Guess {
            account: self.accounts.as_ref().map(|table| (table, account)),
            guesser: self.guessers.as_ref().zip(self.counted(from)),
        };
        if let Some((accounts, account)) = guess.account {
            accounts.begin(&account, now).map_err(|too_many| refused(accounts, too_many))?;
        }
        if let Some((guessers, network)) = guess.guesser
            && let Err(too_many) = guessers.begin(&network, now)
        {
            if let Some((accounts, account)) = guess.account {
                accounts.take_back(&account);
            }
            return Err(refused(guessers, too_many));
        }
        Ok(guess)
    }
}

fn refused(table: &GuessTable, too_many: TooManyGuesses) -> GuessRefused {
    let GuessPolicy { free, forget_after, .. } = table.policy();
    GuessRefused { free, forget_after, retry_after: too_many.retry_after }
}

impl Guess<'_> {
    /// The password was right. Of the address only this one guess is taken back: else an account of one's own would buy
    /// guesses at those of others.
    pub(crate) fn was_right(self) {
        if let Some((accounts, account)) = self.account {
            accounts.forget(&account);
        }
        if let Some((guessers, network)) = self.guesser {
            guessers.take_back(&network);
        }
    }

    /// Nobody could look at it.
    pub(crate) fn was_not_looked_at(self) {
        if let Some((accounts, account)) = self.account {
            accounts.take_back(&account);
        }
        if let Some((guessers, network)) = self.guesser {
            guessers.take_back(&network);
        }
    }
}
