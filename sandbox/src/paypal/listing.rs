//! One page of a PayPal list: `page`, `page_size` and `total_required`, and the links to the pages around it.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::exchange::{Answer, Incoming};

use super::{Call, refusal::Refusal};

/// The page a request asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    number: usize,
    size: usize,
    shows_totals: bool,
}

/// How many objects a page may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) usual: usize,
    pub(super) most: usize,
}

impl Page {
    /// Reads which page is asked for.
    pub(super) fn read(incoming: &Incoming, sizes: Sizes) -> Result<Self, Refusal> {
        let mut page = Self { number: 1, size: sizes.usual, shows_totals: false };
        for (name, value) in incoming.query_pairs() {
            match name.as_str() {
                "page" => page.number = number(&name, &value, 100_000)?,
                "page_size" => page.size = number(&name, &value, sizes.most)?,
                "total_required" => {
                    page.shows_totals = value
                        .parse()
                        .ok()
                        .ok_or_else(|| Refusal::issue("INVALID_PARAMETER_SYNTAX").at_query(&name, &value))?;
                }
                _ => {}
            }
        }
        Ok(page)
    }

    /// Returns the objects of this page.
    pub(super) fn cut<T>(self, objects: Vec<T>) -> Vec<T> {
        let before = self.number.saturating_sub(1).saturating_mul(self.size);
        objects.into_iter().skip(before).take(self.size).collect()
    }

    /// Returns the members that every list has beside its objects: totals where they were asked for, and links.
    pub(super) fn members(self, total: usize, call: &Call<'_>) -> Map<String, Value> {
        let pages = total.div_ceil(self.size);
        let mut members = Map::new();
        if self.shows_totals {
            members.insert("total_items".to_owned(), json!(total));
            members.insert("total_pages".to_owned(), json!(pages));
        }
        let own = format!("http://{}{}", call.desk.addresses.paypal, call.incoming.path);
        let link = |number: usize, rel: &str| {
            let href =
                format!("{own}?page={number}&page_size={}&total_required={}", self.size, self.shows_totals);
            json!({"href": href, "rel": rel, "method": "GET"})
        };
        let mut links = vec![link(self.number, "self")];
        if self.number < pages {
            links.push(link(self.number.saturating_add(1), "next"));
            links.push(link(pages, "last"));
        }
        if self.number > 1 {
            links.push(link(self.number.saturating_sub(1), "prev"));
            links.push(link(1, "first"));
        }
        members.insert("links".to_owned(), Value::Array(links));
        members
    }

    /// Returns the answer with one page of the objects under the name.
    pub(super) fn answer(self, name: &str, shown: Vec<Value>, call: &Call<'_>) -> Answer {
        let total = shown.len();
        let mut body = Map::new();
        body.insert(name.to_owned(), Value::Array(self.cut(shown)));
        body.extend(self.members(total, call));
        Answer::json(StatusCode::OK, &Value::Object(body))
    }
}

fn number(name: &str, value: &str, most: usize) -> Result<usize, Refusal> {
    let refuse = |issue: &str| Refusal::issue(issue).at_query(name, value);
    match value.parse::<usize>() {
        Err(_) => Err(refuse("INVALID_PARAMETER_SYNTAX")),
        Ok(0) => Err(refuse("INVALID_INTEGER_MIN_VALUE")),
        Ok(number) if number > most => Err(refuse("INVALID_INTEGER_MAX_VALUE")),
        Ok(number) => Ok(number),
    }
}
