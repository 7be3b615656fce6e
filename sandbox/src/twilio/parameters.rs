//! Reading Twilio's parameters: empty ones are as absent, addresses must be whole, days have an inequality in their name.

use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use super::refusal::Refusal;

/// Decoded parameters of a form or a query.
pub(super) type Pairs = [(String, String)];

/// Returns the first value of this name; none where it is absent or empty.
pub(super) fn first<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

/// Tells whether a text is a whole address with a host; Twilio takes none with an underscore in the host's name.
pub(super) fn is_url(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    !host.is_empty() && !host.contains(['_', ' '])
}

/// Refuses a `StatusCallback` that is no address.
pub(super) fn check_callback(pairs: &Pairs) -> Result<(), Refusal> {
    match first(pairs, "StatusCallback") {
        Some(url) if !is_url(url) => {
            Err(Refusal::new(21609, format!("The 'StatusCallback' URL {url} is not a valid URL.")))
        }
        Some(_) | None => Ok(()),
    }
}

/// From when until when something happened, in Unix seconds.
#[derive(Debug)]
pub(super) struct Span {
    since: i64,
    before: i64,
}

impl Span {
    /// Reads `DateSent=2026-01-05` and the same with an inequality, which arrives as the name `DateSent>` with its own equals
    /// sign. None where nothing is asked for.
    pub(super) fn read(pairs: &Pairs, name: &str) -> Result<Option<Self>, Refusal> {
        let on = read_day(name, first(pairs, name))?;
        let since = read_day(name, first(pairs, &format!("{name}>")))?;
        let before = read_day(name, first(pairs, &format!("{name}<")))?;
        if on.is_none() && since.is_none() && before.is_none() {
            return Ok(None);
        }
        let starts = [on, since].into_iter().flatten().map(|(start, _)| start);
        let ends = [on, before].into_iter().flatten().map(|(_, end)| end);
        Ok(Some(Self { since: starts.max().unwrap_or(i64::MIN), before: ends.min().unwrap_or(i64::MAX) }))
    }

    /// Tells whether a moment lies within.
    pub(super) fn contains(&self, moment: i64) -> bool {
        (self.since..self.before).contains(&moment)
    }
}

/// Returns the first second of the named day or moment, and the first second after it.
fn read_day(name: &str, text: Option<&str>) -> Result<Option<(i64, i64)>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(day) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        let start = day.midnight().assume_utc().unix_timestamp();
        return Ok(Some((start, start.saturating_add(24 * 60 * 60))));
    }
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(moment) => {
            let second = moment.unix_timestamp();
            Ok(Some((second, second.saturating_add(1))))
        }
        Err(_) => Err(Refusal::new(20001, format!("{name} {text} is not a date"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_inequalities_bound_a_span() {
        let span = |name: &str, value: &str| {
            Span::read(&[(name.to_owned(), value.to_owned())], "DateSent").unwrap().unwrap()
        };
        // 2026-01-05T00:00:00Z
        let midnight = 1_767_571_200;
        let day = 24 * 60 * 60;
        for (name, value, inside, outside) in [
            ("DateSent", "2026-01-05", [midnight, midnight + day - 1], [midnight - 1, midnight + day]),
            ("DateSent>", "2026-01-05", [midnight, i64::MAX - 1], [midnight - 1, i64::MIN]),
            ("DateSent<", "2026-01-05", [midnight, i64::MIN], [midnight + day, i64::MAX - 1]),
            ("DateSent", "2026-01-05T00:00:00Z", [midnight, midnight], [midnight - 1, midnight + 1]),
        ] {
            let span = span(name, value);
            assert!(inside.iter().all(|moment| span.contains(*moment)), "{name} {value}");
            assert!(outside.iter().all(|moment| !span.contains(*moment)), "{name} {value}");
        }
        assert!(Span::read(&[], "DateSent").unwrap().is_none());
        assert!(Span::read(&[("DateSent".to_owned(), "today".to_owned())], "DateSent").is_err());
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for url in ["https://gw.example.com/x?y=1", "http://127.0.0.1:8080"] {
            assert!(is_url(url), "{url}");
        }
        for url in ["nowhere", "ftp://a", "https://", "https:///x", "https://my_host/", "http://a b/"] {
            assert!(!is_url(url), "{url}");
        }
    }
}
