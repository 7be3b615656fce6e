//! Twilio's calls against its `OpenAPI` document.

use adapters::Step;
use domain::{CallContent, CallOperation, GetCall, Metadata, Operation, Outcome, PlaceCall, Resource};
use serde_json::{Map, Value};

use crate::specs::{self, Spec};
use crate::twilio::{CALLS, FORM, SPEC, check_path, examples, with_number};

const CALL: &str = "/2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json";

fn place(content: CallContent) -> Operation {
    Operation::Call(CallOperation::Place(PlaceCall {
        to: "+15558675310".into(),
        from: None,
        content,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn say() -> Operation {
    place(CallContent::Say("Your code is 1 2 3".into()))
}

fn get() -> Operation {
    let provider_call_id = "CA9f8e7d6c9f8e7d6c9f8e7d6c9f8e7d6c".into();
    Operation::Call(CallOperation::Get(GetCall { provider_call_id }))
}

#[test]
fn a_placed_call_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = with_number();
    let pointer = Spec::request_schema(CALLS, "post", FORM);
    for operation in [say(), place(CallContent::Url("https://shop.example/twiml".into()))] {
        let request = specs::first_call("twilio", &operation, &specs::context(&credentials));
        check_path(&request, CALLS);
        let mut form = Map::new();
        for (name, value) in form_urlencoded::parse(&request.body) {
            assert!(spec.at(&pointer)["properties"].get(&*name).is_some(), "Twilio takes no {name}");
            assert!(form.insert(name.into_owned(), Value::String(value.into_owned())).is_none());
        }
        assert_eq!(form.len(), 3);
        spec.check(&pointer, &Value::Object(form));
    }
}

#[test]
fn a_read_and_a_look_up_are_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = with_number();
    let request = specs::first_call("twilio", &get(), &specs::context(&credentials));
    assert!(spec.at(&format!("/paths/{}/get", CALL.replace('/', "~1"))).is_object());
    let (own, name) = request.path.rsplit_once('/').unwrap();
    assert!(own.ends_with("/Calls") && name.ends_with(".json"), "{}", request.path);
    let mut exchange = adapters::adapter("twilio").unwrap().look_up(&say()).unwrap();
    let Step::Call(request) = exchange.begin(&specs::context(&credentials)) else { panic!() };
    check_path(&request, CALLS);
    let parameters = spec.at(&format!("/paths/{}/get/parameters", CALLS.replace('/', "~1")));
    let names: Vec<&str> =
        parameters.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    let (_, query) = request.path.split_once('?').unwrap();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        assert!(names.contains(&name.as_ref()), "Twilio's list takes no {name}");
    }
}

#[test]
fn the_calls_of_the_specifications_examples_are_understood() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = with_number();
    let placed = examples(&spec, CALLS, "post", "201").into_iter().map(|example| (say(), 201, example));
    let read = examples(&spec, CALL, "get", "200").into_iter().map(|example| (get(), 200, example));
    let mut understood = 0;
    for (operation, status, example) in placed.chain(read) {
        let replies = [specs::reply(status, &example)];
        let (_, outcome) = specs::play("twilio", &operation, &specs::context(&credentials), &replies);
        let Outcome::Executed(Resource::Call(call)) = outcome else { panic!("{example:#}") };
        assert_eq!(Some(call.provider_call_id.as_str()), example["sid"].as_str());
        assert_ne!(call.status.as_str(), "unknown", "{example:#}");
        assert_eq!(
            call.duration_seconds.map(|seconds| seconds.to_string()).as_deref(),
            example["duration"].as_str()
        );
        understood += 1;
    }
    assert!(understood >= 3, "{understood} examples");
}
