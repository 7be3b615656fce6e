//! Every operation at every provider: what the descriptors promise is done, and what they do not is refused with nothing sent.

use adapters::ADAPTERS;
use domain::{Feature, OperationKind};

use crate::support::{Scene, in_vain, ready, text};

/// Returns every operation but the passthrough's, which every provider has and which is asked in the provider's words.
fn own_words() -> impl Iterator<Item = OperationKind> {
    OperationKind::ALL.into_iter().filter(|kind| kind.feature() != Feature::Proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_done_where_promised_and_refused_elsewhere_with_nothing_sent() {
    let scene = Scene::start("operations").await;
    let mut done = Vec::new();
    for adapter in ADAPTERS {
        let descriptor = adapter.descriptor();
        let provider = descriptor.id.as_str();
        for kind in own_words() {
            let name = kind.as_str();
            if descriptor.operation(kind).is_some() {
                let request = ready(&scene, provider, kind).await;
                let answer = request.send(&scene).await;
                assert_eq!(answer.status.as_u16(), request.success, "{provider} {name}: {}", answer.text());
                let body = answer.json();
                assert_eq!(body["object"], kind.object(), "{provider} {name}: {body}");
                assert_eq!(body["provider"], provider, "{provider} {name}: {body}");
                assert_ne!(body["status"], "unknown", "{provider} {name}: {body}");
                done.push((kind, provider));
            } else {
                let before = scene.calls(&format!("provider={provider}")).await;
                let answer = in_vain(provider, kind).send(&scene).await.expect(422);
                assert_eq!(answer.code(), "operation_not_supported", "{provider} {name}: {}", answer.text());
                let message = text(&answer.json()["error"], "message");
                for able in ADAPTERS.iter().map(|adapter| adapter.descriptor()) {
                    let is_able = able.operation(kind).is_some();
                    assert_eq!(
                        message.contains(able.id.as_str()),
                        is_able || able.id == descriptor.id,
                        "{message}"
                    );
                }
                assert_eq!(scene.calls(&format!("provider={provider}")).await, before, "{provider} {name}");
            }
        }
    }
    // The other way round: what the providers were seen to do is what the table in the documentation says.
    let table = include_str!("../../docs/providers/README.md");
    for kind in own_words() {
        let row = table.lines().find(|line| line.starts_with(&format!("| `{}` |", kind.as_str())));
        let cells: Vec<&str> = row.expect("a row an operation").split('|').skip(3).map(str::trim).collect();
        for (adapter, cell) in ADAPTERS.iter().zip(cells) {
            let provider = adapter.descriptor().id.as_str();
            assert_eq!(!cell.is_empty(), done.contains(&(kind, provider)), "{provider} {}", kind.as_str());
        }
    }
}

#[test]
fn the_table_in_the_documentation_is_the_one_that_the_descriptors_give() {
    let page = include_str!("../../docs/providers/README.md");
    let (_, table) = page.split_once("<!-- from here: unified-gateway providers -->\n").expect("the mark");
    assert_eq!(table.trim(), gateway::abilities_table().trim(), "write it with `unified-gateway providers`");
}
