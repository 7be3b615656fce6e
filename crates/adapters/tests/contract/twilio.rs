//! Twilio against its `OpenAPI` document.

use adapters::Step;
use domain::{
    Credentials, GetSms, Metadata, NotSent, Operation, Outcome, Request, Resource, SendSms, SmsOperation,
};
use serde_json::{Map, Value, json};

use crate::specs::{self, Spec};

pub(crate) const SPEC: &str = "twilio_api_v2010_pruned.json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
const MESSAGES: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";
pub(crate) const CALLS: &str = "/2010-04-01/Accounts/{AccountSid}/Calls.json";
const CALL: &str = "/components/schemas/api.v2010.account.call";
const MESSAGE: &str = "/components/schemas/api.v2010.account.message";
const ACCOUNT: &str = "/components/schemas/api.v2010.account";
const SID: &str = "SM9f8e7d6c9f8e7d6c9f8e7d6c9f8e7d6c";

fn credentials(fields: &[(&'static str, &str)]) -> Credentials {
    let account = [("account_sid", "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"), ("auth_token", "thisissecret")];
    specs::credentials("twilio", &[&account[..], fields].concat())
}

pub(crate) fn with_number() -> Credentials {
    credentials(&[("from_number", "+15005550006")])
}

fn send() -> Operation {
    Operation::Sms(SmsOperation::Send(SendSms {
        to: "+15558675310".into(),
        message: "Your code is 123456".into(),
        from: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn get() -> Operation {
    Operation::Sms(SmsOperation::Get(GetSms { provider_message_id: SID.into() }))
}

/// The segments of a path, with the specification's `{AccountSid}` and `{Sid}` standing for any.
#[track_caller]
pub(crate) fn check_path(request: &Request, of: &str) {
    let path = request.path.split('?').next().unwrap();
    let (own, expected): (Vec<_>, Vec<_>) = (path.split('/').collect(), of.split('/').collect());
    assert_eq!(own.len(), expected.len(), "{path} is not {of}");
    for (own, expected) in own.iter().zip(expected) {
        assert!(expected.starts_with('{') || *own == expected, "{path} is not {of}");
    }
}

fn fixtures() -> Vec<(String, Value)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/twilio");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    });
    named.collect()
}

#[test]
fn a_sent_message_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let pool = credentials(&[("messaging_service_sid", "MG5a5b5c5d5a5b5c5d5a5b5c5d5a5b5c5d")]);
    let pointer = Spec::request_schema(MESSAGES, "post", FORM);
    for credentials in [with_number(), pool] {
        let request = specs::first_call("twilio", &send(), &specs::context(&credentials));
        check_path(&request, MESSAGES);
        let mut form = Map::new();
        for (name, value) in form_urlencoded::parse(&request.body) {
            assert!(spec.at(&pointer)["properties"].get(&*name).is_some(), "Twilio takes no {name}");
            assert!(form.insert(name.into_owned(), Value::String(value.into_owned())).is_none());
        }
        spec.check(&pointer, &Value::Object(form));
    }
}

/// The check must be able to fail: no recipient, and a pool that is none.
#[test]
fn the_specification_refuses_what_it_does_not_know() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let pointer = Spec::request_schema(MESSAGES, "post", FORM);
    assert!(spec.accepts(&pointer, &json!({"To": "+15558675310"})));
    assert!(!spec.accepts(&pointer, &json!({"Body": "x"})));
    assert!(!spec.accepts(&pointer, &json!({"To": "+1", "MessagingServiceSid": "MG1"})));
    assert!(!spec.accepts(MESSAGE, &json!({"sid": SID, "status": "tomorrows_word"})));
}

#[test]
fn a_read_message_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let path = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json";
    spec.at(&format!("/paths/{}/get", path.replace('/', "~1")));
    let credentials = with_number();
    let request = specs::first_call("twilio", &get(), &specs::context(&credentials));
    let (before, name) = request.path.rsplit_once('/').unwrap();
    assert_eq!(name, format!("{SID}.json"));
    assert!(before.ends_with("/Messages"));
}

#[test]
fn a_look_up_asks_with_parameters_of_the_specification() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = with_number();
    let mut exchange = adapters::adapter("twilio").unwrap().look_up(&send()).unwrap();
    let Step::Call(request) = exchange.begin(&specs::context(&credentials)) else { panic!() };
    check_path(&request, MESSAGES);
    let parameters = spec.at(&format!("/paths/{}/get/parameters", MESSAGES.replace('/', "~1")));
    let names: Vec<&str> =
        parameters.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    let (_, query) = request.path.split_once('?').unwrap();
    let asked: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    assert_eq!(asked.len(), 3);
    for (name, _) in &asked {
        assert!(names.contains(&name.as_ref()), "Twilio's list takes no {name}");
    }
}

#[test]
fn a_verification_reads_the_account_of_the_specification() {
    let Some(spec) = Spec::load(SPEC) else { return };
    spec.at("/paths/~12010-04-01~1Accounts~1{Sid}.json/get");
    let request = adapters::adapter("twilio").unwrap().verification(&with_number());
    assert_eq!(request.path, "/2010-04-01/Accounts/AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d.json");
}

/// Returns where the answer to a list is described.
fn list_of(path: &str) -> String {
    format!("/paths/{}/get/responses/200/content/application~1json/schema", path.replace('/', "~1"))
}

#[test]
fn the_fixtures_of_replies_are_objects_of_the_specification() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let list = list_of(MESSAGES);
    let fixtures = fixtures();
    for (name, value) in &fixtures {
        if name.starts_with("messages_") {
            spec.check(&list, value);
        } else if name.starts_with("message_") {
            spec.check(MESSAGE, value);
        } else if name.starts_with("calls_") {
            spec.check(&list_of(CALLS), value);
        } else if name.starts_with("call_") {
            spec.check(CALL, value);
        } else if name.starts_with("account_") {
            spec.check(ACCOUNT, value);
        } else {
            // Errors are no part of the specification.
            assert_eq!(name, "errors");
        }
    }
    assert!(fixtures.len() >= 10);
}

/// Returns the named examples of an answer.
pub(crate) fn examples(spec: &Spec, path: &str, method: &str, status: &str) -> Vec<Value> {
    let pointer = format!(
        "/paths/{}/{method}/responses/{status}/content/application~1json/examples",
        path.replace('/', "~1")
    );
    spec.at(&pointer).as_object().unwrap().values().map(|example| example["value"].clone()).collect()
}

#[test]
fn the_messages_of_the_specifications_examples_are_understood() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = with_number();
    let one = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json";
    let sent = examples(&spec, MESSAGES, "post", "201").into_iter().map(|example| (send(), 201, example));
    let read = examples(&spec, one, "get", "200").into_iter().map(|example| (get(), 200, example));
    let mut understood = 0;
    for (operation, status, example) in sent.chain(read) {
        let replies = [specs::reply(status, &example)];
        let (_, outcome) = specs::play("twilio", &operation, &specs::context(&credentials), &replies);
        let Outcome::Executed(Resource::Sms(sms)) = outcome else { panic!("{example:#}") };
        assert_eq!(Some(sms.provider_message_id.as_str()), example["sid"].as_str());
        assert_ne!(sms.status.as_str(), "unknown", "{example:#}");
        understood += 1;
    }
    assert!(understood >= 5, "{understood} examples");
}

#[test]
fn the_empty_lists_of_the_specifications_examples_have_no_trace_of_a_message() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = with_number();
    let context = specs::context(&credentials);
    let mut empty = 0;
    for example in examples(&spec, MESSAGES, "get", "200") {
        if example["messages"].as_array().is_none_or(|messages| !messages.is_empty()) {
            continue;
        }
        let mut exchange = adapters::adapter("twilio").unwrap().look_up(&send()).unwrap();
        assert!(matches!(exchange.begin(&context), Step::Call(_)));
        let Step::Done(outcome) = exchange.resume(&context, &specs::reply(200, &example)) else { panic!() };
        assert_eq!(outcome, Outcome::NotSent(NotSent::NeverArrived));
        empty += 1;
    }
    assert!(empty >= 1);
}
