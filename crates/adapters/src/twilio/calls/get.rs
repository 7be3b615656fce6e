//! Reading a call.

use domain::{Effect, GetCall, Outcome, Rejection, Reply, Resource};

use super::call::WireCall;
use crate::twilio::errors::{self, Asked};
use crate::twilio::{NAME, account};
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// Plans a read.
///
/// # Errors
/// `call_not_found` for what cannot be an id.
pub(super) fn plan(call: &GetCall) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&call.provider_call_id) {
        return Err(errors::call_not_found());
    }
    Ok(Box::new(Get { call: call.clone() }))
}

struct Get {
    call: GetCall,
}

impl Exchange for Get {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match account::collection_path(context.credentials, account::CALLS) {
            Ok(path) => {
                let path = format!("{path}/{}.json", self.call.provider_call_id);
                Step::Call(Box::new(request::get(path)))
            }
            Err(refusal) => Step::Done(Outcome::Rejected(refusal)),
        }
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Asked::Call, reply));
        }
        Step::Done(match json::read::<WireCall>(reply).and_then(|call| call.tell("")) {
            Some(call) => Outcome::Executed(Resource::Call(call)),
            None => replies::says_nothing(NAME, Effect::Read, reply),
        })
    }
}

#[cfg(test)]
mod tests;
