//! What is said in a call, as Twilio's markup. Source: Twilio, `TwiML` for Programmable Voice, and the parameter `Twiml` of
//! `twilio_api_v2010`, 2026-04-14.

use domain::Rejection;

use crate::rejection;

/// Longest markup in a request, in characters.
const MAX_CHARS: usize = 4_000;

const BEFORE: &str = "<Response><Say>";
const AFTER: &str = "</Say></Response>";

/// Returns the markup that says a text.
///
/// # Errors
/// `invalid_field` for a text that does not fit once it is escaped, or has characters that XML cannot hold.
pub(super) fn say(text: &str) -> Result<String, Rejection> {
    let mut markup = String::with_capacity(BEFORE.len() + text.len() + AFTER.len());
    markup.push_str(BEFORE);
    for letter in text.chars() {
        match letter {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            _ if is_of_xml(letter) => markup.push(letter),
            _ => return Err(rejection::invalid_field("say", "The text has control characters.")),
        }
    }
    markup.push_str(AFTER);
    let chars = markup.chars().count();
    if chars > MAX_CHARS {
        let over = chars.saturating_sub(MAX_CHARS);
        let message = format!("The text is {over} characters too long for a call, written as XML.");
        return Err(rejection::invalid_field("say", message));
    }
    Ok(markup)
}

/// Returns whether a character may stand in an XML document (XML 1.0, production 2).
const fn is_of_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests;
