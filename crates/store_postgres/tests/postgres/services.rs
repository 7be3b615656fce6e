//! How a service's fields and features stand in their columns.

use domain::ports::{Services, Tenants as _};
use domain::{Feature, FeatureSetting, SealedField, SealedService};
use testkit::conformance::samples;

use crate::support::Database;

#[tokio::test]
async fn the_webhook_secret_has_a_column_of_its_own_and_comes_back_in_its_place() {
    let database = Database::new().await;
    let store = database.open();
    let new = samples::tenant();
    let tenant = new.tenant.id;
    store.insert(new).await.unwrap();
    let field = |name: &str, byte| SealedField { name: name.into(), sealed: Box::new([byte]) };
    let fields = [field("key_id", 1), field("webhook_secret", 2), field("key_secret", 3)];
    let service = SealedService { fields: Box::new(fields), ..samples::service(tenant, "razorpay") };
    store.put(vec![service.clone()]).await.unwrap();
    let columns = "SELECT field_names, credentials_encrypted, webhook_secret FROM service_credentials";
    let expected = r#"{key_id,webhook_secret,key_secret}|{"\\x01",NULL,"\\x03"}|\x02"#;
    assert_eq!(database.psql(columns), expected);
    assert_eq!(store.list(tenant).await.unwrap(), [service]);
}

#[tokio::test]
async fn features_come_back_in_the_order_in_which_they_were_put() {
    let database = Database::new().await;
    let store = database.open();
    let new = samples::tenant();
    let tenant = new.tenant.id;
    store.insert(new).await.unwrap();
    let mut settings = Feature::ALL.map(|feature| FeatureSetting::new(feature, true, 1));
    for name in ["forwards", "backwards"] {
        let service =
            SealedService { features: Box::new(settings.clone()), ..samples::service(tenant, name) };
        store.put(vec![service.clone()]).await.unwrap();
        assert!(store.list(tenant).await.unwrap().contains(&service));
        settings.reverse();
    }
    let payments = "SELECT features_config #>> '{payments,enabled}' FROM service_credentials LIMIT 1";
    assert_eq!(database.psql(payments), "true");
}

#[tokio::test]
async fn features_that_an_earlier_version_wrote_do_not_fall_back_and_know_no_currency() {
    let database = Database::new().await;
    let store = database.open();
    let new = samples::tenant();
    let tenant = new.tenant.id;
    store.insert(new).await.unwrap();
    store.put(vec![samples::service(tenant, "stripe")]).await.unwrap();
    let earlier = r#"{"payments": {"enabled": true, "priority": 3, "place": 0}}"#;
    database.psql(&format!("UPDATE service_credentials SET features_config = '{earlier}'"));
    let read = FeatureSetting::new(Feature::Payments, true, 3);
    assert_eq!(*store.list(tenant).await.unwrap()[0].features, [read]);
}
