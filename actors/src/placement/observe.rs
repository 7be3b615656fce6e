//! `Observe`: whether the keeper answers; the numbers stand in the maps.

use actix::{Handler, Message, MessageResult};

use super::Keeper;

/// The message.
pub(super) struct Observe;

impl Message for Observe {
    type Result = bool;
}

impl Handler<Observe> for Keeper {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, Observe: Observe, _: &mut Self::Context) -> Self::Result {
        MessageResult(true)
    }
}
