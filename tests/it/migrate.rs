//! `migrate` against a real PostgreSQL: what it prints, that it can run twice, and how it fails.

use std::process::{Command, Output};

use testkit::servers::Postgres;

use crate::support::PROGRAM;

const OWNER: &str = "GATEWAY_STORE__POSTGRES__OWNER_URL";
const NODE: &str = "GATEWAY_STORE__POSTGRES__URL";

fn migrate(arguments: &[&str], variables: &[(&str, &str)]) -> (Output, String, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("migrate").args(arguments).envs(variables.iter().copied());
    let output = command.output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

#[test]
fn the_schema_is_made_once_and_the_second_time_there_is_nothing_to_do() {
    let server = Postgres::shared();
    let database = server.create_database();
    // The same settings as the nodes', and the owner's URL: the nodes' role is taken from theirs.
    let (owner, node) = (server.url("postgres", &database), server.url("gateway_node", &database));
    let variables = [("GATEWAY_STORE__ENGINE", "postgres"), (OWNER, owner.as_str()), (NODE, node.as_str())];
    let (output, out, err) = migrate(&[], &variables);
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("applied 0001_") && out.trim_end().ends_with(" now"), "{out}");
    let tables = "SELECT count(*) > 5 FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(server.psql(&database, tables).trim(), "t");
    let member = "SELECT pg_has_role('gateway_node', 'gateway_app', 'MEMBER')";
    assert_eq!(server.psql(&database, member).trim(), "t");

    // A job that knows the owner alone.
    let variables = [("GATEWAY_STORE__ENGINE", "postgres"), (OWNER, owner.as_str())];
    let (output, out, err) = migrate(&[], &variables);
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("nothing to do: "), "{out}");
    let (output, out, err) = migrate(&["--url", &owner], &[]);
    assert!(output.status.success() && out.starts_with("nothing to do: "), "{out} {err}");
}

#[test]
fn what_keeps_it_from_migrating_is_one_sentence_and_exit_code_2() {
    let fails = |arguments: &[&str], words: &[&str]| {
        let (output, out, err) = migrate(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(out.is_empty(), "{out}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(words.iter().all(|words| err.contains(words)), "{err}");
        assert!(!err.contains("hidden"), "{err}");
    };
    fails(&[], &["no database is named", OWNER]);
    fails(&["--url", "mysql://u:hidden@h/d"], &["store.postgres.owner_url must begin with postgres://"]);
    fails(&["--url", "postgres://u:hidden@127.0.0.1:1/d"], &["cannot sign in to PostgreSQL", "refused"]);
    let server = Postgres::shared();
    fails(&["--url", &server.url("postgres", "no_such_database")], &["no_such_database"]);
}
