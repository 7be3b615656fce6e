//! Razorpay's moments: whole seconds since 1970.

use domain::Timestamp;

/// Reads a moment, `None` where there is none or it lies before 1970.
pub(super) fn read(seconds: Option<i64>) -> Option<Timestamp> {
    u64::try_from(seconds?).ok().map(Timestamp::from_unix_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_moment_unless_they_lie_before_1970() {
        assert_eq!(read(Some(1_756_455_561)), Some(Timestamp::from_unix_ms(1_756_455_561_000)));
        assert_eq!((read(Some(-1)), read(None)), (None, None));
    }
}
