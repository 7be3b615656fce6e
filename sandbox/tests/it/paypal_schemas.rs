//! PayPal's answers on refunds, subscriptions, invoices and payouts against its specifications; skipped where those are not at hand.

use serde_json::Value;

use crate::{schemas::Schemas, support::World};

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

/// Returns where the schema of an answer stands.
fn response(method: &str, path: &str, status: u16) -> String {
    let path = path.replace('/', "~1");
    format!("/paths/{path}/{method}/responses/{status}/content/application~1json/schema")
}

fn control(world: &World, path: &str, body: &str) -> Value {
    world.control("POST", &format!("/_control/{path}"), body).expect(200).json()["object"].clone()
}

#[test]
fn refunds_and_refused_captures_fit_the_specification() {
    let Some(orders) = Schemas::of("paypal_checkout_orders_v2.json") else { return };
    let Some(payments) = Schemas::of("paypal_payments_payment_v2.json") else { return };
    let world = World::new();
    let body = r#"{"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "100.00"}, "custom_id": "txn_1"}]}"#;
    let capture = |outcome: &str| {
        let order = world.paypal("POST", "/v2/checkout/orders", body).expect(201).json();
        let path = format!("orders/paypal/{}/approve", id(&order));
        control(&world, &path, &format!(r#"{{"capture": "{outcome}"}}"#));
        let path = format!("/v2/checkout/orders/{}", id(&order));
        let order = world.paypal("POST", &format!("{path}/capture"), "").expect(201).json();
        (path, order["purchase_units"][0]["payments"]["captures"][0].clone())
    };
    let ((path, paid), (_, pending), (_, declined), (_, failed)) =
        (capture("completed"), capture("pending"), capture("declined"), capture("failed"));
    payments.check("/components/schemas/capture-2", &[&paid, &pending, &declined, &failed]);
    let refund = |capture: &Value, value: &str, status: u16| {
        let body = format!(
            r#"{{"amount": {{"currency_code": "USD", "value": "{value}"}}, "note_to_payer": "Sorry"}}"#
        );
        let path = format!("/v2/payments/captures/{}/refund", id(capture));
        world.paypal("POST", &path, &body).expect(status).json()
    };
    let first = refund(&paid, "40.00", 201);
    let path_of_refund = format!("/v2/payments/refunds/{}", id(&first));
    let shown = world.paypal("GET", &path_of_refund, "").expect(200).json();
    let waiting = control(&world, &format!("refunds/paypal/{}/pend", id(&first)), "");
    payments.check("/components/schemas/refund", &[&first, &shown, &waiting]);
    let order = world.paypal("GET", &path, "").expect(200).json();
    assert!(order["purchase_units"][0]["payments"]["refunds"].is_array());
    orders.check("/components/schemas/order", &[&order]);
    let much = refund(&paid, "60.01", 422);
    refund(&paid, "60.00", 201);
    let empty = refund(&paid, "1.00", 422);
    let refused = [&much, &empty, &refund(&pending, "1.00", 422), &refund(&declined, "1.00", 422)];
    let path = "/v2/payments/captures/{capture_id}/refund";
    payments.check(&response("post", path, 422), &refused);
    let unknown = world.paypal("GET", "/v2/payments/refunds/X", "").expect(404).json();
    payments.check(&response("get", "/v2/payments/refunds/{refund_id}", 404), &[&unknown]);
}

#[test]
fn products_and_plans_fit_the_specification() {
    let Some(products) = Schemas::of("paypal_catalogs_products_v1.json") else { return };
    let Some(billing) = Schemas::of("paypal_billing_subscriptions_v1.json") else { return };
    let world = World::new();
    let post = |path: &str, body: &str, status: u16| world.paypal("POST", path, body).expect(status).json();
    let get = |path: &str| world.paypal("GET", path, "").expect(200).json();
    let product =
        post("/v1/catalogs/products", r#"{"name": "Tea", "type": "SERVICE", "category": "SOFTWARE"}"#, 201);
    products.check("/components/schemas/product", &[&product]);
    products.check(
        "/components/schemas/product_collection",
        &[&get("/v1/catalogs/products?total_required=true")],
    );
    let wrong = ["{}", r#"{"name": "", "type": "SERVICE"}"#, r#"{"name": "Tea", "type": "FOOD"}"#];
    let wrong = wrong.map(|body| post("/v1/catalogs/products", body, 400));
    products.check(&response("post", "/v1/catalogs/products", 400), &wrong.each_ref());
    let plan = plan(&world, &product);
    billing.check("/components/schemas/plan", &[&plan, &get(&format!("/v1/billing/plans/{}", id(&plan)))]);
    billing.check("/components/schemas/plan_collection", &[&get("/v1/billing/plans?total_required=true")]);
    let wrong = post("/v1/billing/plans", "{}", 400);
    billing.check(&response("post", "/v1/billing/plans", 400), &[&wrong]);
    let active = post(&format!("/v1/billing/plans/{}/activate", id(&plan)), "", 422);
    billing.check(&response("post", "/v1/billing/plans/{id}/activate", 422), &[&active]);
}

fn plan(world: &World, product: &Value) -> Value {
    let body = format!(
        r#"{{"product_id": "{}", "name": "Tea", "description": "Every month", "billing_cycles": [
        {{"tenure_type": "TRIAL", "sequence": 1, "frequency": {{"interval_unit": "DAY", "interval_count": 3}}}},
        {{"tenure_type": "REGULAR", "sequence": 2, "frequency": {{"interval_unit": "MONTH"}}, "total_cycles": 3,
        "pricing_scheme": {{"fixed_price": {{"currency_code": "USD", "value": "10.00"}}}}}}],
        "payment_preferences": {{"setup_fee": {{"currency_code": "USD", "value": "1.00"}}}}}}"#,
        id(product)
    );
    world.paypal("POST", "/v1/billing/plans", &body).expect(201).json()
}

#[test]
fn subscriptions_fit_the_specification() {
    let Some(billing) = Schemas::of("paypal_billing_subscriptions_v1.json") else { return };
    let world = World::new();
    let product = r#"{"name": "Tea", "type": "SERVICE"}"#;
    let product = world.paypal("POST", "/v1/catalogs/products", product).expect(201).json();
    let body = format!(
        r#"{{"plan_id": "{}", "custom_id": "txn_1", "subscriber": {{"email_address": "payer@example.com", "name": {{"given_name": "A"}}}}}}"#,
        id(&plan(&world, &product))
    );
    let made = world.paypal("POST", "/v1/billing/subscriptions", &body).expect(201).json();
    let own = format!("/v1/billing/subscriptions/{}", id(&made));
    let step = |step: &str, body: &str, status: u16| {
        world.paypal("POST", &format!("{own}/{step}"), body).expect(status)
    };
    let reason = r#"{"reason": "Too bitter"}"#;
    let early = step("cancel", reason, 422).json();
    let act = |action: &str| control(&world, &format!("subscriptions/paypal/{}/{action}", id(&made)), "");
    let (active, charged, failed) = (act("approve"), act("charge"), act("fail_charge"));
    let whole = world.paypal("GET", &format!("{own}?fields=plan,last_failed_payment"), "").expect(200).json();
    let range = "start_time=2026-01-01T00:00:00Z&end_time=2027-01-01T00:00:00Z&total_required=true";
    let charges = world.paypal("GET", &format!("{own}/transactions?{range}"), "").expect(200).json();
    assert!(charges["transactions"].as_array().is_some_and(|charges| !charges.is_empty()));
    billing.check("/components/schemas/transactions_list", &[&charges]);
    step("suspend", reason, 204);
    let suspended = world.paypal("GET", &own, "").expect(200).json();
    let twice = step("suspend", reason, 422).json();
    step("activate", "", 204);
    let active_already = step("activate", "", 422).json();
    step("cancel", reason, 204);
    let canceled = world.paypal("GET", &own, "").expect(200).json();
    let all = [&made, &active, &charged, &failed, &whole, &suspended, &canceled];
    billing.check("/components/schemas/subscription", &all);
    for (step, refused) in [("cancel", &early), ("suspend", &twice), ("activate", &active_already)] {
        billing
            .check(&response("post", &format!("/v1/billing/subscriptions/{{id}}/{step}"), 422), &[refused]);
    }
    let create = |body: &str, status: u16| {
        world.paypal("POST", "/v1/billing/subscriptions", body).expect(status).json()
    };
    let quantity = body.replace("\"custom_id\"", "\"quantity\": \"2\", \"custom_id\"");
    billing.check(&response("post", "/v1/billing/subscriptions", 422), &[&create(&quantity, 422)]);
    let past = body.replace("\"custom_id\"", "\"start_time\": \"2020-01-01T00:00:00Z\", \"custom_id\"");
    let wrong = [&create("{}", 400), &create("", 400), &create(&past, 400)];
    billing.check(&response("post", "/v1/billing/subscriptions", 400), &wrong);
    let unknown = world.paypal("GET", "/v1/billing/subscriptions/I-X", "").expect(404).json();
    billing.check(&response("get", "/v1/billing/subscriptions/{id}", 404), &[&unknown]);
}

#[test]
fn invoices_fit_the_specification() {
    let Some(invoicing) = Schemas::of("paypal_invoicing_v2.json") else { return };
    let world = World::new();
    let body = |number: &str| {
        format!(
            r#"{{"detail": {{"invoice_number": "{number}", "reference": "txn_1", "currency_code": "USD", "memo": "Mine"}},
            "configuration": {{"partial_payment": {{"allow_partial_payment": true}}}},
            "items": [{{"name": "Tea", "quantity": "1", "unit_amount": {{"currency_code": "USD", "value": "100.00"}}}}]}}"#
        )
    };
    let path = "/v2/invoicing/invoices";
    let create = |body: &str, status: u16| world.paypal("POST", path, body).expect(status).json();
    let draft = create(&body("n1"), 201);
    let bare = world.paypal_with("POST", path, &body("n2"), &[]).expect(201).json();
    let own = format!("{path}/{}", id(&draft));
    let cancel_draft = world.paypal("POST", &format!("{own}/cancel"), "").expect(422).json();
    let link = world.paypal("POST", &format!("{own}/send"), "").expect(200).json();
    invoicing.check("/components/schemas/link_description", &[&bare, &link]);
    let get = || world.paypal("GET", &own, "").expect(200).json();
    let act = |action: &str, body: &str| {
        control(&world, &format!("payment_links/paypal/{}/{action}", id(&draft)), body)
    };
    let sent = get();
    let (part, pending) = (act("pay_part", r#"{"amount": "40.00"}"#), act("pend", ""));
    let paid = act("pay", "");
    let payment = paid["payments"]["transactions"][0]["payment_id"].as_str().unwrap();
    world.paypal("POST", &format!("/v2/payments/captures/{payment}/refund"), "").expect(201);
    let refunded = get();
    assert!(refunded["refunds"].is_object());
    let other = create(&body("n3"), 201);
    let own = format!("{path}/{}", id(&other));
    world.paypal("POST", &format!("{own}/send"), "").expect(200);
    world.paypal("POST", &format!("{own}/cancel"), "").expect(204);
    let canceled = world.paypal("GET", &own, "").expect(200).json();
    let twice = world.paypal("POST", &format!("{own}/cancel"), "").expect(422).json();
    let all = [&draft, &sent, &part, &pending, &paid, &refunded, &canceled];
    invoicing.check("/components/schemas/invoice", &all);
    let search = "/v2/invoicing/search-invoices?total_required=true";
    let found = world.paypal("POST", search, r#"{"invoice_number": "n1"}"#).expect(200).json();
    let list = world.paypal("GET", &format!("{path}?total_required=true"), "").expect(200).json();
    invoicing.check("/components/schemas/invoices", &[&found, &list]);
    let refused = response("post", "/v2/invoicing/invoices/{invoice_id}/cancel", 422);
    invoicing.check(&refused, &[&cancel_draft, &twice]);
    let long = create(&body(&"x".repeat(26)), 400);
    invoicing.check(&response("post", path, 400), &[&long]);
    invoicing.check("/components/schemas/error_422", &[&create(&body("n1"), 422)]);
    let unknown = world.paypal("GET", &format!("{path}/INV2-X"), "").expect(404).json();
    invoicing.check("/components/schemas/error_404", &[&unknown]);
}

#[test]
fn payouts_fit_the_specification() {
    let Some(payouts) = Schemas::of("paypal_payments_payouts_batch_v1.json") else { return };
    let world = World::new();
    let path = "/v1/payments/payouts";
    let body = r#"{"sender_batch_header": {"sender_batch_id": "b1", "email_subject": "You have a payment"},
        "items": [{"recipient_type": "EMAIL", "receiver": "payee@example.com", "amount": {"currency": "USD", "value": "25.00"}},
        {"recipient_type": "PAYPAL_ID", "receiver": "QYR5Z8XDVJNXQ", "amount": {"currency": "USD", "value": "5.00"}}]}"#;
    let made = world.paypal("POST", path, body).expect(201).json();
    payouts.check("/components/schemas/payout", &[&made]);
    let own = format!("{path}/{}", made["batch_header"]["payout_batch_id"].as_str().unwrap());
    let get = |path: &str| world.paypal("GET", path, "").expect(200).json();
    let pending = get(&own);
    world.advance(2);
    let processing = get(&own);
    let item = |index: usize| processing["items"][index]["payout_item_id"].as_str().unwrap();
    let act =
        |index: usize, action: &str| control(&world, &format!("payouts/paypal/{}/{action}", item(index)), "");
    let (unclaimed, failed) = (act(0, "unclaim"), act(1, "fail"));
    let done = get(&format!("{own}?total_required=true&page_size=1"));
    assert_eq!((&done["total_pages"], done["items"].as_array().unwrap().len()), (&Value::from(2), 1));
    payouts.check("/components/schemas/payout_batch", &[&pending, &processing, &done]);
    payouts.check("/components/schemas/payout_batch_items", &[&unclaimed, &failed]);
    let shown = get(&format!("/v1/payments/payouts-item/{}", item(0)));
    let cancel = format!("/v1/payments/payouts-item/{}/cancel", item(0));
    let canceled = world.paypal("POST", &cancel, "").expect(200).json();
    payouts.check("/components/schemas/payout_item-2", &[&shown, &canceled]);
    let refused = [
        world.paypal("POST", path, body).expect(400).json(),
        world.paypal("POST", path, "{}").expect(400).json(),
        world.paypal("POST", &cancel, "").expect(400).json(),
        world.paypal("GET", "/v1/payments/payouts/X", "").expect(404).json(),
    ];
    payouts.check("/components/schemas/error", &refused.each_ref());
}
