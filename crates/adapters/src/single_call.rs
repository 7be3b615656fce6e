//! An operation that is one request and one reply.

use domain::{Outcome, Reply, Request};

use crate::{Context, Exchange, Step};

/// An exchange of one call: `build` makes the request, `read` the outcome.
pub(crate) struct SingleCall<O> {
    /// What is asked for.
    pub(crate) operation: O,
    /// Makes the request; the same bytes for the same operation and context.
    pub(crate) build: fn(&O, &Context<'_>) -> Request,
    /// Reads the reply, whatever its status.
    pub(crate) read: fn(&O, &Context<'_>, &Reply) -> Outcome,
}

impl<O: Send> Exchange for SingleCall<O> {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        Step::Call(Box::new((self.build)(&self.operation, context)))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        Step::Done((self.read)(&self.operation, context, reply))
    }
}
