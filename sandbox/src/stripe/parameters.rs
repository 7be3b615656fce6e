//! Checking decoded parameters against a table: unknown and missing names, numbers, booleans and choices.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// What a parameter takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A text of at most this many characters; empty is refused.
    Text(usize),
    /// A text that an empty value takes away.
    Unsettable,
    Integer,
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A boolean or one of these words.
    BooleanOr(&'static [&'static str]),
    /// An array, of any content.
    List,
    /// An object with these fields only.
    Hash(&'static [Parameter]),
    /// An integer, or an object with these fields.
    IntegerOr(&'static [Parameter]),
    /// Text pairs, at most 50.
    Metadata,
    /// An array of objects with these fields only.
    Hashes(&'static [Parameter]),
    /// Anything: the nested fields are not simulated.
    Open,
    /// Known to Stripe but without effect here, so that it is refused rather than ignored.
    NotSimulated,
}

/// A parameter's name and what it takes.
pub(super) type Parameter = (&'static str, Kind);

/// The parameters of a request, checked.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    map: Map<String, Value>,
}

impl Parameters {
    /// Returns the parameters when all are known and of their kind.
    pub(super) fn checked(map: Map<String, Value>, table: &[Parameter]) -> Result<Self, Refusal> {
        check(&map, table, "")?;
        Ok(Self { map })
    }

    /// Returns a text; none when it is absent or unset by an empty value.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Tells whether the parameter was sent, be it empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Returns an integer.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Returns whether a boolean is true; false when absent.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// Returns a nested value.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.map.get(name)
    }

    /// Returns a text inside a nested object.
    pub(super) fn nested_text(&self, name: &str, inner: &str) -> Option<&str> {
        self.map.get(name)?.get(inner)?.as_str()
    }

    /// Returns the parameters of a nested object; none when it was not sent.
    pub(super) fn nested(&self, name: &str) -> Option<Self> {
        self.map.get(name).and_then(Value::as_object).map(|map| Self { map: map.clone() })
    }

    /// Returns the parameters of each object of an array.
    pub(super) fn each(&self, name: &str) -> Vec<Self> {
        let items = self.map.get(name).and_then(Value::as_array);
        let objects = items.into_iter().flatten().filter_map(Value::as_object);
        objects.map(|map| Self { map: map.clone() }).collect()
    }

    /// Returns the texts of an array.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.map.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) if !text.is_empty() => vec![text],
            _ => Vec::new(),
        }
    }

    /// Changes the metadata as Stripe does: pairs are added, empty values take pairs away, an empty whole takes all.
    pub(super) fn apply_metadata(&self, metadata: &mut Map<String, Value>) {
        match self.map.get("metadata") {
            Some(Value::String(_)) => metadata.clear(),
            Some(Value::Object(pairs)) => {
                for (key, value) in pairs {
                    if value.as_str().is_some_and(str::is_empty) {
                        metadata.remove(key);
                    } else {
                        metadata.insert(key.clone(), value.clone());
                    }
                }
            }
            _ => {}
        }
    }
}

fn check(map: &Map<String, Value>, table: &[Parameter], prefix: &str) -> Result<(), Refusal> {
    let named = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}[{name}]") };
    let unknown: Vec<String> = map
        .keys()
        .filter(|name| !table.iter().any(|(known, _)| known == name))
        .map(|name| named(name))
        .collect();
    if let Some(first) = unknown.first() {
        let plural = if unknown.len() > 1 { "s" } else { "" };
        let message = format!("Received unknown parameter{plural}: {}", unknown.join(", "));
        return Err(Refusal::parameter(Some("parameter_unknown"), first, message));
    }
    for (name, value) in map {
        if let Some((_, kind)) = table.iter().find(|(known, _)| known == name) {
            check_one(&named(name), *kind, value)?;
        }
    }
    Ok(())
}

fn check_one(name: &str, kind: Kind, value: &Value) -> Result<(), Refusal> {
    match (kind, value) {
        (Kind::NotSimulated, _) => {
            Err(Refusal::parameter(None, name, format!("{name} is not simulated by the sandbox")))
        }
        (Kind::Hashes(table), Value::Array(items)) => check_each(name, items, table),
        (Kind::Open | Kind::List, _) | (Kind::Unsettable, Value::String(_)) => Ok(()),
        (Kind::Hash(table) | Kind::IntegerOr(table), Value::Object(map)) => check(map, table, name),
        (Kind::Metadata, Value::Object(map)) => check_metadata(name, map),
        (Kind::Metadata, Value::String(text)) if text.is_empty() => Ok(()),
        (Kind::Metadata | Kind::Hash(_), _) => {
            Err(Refusal::parameter(Some("parameter_invalid_object"), name, "Invalid object"))
        }
        (Kind::Hashes(_), _) => Err(Refusal::parameter(None, name, "Invalid array")),
        (_, Value::String(text)) if text.is_empty() => Err(Refusal::parameter(
            Some("parameter_invalid_empty"),
            name,
            format!(
                "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
            ),
        )),
        (Kind::Text(longest), Value::String(text)) => check_length(name, text, longest),
        (Kind::Integer | Kind::IntegerOr(_), Value::String(text)) => match text.parse::<i64>() {
            Ok(_) => Ok(()),
            Err(_) => {
                let code = Some("parameter_invalid_integer");
                Err(Refusal::parameter(code, name, format!("Invalid integer: {text}")))
            }
        },
        (Kind::Boolean, Value::String(text)) => check_boolean(name, text),
        (Kind::Choice(words), Value::String(text)) => check_choice(name, text, words),
        (Kind::BooleanOr(words), Value::String(text)) if words.contains(&text.as_str()) => Ok(()),
        (Kind::BooleanOr(_), Value::String(text)) => check_boolean(name, text),
        _ => Err(Refusal::parameter(
            Some("parameter_invalid_string"),
            name,
            format!("Invalid string: {value}"),
        )),
    }
}

fn check_each(name: &str, items: &[Value], table: &'static [Parameter]) -> Result<(), Refusal> {
    for (position, item) in items.iter().enumerate() {
        check_one(&format!("{name}[{position}]"), Kind::Hash(table), item)?;
    }
    Ok(())
}

fn check_length(name: &str, text: &str, longest: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length <= longest {
        return Ok(());
    }
    let message = format!(
        "Invalid string: {}…; must be at most {longest} characters",
        text.chars().take(10).collect::<String>()
    );
    Err(Refusal::parameter(None, name, message))
}

fn check_boolean(name: &str, text: &str) -> Result<(), Refusal> {
    if ["true", "false"].contains(&text) {
        return Ok(());
    }
    Err(Refusal::parameter(None, name, format!("Invalid boolean: {text}")))
}

fn check_choice(name: &str, text: &str, words: &[&str]) -> Result<(), Refusal> {
    if words.contains(&text) {
        return Ok(());
    }
    let listed = match words {
        [rest @ .., last] if !rest.is_empty() => format!("one of {}, or {last}", rest.join(", ")),
        words => words.join(""),
    };
    Err(Refusal::parameter(None, name, format!("Invalid {name}: must be {listed}")))
}

fn check_metadata(name: &str, map: &Map<String, Value>) -> Result<(), Refusal> {
    if map.len() > 50 {
        let message = "Metadata cannot have more than 50 keys.";
        return Err(Refusal::parameter(None, name, message));
    }
    for (key, value) in map {
        let Value::String(text) = value else {
            return Err(Refusal::parameter(
                None,
                &format!("{name}[{key}]"),
                "Metadata values must be strings.",
            ));
        };
        if key.chars().count() > 40 {
            let message = "Metadata keys can be up to 40 characters long.";
            return Err(Refusal::parameter(None, &format!("{name}[{key}]"), message));
        }
        if text.chars().count() > 500 {
            let message = "Metadata values can be up to 500 characters long.";
            return Err(Refusal::parameter(None, &format!("{name}[{key}]"), message));
        }
    }
    Ok(())
}
