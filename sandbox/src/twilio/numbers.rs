//! What Twilio takes as sender and recipient, with the magic numbers of its test credentials.

use super::{chosen, refusal::Refusal};

/// Checks the recipient.
pub(super) fn check_to(to: &str) -> Result<(), Refusal> {
    if to.is_empty() {
        return Err(Refusal::new(21604, "A 'To' phone number is required."));
    }
    if is_short_code(to) {
        return Err(Refusal::new(21265, "'To' number cannot be a Short Code."));
    }
    if to == "+15005550001" || !(is_e164(to) || is_channel_address(to)) {
        return Err(Refusal::new(21211, format!("The 'To' number {to} is not a valid phone number.")));
    }
    if let Some(refusal) = chosen::refusal(to) {
        return Err(refusal);
    }
    match to {
        "+15005550002" => Err(Refusal::new(
            21612,
            "The message cannot be sent with the current combination of 'To' and/or 'From' parameters",
        )),
        "+15005550003" => Err(Refusal::new(
            21408,
            format!(
                "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}"
            ),
        )),
        "+15005550004" => Err(Refusal::new(21610, "Attempt to send to unsubscribed recipient")),
        "+15005550009" => Err(Refusal::new(21614, "'To' number is not a valid mobile number")),
        _ => Ok(()),
    }
}

/// Checks the sender; every number but the magic ones counts as owned.
pub(super) fn check_from(from: &str, to: &str) -> Result<(), Refusal> {
    let is_sender =
        is_e164(from) || is_short_code(from) || is_alphanumeric_sender(from) || is_channel_address(from);
    if from == "+15005550001" || !is_sender {
        return Err(Refusal::new(
            21212,
            format!(
                "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."
            ),
        ));
    }
    if from == to {
        return Err(Refusal::new(21266, "'To' and 'From' number cannot be the same"));
    }
    match from {
        "+15005550007" => Err(Refusal::new(
            21606,
            format!(
                "The 'From' phone number provided ({from}) is not a valid message-capable Twilio phone number for this destination/account."
            ),
        )),
        "+15005550008" => {
            Err(Refusal::new(21611, "This 'From' number has exceeded the maximum number of queued messages"))
        }
        _ => Ok(()),
    }
}

/// Checks whom a call goes to: a number, a client or a SIP address.
pub(super) fn check_called(to: &str) -> Result<(), Refusal> {
    if to.is_empty() {
        return Err(Refusal::new(21201, "No 'To' number is specified"));
    }
    if !(is_e164(to) || is_channel_address(to)) {
        return Err(Refusal::new(21211, format!("The 'To' number {to} is not a valid phone number.")));
    }
    if let Some(refusal) = chosen::refusal(to) {
        return Err(refusal);
    }
    match to {
        "+15005550001" => Err(Refusal::new(21217, format!("Phone number {to} does not appear to be valid"))),
        "+15005550002" => Err(Refusal::new(21214, format!("'To' phone number {to} cannot be reached"))),
        "+15005550003" => Err(Refusal::new(
            21215,
            format!(
                "Account not authorized to call {to}. Perhaps you need to enable some international permissions"
            ),
        )),
        "+15005550004" => Err(Refusal::new(21216, format!("Account not allowed to call {to}"))),
        _ => Ok(()),
    }
}

/// Checks whom a call comes from; every number but the magic ones counts as owned.
pub(super) fn check_caller(from: &str) -> Result<(), Refusal> {
    if from.is_empty() {
        return Err(Refusal::new(21213, "Caller phone number is required"));
    }
    if from == "+15005550001" || !(is_e164(from) || is_channel_address(from)) {
        return Err(Refusal::new(21212, format!("The 'From' number {from} is not a valid phone number.")));
    }
    if from == "+15005550007" {
        let message =
            format!("The source phone number provided, {from}, is not yet verified for your account.");
        return Err(Refusal::new(21210, message));
    }
    Ok(())
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn is_short_code(text: &str) -> bool {
    (3..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_alphanumeric_sender(text: &str) -> bool {
    (1..=11).contains(&text.len())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'&' | b'+'))
}

fn is_channel_address(text: &str) -> bool {
    text.split_once(':').is_some_and(|(channel, address)| {
        !channel.is_empty() && channel.bytes().all(|byte| byte.is_ascii_lowercase()) && !address.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_recipients_are_refused_with_their_codes() {
        for (to, code) in [
            ("", "21604"),
            ("+15005550001", "21211"),
            ("5551234567", "21211"),
            ("+15005550002", "21612"),
            ("+15005550003", "21408"),
            ("+15005550004", "21610"),
            ("+15005550009", "21614"),
            ("12345", "21265"),
        ] {
            let refusal = check_to(to).unwrap_err();
            assert!(format!("{refusal:?}").contains(code), "{to}: {refusal:?}");
        }
        assert!(check_to("+15558675310").is_ok());
        assert!(check_to("whatsapp:+15558675310").is_ok());
    }
}
