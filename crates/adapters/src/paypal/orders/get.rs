//! Reading an order.

use domain::{GetOrder, Outcome, Rejection, Reply, Request, Resource};

use super::order;
use super::order::Snapshot;
use crate::paypal::NAME;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, rejection, request};

/// Plans a read.
///
/// # Errors
/// `order_not_found` for what cannot be an id.
pub(super) fn plan(order: &GetOrder) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&order.provider_order_id) {
        return Err(rejection::order_not_found(NAME));
    }
    Ok(Box::new(SingleCall { operation: order.clone(), build, read }))
}

fn build(get: &GetOrder, _: &Context<'_>) -> Request {
    order::read_request(&get.provider_order_id)
}

fn read(_: &GetOrder, _: &Context<'_>, reply: &Reply) -> Outcome {
    match Snapshot::read(reply) {
        Ok(snapshot) => Outcome::Executed(Resource::Order(snapshot.tell())),
        Err(outcome) => outcome,
    }
}

#[cfg(test)]
mod tests;
