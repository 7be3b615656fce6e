//! What every operation under `/v1` takes and may answer, said once for all of them: handlers say what is theirs alone.

use utoipa::Modify;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{
    Content, Header, HeaderBuilder, Object, Ref, RefOr, Required, Response, ResponseBuilder, Type,
};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const REPLAYED: &str = "Idempotent-Replayed";
const RETRY_AFTER: &str = "Retry-After";
const RATE_LIMITS: [&str; 5] =
    ["RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];
/// Errors that may be over in a while.
const PASSING: [&str; 4] = ["409", "429", "502", "503"];
const TOO_OFTEN: &str = "Too often; ask again after `Retry-After`, in seconds";
const NOT_NOW: &str = "Nothing was done; ask again after `Retry-After`, in seconds";

/// An error that an operation may answer with.
struct MayFail {
    status: &'static str,
    /// What it means, where the operation does not say.
    meaning: &'static str,
    /// Its codes, as a description shows them.
    codes: &'static [&'static str],
}

/// Errors of all operations.
static ALL_MAY_FAIL: [MayFail; 2] = [
    MayFail {
        status: "429",
        meaning: TOO_OFTEN,
        codes: &["`key_minute_limit`", "`key_day_limit`", "`endpoint_limit`", "`ip_limit`"],
    },
    MayFail { status: "503", meaning: NOT_NOW, codes: &["`overloaded`", "`store_unavailable`"] },
];

/// Errors of operations that change something, beside those: each calls a provider, and may have a key.
static WRITES_MAY_FAIL: [MayFail; 5] = [
    MayFail {
        status: "409",
        meaning: "The first request with this key is under way, or a person found out what became of it",
        codes: &["`idempotency_key_in_use`", "`settled_by_hand`"],
    },
    MayFail { status: "429", meaning: TOO_OFTEN, codes: &["`provider_rate_limit`"] },
    MayFail {
        status: "502",
        meaning: "The provider is out of order",
        codes: &["`provider_unreachable`", "`provider_error`"],
    },
    MayFail { status: "503", meaning: NOT_NOW, codes: &["`circuit_open`", "`ledger_unavailable`"] },
    MayFail {
        status: "504",
        meaning: "The outcome is unknown; repeat with the same key, or ask for the transaction",
        codes: &["`provider_timeout`", "`ledger_timeout`"],
    },
];

/// Adds to each operation under `/v1` what holds for all, and takes nothing away that it says itself.
pub(super) struct Answers;

impl Modify for Answers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        document.components.get_or_insert_default().headers.extend(headers());
        let own = document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/v1/"));
        for (_, item) in own {
            if let Some(read) = &mut item.get {
                ALL_MAY_FAIL.iter().for_each(|error| may_fail(read, error));
                tell_headers(read, &[]);
            }
            let writes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for write in writes.into_iter().flatten() {
                take_key(write);
                let errors = ALL_MAY_FAIL.iter().chain(&WRITES_MAY_FAIL);
                errors.for_each(|error| may_fail(write, error));
                tell_headers(write, &[REPLAYED]);
            }
        }
    }
}

/// Returns the headers that answers refer to.
fn headers() -> [(String, RefOr<Header>); 7] {
    let described = |name: &str, kind: Type, text: &str| {
        let header = HeaderBuilder::new().schema(Some(Object::with_type(kind))).description(Some(text));
        (name.to_owned(), RefOr::T(header.build()))
    };
    let [limit, policy, most, remaining, reset] = RATE_LIMITS;
    [
        described(
            limit,
            Type::String,
            "Of the limits that the request was counted by, the one with the fewest requests left, or the one that refused: \
             `\"key-min\";r=412;t=18`. Absent where none was looked at.",
        ),
        described(
            policy,
            Type::String,
            "Every limit that was looked at: `\"key-min\";q=600;w=60, \"key-day\";q=10000;w=86400`.",
        ),
        described(most, Type::Integer, "The limit that `RateLimit` names."),
        described(remaining, Type::Integer, "Requests left of it."),
        described(reset, Type::Integer, "Seconds until it begins anew."),
        described(RETRY_AFTER, Type::Integer, "In how many seconds to ask again, where that may help."),
        described(REPLAYED, Type::String, "`true`: the answer is an earlier request's, with the same key."),
    ]
}

/// Describes the idempotency key, where the operation does not.
fn take_key(operation: &mut Operation) {
    let is_key = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.name == IDEMPOTENCY_KEY,
        RefOr::Ref(_) => false,
    };
    let parameters = operation.parameters.get_or_insert_default();
    if !parameters.iter().any(is_key) {
        let key = ParameterBuilder::new()
            .name(IDEMPOTENCY_KEY)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "The same key, route and body within 24 hours: the same answer, and it is done once.",
            ))
            .schema(Some(Object::with_type(Type::String)));
        parameters.push(RefOr::T(key.build()));
    }
}

/// Describes an error, or adds to what the operation says of its status the codes that it does not name.
fn may_fail(operation: &mut Operation, error: &MayFail) {
    let new = || RefOr::T(failure(format!("{}:", error.meaning)));
    let responses = &mut operation.responses.responses;
    if let RefOr::T(response) = responses.entry(error.status.to_owned()).or_insert_with(new) {
        error.codes.iter().for_each(|code| add_code(&mut response.description, code));
    }
}

fn failure(description: String) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

/// Adds a code to a description, unless it is there.
fn add_code(description: &mut String, code: &str) {
    if description.contains(code) {
        return;
    }
    let joint = match description.chars().next_back() {
        Some(':') => " ",
        Some('`') => ", ",
        Some(_) | None => "; ",
    };
    let end = description.trim_end_matches('.').len();
    description.truncate(end);
    description.push_str(joint);
    description.push_str(code);
}

/// Refers to the headers that each answer of an operation may have, `others` among them.
fn tell_headers(operation: &mut Operation, others: &[&'static str]) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let retry_after = PASSING.contains(&status.as_str()).then_some(RETRY_AFTER);
        for name in RATE_LIMITS.into_iter().chain(retry_after).chain(others.iter().copied()) {
            let reference = || RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
            response.headers.entry(name.to_owned()).or_insert_with(reference);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operation_says_itself_stays_and_codes_follow() {
        for (said, expected) in [
            ("Too often:", "Too often: `a`, `b`"),
            ("`a`", "`a`, `b`"),
            ("`b`: wait.", "`b`: wait; `a`"),
            ("It is late.", "It is late; `a`, `b`"),
        ] {
            let mut description = said.to_owned();
            ["`a`", "`b`"].iter().for_each(|code| add_code(&mut description, code));
            assert_eq!(description, expected);
        }
    }
}
