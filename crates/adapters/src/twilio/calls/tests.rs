//! What the tests of calls share.

use domain::{Call, CallContent, GetCall, Metadata, Operation, Outcome, PlaceCall, Resource};

use super::*;
use crate::Adapter;
use crate::twilio::Twilio;

pub(super) const CALL: &str = "CA9f8e7d6c9f8e7d6c9f8e7d6c9f8e7d6c";

pub(super) fn call() -> PlaceCall {
    PlaceCall {
        to: "+15558675310".into(),
        from: None,
        content: CallContent::Say("Your code is 1 2 3".into()),
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(super) fn place(call: PlaceCall) -> Operation {
    Operation::Call(CallOperation::Place(call))
}

pub(super) fn get(id: &str) -> Operation {
    Operation::Call(CallOperation::Get(GetCall { provider_call_id: id.into() }))
}

#[track_caller]
pub(super) fn told(outcome: Outcome) -> Call {
    match outcome {
        Outcome::Executed(Resource::Call(call)) => call,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_a_placed_call_is_looked_up() {
    assert!(Twilio.look_up(&place(call())).is_some());
    assert!(Twilio.look_up(&get(CALL)).is_none());
}
