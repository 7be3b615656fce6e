//! What is kept of a transaction's requests to providers: a line of JSON for each, in the order in which they were made.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use domain::Attempt;
use serde_json::value::RawValue;

/// Most lines that a transaction keeps. More requests than that are counted only.
const MAX_LINES: usize = 64;
/// Room for one line; the longest that there are have 150.
const LINE_BYTES: usize = 160;

/// Returns the lines of these attempts as a JSON array, empty where there are none.
pub(super) fn lines(attempts: &[Attempt]) -> Bytes {
    let kept = attempts.get(..MAX_LINES).unwrap_or(attempts);
    if kept.is_empty() {
        return Bytes::new();
    }
    let mut text = String::with_capacity(kept.len() * LINE_BYTES);
    for attempt in kept {
        text.push(if text.is_empty() { '[' } else { ',' });
        line(&mut text, attempt);
    }
    text.push(']');
    text.into()
}

/// Returns the lines of what was done before and of what was done since, as [`lines`] does. Where there are too many, the
/// earlier ones stay: the call that matters is among them.
pub(super) fn join(earlier: &Bytes, later: &[Attempt]) -> Bytes {
    let later = lines(later);
    if earlier.is_empty() {
        return later;
    }
    if later.is_empty() {
        return earlier.clone();
    }
    let mut all = read(earlier);
    all.extend(read(&later));
    all.truncate(MAX_LINES);
    serde_json::to_vec(&all).unwrap_or_default().into()
}

/// Returns how many lines there are.
pub(super) fn count(lines: &Bytes) -> usize {
    if lines.is_empty() { 0 } else { read(lines).len() }
}

/// Reads lines back, in whatever way a store has spaced them. What cannot be read is left out: it explains something, and
/// nothing depends on it.
fn read(lines: &Bytes) -> Vec<&RawValue> {
    serde_json::from_slice(lines).unwrap_or_default()
}

/// Writes one line. All its words are ours: none of them needs to be escaped.
fn line(text: &mut String, attempt: &Attempt) {
    let (provider, effect) = (attempt.provider, attempt.effect.as_str());
    let outcome = attempt.outcome();
    write!(text, r#"{{"provider":"{provider}","effect":"{effect}","outcome":"{outcome}""#).ok();
    if let Ok(status) = attempt.told {
        write!(text, r#","status":{status}"#).ok();
    }
    if let Some(failure) = attempt.failure() {
        write!(text, r#","failure":"{failure}""#).ok();
    }
    text.push_str(r#","waited_ms":"#);
    millis(text, attempt.waited);
    text.push_str(r#","duration_ms":"#);
    millis(text, attempt.duration);
    text.push('}');
}

/// Writes milliseconds with three decimals.
fn millis(text: &mut String, duration: Duration) {
    let micros = duration.as_micros();
    // Writing to a string cannot fail.
    write!(text, "{}.{:03}", micros / 1000, micros % 1000).ok();
}

#[cfg(test)]
mod tests {
    use domain::{Effect, ProviderId, TransportFailure, Unsent};

    use super::*;

    fn attempt(told: Result<u16, TransportFailure>) -> Attempt {
        Attempt {
            provider: ProviderId::new("razorpay"),
            effect: Effect::Write,
            told: told.map_err(Into::into),
            waited: Duration::from_micros(1_050),
            duration: Duration::from_nanos(10_000_007_999),
        }
    }

    #[test]
    fn each_attempt_is_a_line_with_exact_times() {
        let none = TransportFailure::NotSent(Unsent::Connect);
        assert_eq!(
            lines(&[attempt(Err(none)), attempt(Ok(201))]),
            concat!(
                r#"[{"provider":"razorpay","effect":"write","outcome":"not_sent","failure":"no_connection","waited_ms":1.050,"duration_ms":10000.007},"#,
                r#"{"provider":"razorpay","effect":"write","outcome":"executed","status":201,"waited_ms":1.050,"duration_ms":10000.007}]"#
            )
        );
        assert_eq!(lines(&[]), "");
    }

    #[test]
    fn the_longest_line_needs_no_second_buffer() {
        let mut longest = attempt(Err(TransportFailure::NotSent(Unsent::Malformed)));
        longest.effect = Effect::Prepare;
        longest.duration = Duration::from_secs(3600);
        longest.waited = Duration::from_secs(3600);
        assert!(lines(&[longest]).len() < LINE_BYTES, "{:?}", lines(&[longest]));
    }

    #[test]
    fn lines_are_at_most_so_many_and_the_first_of_them_stay() {
        let many = vec![attempt(Ok(503)); MAX_LINES];
        assert_eq!(count(&lines(&[many.clone(), many.clone()].concat())), MAX_LINES);
        let earlier = lines(&many[1..]);
        let joined = join(&earlier, &[attempt(Ok(201)), attempt(Ok(202))]);
        assert_eq!(count(&joined), MAX_LINES);
        let last: serde_json::Value = serde_json::from_slice(&joined).expect("JSON");
        assert_eq!(last[MAX_LINES - 1]["status"], 201);
    }

    #[test]
    fn what_was_done_before_comes_first_and_loses_nothing() {
        let (first, second) = ([attempt(Err(TransportFailure::TimedOut))], [attempt(Ok(200))]);
        let both = lines(&[first, second].concat());
        assert_eq!(join(&lines(&first), &second), both);
        // As a store may give it back.
        let spaced = String::from_utf8(lines(&first).to_vec()).expect("text").replace(',', ", ");
        assert_eq!(count(&join(&spaced.into(), &second)), 2);
        assert_eq!(join(&Bytes::new(), &second), lines(&second));
        assert_eq!(join(&lines(&first), &[]), lines(&first));
        assert_eq!(join(&Bytes::from_static(b"broken"), &second), lines(&second));
        assert_eq!((count(&Bytes::new()), count(&both)), (0, 2));
    }
}
