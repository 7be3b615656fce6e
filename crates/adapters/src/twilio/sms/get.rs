//! Reading a text message.

use domain::{Effect, GetSms, Outcome, Rejection, Reply, Resource};

use super::message::WireMessage;
use crate::twilio::errors::{self, Asked};
use crate::twilio::{NAME, account};
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// Plans a read.
///
/// # Errors
/// `sms_not_found` for what cannot be an id.
pub(super) fn plan(sms: &GetSms) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&sms.provider_message_id) {
        return Err(errors::sms_not_found());
    }
    Ok(Box::new(Get { sms: sms.clone() }))
}

struct Get {
    sms: GetSms,
}

impl Exchange for Get {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match account::collection_path(context.credentials, account::MESSAGES) {
            Ok(path) => {
                let path = format!("{path}/{}.json", self.sms.provider_message_id);
                Step::Call(Box::new(request::get(path)))
            }
            Err(refusal) => Step::Done(Outcome::Rejected(refusal)),
        }
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Asked::Message, reply));
        }
        Step::Done(match json::read::<WireMessage>(reply).and_then(|message| message.tell("")) {
            Some(sms) => Outcome::Executed(Resource::Sms(sms)),
            None => replies::says_nothing(NAME, Effect::Read, reply),
        })
    }
}

#[cfg(test)]
mod tests;
