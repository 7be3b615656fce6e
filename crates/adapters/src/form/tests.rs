//! Form bodies by example, and against what Stripe's own libraries send.

use serde_json::Value;

use super::*;

fn text(form: Form) -> String {
    String::from_utf8(form.finish().to_vec()).unwrap()
}

#[test]
fn fields_keep_their_order_and_absent_ones_are_left_out() {
    let form = Form::new().field("To", "+15558675310").optional("From", None).optional("Body", Some("a b&c"));
    assert_eq!(text(form), "To=%2B15558675310&Body=a+b%26c");
}

#[test]
fn nested_fields_stand_in_brackets() {
    let form = Form::new().nested(&["items", "0", "price"], "x").nested(&["metadata", "order id"], "€");
    assert_eq!(text(form), "items%5B0%5D%5Bprice%5D=x&metadata%5Border+id%5D=%E2%82%AC");
}

#[test]
fn an_empty_form_has_no_bytes() {
    assert_eq!(text(Form::new()), "");
}

/// Adds a value at a path, the way Stripe's libraries lay objects and lists out.
fn flattened(form: Form, path: &[&str], value: &Value) -> Form {
    let inside =
        |form, (key, value): (String, &Value)| flattened(form, &[path, &[key.as_str()]].concat(), value);
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).fold(form, inside),
        Value::Array(list) => {
            list.iter().enumerate().map(|(n, value)| (n.to_string(), value)).fold(form, inside)
        }
        Value::String(text) => form.nested(path, text),
        other => form.nested(path, &other.to_string()),
    }
}

#[test]
fn bodies_decode_to_what_stripes_own_libraries_send() {
    let Some(vectors) = crate::testing::specification("stripe_form_vectors.json") else { return };
    let cases = vectors["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let body = flattened(Form::new(), &[], &case["params"]).finish();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let expected: Vec<(String, String)> = serde_json::from_value(case["pairs"].clone()).unwrap();
        assert_eq!(pairs, expected, "{}", case["name"]);
    }
}
