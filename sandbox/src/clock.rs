//! The sandbox's time: the wall's, or one that stands still when seeded; `advance` moves either.

use time::{OffsetDateTime, format_description::well_known};

/// Where a seeded clock starts: 2026-01-05T10:00:00Z.
const SEEDED_START_SECONDS: i64 = 1_767_607_200;
/// `advance` never goes further than this in sum: a hundred years.
const LONGEST_ADVANCE_SECONDS: i64 = 3_155_760_000;

/// Tells the time to everything in the sandbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    stands_still: bool,
    advanced_seconds: i64,
}

impl Clock {
    /// Returns the wall's clock, or one that stands still where ids and times are to be repeatable.
    pub(crate) fn new(stands_still: bool) -> Self {
        Self { stands_still, advanced_seconds: 0 }
    }

    /// Returns the present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the sandbox's clock, which everything else asks")]
    pub(crate) fn moment(&self) -> OffsetDateTime {
        let base = if self.stands_still {
            OffsetDateTime::from_unix_timestamp(SEEDED_START_SECONDS).unwrap_or(OffsetDateTime::UNIX_EPOCH)
        } else {
            OffsetDateTime::from(std::time::SystemTime::now())
        };
        base.saturating_add(time::Duration::seconds(self.advanced_seconds))
    }

    /// Returns the present moment in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        self.moment().unix_timestamp()
    }

    /// Moves the clock ahead.
    pub(crate) fn advance(&mut self, seconds: i64) {
        let sum = self.advanced_seconds.saturating_add(seconds);
        self.advanced_seconds = sum.clamp(0, LONGEST_ADVANCE_SECONDS);
    }
}

/// Writes Unix seconds as PayPal does: `2026-01-05T10:00:00Z`.
pub(crate) fn rfc3339(seconds: i64) -> String {
    moment_of(seconds).format(&well_known::Rfc3339).unwrap_or_default()
}

/// Writes Unix seconds as Twilio does: `Tue, 14 Nov 2023 22:13:20 +0000`.
pub(crate) fn rfc2822(seconds: i64) -> String {
    moment_of(seconds).format(&well_known::Rfc2822).unwrap_or_default()
}

fn moment_of(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
