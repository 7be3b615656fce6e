//! Lists: the query that every Razorpay list takes, and the collection that it answers.

use serde_json::{Value, json};

use crate::exchange::Incoming;

use super::{fields, refusal::Refusal};

/// What every list takes; a noun adds its own filters.
const WINDOW: [&str; 4] = ["count", "skip", "from", "to"];

/// The query of a list.
#[derive(Debug)]
pub(super) struct ListQuery {
    pairs: Vec<(String, String)>,
    count: usize,
    skip: usize,
    /// The earliest and the latest creation, in Unix seconds.
    created: std::ops::RangeInclusive<i64>,
}

impl ListQuery {
    /// Returns the query, in which only the window and these filters may be.
    ///
    /// # Errors
    ///
    /// Refuses other names, and numbers that are none or out of bounds.
    pub(super) fn read(incoming: &Incoming, filters: &[&str]) -> Result<Self, Refusal> {
        let pairs = incoming.query_pairs();
        let is_known = |name: &str| WINDOW.contains(&name) || filters.contains(&name);
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !is_known(name)) {
            return Err(Refusal::extra(name));
        }
        let count = fields::query_integer(&pairs, "count", 1..=100)?.unwrap_or(10);
        let skip = fields::query_integer(&pairs, "skip", 0..=i64::MAX)?.unwrap_or(0);
        let from = fields::query_integer(&pairs, "from", 0..=i64::MAX)?.unwrap_or(i64::MIN);
        let to = fields::query_integer(&pairs, "to", 0..=i64::MAX)?.unwrap_or(i64::MAX);
        Ok(Self {
            pairs,
            count: usize::try_from(count).unwrap_or(10),
            skip: usize::try_from(skip).unwrap_or(usize::MAX),
            created: from..=to,
        })
    }

    /// Returns a filter's value.
    pub(super) fn filter(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Tells whether an object with this value passes a filter; without the filter all do.
    pub(super) fn admits(&self, name: &str, value: Option<&str>) -> bool {
        self.filter(name).is_none_or(|wanted| value == Some(wanted))
    }

    /// Returns the part of the objects that the query asks for.
    pub(super) fn page<'t, T>(
        &self,
        items: impl Iterator<Item = &'t T>,
        created_at: fn(&T) -> i64,
    ) -> Vec<&'t T> {
        items
            .filter(|item| self.created.contains(&created_at(item)))
            .skip(self.skip)
            .take(self.count)
            .collect()
    }
}

/// Returns a collection as nearly every list is written.
pub(super) fn collection(items: &[Value]) -> Value {
    json!({"entity": "collection", "count": items.len(), "items": items})
}
