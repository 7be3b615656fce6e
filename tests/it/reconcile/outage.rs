//! A look-up that reaches nobody is none: it is put off, and nothing of the schedule is used up by an outage.

use std::time::Duration;

use gateway::Config;
use serde_json::json;
use testkit::fault_proxy::{FaultPlan, FaultProxy};

use super::{lost, settled, unsettled};
use crate::support::{Client, Scene, StageOptions};

/// Two look-ups soon, and the third long after any test.
fn twice_soon(config: &mut Config) {
    config.calls.deadline_ms = 2_000;
    config.reconcile.every_ms = 20;
    config.reconcile.schedule_ms = vec![3_000, 3_200, 600_000];
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_before_an_outage_is_found_soon_after_it() {
    let provider = sandbox::start(sandbox::Options::local()).expect("a sandbox");
    let way = FaultProxy::start(provider.addresses().razorpay, FaultPlan::none());
    let razorpay_url = Some(format!("http://{}", way.address()));
    let options = StageOptions { configure: twice_soon, razorpay_url, ..StageOptions::default() };
    let scene = Scene::start_with("outage", options).await;
    let control = Client::new(provider.addresses().control);
    let fault = json!({"provider": "razorpay", "operation": "orders.create", "times": 1,
        "fault": {"kind": "execute_then_reset"}});
    control.fault(&fault).await;
    let order = json!({"amount": "500.00", "currency": "INR", "provider": "razorpay"});
    let transaction = lost(&scene.post_once("order", "/v1/payments/orders", &order).await.expect(504));
    way.refuse();
    tokio::time::sleep(Duration::from_millis(4_500)).await;
    let row = unsettled(&scene, "").await.remove(0);
    assert_eq!(row["look_ups"], 0, "nobody was asked: {row}");
    way.accept();
    let found = settled(&scene, &transaction).await;
    assert_eq!(found["status"], "success", "{found}");
    provider.stop();
}
