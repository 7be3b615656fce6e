//! Sending a text message.

use domain::{Effect, Outcome, RejectionClass, Reply, Resource, RetrySafety, SendSms};

use super::message::WireMessage;
use crate::form::{self, Form};
use crate::twilio::NAME;
use crate::twilio::account::{self, Sender};
use crate::twilio::errors::{self, Asked};
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Plans a message.
pub(super) fn plan(sms: &SendSms) -> Box<dyn Exchange> {
    Box::new(Send { sms: sms.clone() })
}

struct Send {
    sms: SendSms,
}

impl Exchange for Send {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        let sender = account::sender(self.sms.from.as_deref(), context.credentials);
        let Some(sender) = sender else {
            let message =
                "The message has no sender: name one, or configure a number or a messaging service.";
            let refusal = rejection::rejection(RejectionClass::InvalidRequest, "missing_field", message);
            return Step::Done(Outcome::Rejected(rejection::about(refusal, Some("from"))));
        };
        let path = match account::collection_path(context.credentials, account::MESSAGES) {
            Ok(path) => format!("{path}.json"),
            Err(refusal) => return Step::Done(Outcome::Rejected(refusal)),
        };
        let form = Form::new().field("To", &self.sms.to).field("Body", &self.sms.message);
        let form = match sender {
            Sender::From(from) => form.field("From", from),
            Sender::MessagingService(sid) => form.field("MessagingServiceSid", sid),
        };
        let call = request::post(path, RetrySafety::LookUpFirst);
        Step::Call(Box::new(request::with_body(call, form::CONTENT_TYPE, form.finish())))
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Asked::Send, reply));
        }
        let sms = json::read::<WireMessage>(reply).and_then(|message| message.tell(&self.sms.to));
        Step::Done(match sms {
            Some(sms) => Outcome::Executed(Resource::Sms(sms)),
            None => replies::says_nothing(NAME, Effect::Write, reply),
        })
    }
}

#[cfg(test)]
mod tests;
