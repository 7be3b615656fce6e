//! A handle: what callers of a permanent child hold instead of its address. Bounded, and outlives restarts.

use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Message};
use tokio::sync::{OwnedSemaphorePermit, TryAcquireError};

use super::Child;
use super::child::Whereabouts;

/// How long an actor's thread may be busy before its actor counts as stuck.
const PATIENCE: Duration = Duration::from_secs(1);

/// A place in a child's bound; travels with the message and is given back with it.
pub(crate) type Place = OwnedSemaphorePermit;

/// Why a message was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallFailure {
    /// As many messages as allowed are under way.
    #[error("actor is busy")]
    Busy,
    /// The actor died with the message, or is down.
    #[error("actor is down")]
    Down,
}

/// Reaches a child's actor from any thread. Cheap to clone.
pub(crate) struct Handle<A: Actor<Context = Context<A>>> {
    child: Arc<Child<A>>,
}

impl<A: Actor<Context = Context<A>>> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self { child: Arc::clone(&self.child) }
    }
}

impl<A: Actor<Context = Context<A>>> Handle<A> {
    /// Returns a handle on a child.
    pub(crate) const fn new(child: Arc<Child<A>>) -> Self {
        Self { child }
    }

    /// Returns the child.
    pub(crate) const fn child(&self) -> &Arc<Child<A>> {
        &self.child
    }

    /// Sends a message and waits for its reply. Dropping the future takes the message back.
    ///
    /// A panic drops the message before it drops the actor, so its caller knows of the death first. It is told only when
    /// the death is known here, too: else its next message would go to the dying.
    pub(crate) async fn call<M>(&self, message: M) -> Result<M::Result, CallFailure>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let _place = self.place()?;
        let (seen, address) = self.address().await?;
        match address.send(message).await {
            Ok(reply) => Ok(reply),
            Err(_closed) => {
                // Bounded all the same: a handler that drops its reply and lives on is not to hang its caller.
                tokio::time::timeout(PATIENCE, self.moved_from(&seen)).await.ok();
                Err(CallFailure::Down)
            }
        }
    }

    /// Returns whether the actor answers a question within a second.
    pub(crate) async fn answers<M>(&self, question: M) -> bool
    where
        M: Message<Result = bool> + Send + 'static,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        matches!(tokio::time::timeout(PATIENCE, self.call(question)).await, Ok(Ok(true)))
    }

    /// Hands over a message that outlives its sender's interest. `build` puts the place into the message, so that the bound
    /// holds; what the message owns must tell by its own drop when it is lost with the actor.
    pub(crate) async fn tell<M>(&self, build: impl FnOnce(Place) -> M) -> Result<(), CallFailure>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let place = self.place()?;
        hand_over(&self.address().await?.1, build(place));
        Ok(())
    }

    /// The same for senders that cannot wait: fails when the actor is not there this moment.
    pub(crate) fn try_tell<M>(&self, build: impl FnOnce(Place) -> M) -> Result<(), CallFailure>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let place = self.place()?;
        match &*self.child.whereabouts() {
            Whereabouts::Up(address) => {
                hand_over(address, build(place));
                Ok(())
            }
            Whereabouts::Starting | Whereabouts::Down => Err(CallFailure::Down),
        }
    }

    fn place(&self) -> Result<Place, CallFailure> {
        Arc::clone(&self.child.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => CallFailure::Busy,
            TryAcquireError::Closed => CallFailure::Down,
        })
    }

    /// Waits out a restart, which takes some microseconds; never the pause after an escalation.
    async fn address(&self) -> Result<(Arc<Whereabouts<A>>, Addr<A>), CallFailure> {
        loop {
            let seen = self.child.whereabouts();
            match &*seen {
                Whereabouts::Up(address) => return Ok((Arc::clone(&seen), address.clone())),
                Whereabouts::Down => return Err(CallFailure::Down),
                Whereabouts::Starting => {}
            }
            self.moved_from(&seen).await;
        }
    }

    /// Waits until the actor is elsewhere than it was seen.
    async fn moved_from(&self, seen: &Arc<Whereabouts<A>>) {
        loop {
            let moved = self.child.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if !Arc::ptr_eq(&self.child.whereabouts(), seen) {
                return;
            }
            moved.await;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the place in the message keeps the bound, and a message lost with its actor says so by its drop"
)]
fn hand_over<A, M>(address: &Addr<A>, message: M)
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
    A::Context: ToEnvelope<A, M>,
{
    address.do_send(message);
}
