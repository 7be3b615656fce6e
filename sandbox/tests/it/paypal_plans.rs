//! PayPal products and plans, which subscriptions are made from.

use serde_json::json;

use crate::support::{Reply, World};

pub(crate) fn product(world: &World) -> String {
    let body = r#"{"name": "Tea of the month", "type": "PHYSICAL"}"#;
    let product = world.paypal("POST", "/v1/catalogs/products", body).expect(201).json();
    product["id"].as_str().unwrap().to_owned()
}

/// Returns the body of a plan of 10.00 USD a month, so many times.
pub(crate) fn plan_body(product: &str, total: u32, more: &str) -> String {
    format!(
        r#"{{"product_id": "{product}", "name": "Monthly tea", "billing_cycles": [{{"tenure_type": "REGULAR", "sequence": 1,
        "frequency": {{"interval_unit": "MONTH"}}, "total_cycles": {total},
        "pricing_scheme": {{"fixed_price": {{"currency_code": "USD", "value": "10.00"}}}}}}],
        "payment_preferences": {{"auto_bill_outstanding": true, "payment_failure_threshold": 2}}{more}}}"#
    )
}

pub(crate) fn plan(world: &World, total: u32, more: &str) -> String {
    let body = plan_body(&product(world), total, more);
    let plan = world.paypal("POST", "/v1/billing/plans", &body).expect(201).json();
    plan["id"].as_str().unwrap().to_owned()
}

fn issue(reply: &Reply) -> String {
    reply.json()["details"][0]["issue"].as_str().unwrap().to_owned()
}

#[test]
fn products_are_made_found_and_listed() {
    let world = World::new();
    let first = product(&world);
    assert_eq!((first.len(), first.starts_with("PROD-")), (22, true));
    let found = world.paypal("GET", &format!("/v1/catalogs/products/{first}"), "").expect(200).json();
    assert_eq!((&found["name"], &found["type"]), (&json!("Tea of the month"), &json!("PHYSICAL")));
    let own = r#"{"id": "tea-own-id", "name": "Tea", "type": "SERVICE"}"#;
    world.paypal("POST", "/v1/catalogs/products", own).expect(201);
    let again = world.paypal("POST", "/v1/catalogs/products", own).expect(422);
    assert_eq!(issue(&again), "DUPLICATE_RESOURCE_IDENTIFIER");
    for (body, expected) in [
        (r#"{"type": "SERVICE"}"#.to_owned(), "MISSING_REQUIRED_PARAMETER"),
        (r#"{"name": "Tea"}"#.to_owned(), "MISSING_REQUIRED_PARAMETER"),
        (r#"{"name": "Tea", "type": "FOOD"}"#.to_owned(), "INVALID_PARAMETER_VALUE"),
        (r#"{"name": "", "type": "SERVICE"}"#.to_owned(), "INVALID_STRING_MIN_LENGTH"),
        (format!(r#"{{"name": "{}", "type": "SERVICE"}}"#, "x".repeat(128)), "INVALID_STRING_MAX_LENGTH"),
        (r#"{"name": "Tea", "type": "SERVICE", "id": "PROD-MINE"}"#.to_owned(), "INVALID_PARAMETER_SYNTAX"),
    ] {
        assert_eq!(issue(&world.paypal("POST", "/v1/catalogs/products", &body).expect(400)), expected);
    }
    let list =
        world.paypal("GET", "/v1/catalogs/products?page_size=1&total_required=true", "").expect(200).json();
    assert_eq!((&list["total_items"], &list["total_pages"]), (&json!(2), &json!(2)));
    assert_eq!(list["products"][0]["id"], "tea-own-id");
    assert!(list["links"].as_array().unwrap().iter().any(|link| link["rel"] == "next"));
    let wrong = world.paypal("GET", "/v1/catalogs/products?page_size=21", "").expect(400);
    assert_eq!(issue(&wrong), "INVALID_INTEGER_MAX_VALUE");
    world.paypal("GET", "/v1/catalogs/products/PROD-00000000000000000", "").expect(404);
    assert_eq!(world.count("operation=products.create"), 2);
}

#[test]
fn wrong_plans_are_refused_with_their_issue() {
    let world = World::new();
    let product = product(&world);
    let good = plan_body(&product, 0, "");
    let cycle = |tenure: &str, sequence: u32, more: &str| {
        format!(
            r#"{{"tenure_type": "{tenure}", "sequence": {sequence}, "frequency": {{"interval_unit": "MONTH"}}{more}}}"#
        )
    };
    let price = r#", "pricing_scheme": {"fixed_price": {"currency_code": "USD", "value": "10.00"}}"#;
    let euros = r#", "pricing_scheme": {"fixed_price": {"currency_code": "EUR", "value": "1.00"}}"#;
    let with = |cycles: &[String]| {
        format!(
            r#"{{"product_id": "{product}", "name": "Tea", "payment_preferences": {{}}, "billing_cycles": [{}]}}"#,
            cycles.join(",")
        )
    };
    let regular = |sequence: u32| cycle("REGULAR", sequence, price);
    let trial = |sequence: u32, more: &str| cycle("TRIAL", sequence, more);
    for (body, status, expected) in [
        (good.replace("product_id", "product"), 400, "MISSING_REQUIRED_PARAMETER"),
        (good.replace("payment_preferences", "preferences"), 400, "MISSING_REQUIRED_PARAMETER"),
        (good.replace("\"MONTH\"", "\"HOUR\""), 400, "INVALID_PARAMETER_VALUE"),
        (good.replace("\"MONTH\"", "\"YEAR\", \"interval_count\": 2"), 400, "INVALID_INTEGER_MAX_VALUE"),
        (good.replace("\"10.00\"", "\"0.00\""), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (good.replace("\"10.00\"", "\"1.001\""), 422, "DECIMAL_PRECISION"),
        (good.replace("USD", "HUF"), 422, "DECIMALS_NOT_SUPPORTED"),
        (good.replace(&product, "PROD-00000000000000000"), 404, "INVALID_RESOURCE_ID"),
        (with(&[trial(1, price)]), 422, "MISSING_REGULAR_BILLING_CYCLE"),
        (with(&[regular(1), regular(2)]), 422, "MULTIPLE_REGULAR_BILLING_CYCLES_NOT_SUPPORTED"),
        (with(&[regular(2)]), 422, "INVALID_BILLING_CYCLE_SEQUENCE"),
        (with(&[regular(1), trial(2, price)]), 422, "INVALID_BILLING_CYCLE_SEQUENCE"),
        (
            with(&[trial(1, ""), trial(2, ""), regular(3)]),
            422,
            "MULTIPLE_FREE_TRIAL_BILLING_CYCLES_NOT_SUPPORTED",
        ),
        (with(&[trial(1, r#", "total_cycles": 0"#), regular(2)]), 422, "INVALID_TRIAL_BILLING_TOTAL_CYCLES"),
        (with(&[trial(1, euros), regular(2)]), 422, "CURRENCY_MISMATCH"),
        (with(&[cycle("REGULAR", 1, "")]), 400, "MISSING_REQUIRED_PARAMETER"),
    ] {
        let reply = world.paypal("POST", "/v1/billing/plans", &body);
        assert_eq!(reply.status, status, "{body}\n{}", reply.text());
        assert_eq!(issue(&reply), expected, "{body}");
    }
    assert_eq!(world.count("operation=plans.create"), 0);
}

#[test]
fn a_plan_is_switched_off_and_on() {
    let world = World::new();
    let id = plan(&world, 0, r#", "status": "CREATED""#);
    let step = |step: &str| world.paypal("POST", &format!("/v1/billing/plans/{id}/{step}"), "");
    let subscribe =
        || world.paypal("POST", "/v1/billing/subscriptions", &format!(r#"{{"plan_id": "{id}"}}"#));
    assert_eq!(issue(&subscribe().expect(422)), "PLAN_STATUS_INVALID");
    assert_eq!(issue(&step("deactivate").expect(422)), "PLAN_STATUS_INVALID");
    assert!(step("activate").expect(204).body.is_empty());
    assert_eq!(issue(&step("activate").expect(422)), "PLAN_STATUS_INVALID");
    subscribe().expect(201);
    step("deactivate").expect(204);
    let found = world.paypal("GET", &format!("/v1/billing/plans/{id}"), "").expect(200).json();
    assert_eq!(found["status"], "INACTIVE");
    plan(&world, 0, "");
    let list = world.paypal("GET", &format!("/v1/billing/plans?plan_ids={id}&total_required=true"), "");
    let list = list.expect(200).json();
    assert_eq!((&list["total_items"], &list["plans"][0]["id"]), (&json!(1), &json!(id)));
    assert!(list["plans"][0].get("billing_cycles").is_some());
    let minimal = world.paypal_with("GET", "/v1/billing/plans", "", &[]).expect(200).json();
    assert_eq!(minimal["plans"].as_array().unwrap().len(), 2);
    assert!(minimal["plans"][0].get("billing_cycles").is_none());
    world.paypal("POST", "/v1/billing/plans/P-000000000000000000000000/activate", "").expect(404);
}
