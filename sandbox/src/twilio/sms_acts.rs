//! What happens to a message beside the API: its carrier sends, delivers or loses it, its reader reads it.

use serde_json::Value;

use crate::{
    act::{Act, Acted},
    desk::Desk,
    payer::PayerRefusal,
};

use super::{
    Account, chosen,
    message::{self, Message, Status},
    report,
};

/// Every act, as the control route spells it.
const NAMES: [&str; 6] = ["send", "deliver", "undeliver", "fail", "read", "set_status"];
/// What `undeliver` and `fail` say unless told otherwise: unreachable handset, queue overflow.
const UNDELIVERED_CODE: u32 = 30003;
const FAILED_CODE: u32 = 30001;
/// The longest word that `set_status` takes, in characters.
const LONGEST_WORD: usize = 40;

/// What an act does: the effect it is recorded as, where it leaves the message, and from where it can start.
struct Step {
    operation: &'static str,
    status: Status,
    from: &'static [Status],
}

/// Twilio has it and has not handed it over.
const WAITING: &[Status] = &[Status::Accepted, Status::Queued, Status::Sending];
/// Not at its end yet. A scheduled message is sent when it is due and not before.
const UNDER_WAY: &[Status] = &[Status::Accepted, Status::Queued, Status::Sending, Status::Sent];

/// Acts on a message of any account.
pub(super) fn act<'a>(
    desk: &mut Desk,
    mut accounts: impl Iterator<Item = &'a mut Account>,
    act: &Act<'_>,
) -> Result<Acted, PayerRefusal> {
    let (sid, message) = accounts
        .find_map(|account| Some((&account.sid, account.messages.get_mut(act.id)?)))
        .ok_or(PayerRefusal::UnknownOrder)?;
    let now = desk.now();
    let operation = match act.name {
        "set_status" => set_word(message, act)?,
        _ => take_step(message, act, now)?,
    };
    message.updated_at = now;
    report(desk, sid, (operation, act.id));
    let object = message.to_json(now);
    let status = object.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Acted { status, object })
}

fn step(act: &Act<'_>) -> Result<Step, PayerRefusal> {
    let (operation, status, from) = match act.name {
        "send" => ("sms.sent", Status::Sent, WAITING),
        "deliver" => ("sms.deliver", Status::Delivered, UNDER_WAY),
        "undeliver" => ("sms.undeliver", Status::Undelivered, UNDER_WAY),
        "fail" => ("sms.fail", Status::Failed, WAITING),
        "read" => ("sms.read", Status::Read, &[Status::Sent, Status::Delivered][..]),
        _ => return Err(act.unknown(&NAMES)),
    };
    Ok(Step { operation, status, from })
}

fn take_step(message: &mut Message, act: &Act<'_>, now: i64) -> Result<&'static str, PayerRefusal> {
    let step = step(act)?;
    let failure = match step.status {
        Status::Undelivered => Some(failure(act, UNDELIVERED_CODE)?),
        Status::Failed => Some(failure(act, FAILED_CODE)?),
        _ => {
            act.only(&[])?;
            None
        }
    };
    let before = message.status(now);
    if !step.from.contains(&before) {
        let message = format!("a message that is {} cannot become {}", before.name(), step.status.name());
        return Err(PayerRefusal::action(message));
    }
    let sent_at = match step.status {
        Status::Failed => None,
        _ => Some(message.sent_at(now).unwrap_or(now)),
    };
    message.act = Some(message::Acted { status: step.status, sent_at, failure });
    message.word = None;
    Ok(step.operation)
}

/// Returns the delivery code that the call names, with its text.
fn failure(act: &Act<'_>, otherwise: u32) -> Result<(u32, &'static str), PayerRefusal> {
    act.only(&["code"])?;
    let refused = |message: &str| PayerRefusal::Refused { field: "code", message: message.to_owned() };
    let code = match act.fields.get("code") {
        None | Some(Value::Null) => otherwise,
        Some(code) => code
            .as_u64()
            .and_then(|code| u32::try_from(code).ok())
            .ok_or_else(|| refused("code must be a number, such as 30003"))?,
    };
    chosen::delivery_code(code).ok_or_else(|| refused("code is no delivery code that the sandbox knows"))
}

/// Puts any word in the status's place, so that a reader can be tried with one that it does not know. The message itself
/// stays as it is, and the next act takes the word away.
fn set_word(message: &mut Message, act: &Act<'_>) -> Result<&'static str, PayerRefusal> {
    act.only(&["status"])?;
    let refused = |message: String| PayerRefusal::Refused { field: "status", message };
    let word = act.text("status")?.ok_or_else(|| refused("status is missing".to_owned()))?;
    if word.chars().count() > LONGEST_WORD {
        return Err(refused(format!("status has at most {LONGEST_WORD} characters")));
    }
    message.word = Some(word.to_owned());
    Ok("sms.set_status")
}
