//! When a call of unknown outcome is looked up: at fixed ages, a few times, and then nobody looks by itself any more.

use std::time::Duration;

/// Ages at which a look-up is due, counted from when the outcome became unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Box<[Duration]>);

/// Why a list of ages is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Nothing would ever be looked up.
    #[error("a schedule must have at least one look-up")]
    Empty,
    /// How often a row was looked up is kept in one byte.
    #[error("a schedule has at most 255 look-ups")]
    TooMany,
    /// A look-up would be due before the one in front of it.
    #[error("each look-up must be later than the one before")]
    NotRising,
}

impl Schedule {
    /// Returns a schedule with a look-up at each of these ages.
    ///
    /// # Errors
    /// Every variant of [`ScheduleError`].
    pub fn try_new(ages: &[Duration]) -> Result<Self, ScheduleError> {
        if ages.is_empty() {
            return Err(ScheduleError::Empty);
        }
        if ages.len() > usize::from(u8::MAX) {
            return Err(ScheduleError::TooMany);
        }
        if !ages.is_sorted_by(|earlier, later| earlier < later) {
            return Err(ScheduleError::NotRising);
        }
        Ok(Self(ages.into()))
    }

    /// Returns how long to wait for the next look-up when so many were made in vain, the last of them now (or, when there was
    /// none, when the outcome became unknown now). `None`: there is none any more.
    ///
    /// The wait is counted from the look-up before it: after hours in which nobody could look, the others do not all fall due
    /// at once.
    pub fn wait(&self, done: u8) -> Option<Duration> {
        let done = usize::from(done);
        let age = *self.0.get(done)?;
        let before = done.checked_sub(1).and_then(|last| self.0.get(last)).copied().unwrap_or_default();
        Some(age.saturating_sub(before))
    }

    /// Returns the age of the last look-up.
    pub fn last(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(seconds: &[u64]) -> Result<Schedule, ScheduleError> {
        let ages: Vec<_> = seconds.iter().copied().map(Duration::from_secs).collect();
        Schedule::try_new(&ages)
    }

    #[test]
    fn look_ups_come_at_their_ages_and_then_no_more() {
        let check = |seconds: &[u64], expected: &[u64]| {
            let schedule = schedule(seconds).unwrap();
            let mut waits = Vec::new();
            let mut age = 0;
            while let Some(wait) = schedule.wait(u8::try_from(waits.len()).unwrap()) {
                waits.push(wait.as_secs());
                age += wait.as_secs();
            }
            assert_eq!(waits, expected);
            assert_eq!(age, *seconds.last().unwrap(), "the last look-up comes at the last age");
            assert_eq!(schedule.last().as_secs(), age);
        };
        check(&[5], &[5]);
        check(&[0, 1], &[0, 1]);
        check(&[5, 30, 120, 600, 3_600, 21_600, 86_400], &[5, 25, 90, 480, 3_000, 18_000, 64_800]);
        assert_eq!(schedule(&[5]).unwrap().wait(u8::MAX), None);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        assert_eq!(schedule(&[]), Err(ScheduleError::Empty));
        assert_eq!(schedule(&[5, 5]), Err(ScheduleError::NotRising));
        assert_eq!(schedule(&[5, 4]), Err(ScheduleError::NotRising));
        let many: Vec<u64> = (0..256).collect();
        assert_eq!(schedule(&many), Err(ScheduleError::TooMany));
        assert!(schedule(&many[1..]).is_ok());
    }
}
