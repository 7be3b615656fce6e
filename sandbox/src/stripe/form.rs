//! Stripe's bracket form encoding: `a[b]=v`, `a[]=v`, `a[0][b]=v` into nested values whose leaves are texts.

use serde_json::{Map, Value};

/// Stripe's own depth limit is not published; this one keeps a hostile body from overflowing the stack.
const DEEPEST: usize = 10;

/// Returns the nested parameters of the pairs; a name with broken brackets is an error that carries the name.
pub(super) fn nest(pairs: Vec<(String, String)>) -> Result<Map<String, Value>, String> {
    let mut root = Map::new();
    for (name, value) in pairs {
        let Some(path) = split(&name) else { return Err(name) };
        let fits = put(&mut root, &path, value);
        if !fits {
            return Err(name);
        }
    }
    Ok(root.into_iter().map(|(name, value)| (name.clone(), with_arrays(&name, value))).collect())
}

/// Splits `a[b][]` into `a`, `b` and the empty text.
fn split(name: &str) -> Option<Vec<&str>> {
    let Some((base, rest)) = name.split_once('[') else {
        return (!name.contains(']')).then(|| vec![name]);
    };
    let inner = rest.strip_suffix(']')?;
    let mut path = vec![base];
    path.extend(inner.split("]["));
    let is_sound =
        !base.is_empty() && path.len() <= DEEPEST && path.iter().all(|part| !part.contains(['[', ']']));
    is_sound.then_some(path)
}

/// Puts a text at its place; false where something of another shape is there already.
fn put(map: &mut Map<String, Value>, path: &[&str], value: String) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    let key = if first.is_empty() { next_index(map, rest) } else { (*first).to_owned() };
    if rest.is_empty() {
        let is_new_or_text = !matches!(map.get(&key), Some(Value::Object(_)));
        map.insert(key, Value::String(value));
        return is_new_or_text;
    }
    match map.entry(key).or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(inner) => put(inner, rest, value),
        _ => false,
    }
}

/// Returns the index that `[]` stands for: the last element while it lacks the field, else a new one.
fn next_index(map: &Map<String, Value>, rest: &[&str]) -> String {
    if let Some(field) = rest.first()
        && let Some((key, Value::Object(last))) = map.iter().next_back()
        && !last.contains_key(*field)
    {
        return key.clone();
    }
    map.len().to_string()
}

/// Turns objects whose keys are all numbers into arrays; in `metadata` such keys are ordinary ones.
fn with_arrays(name: &str, value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let is_array = name != "metadata" && !map.is_empty() && map.keys().all(|key| key.parse::<u32>().is_ok());
    if is_array {
        let mut indexed: Vec<(u32, Value)> = map
            .into_iter()
            .filter_map(|(key, item)| Some((key.parse().ok()?, with_arrays("", item))))
            .collect();
        indexed.sort_by_key(|(index, _)| *index);
        return Value::Array(indexed.into_iter().map(|(_, item)| item).collect());
    }
    Value::Object(map.into_iter().map(|(key, item)| (key.clone(), with_arrays(&key, item))).collect())
}

#[cfg(test)]
mod tests;
