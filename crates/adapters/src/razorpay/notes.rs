//! Notes: the caller's words on an object at Razorpay, as far as they fit.

use domain::Metadata;
use serde::{Deserialize, Serialize, Serializer};

use crate::json;

/// Most notes on an object, and most characters of one (payment links say 255, orders 256: the smaller fits both).
const MAX_NOTES: usize = 15;
const MAX_NOTE_CHARS: usize = 255;

/// What the gateway writes on an object, then what of the caller's own pairs still fits. The gateway keeps all of them.
pub(super) struct Notes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Notes<'a> {
    /// Begins with the transaction, by which a look-up may find the object, and with what of `own` there is.
    pub(super) fn of(
        transaction: &'a str,
        own: &[(&'static str, Option<&'a str>)],
        metadata: &'a Metadata,
    ) -> Self {
        let mut notes = vec![("transaction_id", transaction)];
        notes.extend(own.iter().filter_map(|(key, value)| value.map(|value| (*key, value))));
        for (key, value) in metadata.pairs() {
            let is_taken = notes.iter().any(|(taken, _)| *taken == key);
            if !is_taken && notes.len() < MAX_NOTES {
                notes.push((key, value));
            }
        }
        Self(notes)
    }
}

impl Serialize for Notes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, cut(value, MAX_NOTE_CHARS))))
    }
}

/// The one note that the gateway reads again.
#[derive(Deserialize)]
pub(super) struct ReadNotes {
    /// The transaction that made the object.
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) transaction_id: Option<String>,
}

/// Returns at most the first `chars` characters of a text.
pub(super) fn cut(text: &str, chars: usize) -> &str {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}
