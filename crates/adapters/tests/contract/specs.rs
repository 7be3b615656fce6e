//! The providers' specifications: where they lie, how they become JSON Schema, and the adapters' side of a check.

use std::path::{Path, PathBuf};

use adapters::{Context, Exchange, Step};
use bytes::Bytes;
use domain::{
    Credentials, Environment, Operation, Outcome, ProviderId, Reply, Request, Secret, Timestamp,
    TransactionId,
};
use http::HeaderMap;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// Returns the folder that `PROVIDER_SPECS` names, else the one beside the workspace.
#[expect(
    clippy::disallowed_methods,
    reason = "a test setting; the configuration of the gateway is read elsewhere"
)]
fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    std::env::var("PROVIDER_SPECS").map_or(beside, PathBuf::from)
}

/// Returns a specification file, or says that the test is skipped.
pub(crate) fn load(name: &str) -> Option<Value> {
    let path = folder().join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(error) => {
            println!("skipped: {} cannot be read: {error}", path.display());
            None
        }
    }
}

/// An `OpenAPI` 3.0 document whose schemas are JSON Schema.
pub(crate) struct Spec(Value);

impl Spec {
    /// Loads a document, or says that the test is skipped.
    pub(crate) fn load(name: &str) -> Option<Self> {
        load(name).map(|document| Self(nullable_as_any_of(document)))
    }

    /// Returns the part of the document at a JSON pointer.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or_else(|| panic!("the specification has no {pointer}"))
    }

    /// Returns the JSON pointer of an operation's request schema.
    pub(crate) fn request_schema(path: &str, method: &str, content_type: &str) -> String {
        let content_type = escaped(content_type);
        format!("/paths/{}/{method}/requestBody/content/{content_type}/schema", escaped(path))
    }

    /// Fails unless `value` is valid against the schema at a JSON pointer.
    #[track_caller]
    pub(crate) fn check(&self, pointer: &str, value: &Value) {
        self.at(pointer);
        let errors: Vec<String> = self
            .validator(pointer)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{pointer}: {errors:#?}\nin {value:#}");
    }

    /// Returns whether `value` is valid against the schema at a JSON pointer.
    pub(crate) fn accepts(&self, pointer: &str, value: &Value) -> bool {
        self.validator(pointer).is_valid(value)
    }

    /// References inside the document are absolute (`#/components/…`), so that the document itself is the schema.
    fn validator(&self, pointer: &str) -> Validator {
        let mut schema = Map::new();
        // A reference is an address: the braces of path templates are written in percent signs there.
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        schema.insert("$ref".to_owned(), json!(format!("#{fragment}")));
        for part in ["components", "paths"] {
            schema.insert(part.to_owned(), self.at(&format!("/{part}")).clone());
        }
        let options = jsonschema::options().with_draft(Draft::Draft202012);
        options.build(&Value::Object(schema)).unwrap()
    }
}

/// Returns a text as one part of a JSON pointer.
fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

/// `nullable: true` is `OpenAPI` 3.0 and no JSON Schema: the schema, or null.
fn nullable_as_any_of(value: Value) -> Value {
    match value {
        Value::Object(mut map) => {
            let is_nullable = map.get("nullable") == Some(&Value::Bool(true));
            if is_nullable {
                map.remove("nullable");
            }
            let rewritten = map.into_iter().map(|(key, value)| (key, nullable_as_any_of(value))).collect();
            if is_nullable {
                json!({"anyOf": [Value::Object(rewritten), {"type": "null"}]})
            } else {
                Value::Object(rewritten)
            }
        }
        Value::Array(items) => Value::Array(items.into_iter().map(nullable_as_any_of).collect()),
        other => other,
    }
}

/// Returns credentials with these fields.
pub(crate) fn credentials(provider: &'static str, fields: &[(&'static str, &str)]) -> Credentials {
    Credentials {
        provider: ProviderId::new(provider),
        environment: Environment::Test,
        fields: fields.iter().map(|(name, value)| (*name, Secret::new(*value))).collect(),
    }
}

/// Returns a context that is the same in every test.
pub(crate) fn context(credentials: &Credentials) -> Context<'_> {
    Context {
        credentials,
        transaction: TransactionId::from_u128(11),
        provider_key: "5f1c0c526a1e4f6f9a250f6f7b1f3d10",
        started_at: Timestamp::from_unix_ms(1_756_455_561_000),
        replay: std::time::Duration::from_hours(24),
    }
}

/// Returns a successful reply with this body.
pub(crate) fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, headers: HeaderMap::new(), body: Bytes::from(serde_json::to_vec(body).unwrap()) }
}

/// Plans an operation at a provider.
#[track_caller]
pub(crate) fn plan(provider: &str, operation: &Operation) -> Box<dyn Exchange> {
    adapters::adapter(provider).unwrap().plan(operation).unwrap()
}

/// Returns the first call of an operation.
#[track_caller]
pub(crate) fn first_call(provider: &str, operation: &Operation, context: &Context<'_>) -> Request {
    match plan(provider, operation).begin(context) {
        Step::Call(request) => *request,
        Step::Done(outcome) => panic!("{operation:?} ended with {outcome:?} before a call"),
    }
}

/// Plays an operation against replies; returns its calls and how it ended.
#[track_caller]
pub(crate) fn play(
    provider: &str,
    operation: &Operation,
    context: &Context<'_>,
    replies: &[Reply],
) -> (Vec<Request>, Outcome) {
    let mut exchange = plan(provider, operation);
    let mut replies = replies.iter();
    let mut requests = Vec::new();
    let mut step = exchange.begin(context);
    loop {
        match step {
            Step::Call(request) => {
                requests.push(*request);
                let reply = replies.next().unwrap_or_else(|| panic!("no reply left for {requests:?}"));
                step = exchange.resume(context, reply);
            }
            Step::Done(outcome) => return (requests, outcome),
        }
    }
}
