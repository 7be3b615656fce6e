//! Answers of Stripe's further nouns against its official schemas; skipped where those files are not at hand.

use serde_json::{Value, json};

use crate::{
    schemas::Schemas,
    stripe_subscriptions::{act, customer, id, monthly, post, shown, subscribe},
    support::World,
};

const DAY: u64 = 24 * 60 * 60;

fn schemas() -> Option<Schemas> {
    Schemas::of("stripe_spec3_pruned.json")
}

fn get(world: &World, path: &str) -> Value {
    world.stripe("GET", path, "").expect(200).json()
}

fn list_of(path: &str) -> String {
    format!("/paths/{}/get/responses/200/content/application~1json/schema", path.replace('/', "~1"))
}

#[test]
fn refunds_and_charges_fit() {
    let Some(schemas) = schemas() else { return };
    let world = World::new();
    let refund = |token: &str, more: &str| {
        let body = format!("amount=2000&currency=usd&confirm=true&off_session=true&payment_method={token}");
        let intent = post(&world, "/v1/payment_intents", &body);
        post(&world, "/v1/refunds", &format!("payment_intent={}{more}", id(&intent)))
    };
    let whole =
        refund("pm_card_visa", "&reason=duplicate&metadata[k]=v&expand[]=charge&expand[]=payment_intent");
    let pending = refund("pm_card_pendingRefund", "");
    let failing = refund("pm_card_refundFail", "");
    world.advance(6 * DAY);
    let failed = get(&world, &format!("/v1/refunds/{}", id(&failing)));
    assert_eq!(failed["status"], "failed");
    schemas.check("/components/schemas/refund", &[&whole, &pending, &failed]);
    schemas.check(&list_of("/v1/refunds"), &[&get(&world, "/v1/refunds")]);
    schemas.check("/components/schemas/charge", &[&whole["charge"]]);
    schemas.check(&list_of("/v1/charges"), &[&get(&world, "/v1/charges?expand[]=data.refunds")]);
    let over =
        world.stripe("POST", "/v1/refunds", &format!("charge={}", id(&whole["charge"]))).expect(400).json();
    schemas.check("/components/schemas/error", &[&over]);
}

#[test]
fn customers_products_and_prices_fit() {
    let Some(schemas) = schemas() else { return };
    let world = World::new();
    let rich = "name=Ann&address[city]=B&shipping[name]=A&shipping[address][city]=B&phone=1&preferred_locales[]=en&expand[]=invoice_settings.default_payment_method&invoice_settings[default_payment_method]=pm_card_visa";
    let (rich, poor) = (post(&world, "/v1/customers", rich), customer(&world, ""));
    schemas.check("/components/schemas/customer", &[&rich, &poor]);
    schemas.check(&list_of("/v1/customers"), &[&get(&world, "/v1/customers")]);
    let product = "name=Tea&description=x&images[]=https://shop.example/i.png&features[0][name]=Hot&url=https://shop.example&shippable=true&unit_label=cup&statement_descriptor=TEA";
    let product = post(&world, "/v1/products", product);
    schemas.check("/components/schemas/product", &[&product]);
    schemas.check(&list_of("/v1/products"), &[&get(&world, "/v1/products")]);
    let once = "currency=usd&unit_amount=100&product_data[name]=x&lookup_key=k&nickname=n&expand[]=product";
    let prices = [monthly(&world), post(&world, "/v1/prices", once)];
    schemas.check("/components/schemas/price", &[&prices[0], &prices[1]]);
    schemas.check(&list_of("/v1/prices"), &[&get(&world, "/v1/prices?lookup_keys[]=k")]);
}

#[test]
fn subscriptions_and_invoices_fit_in_every_status() {
    let Some(schemas) = schemas() else { return };
    let world = World::new();
    let incomplete = subscribe(
        &world,
        "",
        "&payment_behavior=default_incomplete&expand[]=latest_invoice.payment_intent&expand[]=customer&items[0][metadata][k]=v",
    );
    let incomplete = incomplete.expect(200).json();
    let sent = subscribe(&world, "", "&collection_method=send_invoice&days_until_due=3").expect(200).json();
    let active = subscribe(&world, "pm_card_visa", "&cancel_at_period_end=true").expect(200).json();
    let trialing = subscribe(&world, "pm_card_visa", "&trial_period_days=3").expect(200).json();
    let failing = subscribe(&world, "pm_card_visa", "").expect(200).json();
    let trial_invoice = shown(&world, &trialing)["latest_invoice"].clone();
    let mut seen = vec![incomplete.clone(), sent.clone(), active.clone(), trialing];
    seen.push(act(&world, &failing, "fail_charge").expect(200).json()["object"].clone());
    for _ in 0..3 {
        act(&world, &failing, "fail_charge").expect(200);
    }
    seen.push(shown(&world, &failing));
    seen.push(act(&world, &active, "pause").expect(200).json()["object"].clone());
    let path = format!("/v1/subscriptions/{}", id(&active));
    seen.push(world.stripe("DELETE", &path, "cancellation_details[feedback]=unused").expect(200).json());
    world.advance(DAY);
    seen.push(shown(&world, &incomplete));
    let statuses: Vec<&Value> = seen.iter().map(|one| &one["status"]).collect();
    let expected = json!([
        "incomplete",
        "active",
        "active",
        "trialing",
        "past_due",
        "unpaid",
        "paused",
        "canceled",
        "incomplete_expired"
    ]);
    assert_eq!(json!(statuses), expected);
    schemas.check("/components/schemas/subscription", &seen.iter().collect::<Vec<_>>());
    let invoice = |subscription: &Value| shown(&world, subscription)["latest_invoice"].clone();
    let (void, open, paid, unpaid) =
        (invoice(&incomplete), invoice(&sent), invoice(&active), invoice(&failing));
    let shown = get(&world, &format!("/v1/invoices/{}?expand[]=subscription&expand[]=charge", id(&paid)));
    schemas.check("/components/schemas/invoice", &[&void, &open, &paid, &unpaid, &trial_invoice, &shown]);
    schemas.check(&list_of("/v1/subscriptions"), &[&get(&world, "/v1/subscriptions?status=all")]);
}

#[test]
fn payment_links_and_checkout_sessions_fit() {
    let Some(schemas) = schemas() else { return };
    let world = World::new();
    let price = post(&world, "/v1/prices", "currency=usd&unit_amount=1000&product_data[name]=Tea");
    let line = format!("line_items[0][price]={}&line_items[0][quantity]=1&expand[]=line_items", id(&price));
    let plain = post(&world, "/v1/payment_links", &line);
    let rich = format!(
        "{line}&after_completion[type]=redirect&after_completion[redirect][url]=https://shop.example&restrictions[completed_sessions][limit]=2&payment_intent_data[capture_method]=manual&customer_creation=always&submit_type=pay&payment_method_types[]=card&inactive_message=Gone"
    );
    let rich = post(&world, "/v1/payment_links", &rich);
    schemas.check("/components/schemas/payment_link", &[&plain, &rich]);
    schemas.check(&list_of("/v1/payment_links"), &[&get(&world, "/v1/payment_links")]);
    let lines = get(&world, &format!("/v1/payment_links/{}/line_items", id(&plain)));
    schemas.check(&list_of("/v1/payment_links/{payment_link}/line_items"), &[&lines]);
    let pay = |link: &Value, name: &str| {
        let path = format!("/_control/payment_links/stripe/{}/{name}", id(link));
        world.control("POST", &path, "").expect(200).json()["object"].clone()
    };
    let (open, complete, held) = (pay(&plain, "decline"), pay(&plain, "pay"), pay(&rich, "pay"));
    schemas.check("/components/schemas/checkout.session", &[&open, &complete, &held]);
    let path = format!("/v1/checkout/sessions/{}", id(&complete));
    let whole =
        get(&world, &format!("{path}?expand[]=payment_intent&expand[]=payment_link&expand[]=line_items"));
    schemas.check("/components/schemas/checkout.session", &[&whole]);
    schemas.check(&list_of("/v1/checkout/sessions"), &[&get(&world, "/v1/checkout/sessions")]);
}

#[test]
fn payouts_transfers_account_and_balance_fit() {
    let Some(schemas) = schemas() else { return };
    let world = World::new();
    let payout = |body: &str| post(&world, "/v1/payouts", &format!("amount=1000&currency=usd{body}"));
    let (plain, instant) = (payout("&description=d&statement_descriptor=S"), payout("&method=instant"));
    let act = |payout: &Value, name: &str| {
        world
            .control("POST", &format!("/_control/payouts/stripe/{}/{name}", id(payout)), "")
            .expect(200)
            .json()["object"]
            .clone()
    };
    let transit = act(&plain, "transit");
    let reversal = post(&world, &format!("/v1/payouts/{}/reverse", id(&plain)), "metadata[k]=v");
    let failed = act(&instant, "fail");
    let canceled = post(&world, &format!("/v1/payouts/{}/cancel", id(&payout(""))), "");
    schemas.check("/components/schemas/payout", &[&plain, &instant, &transit, &reversal, &failed, &canceled]);
    schemas.check(&list_of("/v1/payouts"), &[&get(&world, "/v1/payouts")]);
    let transfer =
        post(&world, "/v1/transfers", "amount=100&currency=eur&destination=acct_1Other&description=d");
    schemas.check("/components/schemas/transfer", &[&transfer]);
    schemas.check(&list_of("/v1/transfers"), &[&get(&world, "/v1/transfers")]);
    schemas.check("/components/schemas/balance", &[&get(&world, "/v1/balance")]);
    schemas.check("/components/schemas/account", &[&get(&world, "/v1/account")]);
    let poor = world.stripe("POST", "/v1/payouts", "amount=99999999&currency=usd").expect(400).json();
    schemas.check("/components/schemas/error", &[&poor]);
}
