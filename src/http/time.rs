//! Moments as the API writes and reads them: RFC 3339, UTC.

use domain::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Returns `2025-01-01T00:00:00Z`: whole seconds, UTC.
pub(super) fn write(at: Timestamp) -> String {
    let seconds = i64::try_from(at.unix_seconds()).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Every moment that a timestamp can hold and the calendar knows can be written.
    at.format(&Rfc3339).unwrap_or_default()
}

/// Reads an RFC 3339 moment of any offset, from 1970 on.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(at.unix_timestamp_nanos().checked_div(1_000_000)?).ok().map(Timestamp::from_unix_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc_and_read_with_any_offset() {
        assert_eq!(write(Timestamp::from_unix_seconds(1_735_689_600)), "2025-01-01T00:00:00Z");
        assert_eq!(read("2025-01-01T05:30:00+05:30"), Some(Timestamp::from_unix_seconds(1_735_689_600)));
        assert_eq!(read("2025-01-01T00:00:00.250Z"), Some(Timestamp::from_unix_ms(1_735_689_600_250)));
        for bad in ["", "yesterday", "2025-01-01", "1900-01-01T00:00:00Z", "2025-13-01T00:00:00Z"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
