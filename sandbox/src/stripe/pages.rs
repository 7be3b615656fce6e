//! Stripe's lists: newest first, `limit`, `starting_after`, `ending_before`, and ranges of times.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    parameters::{Kind, Parameter, Parameters},
    refusal::Refusal,
};

/// The bounds of a time: `created[gte]=…`.
pub(super) const RANGE: &[Parameter] =
    &[("gt", Kind::Integer), ("gte", Kind::Integer), ("lt", Kind::Integer), ("lte", Kind::Integer)];

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// The objects, newest first.
    pub(super) items: Vec<T>,
    /// Whether there are more in the direction of the paging.
    pub(super) has_more: bool,
}

/// Returns the page that the parameters ask for; `noun` is the objects' name in error messages.
pub(super) fn page<'a, T>(
    given: &Parameters,
    noun: &str,
    newest_first: impl Iterator<Item = &'a T>,
    id_of: fn(&T) -> &str,
) -> Result<Page<&'a T>, Refusal> {
    let limit = given.integer("limit").unwrap_or(10);
    if !(1..=100).contains(&limit) {
        let message = "Invalid integer: limit must be between 1 and 100";
        return Err(Refusal::parameter(Some("parameter_invalid_integer"), "limit", message));
    }
    let limit = usize::try_from(limit).unwrap_or(10);
    let mut items: Vec<&T> = newest_first.collect();
    let position_of = |items: &[&T], id: &str, param: &str| {
        let missing = || Refusal::no_such(StatusCode::BAD_REQUEST, noun, id, param);
        items.iter().position(|item| id_of(item) == id).ok_or_else(missing)
    };
    if let Some(after) = given.text("starting_after") {
        let position = position_of(&items, after, "starting_after")?;
        items.drain(..=position);
    }
    let mut has_more = items.len() > limit;
    if let Some(before) = given.text("ending_before") {
        items.truncate(position_of(&items, before, "ending_before")?);
        has_more = items.len() > limit;
        items.drain(..items.len().saturating_sub(limit));
    }
    items.truncate(limit);
    Ok(Page { items, has_more })
}

/// Returns the list as Stripe writes it.
pub(super) fn written(url: &str, data: &[Value], has_more: bool) -> Value {
    json!({"object": "list", "data": data, "has_more": has_more, "url": url})
}

/// Tells whether a time is in the range that the parameter of this name gives; without one every time is.
pub(super) fn is_in_range(time: i64, given: &Parameters, name: &str) -> bool {
    if let Some(exact) = given.integer(name) {
        return time == exact;
    }
    let bound = |word: &str| given.nested_text(name, word).and_then(|text| text.parse::<i64>().ok());
    bound("gt").is_none_or(|least| time > least)
        && bound("gte").is_none_or(|least| time >= least)
        && bound("lt").is_none_or(|most| time < most)
        && bound("lte").is_none_or(|most| time <= most)
}

/// Tells whether a text is the one that the parameter of this name asks for; without one every text is.
pub(super) fn fits(text: Option<&str>, given: &Parameters, name: &str) -> bool {
    given.text(name).is_none_or(|wanted| Some(wanted) == text)
}
