//! Reading request fields as strictly as Razorpay does: unknown ones are refused, numbers must be numbers.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::credentials;

use super::refusal::Refusal;

/// The most pairs that `notes` takes.
const MOST_NOTES: usize = 15;
/// The longest value in `notes`, in characters; payment links take one less.
const LONGEST_NOTE: usize = 256;

/// A JSON object of the request, with the name that its fields have in front.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    prefix: &'static str,
}

/// Returns the body as a JSON object.
pub(super) fn object(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) | Err(_) => Err(Refusal::state("The request body must be a valid JSON object.")),
    }
}

/// Returns the body as a JSON object; no body is an object without fields.
pub(super) fn object_or_none(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() { Ok(Map::new()) } else { object(body) }
}

/// Checks that a body has no fields, for routes that take none.
pub(super) fn no_fields(body: &Bytes) -> Result<(), Refusal> {
    Fields::of(&object_or_none(body)?, "", &[]).map(|_| ())
}

/// Checks that an id has its prefix and 14 letters and digits.
pub(super) fn check_id(id: &str, prefix: &str) -> Result<(), Refusal> {
    let is_id =
        id.strip_prefix(prefix).is_some_and(|tail| tail.len() == 14 && credentials::is_alphanumeric(tail));
    if is_id { Ok(()) } else { Err(Refusal::malformed_id(id)) }
}

/// Returns the reference that a merchant keeps in `notes`, for nouns that have no field for it.
pub(super) fn transaction_of(notes: &Value) -> Option<&str> {
    notes.get("transaction_id")?.as_str()
}

impl<'a> Fields<'a> {
    /// Returns the fields of an object, of which only the allowed ones may be there.
    pub(super) fn of(
        map: &'a Map<String, Value>,
        prefix: &'static str,
        allowed: &[&str],
    ) -> Result<Self, Refusal> {
        let fields = Self { map, prefix };
        let extra: Vec<String> =
            map.keys().filter(|key| !allowed.contains(&key.as_str())).map(|key| fields.named(key)).collect();
        match extra.first() {
            None => Ok(fields),
            Some(first) => Err(Refusal::field(
                first,
                format!("{} is/are not required and should not be sent", extra.join(", ")),
            )),
        }
    }

    /// Returns an integer that must be there.
    pub(super) fn required_integer(&self, name: &str) -> Result<i64, Refusal> {
        self.integer(name)?.ok_or_else(|| self.missing(name))
    }

    /// Returns an integer.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| self.wrong(name, "must be an integer.")),
        }
    }

    /// Returns a text that must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.text(name, usize::MAX)?.filter(|text| !text.is_empty()).ok_or_else(|| self.missing(name))
    }

    /// Returns a text of at most this many characters.
    pub(super) fn text(&self, name: &str, longest: usize) -> Result<Option<&'a str>, Refusal> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= longest => Ok(Some(text)),
            Some(Value::String(_)) => {
                Err(self.wrong(name, &format!("may not be greater than {longest} characters.")))
            }
            Some(_) => Err(self.wrong(name, "must be a string.")),
        }
    }

    /// Returns a boolean.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.wrong(name, "field must be true or false.")),
        }
    }

    /// Returns a boolean, which some routes also take as 0 or 1.
    pub(super) fn switch(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.map.get(name).and_then(Value::as_i64) {
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            _ => self.boolean(name),
        }
    }

    /// Returns one of the words that the field takes.
    pub(super) fn choice(&self, name: &str, words: &[&str]) -> Result<Option<&'a str>, Refusal> {
        match self.text(name, usize::MAX)? {
            Some(word) if !words.contains(&word) => Err(Refusal::field(
                &self.named(name),
                format!("The selected {} is invalid.", self.named(name)),
            )),
            word => Ok(word),
        }
    }

    /// Returns one of the words of a field that must be there.
    pub(super) fn required_choice(&self, name: &str, words: &[&str]) -> Result<&'a str, Refusal> {
        self.choice(name, words)?.ok_or_else(|| self.missing(name))
    }

    /// Returns a list.
    pub(super) fn list(&self, name: &str) -> Result<&'a [Value], Refusal> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(name, "must be an array.")),
        }
    }

    /// Returns a nested object that must be there.
    pub(super) fn required_object(&self, name: &str) -> Result<&'a Map<String, Value>, Refusal> {
        self.object(name)?.ok_or_else(|| self.missing(name))
    }

    /// Returns a nested object.
    pub(super) fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Refusal> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => Err(self.wrong(name, "must be an array.")),
        }
    }

    /// Returns `notes` as Razorpay gives them back: an object, or `[]` when there are none.
    pub(super) fn notes(&self) -> Result<Value, Refusal> {
        self.notes_of(LONGEST_NOTE)
    }

    /// Returns `notes` whose values have at most this many characters.
    pub(super) fn notes_of(&self, longest: usize) -> Result<Value, Refusal> {
        let map = match self.map.get("notes") {
            None | Some(Value::Null) => return Ok(json!([])),
            Some(Value::Array(items)) if items.is_empty() => return Ok(json!([])),
            Some(Value::Object(map)) => map,
            Some(_) => return Err(self.wrong("notes", "must be an array.")),
        };
        if map.is_empty() {
            return Ok(json!([]));
        }
        if map.len() > MOST_NOTES {
            return Err(Refusal::field(
                "notes",
                "Number of fields in notes should be less than or equal to 15",
            ));
        }
        for value in map.values() {
            let is_fine = match value {
                Value::String(text) => text.chars().count() <= longest,
                Value::Number(_) | Value::Bool(_) | Value::Null => true,
                Value::Array(_) | Value::Object(_) => false,
            };
            if !is_fine {
                return Err(Refusal::field(
                    "notes",
                    format!("notes values must be strings of at most {longest} characters"),
                ));
            }
        }
        Ok(Value::Object(map.clone()))
    }

    fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the refusal of a field that is not there.
    pub(super) fn missing(&self, name: &str) -> Refusal {
        Refusal::field(&self.named(name), format!("The {} field is required.", self.named(name)))
    }

    /// Returns the refusal of a field: what it must be.
    pub(super) fn wrong(&self, name: &str, what: &str) -> Refusal {
        Refusal::field(&self.named(name), format!("The {} {what}", self.named(name)))
    }
}

/// Returns an integer of the query within bounds.
pub(super) fn query_integer(
    pairs: &[(String, String)],
    name: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Option<i64>, Refusal> {
    let Some((_, text)) = pairs.iter().find(|(key, _)| key == name) else { return Ok(None) };
    let number: i64 =
        text.parse().ok().ok_or_else(|| Refusal::field(name, format!("The {name} must be an integer.")))?;
    if range.contains(&number) {
        Ok(Some(number))
    } else if number < *range.start() {
        Err(Refusal::field(name, format!("The {name} must be at least {}.", range.start())))
    } else {
        Err(Refusal::field(name, format!("The {name} may not be greater than {}.", range.end())))
    }
}
