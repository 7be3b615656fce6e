//! Logs: one line an event on the standard streams, each line redacted as the last line of defence; panics included.

use std::borrow::Cow;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::str::FromStr;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::redact::redact_text;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, on standard output.
    Json,
    /// For people, on standard error. Without colours: their control codes would stand between a name and its value and
    /// blind the redaction.
    Pretty,
}

/// The text names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown log format")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            _ => Err(UnknownFormat),
        }
    }
}

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter is not one: `info,gateway=debug`.
    #[error("reading the log filter")]
    Filter(#[source] ParseError),
    /// The process logs already.
    #[error("logging is set up already")]
    AlreadySet(#[source] TryInitError),
}

/// Sends the process's events, and its panics, to the standard streams.
///
/// # Errors
/// [`LoggingError::Filter`] for a filter that cannot be read, [`LoggingError::AlreadySet`] the second time in a process.
pub fn init(format: Format, filter: &str) -> Result<(), LoggingError> {
    match format {
        Format::Json => subscriber(format, filter, || Redacting(io::stdout()))?,
        Format::Pretty => subscriber(format, filter, || Redacting(io::stderr()))?,
    }
    .try_init()
    .map_err(LoggingError::AlreadySet)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

type Events = Box<dyn Subscriber + Send + Sync>;

fn subscriber<W>(format: Format, filter: &str, writer: W) -> Result<Events, LoggingError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).map_err(LoggingError::Filter)?;
    let events = fmt::Subscriber::builder().with_env_filter(filter).with_ansi(false).with_writer(writer);
    Ok(match format {
        Format::Json => Box::new(events.json().flatten_event(true).with_span_list(false).finish()),
        Format::Pretty => Box::new(events.compact().finish()),
    })
}

/// Redacts what passes through. The formatter hands over each event in one piece, so no secret is cut in two.
struct Redacting<W>(W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(redact_text(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().map_or(Cow::Borrowed("not a text"), presentable);
    let (file, line) = panic.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
    let thread = std::thread::current();
    tracing::error!(
        panic.message = %message,
        panic.file = file,
        panic.line = line,
        panic.thread = thread.name().unwrap_or("unnamed"),
        "a thread panicked",
    );
}

/// A panic's message may hold any value that was in reach: unless it is clean, all of it is withheld.
fn presentable(message: &str) -> Cow<'_, str> {
    match redact_text(message) {
        Cow::Borrowed(clean) => Cow::Borrowed(clean),
        Cow::Owned(_) => Cow::Borrowed("withheld: it looked like a secret"),
    }
}

#[cfg(test)]
mod tests;
