//! Lenient reading: what is needed must be there, and nothing else matters.

use serde::Deserialize;

use super::*;
use crate::testing::reply;

#[derive(Debug, PartialEq, Deserialize)]
struct Sample {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    inner: Option<Inner>,
    #[serde(default, deserialize_with = "nullable")]
    tags: Vec<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Inner {
    count: i64,
}

#[track_caller]
fn check(body: &str, expected: Option<(Option<i64>, usize)>) {
    let reply = reply(200, body);
    let sample = read::<Sample>(&reply);
    assert_eq!(sample.map(|sample| (sample.inner.map(|inner| inner.count), sample.tags.len())), expected);
}

#[test]
fn what_is_missing_null_or_of_another_shape_is_no_error() {
    check(r#"{"id":"a","inner":{"count":2},"tags":["x"]}"#, Some((Some(2), 1)));
    check(r#"{"id":"a"}"#, Some((None, 0)));
    check(r#"{"id":"a","inner":null,"tags":null,"more":{"deep":[1]}}"#, Some((None, 0)));
    check(r#"{"id":"a","inner":[]}"#, Some((None, 0)));
    check(r#"{"id":"a","inner":"ch_1"}"#, Some((None, 0)));
    check(r#"{"id":"a","inner":{"count":"two"}}"#, Some((None, 0)));
}

#[test]
fn what_is_needed_must_be_there() {
    check(r#"{"inner":{"count":2}}"#, None);
    check(r#"{"id":null}"#, None);
    check("<html>", None);
    check("", None);
}
