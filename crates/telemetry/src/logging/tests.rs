//! What reaches the streams: one object a line, and no secret on it.

use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(format: Format, log: impl FnOnce()) -> String {
    let sink = Sink::default();
    let writer = sink.clone();
    let events = subscriber(format, "debug", move || Redacting(writer.clone())).expect("a filter");
    tracing::subscriber::with_default(events, log);
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).expect("text")
}

/// No real key: the shape is what counts.
fn our_key() -> String {
    format!("unf_live_{}", "0123456789abcdefghjkmnpqrstvwxyz")
}

fn log_secrets() {
    let key = our_key();
    let span = tracing::info_span!("call", authorization = %format!("Basic {}", "dXNlcjpwYXNzd29yZA=="));
    let _inside = span.enter();
    tracing::info!(password = "hunter two", client_secret = ?Some("s3cr3t"), "opened with {key}");
    tracing::warn!(error = %format!("provider said {{\"token\":\"{}\"}}", "A-very-secret-token"), pin = 1234, "failed");
}

#[test]
fn a_line_of_json_is_one_object_without_a_secret() {
    let text = logged(Format::Json, log_secrets);
    assert_eq!(text.lines().count(), 2, "{text}");
    for line in text.lines() {
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(object.is_object());
    }
    check_clean(&text);
}

#[test]
fn a_line_for_people_has_no_secret() {
    check_clean(&logged(Format::Pretty, log_secrets));
}

#[track_caller]
fn check_clean(text: &str) {
    for secret in [&our_key(), "dXNlcjpw", "hunter", "two", "s3cr3t", "A-very", "1234"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert!(text.contains("opened with [redacted]"), "{text}");
    assert!(text.contains("provider said"), "{text}");
}

#[test]
fn an_innocent_line_stays_as_it_is() {
    let text = logged(Format::Json, || tracing::info!(duration_ms = 12, status = "created", "order created"));
    let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(object["message"], "order created");
    assert_eq!(object["duration_ms"], 12);
    assert_eq!(object["status"], "created");
    assert_eq!(object["level"], "INFO");
}

#[test]
fn a_panic_tells_its_message_only_when_it_is_clean() {
    assert_eq!(presentable("index out of bounds"), "index out of bounds");
    assert_eq!(presentable(&format!("no such key {}", our_key())), "withheld: it looked like a secret");
    assert_eq!(presentable("Credentials { password: \"x\" }"), "withheld: it looked like a secret");
}

#[test]
fn a_panic_is_logged_with_place_and_thread() {
    let text = logged(Format::Json, || {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        let outcome = std::panic::catch_unwind(|| panic!("lost the order"));
        std::panic::set_hook(before);
        assert!(outcome.is_err());
    });
    let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(object["panic.message"], "lost the order");
    assert!(object["panic.file"].as_str().expect("a file").ends_with("tests.rs"));
    assert_eq!(object["level"], "ERROR");
}

#[test]
fn formats_and_filters_are_read() {
    assert_eq!("json".parse(), Ok(Format::Json));
    assert_eq!("pretty".parse(), Ok(Format::Pretty));
    assert_eq!("xml".parse::<Format>(), Err(UnknownFormat));
    assert!(matches!(subscriber(Format::Json, "a=b=c", io::sink), Err(LoggingError::Filter(_))));
}
