//! Bracket decoding by a table, and by what the official clients put on the wire.

use serde_json::json;

use super::*;

#[track_caller]
fn check(body: &str, expected: &Value) {
    let pairs = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(&Value::Object(nest(pairs).unwrap()), expected);
}

#[test]
fn brackets_become_objects_and_arrays() {
    check("amount=2000&currency=usd", &json!({"amount": "2000", "currency": "usd"}));
    check("a[b]=v&a[c]=w", &json!({"a": {"b": "v", "c": "w"}}));
    check("a%5Bb%5D=v", &json!({"a": {"b": "v"}}));
    check("expand[]=x&expand[]=y", &json!({"expand": ["x", "y"]}));
    check("expand[1]=y&expand[0]=x", &json!({"expand": ["x", "y"]}));
    check("i[0][price]=p&i[0][quantity]=2", &json!({"i": [{"price": "p", "quantity": "2"}]}));
    check("i[][p]=1&i[][q]=2&i[][p]=3", &json!({"i": [{"p": "1", "q": "2"}, {"p": "3"}]}));
    check("metadata[0]=zero&metadata[k]=", &json!({"metadata": {"0": "zero", "k": ""}}));
    check("metadata=", &json!({"metadata": ""}));
}

#[test]
fn broken_brackets_are_refused() {
    for name in ["a[b", "a]b", "[b]", "a[b]c", "a[[b]]"] {
        assert_eq!(nest(vec![(name.to_owned(), "v".to_owned())]), Err(name.to_owned()), "{name}");
    }
    let twice = vec![("a".to_owned(), "1".to_owned()), ("a[b]".to_owned(), "2".to_owned())];
    assert_eq!(nest(twice), Err("a[b]".to_owned()));
}

/// Scalars come out as texts.
fn as_texts(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(name, item)| (name.clone(), as_texts(item))).collect(),
        Value::Array(items) => items.iter().map(as_texts).collect(),
        Value::String(text) => json!(text),
        Value::Null => json!(""),
        other => json!(other.to_string()),
    }
}

#[expect(clippy::disallowed_methods, reason = "where the specification files are is the caller's business")]
fn vectors() -> Option<Value> {
    let folder = std::env::var("PROVIDER_SPECS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/specs").to_owned());
    match std::fs::read_to_string(format!("{folder}/stripe_form_vectors.json")) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            println!("skipped: no form vectors in {folder}: {error}");
            None
        }
    }
}

#[test]
fn what_the_official_clients_send_is_read_as_they_mean_it() {
    let Some(vectors) = vectors() else { return };
    let mut seen = 0;
    for case in vectors["cases"].as_array().unwrap() {
        for client in ["body_python", "body_node"] {
            if let Some(body) = case[client].as_str() {
                check(body, &as_texts(&case["params"]));
                seen += 1;
            }
        }
    }
    assert!(seen >= 11, "{seen} bodies");
}
