//! PayPal's moments: RFC 3339.

use domain::{Reply, Timestamp};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::json;

/// Reads a moment, `None` when it is none or lies before 1970.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(moment.unix_timestamp()).ok().map(Timestamp::from_unix_seconds)
}

/// Returns when what a reply tells of was made, where it says so.
pub(super) fn made_at(reply: &Reply) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Made {
        create_time: String,
    }
    read(&json::read::<Made>(reply)?.create_time)
}

/// Writes a moment in whole seconds: `2026-01-05T10:00:00Z`. `None` beyond the year 9999.
pub(super) fn write(moment: Timestamp) -> Option<String> {
    let seconds = i64::try_from(moment.unix_seconds()).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_and_written_in_seconds() {
        let moment = Timestamp::from_unix_seconds(1_767_607_200);
        assert_eq!(read("2026-01-05T10:00:00Z"), Some(moment));
        assert_eq!(read("2026-01-05T10:00:00.940Z"), Some(moment));
        assert_eq!(read("2026-01-05T15:30:00+05:30"), Some(moment));
        assert_eq!(write(moment).as_deref(), Some("2026-01-05T10:00:00Z"));
        assert_eq!(
            write(Timestamp::from_unix_ms(1_767_607_200_999)).as_deref(),
            Some("2026-01-05T10:00:00Z")
        );
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in ["", "2018-19-12T22:20:32.000Z", "yesterday", "1969-12-31T23:59:59Z", "2026-01-05"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(write(Timestamp::from_unix_seconds(u64::MAX)), None);
    }
}
