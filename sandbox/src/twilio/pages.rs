//! A page of a list, newest first, with the addresses of the pages around it.

use serde_json::{Value, json};

use super::{
    parameters::{Pairs, first},
    refusal::Refusal,
};

/// The most objects on one page.
const LARGEST_PAGE: usize = 1000;
/// Objects on a page unless `PageSize` says otherwise.
const DEFAULT_PAGE: usize = 50;

/// What can stand in a list.
pub(super) trait Listed {
    /// The list's name: `messages`.
    const NAME: &'static str;

    /// Returns the object's SID.
    fn sid(&self) -> &str;

    /// Returns the object as Twilio writes it.
    fn to_json(&self, now: i64) -> Value;
}

/// Returns the page that the query asks for.
///
/// # Errors
///
/// Refuses a `PageSize` that is none.
pub(super) fn page<T: Listed>(path: &str, pairs: &Pairs, fitting: &[&T], now: i64) -> Result<Value, Refusal> {
    let size = match first(pairs, "PageSize").map(str::parse::<usize>) {
        None => DEFAULT_PAGE,
        Some(Ok(size)) if size >= 1 => size.min(LARGEST_PAGE),
        Some(_) => return Err(Refusal::new(20001, "PageSize must be a number of at least 1")),
    };
    let page = first(pairs, "Page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(0);
    // The token names the last object of the page before, so that newer ones do not shift the pages.
    let start = first(pairs, "PageToken")
        .and_then(|token| token.strip_prefix("PA"))
        .and_then(|sid| fitting.iter().position(|item| item.sid() == sid))
        .map_or_else(|| page.saturating_mul(size), |position| position.saturating_add(1));
    let shown: Vec<&T> = fitting.iter().skip(start).take(size).copied().collect();
    let end = start.saturating_add(shown.len());
    let uri = |page: usize, token: Option<&str>| page_uri(path, pairs, (page, size, token));
    let next =
        (end < fitting.len()).then(|| uri(page.saturating_add(1), shown.last().map(|item| item.sid())));
    let previous = (page > 0).then(|| uri(page.saturating_sub(1), None));
    Ok(json!({
        T::NAME: shown.iter().map(|item| item.to_json(now)).collect::<Vec<Value>>(),
        "page": page,
        "page_size": size,
        "start": start,
        "end": end.saturating_sub(1).max(start),
        "uri": uri(page, None),
        "first_page_uri": uri(0, None),
        "next_page_uri": next,
        "previous_page_uri": previous,
    }))
}

fn page_uri(path: &str, pairs: &Pairs, (page, size, token): (usize, usize, Option<&str>)) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if !["Page", "PageSize", "PageToken"].contains(&name.as_str()) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
    if let Some(sid) = token {
        query.append_pair("PageToken", &format!("PA{sid}"));
    }
    format!("{path}?{}", query.finish())
}
