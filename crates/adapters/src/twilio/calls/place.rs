//! Placing a call.

use domain::{CallContent, Effect, Outcome, PlaceCall, Rejection, Reply, Resource, RetrySafety};

use super::call::WireCall;
use super::twiml;
use crate::form::{self, Form};
use crate::twilio::errors::{self, Asked};
use crate::twilio::{NAME, account};
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Plans a call.
///
/// # Errors
/// `invalid_field` for a text that does not fit into Twilio's markup.
pub(super) fn plan(call: &PlaceCall) -> Result<Box<dyn Exchange>, Rejection> {
    let (field, value) = match &call.content {
        CallContent::Say(text) => ("Twiml", twiml::say(text)?),
        CallContent::Url(url) => ("Url", String::from(&**url)),
    };
    Ok(Box::new(Place { call: call.clone(), content: (field, value) }))
}

struct Place {
    call: PlaceCall,
    /// The field that says what is said, and its value.
    content: (&'static str, String),
}

impl Exchange for Place {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        let Some(from) = account::caller(self.call.from.as_deref(), context.credentials) else {
            let message = "The call has no caller: name a number, or configure one.";
            return Step::Done(Outcome::Rejected(rejection::missing_field("from", message)));
        };
        let path = match account::collection_path(context.credentials, account::CALLS) {
            Ok(path) => format!("{path}.json"),
            Err(refusal) => return Step::Done(Outcome::Rejected(refusal)),
        };
        let (field, value) = &self.content;
        let form = Form::new().field("To", &self.call.to).field("From", from).field(field, value);
        let call = request::post(path, RetrySafety::LookUpFirst);
        Step::Call(Box::new(request::with_body(call, form::CONTENT_TYPE, form.finish())))
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Asked::Place, reply));
        }
        Step::Done(match json::read::<WireCall>(reply).and_then(|call| call.tell(&self.call.to)) {
            Some(call) => Outcome::Executed(Resource::Call(call)),
            None => replies::says_nothing(NAME, Effect::Write, reply),
        })
    }
}

#[cfg(test)]
mod tests;
