//! What became of a call whose answer was lost: the first call from the same number to the same number that was made since.
//! Twilio does not tell what a call says, so that two calls between the same numbers cannot be told apart: when the second
//! was placed and the first never arrived, the first is taken for made too. Nobody is called twice by it.

use domain::{Credentials, PlaceCall, Resource, Timestamp};

use super::call::WireCall;
use crate::Exchange;
use crate::form::Form;
use crate::twilio::account;
use crate::twilio::search::{self, Lost, Verdict};

/// Looks for a call by its two ends and its age.
pub(super) fn placed(call: &PlaceCall) -> Box<dyn Exchange> {
    search::search(LostCall { call: call.clone() })
}

struct LostCall {
    call: PlaceCall,
}

impl Lost for LostCall {
    type Listed = WireCall;

    const COLLECTION: &'static str = account::CALLS;

    fn query(&self, credentials: &Credentials) -> Form {
        let from = account::caller(self.call.from.as_deref(), credentials);
        Form::new().field("To", &self.call.to).optional("From", from)
    }

    fn judge(&self, call: WireCall, earliest: Timestamp) -> Verdict {
        // A call that came in, or that another call made, is none of the gateway's.
        let is_outbound = call.direction.as_deref().is_none_or(|direction| direction == "outbound-api");
        let created_at = search::moment(call.date_created.as_deref());
        let is_too_old = created_at.is_some_and(|created_at| created_at < earliest);
        if !is_outbound || is_too_old {
            return Verdict::Another;
        }
        match (call.tell(&self.call.to), created_at) {
            (None, _) => Verdict::Another,
            // Any earlier call is like this one. Twilio knows the age of a new call a moment later.
            (Some(_), None) => Verdict::Perhaps,
            (Some(call), Some(_)) => Verdict::It { created_at, resource: Resource::Call(call) },
        }
    }
}

#[cfg(test)]
mod tests;
