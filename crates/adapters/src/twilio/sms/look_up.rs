//! What became of a message whose answer was lost: the list of messages to its recipient is searched for its text.

use domain::{Credentials, Resource, SendSms, Timestamp};

use super::message::WireMessage;
use crate::Exchange;
use crate::form::Form;
use crate::twilio::account::{self, Sender};
use crate::twilio::search::{self, Lost, Verdict};

/// What trial accounts find in front of their texts.
const TRIAL_PREFIX: &str = "Sent from your Twilio trial account - ";

/// Looks for a message by recipient, sender, age and text.
pub(super) fn sent(sms: &SendSms) -> Box<dyn Exchange> {
    search::search(LostMessage { sms: sms.clone() })
}

struct LostMessage {
    sms: SendSms,
}

impl Lost for LostMessage {
    type Listed = WireMessage;

    const COLLECTION: &'static str = account::MESSAGES;

    fn query(&self, credentials: &Credentials) -> Form {
        let from = match account::sender(self.sms.from.as_deref(), credentials) {
            Some(Sender::From(from)) => Some(from),
            Some(Sender::MessagingService(_)) | None => None,
        };
        Form::new().field("To", &self.sms.to).optional("From", from)
    }

    fn judge(&self, message: WireMessage, earliest: Timestamp) -> Verdict {
        let is_outbound = message.direction.as_deref().is_none_or(|direction| direction == "outbound-api");
        // Redacted, or not told: it may say anything.
        let is_silent = message.body.as_deref().is_none_or(str::is_empty);
        let is_same_text = message.body.as_deref().is_some_and(|body| {
            // Blanks at the ends need not survive the way.
            let text = self.sms.message.trim();
            body.trim() == text || body.strip_prefix(TRIAL_PREFIX).map(str::trim) == Some(text)
        });
        let created_at = search::moment(message.date_created.as_deref());
        // A message of unknown age might be it; to send it again would be worse than to take it for the one.
        let is_too_old = created_at.is_some_and(|created_at| created_at < earliest);
        if !is_outbound || is_too_old || !(is_same_text || is_silent) {
            return Verdict::Another;
        }
        if is_silent {
            return Verdict::Perhaps;
        }
        match message.tell(&self.sms.to) {
            Some(sms) => Verdict::It { created_at, resource: Resource::Sms(sms) },
            None => Verdict::Another,
        }
    }
}

#[cfg(test)]
mod tests;
