//! `check-config`: where each setting comes from, and everything that is wrong.

use std::process::{Command, Output};

use crate::support::PROGRAM;

const SECRET: &str = "correct-horse-battery";

fn check(file: &str, variables: &[(&str, &str)], flags: &[&str]) -> (Output, String, String) {
    let path = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(path.path(), file).expect("written");
    let mut command = Command::new(PROGRAM);
    command.arg("check-config").arg("--config").arg(path.path()).args(flags).envs(variables.iter().copied());
    let output = command.output().expect("the program runs");
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&path.path().display().to_string(), "FILE");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

#[test]
fn every_setting_is_shown_with_its_source_and_no_secret() {
    let file = "[store]\nengine = \"postgres\"\n[calls]\nattempts = 4\n";
    let url = format!("postgres://gateway:{SECRET}@database.internal/gateway");
    let variables = [
        ("GATEWAY_STORE__POSTGRES__URL", url.as_str()),
        ("GATEWAY_CALLS__ATTEMPTS", "5"),
        ("GATEWAY_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("GATEWAY_LIMITS__ENDPOINTS", r#"{"POST /v1/payouts"=60}"#),
        ("GATEWAY_LISTEN__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
    ];
    let (output, out, err) = check(file, &variables, &["--listen", "0.0.0.0:9999"]);
    assert_eq!(output.status.code(), Some(0), "{err}");
    let row = |name: &str| {
        let line = out.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.expect("a row").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("store.engine"), r#"store.engine "postgres" file FILE "embedded""#);
    assert_eq!(row("calls.attempts"), "calls.attempts 5 variable GATEWAY_CALLS__ATTEMPTS 3");
    assert_eq!(row("listen.public"), r#"listen.public "0.0.0.0:9999" flag "127.0.0.1:8080""#);
    assert_eq!(row("auth.sign_up"), "auth.sign_up true default true");
    assert_eq!(
        row("limits.endpoints.POST"),
        "limits.endpoints.POST /v1/payouts 60 variable GATEWAY_LIMITS__ENDPOINTS"
    );
    assert!(row("listen.trusted_proxies").contains("10.0.0.0/8, 192.0.2.1"), "{out}");
    assert!(row("store.postgres.url").starts_with("store.postgres.url (secret) variable"), "{out}");
    assert!(!out.contains(SECRET) && !err.contains(SECRET));
    for words in ["without TLS", "auth.sign_up is on", "run one node only", "sslmode=require"] {
        assert!(
            out.lines().any(|line| line.starts_with("warning: ") && line.contains(words)),
            "{words}\n{out}"
        );
    }
    assert!(out.contains("note: GATEWAY_PORT_8080_TCP "), "{out}");
}

#[test]
fn every_reason_is_told_and_the_exit_code_is_2() {
    let file =
        format!("[listen]\nport = 8080\n[store]\nengine = \"postgres\"\n[cache.redis]\nurl = \"{SECRET}\"\n");
    let variables = [("GATEWAY_LISTNE__PUBLIC", "127.0.0.1:1"), ("GATEWAY_CALLS__ATTEMPTS", "many")];
    let (output, out, err) = check(&file, &variables, &[]);
    assert_eq!(output.status.code(), Some(2));
    let expected = [
        "unified-gateway: `listen.port` is no setting (file FILE)",
        "unified-gateway: the variable GATEWAY_LISTNE__PUBLIC names no setting",
        "unified-gateway: `calls.attempts` must be a whole number, 0 or more, not \"many\" (variable GATEWAY_CALLS__ATTEMPTS)",
        "unified-gateway: store.engine is \"postgres\" and no URL is set: set store.postgres.url",
        "unified-gateway: cache.redis.url must begin with redis://",
    ];
    assert_eq!(err.lines().count(), expected.len(), "{err}");
    for (line, words) in err.lines().zip(expected) {
        assert!(line.starts_with(words), "{line}\n{words}");
    }
    assert!(!out.contains(SECRET) && !err.contains(SECRET));
}
