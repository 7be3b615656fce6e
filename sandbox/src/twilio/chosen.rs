//! Recipients that decide what becomes of a request: `+150055` and a code of Twilio's, or of the sandbox's own for calls. An addition, since
//! Twilio's magic numbers cover a few refusals only.

use super::{phone_call::Status, refusal::Refusal};

/// In front of the code.
const FRONT: &str = "+150055";
/// What a message is refused with, by code and HTTP status.
const REFUSALS: [(u32, u16, &str); 46] = [
    (20003, 401, "Authenticate"),
    (20005, 403, "Account not active"),
    (10001, 403, "Account is not active"),
    (20008, 403, "Resource not accessible with Test Account Credentials"),
    (20404, 404, "The requested resource was not found"),
    (20429, 429, "Too Many Requests"),
    (20500, 500, "Internal Server Error"),
    (20503, 503, "Service Unavailable"),
    (20504, 504, "Gateway Timeout"),
    (21201, 400, "No 'To' number is specified"),
    (21213, 400, "Caller phone number is required"),
    (21202, 400, "'To' number is a premium number"),
    (21203, 400, "International calling not enabled"),
    (
        21215,
        400,
        "Account not authorized to call this number. Perhaps you need to enable some international permissions",
    ),
    (21216, 400, "Account not allowed to call this number"),
    (21205, 400, "Url is not a valid URL"),
    (21210, 400, "The source phone number provided is not yet verified for your account."),
    (21264, 400, "'From' phone number not verified"),
    (21211, 400, "The 'To' number is not a valid phone number."),
    (21217, 400, "Phone number does not appear to be valid"),
    (21212, 400, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."),
    (21214, 400, "'To' phone number cannot be reached"),
    (21219, 400, "The number is unverified. Trial accounts may only make calls to verified numbers."),
    (21220, 400, "Call is not in-progress. Cannot redirect."),
    (21265, 400, "'To' number cannot be a Short Code."),
    (21266, 400, "'To' and 'From' number cannot be the same"),
    (21268, 400, "'To' number is a premium number"),
    (
        21408,
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    ),
    (21602, 400, "Message body is required."),
    (21619, 400, "A text message body or media urls must be specified."),
    (21603, 400, "A 'From' phone number is required."),
    (21604, 400, "A 'To' phone number is required."),
    (
        21606,
        400,
        "The 'From' phone number is not a valid message-capable Twilio phone number for this destination/account.",
    ),
    (21659, 400, "'From' is not a Twilio phone number or Short Code country mismatch"),
    (21660, 400, "Mismatch between the 'From' number and the account"),
    (21661, 400, "'From' is not SMS-capable"),
    (21608, 400, "The number is unverified. Trial accounts cannot send messages to unverified numbers"),
    (21609, 400, "The 'StatusCallback' URL is not a valid URL."),
    (21626, 400, "Invalid 'StatusCallbackEvent'"),
    (21610, 400, "Attempt to send to unsubscribed recipient"),
    (21611, 400, "This 'From' number has exceeded the maximum number of queued messages"),
    (21612, 400, "The message cannot be sent with the current combination of 'To' and/or 'From' parameters"),
    (21614, 400, "'To' number is not a valid mobile number"),
    (21635, 400, "'To' number cannot be a landline"),
    (21617, 400, "The concatenated message body exceeds the 1600 character limit."),
    (21701, 400, "The Messaging Service does not exist"),
];
/// What a message is accepted with and then does not arrive for.
const DELIVERY_CODES: [(u32, &str); 9] = [
    (30001, "Queue overflow"),
    (30002, "Account suspended"),
    (30003, "Unreachable destination handset"),
    (30004, "Message blocked"),
    (30005, "Unknown destination handset"),
    (30006, "Landline or unreachable carrier"),
    (30007, "Message filtered"),
    (30008, "Unknown error"),
    (30034, "US A2P 10DLC - message from an unregistered number"),
];

/// Returns the end that a call to this number comes to; none when it is answered.
pub(super) fn call_ending(to: &str) -> Option<Status> {
    match code_in(to)? {
        60001 => Some(Status::Busy),
        60002 => Some(Status::NoAnswer),
        60003 => Some(Status::Failed),
        _ => None,
    }
}

/// Returns the refusal that a recipient stands for.
pub(super) fn refusal(to: &str) -> Option<Refusal> {
    let code = code_in(to)?;
    let (_, status, message) = REFUSALS.into_iter().find(|(known, ..)| *known == code)?;
    Some(Refusal::with_status(status, code, message))
}

/// Returns the delivery code and text that a message to this recipient ends with; none when it arrives.
pub(super) fn delivery_failure(to: &str) -> Option<(u32, &'static str)> {
    delivery_code(code_in(to)?)
}

/// Returns a delivery code with its text.
pub(super) fn delivery_code(code: u32) -> Option<(u32, &'static str)> {
    DELIVERY_CODES.into_iter().find(|(known, _)| *known == code)
}

fn code_in(to: &str) -> Option<u32> {
    to.strip_prefix(FRONT).filter(|code| code.len() == 5)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_can_be_chosen_to_fail_late() {
        assert_eq!(delivery_failure("+15005530003").map(|(code, _)| code), Some(30003));
        assert_eq!(delivery_failure("+15005550006"), None);
        assert_eq!(delivery_failure("+15558675310"), None);
    }

    #[test]
    fn a_recipient_can_be_chosen_to_be_refused() {
        for (to, code) in [("+15005521635", "21635"), ("+15005520503", "503"), ("+15005510001", "403")] {
            let refusal = format!("{:?}", refusal(to));
            assert!(refusal.contains(code), "{to}: {refusal}");
        }
        for to in ["+15005550001", "+15005530003", "+15005529999", "+150055216350", "+15558675310"] {
            assert!(refusal(to).is_none(), "{to}");
        }
    }
}
