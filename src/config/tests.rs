//! All that is wrong is told, each with its place, and no secret with it.

use std::path::Path;

use super::layers::is_service_link;
use super::*;

fn load(text: &str) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), text).expect("write");
    Config::load(Some(file.path()), &Overrides::default())
}

/// Expects exactly these problems, in this order, each by a part of its words.
#[track_caller]
fn refuse(text: &str, expected: &[&str]) {
    let problems = load(text).expect_err("it is wrong").problems;
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, words) in problems.iter().zip(expected) {
        assert!(problem.contains(words), "{problem}\n does not say {words}");
    }
}

#[test]
fn the_defaults_are_a_whole_configuration() {
    let config = Config::load(None, &Overrides::default()).expect("defaults");
    assert_eq!(config.listen.public.port(), 8080);
    assert_eq!(config.providers.len(), adapters::ADAPTERS.len());
    assert_eq!((config.store.engine, config.cache.engine), (StoreEngine::Embedded, CacheEngine::Local));
    assert_eq!(config.journal_folder(), Path::new("./data/journal"));
    assert!(config.store.postgres.url.is_none() && config.listen.tls.key.is_none());
}

#[test]
fn every_wrong_setting_is_named_not_just_the_first() {
    refuse(
        "[listen]\npubic = \"127.0.0.1:1\"\nworkers = \"two\"\nadmin = \"here\"\n[store]\nengine = \"mysql\"\n\
         [stoer]\nfolder = \"x\"\n[auth]\nsign_up = 3\n[calls]\nattempts = 300\ndeadline_ms = 0\n",
        &[
            "`listen.pubic` is no setting (file ",
            "`stoer.folder` is no setting (file ",
            "`auth.sign_up` must be true or false, not 3 (file ",
            "`calls.attempts` cannot be 300 (file ",
            "`listen.admin`: invalid socket address syntax (file ",
            "`listen.workers` must be a whole number, 0 or more, not \"two\" (file ",
            "`store.engine` must be \"embedded\" or \"postgres\", not \"mysql\" (file ",
            "calls.deadline_ms must be greater than zero",
        ],
    );
    refuse("store = \"postgres://u:hidden@h/d\"\n", &["`store` is a section, not a setting"]);
    refuse("[auth.sign_up]\nx = 1\n", &["`auth.sign_up` is a setting, not a section"]);
}

#[test]
fn settings_that_contradict_each_other_are_refused_with_what_to_set() {
    refuse("[store]\nengine = \"postgres\"\n", &["GATEWAY_STORE__POSTGRES__URL"]);
    refuse("[cache]\nengine = \"redis\"\n", &["GATEWAY_CACHE__REDIS__URL"]);
    refuse("[listen.tls]\nkey = \"key.pem\"\n", &["listen.tls.certificate is not"]);
    refuse("[listen.tls]\ncertificate = \"chain.pem\"\n", &["listen.tls.key is not"]);
    refuse("[listen]\nadmin = \"127.0.0.1:8080\"\n", &["both 127.0.0.1:8080"]);
    refuse("[journal]\nbytes = 67108864\n", &["two segments"]);
    refuse("[journal]\nsegment_bytes = 1\n", &["journal.segment_bytes must be at least"]);
}

#[test]
fn look_ups_come_in_order_and_end_after_the_quiet_time() {
    let config = load("[reconcile]\nschedule_ms = [100, 70000]\n").expect("a configuration");
    let waits = [0, 1, 2].map(|done| config.reconcile.schedule().expect("a schedule").wait(done));
    let millis = std::time::Duration::from_millis;
    assert_eq!(waits, [Some(millis(100)), Some(millis(69_900)), None]);
    refuse("[reconcile]\nschedule_ms = []\n", &["at least one look-up", "must end after calls.quiet_ms"]);
    refuse("[reconcile]\nschedule_ms = [70000, 70000]\n", &["later than the one before"]);
    refuse("[reconcile]\nschedule_ms = [59999]\n", &["must end after calls.quiet_ms"]);
    refuse(
        "[reconcile]\nschedule_ms = 5\n",
        &["`reconcile.schedule_ms` must be a list of whole numbers, not 5 (file "],
    );
    refuse(
        "[reconcile]\nschedule_ms = [1, \"x\"]\n",
        &["`reconcile.schedule_ms` must be a list of whole numbers"],
    );
}

#[test]
fn networks_are_a_list_or_a_text_and_routes_have_to_be_there() {
    let config = load(
        "[listen]\ntrusted_proxies = [\"10.0.0.0/8\", \"192.0.2.1\"]\n[limits]\nexempt = \"::1, 127.0.0.0/8\"\n\
         [limits.endpoints]\n\"POST /v1/payouts\" = 60\n\"GET /v1/proxy/{provider}/{path}\" = 0\n",
    );
    let config = config.expect("a configuration");
    let shown = |networks: &[ipnet::IpNet]| networks.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&config.listen.trusted_proxies), ["10.0.0.0/8", "192.0.2.1/32"]);
    assert_eq!(shown(&config.limits.exempt), ["::1/128", "127.0.0.0/8"]);
    assert_eq!(config.limits.of_endpoints().len(), 1);
    refuse("[listen]\ntrusted_proxies = [\"home\"]\n", &["\"home\" is no network such as 10.0.0.0/8"]);
    refuse(
        "[limits.endpoints]\n\"POST /v1/payout\" = 60\n\"GET /v1/sms/{id}\" = \"few\"\n",
        &[
            "`limits.endpoints.GET /v1/sms/{id}` must be a whole number, 0 or more, not \"few\" (file ",
            "limits.endpoints: \"POST /v1/payout\" is no route of the API; these are: POST /v1/calls, GET /v1/calls/{id}, ",
        ],
    );
    refuse(
        "[limits]\nsign_in_failures = 201\nsign_in_wait_seconds = 10\nsign_in_longest_wait_seconds = 5\n",
        &["must be at most 200", "sign_in_longest_wait_seconds is shorter"],
    );
}

#[test]
fn what_would_disarm_the_gateway_or_break_it_is_refused() {
    for (section, setting) in [
        ("limits", "sign_in_forget_seconds"),
        ("limits", "addresses"),
        ("log", "queue"),
        ("transport", "reply_bytes"),
    ] {
        let words = format!("{section}.{setting} must be greater than zero");
        refuse(&format!("[{section}]\n{setting} = 0\n"), &[&words]);
    }
    refuse("[limits]\naddresses = 10000001\n", &["limits.addresses must be at most 10000000"]);
    // More permits than a semaphore has would be a panic at the start.
    refuse(
        "[calls]\nprovider_in_flight = 9223372036854775807\n\
         [reconcile]\nat_once = 9223372036854775807\nper_provider = 9223372036854775807\n",
        &[
            "calls.provider_in_flight must be at most",
            "reconcile.at_once must be at most",
            "reconcile.per_provider must be at most",
        ],
    );
}

#[test]
fn nothing_is_given_up_or_forgotten_before_a_requests_time_is_over() {
    refuse("[calls]\nquiet_ms = 29999\n", &["calls.quiet_ms must not be less than calls.deadline_ms"]);
    refuse("[tenants]\nidle_seconds = 30\n", &["tenants.idle_seconds must be longer than calls.deadline_ms"]);
    load("[calls]\nquiet_ms = 30000\n[tenants]\nidle_seconds = 31\n").expect("a configuration");
    let warnings = load("[calls]\nquiet_ms = 0\n").expect("for tests").warnings();
    assert!(warnings.iter().any(|words| words.contains("calls.quiet_ms is 0")), "{warnings:?}");
}

#[test]
fn no_sentence_and_no_debug_output_shows_a_secret() {
    let secret = "hunter2hunter2";
    for text in [
        format!("[store.postgres]\nurl = \"mysql://u:{secret}@h/d\"\n"),
        format!("[store]\nengine = \"postgres\"\npostgres = \"postgres://u:{secret}@h/d\"\n"),
        format!("[store.postgres]\nurl = \"postgres://u:{secret}@h/d\n"),
        format!("[store.postgres]\nurl = [\"{secret}\"]\n"),
        format!("[store.postgres]\nurls = \"{secret}\"\n"),
    ] {
        let error = load(&text).expect_err("it is wrong");
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
    let config =
        load(&format!("[store.postgres]\nurl = \"postgres://u:{secret}@h/d\"\n")).expect("a configuration");
    assert!(!format!("{config:?}").contains(secret), "{config:?}");
    assert_eq!(config.store.postgres.owner(), config.store.postgres.url.as_ref());
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), "postgres://u:p@h/d\n").expect("write");
    let path = file.path().display();
    let config = load(&format!("[store]\nengine = \"postgres\"\n[store.postgres]\nurl_file = \"{path}\"\n"));
    assert_eq!(
        config.expect("a configuration").store.postgres.url,
        Some(domain::Secret::new("postgres://u:p@h/d"))
    );
    refuse(
        &format!("[store.postgres]\nurl = \"postgres://h/d\"\nurl_file = \"{path}\"\n"),
        &["store.postgres.url and store.postgres.url_file are both set"],
    );
    refuse(
        "[cache.redis]\nurl_file = \"/proc/nowhere\"\n",
        &["cache.redis.url_file: /proc/nowhere cannot be read"],
    );
}

#[test]
fn what_kubernetes_sets_for_a_service_called_gateway_is_no_setting_of_ours() {
    let check = |name, value, expected| assert_eq!(is_service_link(name, value), expected, "{name}");
    check("SERVICE_HOST", "10.0.0.1", true);
    check("SERVICE_PORT_HTTP", "8080", true);
    check("PORT", "tcp://10.0.0.1:8080", true);
    check("PORT_8080_TCP_ADDR", "10.0.0.1", true);
    check("REDIS_PORT_6379_TCP", "tcp://10.0.0.1:6379", true);
    check("LISTEN_PORT", "8080", false);
    check("LISTEN__PUBLIC", "0.0.0.0:8080", false);
    check("SERVICE__HOST", "10.0.0.1", false);
}
