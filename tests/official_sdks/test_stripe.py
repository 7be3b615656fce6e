"""Stripe's client and our Stripe adapter meet at the simulated Stripe."""

import pytest
import stripe

from conftest import STRIPE


@pytest.fixture(scope="module")
def client(stage):
    return stripe.StripeClient(STRIPE, base_addresses={"api": stage.stripe}, stripe_version="2023-08-16",
                               max_network_retries=0)


def order(stage, amount="20.00", currency="USD"):
    return stage.api.post("/v1/payments/orders", {"amount": amount, "currency": currency, "provider": "stripe"})


def test_the_client_reads_an_order_that_the_gateway_created(stage, client):
    created = order(stage, "12.34")
    intent = client.v1.payment_intents.retrieve(created["provider_order_id"])
    assert (intent.amount, intent.currency) == (1234, "usd")
    assert intent.metadata["transaction_id"] == created["transaction_id"]


def test_the_gateway_reads_an_order_that_the_client_created(stage, client):
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "jpy"})
    read = stage.api.get(f"/v1/payments/orders/{intent.id}?provider=stripe")
    assert (read["amount"], read["currency"], read["status"]) == (500, "JPY", "created")


def test_refunds_meet_in_both_directions(stage, client):
    created = order(stage)
    stage.pay(created)
    ours = stage.api.post("/v1/payments/refunds", {"order_id": created["transaction_id"], "amount": "5.00"})
    theirs = client.v1.refunds.retrieve(ours["provider_refund_id"])
    assert (theirs.amount, theirs.status) == (500, "succeeded")
    rest = client.v1.refunds.create({"payment_intent": created["provider_order_id"]})
    read = stage.api.get(f"/v1/payments/refunds/{rest.id}?provider=stripe")
    assert (read["amount"], read["status"]) == (15.00, "succeeded")
    assert stage.api.get(f"/v1/payments/orders/{created['transaction_id']}")["status"] == "refunded"


def test_subscriptions_meet_in_both_directions(stage, client):
    plan = {"name": "Basic", "amount": "15.00", "currency": "USD", "interval": "month"}
    ours = stage.api.post("/v1/subscriptions", {"plan": plan, "customer": {"email": "payer@example.com"}, "provider": "stripe"})
    theirs = client.v1.subscriptions.retrieve(ours["provider_subscription_id"])
    assert theirs.status == "incomplete"
    assert theirs["items"].data[0].price.unit_amount == 1500
    price = theirs["items"].data[0].price.id
    customer = client.v1.customers.create({"email": "another@example.com"})
    made = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price}],
                                           "payment_behavior": "default_incomplete"})
    read = stage.api.get(f"/v1/subscriptions/{made.id}?provider=stripe")
    assert (read["status"], read["plan_id"]) == ("pending", price)
    canceled = stage.api.post(f"/v1/subscriptions/{made.id}/cancel?provider=stripe")
    assert canceled["status"] in ("canceled", "expired")
    assert client.v1.subscriptions.retrieve(made.id).status in ("canceled", "incomplete_expired")


def test_payment_links_meet_in_both_directions(stage, client):
    ours = stage.api.post("/v1/payment-links", {"amount": "20.00", "currency": "USD", "description": "Invoice 42",
                                                "provider": "stripe"})
    theirs = client.v1.payment_links.retrieve(ours["provider_link_id"])
    assert (theirs.active, theirs.url) == (True, ours["url"])
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 700, "product_data": {"name": "Tea"}})
    made = client.v1.payment_links.create({"line_items": [{"price": price.id, "quantity": 2}]})
    read = stage.api.get(f"/v1/payment-links/{made.id}?provider=stripe")
    assert (read["amount"], read["currency"], read["status"]) == (14.00, "USD", "active")


def test_payouts_meet_in_both_directions(stage, client):
    body = {"amount": "11.00", "currency": "USD", "provider": "stripe", "destination": {"type": "provider_account"}}
    ours = stage.api.post("/v1/payouts", body)
    theirs = client.v1.payouts.retrieve(ours["provider_payout_id"])
    assert (theirs.amount, theirs.currency) == (1100, "usd")
    made = client.v1.payouts.create({"amount": 700, "currency": "usd"})
    read = stage.api.get(f"/v1/payouts/{made.id}?provider=stripe")
    assert (read["amount"], read["currency"]) == (7.00, "USD")


def test_the_client_works_through_the_gateway_unchanged(stage, client):
    """Its bearer key is a platform key, its address the passthrough: everything else is Stripe's own."""
    through = stripe.StripeClient(stage.api.headers["X-Platform-Key"],
                                  base_addresses={"api": stage.api.address + "/v1/proxy/stripe"},
                                  stripe_version="2023-08-16", max_network_retries=0)
    made = through.v1.payment_intents.create({"amount": 4200, "currency": "eur", "metadata": {"cart": "7"}})
    assert client.v1.payment_intents.retrieve(made.id).amount == 4200
    options = {"idempotency_key": "one-customer"}
    customers = [through.v1.customers.create({"email": "payer@example.com"}, options) for _ in range(2)]
    assert customers[0].id == customers[1].id
    assert made.id in [intent.id for intent in through.v1.payment_intents.list({"limit": 10}).data]
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        through.v1.payment_intents.retrieve("pi_nowhere")
    assert refusal.value.code == "resource_missing"


def test_the_client_understands_a_refusal(stage, client):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.retrieve("pi_nowhere")
    assert refusal.value.code == "resource_missing"
