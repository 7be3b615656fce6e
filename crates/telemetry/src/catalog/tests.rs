//! What labels may hold, and how many series there may be.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;

fn rendered(write: impl FnOnce(&Catalog)) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    write(&Catalog::new(Arc::new(recorder)));
    handle.render()
}

#[test]
fn what_is_no_word_becomes_other() {
    let rendered = rendered(|catalog| {
        catalog.rate_limited("unf live ABC");
        catalog.rate_limited("Usr_01K");
        catalog.rate_limited("");
        catalog.rate_limited("ip_limit");
        catalog.request_finished("/health", "BREW", 42, Duration::ZERO, Duration::ZERO);
    });
    assert!(rendered.contains(r#"gateway_rate_limited_total{limit="other"} 3"#), "{rendered}");
    assert!(rendered.contains(r#"gateway_rate_limited_total{limit="ip_limit"} 1"#), "{rendered}");
    assert!(rendered.contains(r#"{route="/health",method="other",status="other"} 1"#), "{rendered}");
}

#[test]
fn an_open_label_cannot_fill_the_memory() {
    let catalog = Catalog::silent();
    for status in 0..u16::MAX {
        catalog.request_finished("/health", "GET", status, Duration::ZERO, Duration::ZERO);
    }
    assert_eq!(catalog.requests.len(), family::MAX_SERIES + 1);
}

#[test]
fn a_request_without_a_provider_says_nothing_about_providers() {
    let rendered = rendered(|catalog| {
        catalog.request_finished("/health", "GET", 200, Duration::from_micros(80), Duration::ZERO);
    });
    assert!(rendered.contains("gateway_request_seconds_count{"), "{rendered}");
    assert!(rendered.contains(r#"gateway_request_provider_seconds_count{route="/health",method="GET"} 0"#));
}

#[test]
fn threads_that_meet_a_label_at_once_share_its_series() {
    let rendered = rendered(|catalog| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| catalog.actor_busy("tenant")));
            }
        });
    });
    assert!(rendered.contains(r#"gateway_actor_busy_total{actor="tenant"} 4000"#), "{rendered}");
}
