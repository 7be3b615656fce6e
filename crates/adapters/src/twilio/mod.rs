//! Twilio: forms over basic authentication, and no idempotency whatsoever: a lost answer is looked up in the list of messages or calls.

mod account;
mod calls;
mod descriptor;
mod detection;
mod errors;
mod search;
mod sms;

use domain::{Credentials, Descriptor, Operation, Rejection, Reply, Request, Secret};

use crate::{Adapter, Exchange, Token, rejection};

/// Twilio's name in sentences.
const NAME: &str = "Twilio";

/// The Twilio adapter.
#[derive(Debug)]
pub(crate) struct Twilio;

impl Adapter for Twilio {
    fn descriptor(&self) -> &'static Descriptor {
        &descriptor::DESCRIPTOR
    }

    fn plan(&self, operation: &Operation) -> Result<Box<dyn Exchange>, Rejection> {
        match operation {
            Operation::Sms(sms) => sms::plan(sms),
            Operation::Call(call) => calls::plan(call),
            other => Err(rejection::operation_not_supported(NAME, other.kind())),
        }
    }

    fn look_up(&self, operation: &Operation) -> Option<Box<dyn Exchange>> {
        match operation {
            Operation::Sms(sms) => sms::look_up(sms),
            Operation::Call(call) => calls::look_up(call),
            _ => None,
        }
    }

    fn authorize(&self, request: &mut Request, credentials: &Credentials, _: Option<&Secret>) {
        request.authorization = account::authorization(credentials);
    }

    fn token_request(&self, _: &Credentials) -> Option<Request> {
        None
    }

    fn read_token(&self, _: &Reply) -> Result<Token, Rejection> {
        Err(rejection::no_tokens(NAME))
    }

    fn refuses_token(&self, _: &Reply) -> bool {
        false
    }

    fn verification(&self, credentials: &Credentials) -> Request {
        account::verification(credentials)
    }

    fn read_verification(&self, reply: &Reply) -> Result<(), Rejection> {
        account::read_verification(reply)
    }
}

#[cfg(test)]
mod tests;
