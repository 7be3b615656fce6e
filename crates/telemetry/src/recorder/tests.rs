//! The table and what is written are the same set; nothing outside a closed set becomes a label.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::{CircuitLabels, CircuitLevel};

fn exercised() -> String {
    let telemetry = Telemetry::local().expect("the table builds");
    let catalog = telemetry.catalog();
    let took = Duration::from_micros(120);
    catalog.started_at(1_735_689_600);
    catalog.request_finished("/v1/payments/orders", "POST", 201, took, Duration::from_millis(40));
    catalog.provider_call("razorpay", "orders.create", "executed", took);
    catalog.actor_restarted("tenant");
    catalog.actor_busy("tenant");
    catalog.residents(7);
    catalog.queue_depth("log", 3);
    catalog.ledger_batch(12, took);
    catalog.log_batch(64, took);
    catalog.rate_limited("key_minute_limit");
    catalog.passed_on_local_share();
    catalog.replayed();
    catalog.log_store_failed();
    catalog.cache_failed("leases");
    catalog.cache_refused("answers");
    catalog.cache_connected(true);
    let circuit = CircuitLabels { provider: "razorpay", operation: "orders.create", environment: "test" };
    catalog.circuit_made(circuit);
    catalog.circuit_moved(circuit, CircuitLevel::Open);
    catalog.circuit_stands(circuit, CircuitLevel::HalfOpen);
    catalog.not_admitted("razorpay", "provider_circuit");
    catalog.credentials_circuit_opened("razorpay");
    catalog.failed_over("razorpay", "stripe", "circuit_open");
    catalog.requests_in_flight("writes", 5);
    catalog.in_flight_limit(8192);
    catalog.request_shed("reads");
    catalog.attempt_blocked("sign_in");
    catalog.addresses(3);
    catalog.looked_up("razorpay", "executed");
    catalog.unsettled(2, 1, Duration::from_secs(40));
    telemetry.render()
}

fn names_after<'a>(rendered: &'a str, marker: &str) -> BTreeSet<&'a str> {
    rendered
        .lines()
        .filter_map(|line| line.strip_prefix(marker))
        .filter_map(|line| line.split(' ').next())
        .collect()
}

#[test]
fn what_is_written_and_what_the_table_lists_are_the_same() {
    let rendered = exercised();
    let table: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(table.len(), METRICS.len(), "a name stands twice in the table");
    assert_eq!(names_after(&rendered, "# TYPE "), table);
    assert_eq!(names_after(&rendered, "# HELP "), table);
}

#[test]
fn every_label_is_named_in_the_table() {
    let rendered = exercised();
    for metric in METRICS {
        let prefix = format!("{}{{", metric.name);
        let suffixes = ["{", "_sum{", "_count{"].map(|suffix| format!("{}{suffix}", metric.name));
        for line in rendered.lines().filter(|line| suffixes.iter().any(|prefix| line.starts_with(&**prefix)))
        {
            let labels = line.split_once('{').and_then(|(_, rest)| rest.split_once('}')).expect("labels").0;
            let names: Vec<&str> =
                labels.split(',').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name).collect();
            assert_eq!(names, metric.labels, "{prefix}");
        }
    }
}

#[test]
fn values_arrive_under_their_labels() {
    let rendered = exercised();
    for line in [
        r#"gateway_requests_total{route="/v1/payments/orders",method="POST",status="201"} 1"#,
        r#"gateway_provider_calls_total{provider="razorpay",operation="orders.create",outcome="executed"} 1"#,
        r#"gateway_request_seconds_bucket{route="/v1/payments/orders",method="POST",le="0.0001"} 0"#,
        r#"gateway_request_seconds_bucket{route="/v1/payments/orders",method="POST",le="0.00025"} 1"#,
        r#"gateway_request_provider_seconds_bucket{route="/v1/payments/orders",method="POST",le="0.05"} 1"#,
        r#"gateway_ledger_batch_rows_bucket{le="16"} 1"#,
        r#"gateway_queue_depth{queue="log"} 3"#,
        "gateway_resident_tenants 7",
        r#"gateway_circuit_state{provider="razorpay",operation="orders.create",environment="test"} 1"#,
        r#"gateway_circuit_transitions_total{provider="razorpay",operation="orders.create",environment="test",to="open"} 1"#,
        r#"gateway_circuit_transitions_total{provider="razorpay",operation="orders.create",environment="test",to="half_open"} 0"#,
        r#"gateway_calls_not_admitted_total{provider="razorpay",barrier="provider_circuit"} 1"#,
        r#"gateway_requests_in_flight{class="writes"} 5"#,
        "process_start_time_seconds 1735689600",
        concat!(r#"gateway_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
    ] {
        assert!(rendered.lines().any(|rendered| rendered == line), "{line} is not in\n{rendered}");
    }
}

#[test]
fn histograms_reach_from_50_microseconds_to_a_minute() {
    for metric in METRICS {
        if let Kind::Histogram(buckets) = metric.kind {
            assert!(buckets.is_sorted(), "{}", metric.name);
            if metric.name.ends_with("_seconds") {
                assert_eq!(buckets.first(), Some(&0.000_05), "{}", metric.name);
                assert_eq!(buckets.last(), Some(&60.0), "{}", metric.name);
            }
        }
    }
}

#[test]
fn names_follow_the_customs_of_prometheus() {
    for metric in METRICS {
        let is_counter = metric.kind == Kind::Counter;
        assert_eq!(metric.name.ends_with("_total"), is_counter, "{}", metric.name);
        let counts_seconds = metric.unit == Some(crate::Unit::Seconds);
        assert_eq!(metric.name.ends_with("_seconds"), counts_seconds, "{}", metric.name);
        assert!(metric.help.ends_with('.'), "{}", metric.name);
        assert!(!metric.labels.iter().any(|label| label.contains("tenant")), "{}", metric.name);
    }
}

#[test]
fn upkeep_loses_no_measurement() {
    let telemetry = Telemetry::local().expect("the table builds");
    for _ in 0..3 {
        telemetry.catalog().ledger_batch(1, Duration::from_millis(1));
        telemetry.run_upkeep();
    }
    assert!(telemetry.render().contains("gateway_ledger_batch_rows_count 3"));
}

#[test]
fn a_process_has_one_recorder() {
    let first = install().expect("the first");
    first.catalog().replayed();
    assert!(matches!(install(), Err(InstallError::AlreadyInstalled)));
}
