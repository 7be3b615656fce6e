//! What a store of services promises.

use domain::ports::{ServiceFeatures, Services, Tenants};
use domain::{Currency, Environment, Feature, FeatureSetting, SealedField, SealedService, TenantId};

use super::samples::{self, moment};

/// Runs the suite.
pub async fn passes(tenants: &dyn Tenants, services: &dyn Services) {
    services_are_read_back_as_they_were_put_oldest_first(tenants, services).await;
    a_service_put_again_is_replaced_but_for_its_creation(tenants, services).await;
    services_are_put_all_or_none(tenants, services).await;
    what_services_are_used_for_changes_and_nothing_else(tenants, services).await;
    a_verification_is_noted_on_that_service_only(tenants, services).await;
    the_data_key_is_the_tenants_own(tenants, services).await;
    a_foreign_tenant_touches_nothing(tenants, services).await;
}

async fn new_tenant(tenants: &dyn Tenants) -> TenantId {
    let new = samples::tenant();
    let tenant = new.tenant.id;
    tenants.insert(new).await.unwrap();
    tenant
}

async fn services_are_read_back_as_they_were_put_oldest_first(
    tenants: &dyn Tenants,
    services: &dyn Services,
) {
    let tenant = new_tenant(tenants).await;
    let newer = SealedService { created_at: moment(9), ..samples::service(tenant, "paypal") };
    let older = samples::service(tenant, "a provider of tomorrow");
    let bare = SealedService {
        environment: Environment::Live,
        fields: Box::new([]),
        features: Box::new([]),
        last_verified_at: None,
        created_at: moment(8),
        ..samples::service(tenant, "paypal")
    };
    services.put(vec![newer.clone(), older.clone(), bare.clone()]).await.unwrap();
    services.put(Vec::new()).await.unwrap();
    assert_eq!(services.list(tenant).await.unwrap(), [older, bare, newer]);
}

async fn a_service_put_again_is_replaced_but_for_its_creation(
    tenants: &dyn Tenants,
    services: &dyn Services,
) {
    let tenant = new_tenant(tenants).await;
    let first = samples::service(tenant, "stripe");
    services.put(vec![first.clone()]).await.unwrap();
    let second = SealedService {
        fields: Box::new([SealedField { name: "api_key".into(), sealed: Box::new([4]) }]),
        features: Box::new([]),
        last_verified_at: None,
        created_at: moment(400),
        updated_at: moment(400),
        ..first.clone()
    };
    services.put(vec![second.clone()]).await.unwrap();
    let kept = SealedService { created_at: first.created_at, ..second };
    assert_eq!(services.list(tenant).await.unwrap(), [kept]);
}

async fn services_are_put_all_or_none(tenants: &dyn Tenants, services: &dyn Services) {
    let tenant = new_tenant(tenants).await;
    let of_nobody = samples::service(samples::id(), "stripe");
    assert!(services.put(vec![samples::service(tenant, "stripe"), of_nobody]).await.is_err());
    assert_eq!(services.list(tenant).await.unwrap(), []);
}

async fn what_services_are_used_for_changes_and_nothing_else(tenants: &dyn Tenants, services: &dyn Services) {
    let (tenant, stranger) = (new_tenant(tenants).await, new_tenant(tenants).await);
    let [stripe, paypal] = ["stripe", "paypal"].map(|name| samples::service(tenant, name));
    let theirs = samples::service(stranger, "stripe");
    services.put(vec![stripe.clone(), paypal.clone(), theirs.clone()]).await.unwrap();
    let setting = |is_enabled, priority, falls_back| {
        let currency_places: Box<[_]> =
            if falls_back { Box::new([(Currency::INR, 2), (Currency::USD, 0)]) } else { Box::default() };
        let setting = FeatureSetting::new(Feature::Payments, is_enabled, priority);
        Box::new([FeatureSetting { falls_back, currency_places, ..setting }]) as Box<[FeatureSetting]>
    };
    let of = |service: &SealedService, features| ServiceFeatures {
        service: service.service.clone(),
        environment: service.environment,
        features,
    };
    let nowhere = ServiceFeatures { environment: Environment::Live, ..of(&stripe, setting(true, 9, true)) };
    let changed = vec![of(&stripe, setting(true, 1, true)), of(&paypal, setting(false, 0, false)), nowhere];
    services.put_features(tenant, changed, moment(600)).await.unwrap();
    services.put_features(tenant, Vec::new(), moment(700)).await.unwrap();
    let after =
        |service: SealedService, features| SealedService { features, updated_at: moment(600), ..service };
    let expected = [after(paypal, setting(false, 0, false)), after(stripe, setting(true, 1, true))];
    assert_eq!(services.list(tenant).await.unwrap(), expected);
    assert_eq!(services.list(stranger).await.unwrap(), [theirs]);
}

async fn a_verification_is_noted_on_that_service_only(tenants: &dyn Tenants, services: &dyn Services) {
    let tenant = new_tenant(tenants).await;
    let stripe = samples::service(tenant, "stripe");
    let twilio = samples::service(tenant, "twilio");
    services.put(vec![stripe.clone(), twilio.clone()]).await.unwrap();
    services.mark_verified(tenant, "stripe", Environment::Test, moment(500)).await.unwrap();
    services.mark_verified(tenant, "twilio", Environment::Live, moment(501)).await.unwrap();
    let verified = SealedService { last_verified_at: Some(moment(500)), ..stripe };
    assert_eq!(services.list(tenant).await.unwrap(), [verified, twilio]);
}

async fn the_data_key_is_the_tenants_own(tenants: &dyn Tenants, services: &dyn Services) {
    let new = samples::tenant();
    tenants.insert(new.clone()).await.unwrap();
    assert_eq!(services.data_key(new.tenant.id).await.unwrap(), Some(new.data_key));
    assert_eq!(services.data_key(samples::id()).await.unwrap(), None);
}

async fn a_foreign_tenant_touches_nothing(tenants: &dyn Tenants, services: &dyn Services) {
    let tenant = new_tenant(tenants).await;
    let stranger = new_tenant(tenants).await;
    let service = samples::service(tenant, "stripe");
    services.put(vec![service.clone()]).await.unwrap();
    assert_eq!(services.list(stranger).await.unwrap(), []);
    services.mark_verified(stranger, "stripe", Environment::Test, moment(500)).await.unwrap();
    let own = SealedService { fields: Box::new([]), ..samples::service(stranger, "stripe") };
    services.put(vec![own.clone()]).await.unwrap();
    assert_eq!(services.list(tenant).await.unwrap(), [service]);
    assert_eq!(services.list(stranger).await.unwrap(), [own]);
}
