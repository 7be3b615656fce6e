//! An exchange: an operation's calls as a state machine without IO.

use std::time::Duration;

use domain::{Credentials, Outcome, Reply, Request, Timestamp, TransactionId};

/// The part of the time of replays that is given to clocks that differ: an hour of a day.
const CLOCK_SHARE: u32 = 24;

/// What an exchange may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The tenant's credentials for the provider.
    pub credentials: &'a Credentials,
    /// The transaction that the operation belongs to. The same on every repeat of an idempotency key.
    pub transaction: TransactionId,
    /// 32 lower-case hex characters derived from tenant, environment, route and the caller's idempotency key (or from the
    /// transaction when there is none): the provider's idempotency key, and the reference to look the call up by.
    pub provider_key: &'a str,
    /// When the transaction was begun. The same on every repeat, so that a repeat has the same bytes.
    pub started_at: Timestamp,
    /// How long the gateway replays the answer of an idempotency key. Some providers know keys for longer.
    pub replay: Duration,
}

impl Context<'_> {
    /// Returns whether what was made at this moment is of an earlier use of the same idempotency key, whose answer is not
    /// replayed any more: the caller means something else now, and must not be told that it was done.
    ///
    /// Made within that time, it may be of a twin that another node began while it could not see the ledger. The provider's clock
    /// is not ours, so that a little of that time is given up.
    pub fn is_of_earlier_use(&self, made_at: Option<Timestamp>) -> bool {
        let at_most = self.replay.saturating_sub(self.replay / CLOCK_SHARE);
        made_at.is_some_and(|made_at| made_at.after(at_most) <= self.started_at)
    }

    /// Returns the idempotency key of an exchange's further call: the same length, different for each `step`, and no
    /// operation's own key, since no hex digit is an `x`. With one, a subscription whose key ended like its plan's step would
    /// be answered with the plan.
    pub fn step_key(&self, step: u8) -> String {
        let head: String = self.provider_key.chars().take(29).collect();
        format!("{head}x{step:02x}")
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// Make this call and hand the reply to [`Exchange::resume`].
    Call(Box<Request>),
    /// It is over.
    Done(Outcome),
}

/// An operation under way: the first call, and what follows from each reply.
pub trait Exchange: Send {
    /// Returns the first step.
    fn begin(&mut self, context: &Context<'_>) -> Step;

    /// Returns the step that follows from a whole reply, whatever its status. Replies that never came are not the
    /// exchange's business: the caller knows from the request's effect what they mean.
    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing;

    #[test]
    fn what_was_made_before_an_answer_is_forgotten_is_of_an_earlier_use() {
        let credentials = testing::credentials("stripe", &[]);
        let context = testing::context(&credentials);
        let made = |hours: u64| {
            let age = u64::try_from(Duration::from_hours(hours).as_millis()).unwrap();
            Some(domain::Timestamp::from_unix_ms(context.started_at.unix_ms() - age))
        };
        for (made_at, expected) in [
            (made(0), false),
            (made(22), false),
            (made(23), true),
            (made(24), true),
            (made(99), true),
            (None, false),
        ] {
            assert_eq!(context.is_of_earlier_use(made_at), expected, "{made_at:?}");
        }
        assert!(!context.is_of_earlier_use(Some(context.started_at.after(Duration::from_mins(5)))));
    }

    #[test]
    fn a_steps_key_is_never_an_operations_own() {
        let credentials = testing::credentials("stripe", &[]);
        // The one that once was its own first step's.
        let context = crate::Context {
            provider_key: "5f1c0c526a1e4f6f9a250f6f7b1f3d01",
            ..testing::context(&credentials)
        };
        for step in 0..=u8::MAX {
            let key = context.step_key(step);
            assert_eq!(key.len(), context.provider_key.len());
            assert!(key.bytes().any(|byte| !byte.is_ascii_hexdigit()), "{key}");
        }
        assert_ne!(context.step_key(1), context.step_key(2));
    }
}
