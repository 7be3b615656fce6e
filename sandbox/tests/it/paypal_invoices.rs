//! PayPal invoices as payment links: drafts, sending, the payer's page, payments in part, refunds, the search.

use serde_json::{Value, json};

use crate::support::{FORM, Reply, World, call};

const INVOICES: &str = "/v2/invoicing/invoices";
const UNSENT: &str = r#"{"send_to_recipient": false, "send_to_invoicer": false}"#;

fn body(number: &str, more: &str) -> String {
    format!(
        r#"{{"detail": {{"invoice_number": "{number}", "reference": "txn_1", "currency_code": "USD", "note": "Order 42"}},
        "primary_recipients": [{{"billing_info": {{"email_address": "payer@example.com"}}}}],
        "items": [{{"name": "Order 42", "quantity": "2", "unit_amount": {{"currency_code": "USD", "value": "50.00"}}}}]{more}}}"#
    )
}

fn draft(world: &World, number: &str, more: &str) -> Value {
    world.paypal("POST", INVOICES, &body(number, more)).expect(201).json()
}

fn own(invoice: &Value, step: &str) -> String {
    format!("{INVOICES}/{}{step}", invoice["id"].as_str().unwrap())
}

fn sent(world: &World, number: &str, more: &str) -> Value {
    let invoice = draft(world, number, more);
    world.paypal("POST", &own(&invoice, "/send"), UNSENT).expect(200);
    invoice
}

fn act(world: &World, invoice: &Value, action: &str, body: &str) -> Reply {
    let path = format!("/_control/payment_links/paypal/{}/{action}", invoice["id"].as_str().unwrap());
    world.control("POST", &path, body)
}

fn shown(world: &World, invoice: &Value) -> Value {
    world.paypal("GET", &own(invoice, ""), "").expect(200).json()
}

fn issue(reply: &Reply) -> String {
    reply.json()["details"][0]["issue"].as_str().unwrap().to_owned()
}

#[test]
fn an_invoice_is_drafted_sent_and_paid_on_its_page() {
    let world = World::new();
    let invoice = draft(&world, "01jd3kq6m8v4w2", "");
    let id = invoice["id"].as_str().unwrap();
    assert_eq!((id.len(), id.starts_with("INV2-"), &invoice["status"]), (24, true, &json!("DRAFT")));
    assert_eq!(
        (&invoice["amount"]["value"], &invoice["due_amount"]["value"]),
        (&json!("100.00"), &json!("100.00"))
    );
    assert_eq!(
        invoice["detail"]["payment_term"],
        json!({"term_type": "DUE_ON_RECEIPT", "due_date": "2026-01-05"})
    );
    let page = format!("http://{}/pay/paypal/{id}", world.addresses().control);
    assert_eq!(invoice["detail"]["metadata"]["recipient_view_url"], json!(page));
    let path = format!("/pay/paypal/{id}");
    assert!(world.control("GET", &path, "").expect(200).text().contains("Nothing to pay here"));
    let link = world.paypal("POST", &own(&invoice, "/send"), UNSENT).expect(200).json();
    assert_eq!(link, json!({"href": page, "rel": "payer-view", "method": "GET"}));
    assert_eq!(shown(&world, &invoice)["status"], "UNPAID");
    assert_eq!(world.paypal("POST", &own(&invoice, "/send"), UNSENT).expect(200).json(), link);
    assert!(world.control("GET", &path, "").text().contains("Pay 100.00 USD"));
    let press =
        |button: &str| call(world.addresses().control, ("POST", &path), &[FORM], &format!("action={button}"));
    press("decline").expect(303);
    assert_eq!(shown(&world, &invoice)["status"], "UNPAID");
    press("pay").expect(303);
    press("pay").expect(400);
    let paid = shown(&world, &invoice);
    assert_eq!((&paid["status"], &paid["due_amount"]["value"]), (&json!("PAID"), &json!("0.00")));
    assert_eq!(paid["payments"]["paid_amount"]["value"], "100.00");
    for operation in ["create", "send", "decline", "pay"] {
        let effects = world.effects(&format!("operation=payment_links.{operation}"));
        assert_eq!(
            (&effects["count"], &effects["items"][0]["reference"]),
            (&json!(1), &json!("txn_1")),
            "{operation}"
        );
    }
}

#[test]
fn without_the_header_a_draft_is_one_bare_link() {
    let world = World::new();
    let link = world.paypal_with("POST", INVOICES, &body("n1", ""), &[]).expect(201).json();
    let href = link["href"].as_str().unwrap();
    assert_eq!(link, json!({"rel": "self", "href": href, "method": "GET"}));
    let path = href.strip_prefix(&format!("http://{}", world.addresses().paypal)).unwrap();
    assert_eq!(world.paypal("GET", path, "").expect(200).json()["status"], "DRAFT");
}

#[test]
fn the_invoice_number_is_the_only_guard() {
    let world = World::new();
    let headers = [("prefer", "return=representation"), ("paypal-request-id", "r1")];
    let send = |number: &str| world.paypal_with("POST", INVOICES, &body(number, ""), &headers);
    let first = send("n1").expect(201).json();
    assert_eq!(issue(&send("n1").expect(422)), "DUPLICATE_INVOICE_NUMBER");
    let second = send("n2").expect(201).json();
    assert_ne!(first["id"], second["id"]);
    world.paypal("DELETE", &own(&first, ""), "").expect(204);
    world.paypal("GET", &own(&first, ""), "").expect(404);
    send("n1").expect(201);
    let unnumbered = body("x", "").replace(r#""invoice_number": "x", "#, "");
    let numbers: Vec<Value> = (0..2)
        .map(|_| {
            world.paypal("POST", INVOICES, &unnumbered).expect(201).json()["detail"]["invoice_number"].clone()
        })
        .collect();
    assert_eq!(numbers, [json!("0001"), json!("0002")]);
    assert_eq!(world.count("operation=payment_links.create"), 5);
}

#[test]
fn an_invoice_is_found_by_what_it_carries() {
    let world = World::new();
    let first = sent(&world, "n1", "");
    draft(&world, "n2", "");
    let search = |body: &str| {
        let path = "/v2/invoicing/search-invoices?total_required=true";
        world.paypal("POST", path, body).expect(200).json()
    };
    let found = search(r#"{"invoice_number": "n1"}"#);
    assert_eq!((&found["total_items"], &found["items"][0]["id"]), (&json!(1), &first["id"]));
    for (body, count) in [
        (r#"{"invoice_number": "n3"}"#, 0),
        (r#"{"reference": "txn_1"}"#, 2),
        (r#"{"status": ["DRAFT"]}"#, 1),
        (r#"{"status": ["DRAFT", "UNPAID"], "invoice_number": "n1"}"#, 1),
        (r#"{"recipient_email": "payer@example.com", "currency_code": "USD"}"#, 2),
        (r#"{"recipient_email": "other@example.com"}"#, 0),
    ] {
        assert_eq!(search(body)["total_items"], json!(count), "{body}");
    }
    let list = world.paypal("GET", &format!("{INVOICES}?page=2&page_size=1&total_required=true"), "");
    let list = list.expect(200).json();
    assert_eq!((&list["total_pages"], &list["items"][0]["id"]), (&json!(2), &first["id"]));
    let wrong = world.paypal("POST", "/v2/invoicing/search-invoices", r#"{"archived": true}"#).expect(400);
    assert_eq!(issue(&wrong), "NOT_SUPPORTED");
}

#[test]
fn states_decide_what_may_be_cancelled_and_deleted() {
    let world = World::new();
    let cancel = |invoice: &Value| world.paypal("POST", &own(invoice, "/cancel"), UNSENT);
    let invoice = draft(&world, "n1", "");
    assert_eq!(issue(&cancel(&invoice).expect(422)), "CANNOT_CANCEL_DRAFT_INVOICE");
    world.paypal("POST", &own(&invoice, "/send"), "").expect(200);
    assert_eq!(shown(&world, &invoice)["status"], "SENT");
    world.paypal("DELETE", &own(&invoice, ""), "").expect(400);
    cancel(&invoice).expect(204);
    assert_eq!(issue(&cancel(&invoice).expect(422)), "INVOICE_CANCELED_ALREADY");
    assert_eq!(shown(&world, &invoice)["status"], "CANCELLED");
    act(&world, &invoice, "pay", "").expect(400);
    let paid = sent(&world, "n2", "");
    act(&world, &paid, "pay", "").expect(200);
    assert_eq!(issue(&cancel(&paid).expect(422)), "CANNOT_CANCEL_PAID_INVOICE");
    let payment = shown(&world, &paid)["payments"]["transactions"][0]["payment_id"].clone();
    let refund = format!("/v2/payments/captures/{}/refund", payment.as_str().unwrap());
    world.paypal("POST", &refund, "").expect(201);
    assert_eq!(issue(&cancel(&paid).expect(422)), "CANNOT_CANCEL_REFUNDED_INVOICE");
    assert_eq!(world.count("operation=payment_links.cancel"), 1);
}

#[test]
fn an_invoice_of_a_later_day_is_scheduled() {
    let world = World::new();
    let later = body("n1", "").replace(r#""note""#, r#""invoice_date": "2026-01-08", "note""#);
    let invoice = world.paypal("POST", INVOICES, &later).expect(201).json();
    let links = world.paypal("POST", &own(&invoice, "/send"), UNSENT).expect(202).json();
    assert_eq!(links["links"][0]["rel"], "payer-view");
    assert_eq!(shown(&world, &invoice)["status"], "SCHEDULED");
    let reply = world.paypal("POST", &own(&invoice, "/cancel"), "").expect(422);
    assert_eq!(issue(&reply), "CANNOT_CANCEL_SCHEDULED_INVOICE");
    act(&world, &invoice, "pay", "").expect(400);
    world.advance(3 * 24 * 60 * 60);
    assert_eq!(world.count("operation=payment_links.send"), 1);
    assert_eq!(shown(&world, &invoice)["status"], "SENT");
    act(&world, &invoice, "pay", "").expect(200);
}

#[test]
fn an_invoice_is_paid_in_parts_where_it_allows_that() {
    let world = World::new();
    let strict = sent(&world, "n1", "");
    act(&world, &strict, "pay_part", r#"{"amount": "40.00"}"#).expect(400);
    let partial = r#", "configuration": {"partial_payment": {"allow_partial_payment": true,
        "minimum_amount_due": {"currency_code": "USD", "value": "20.00"}}}"#;
    let invoice = sent(&world, "n2", partial);
    for wrong in [r#"{"amount": "19.99"}"#, r#"{"amount": "100.01"}"#, r#"{"amount": "x"}"#, "{}"] {
        act(&world, &invoice, "pay_part", wrong).expect(400);
    }
    let part = act(&world, &invoice, "pay_part", r#"{"amount": "40.00"}"#).expect(200).json();
    assert_eq!(
        (&part["status"], &part["object"]["due_amount"]["value"]),
        (&json!("PARTIALLY_PAID"), &json!("60.00"))
    );
    assert_eq!(act(&world, &invoice, "pay", "").expect(200).json()["status"], "PAID");
    let payments = shown(&world, &invoice)["payments"]["transactions"].clone();
    assert_eq!(
        (&payments[0]["amount"]["value"], &payments[1]["amount"]["value"]),
        (&json!("40.00"), &json!("60.00"))
    );
    let refund = format!("/v2/payments/captures/{}/refund", payments[0]["payment_id"].as_str().unwrap());
    let refunded = world.paypal("POST", &refund, "").expect(201).json();
    assert_eq!((&refunded["invoice_id"], &refunded["custom_id"]), (&json!("n2"), &json!("txn_1")));
    let after = shown(&world, &invoice);
    assert_eq!(
        (&after["status"], &after["refunds"]["refund_amount"]["value"]),
        (&json!("PARTIALLY_REFUNDED"), &json!("40.00"))
    );
    world
        .paypal(
            "POST",
            &refund.replace(
                payments[0]["payment_id"].as_str().unwrap(),
                payments[1]["payment_id"].as_str().unwrap(),
            ),
            "",
        )
        .expect(201);
    assert_eq!(shown(&world, &invoice)["status"], "REFUNDED");
}

#[test]
fn a_payment_may_wait_for_the_bank_or_come_from_elsewhere() {
    let world = World::new();
    let invoice = sent(&world, "n1", "");
    assert_eq!(act(&world, &invoice, "pend", "").expect(200).json()["status"], "PAYMENT_PENDING");
    assert_eq!(shown(&world, &invoice)["due_amount"]["value"], "100.00");
    assert_eq!(act(&world, &invoice, "decline", "").expect(200).json()["status"], "UNPAID");
    act(&world, &invoice, "pend", "").expect(200);
    let paid = act(&world, &invoice, "pay", "").expect(200).json();
    assert_eq!(
        (&paid["status"], &paid["object"]["payments"]["transactions"][0]["type"]),
        (&json!("PAID"), &json!("PAYPAL"))
    );
    let other = sent(&world, "n2", "");
    let marked = act(&world, &other, "mark_paid", "").expect(200).json();
    assert_eq!(
        (&marked["status"], &marked["object"]["payments"]["transactions"][0]["type"]),
        (&json!("MARKED_AS_PAID"), &json!("EXTERNAL"))
    );
    let third = sent(&world, "n3", "");
    assert_eq!(act(&world, &third, "cancel", "").expect(200).json()["status"], "CANCELLED");
    act(&world, &third, "explode", "").expect(400);
    act(&world, &third, "pay", r#"{"amount": "1.00"}"#).expect(400);
    world.control("POST", "/_control/payment_links/paypal/INV2-AAAA-AAAA-AAAA-AAAA/pay", "").expect(404);
}

#[test]
fn wrong_invoices_are_refused_with_their_issue() {
    let world = World::new();
    let good = body("n1", "");
    let long = |length: usize| "x".repeat(length);
    for (body, status, expected) in [
        ("{}".to_owned(), 400, "MISSING_REQUIRED_PARAMETER"),
        (good.replace("\"items\"", "\"things\""), 400, "MISSING_REQUIRED_PARAMETER"),
        (good.replace("\"quantity\"", "\"number\""), 400, "MISSING_REQUIRED_PARAMETER"),
        (good.replace("\"n1\"", &format!("\"{}\"", long(26))), 400, "INVALID_STRING_MAX_LENGTH"),
        (good.replace("\"txn_1\"", &format!("\"{}\"", long(121))), 400, "INVALID_STRING_MAX_LENGTH"),
        (
            good.replace("\"currency_code\": \"USD\", \"note\"", "\"currency_code\": \"KWD\", \"note\""),
            400,
            "NOT_SUPPORTED",
        ),
        (
            good.replace("\"currency_code\": \"USD\", \"note\"", "\"currency_code\": \"EUR\", \"note\""),
            422,
            "CURRENCY_MISMATCH",
        ),
        (good.replace("USD", "JPY"), 422, "DECIMALS_NOT_SUPPORTED"),
        (good.replace("\"50.00\"", "\"1000000.01\""), 422, "MAX_VALUE_EXCEEDED"),
        (good.replace("\"50.00\"", "\"-1.00\""), 422, "CANNOT_BE_NEGATIVE"),
        (good.replace("\"2\"", "\"two\""), 400, "INVALID_PARAMETER_SYNTAX"),
        (
            good.replace("\"note\"", "\"invoice_date\": \"2026-02-30\", \"note\""),
            400,
            "INVALID_PARAMETER_SYNTAX",
        ),
        (good.replace("payer@example.com", "payer"), 400, "INVALID_PARAMETER_SYNTAX"),
        (
            good.replace("\"items\"", "\"invoicer\": {\"email_address\": \"x@example.com\"}, \"items\""),
            422,
            "USER_NOT_FOUND",
        ),
    ] {
        let reply = world.paypal("POST", INVOICES, &body);
        assert_eq!(reply.status, status, "{body}\n{}", reply.text());
        assert_eq!(issue(&reply), expected, "{body}");
    }
    assert_eq!(world.count("provider=paypal"), 0);
    let exact = good.replace("\"2\"", "\"2.5\"").replace("50.00", "0.33");
    assert_eq!(world.paypal("POST", INVOICES, &exact).expect(201).json()["amount"]["value"], "0.83");
}
