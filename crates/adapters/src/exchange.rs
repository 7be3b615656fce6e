//! An exchange: an operation's calls as a state machine without IO.

use domain::{Credentials, Outcome, Reply, Request, Timestamp, TransactionId};

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
}

impl Context<'_> {
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
    use crate::testing;

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
