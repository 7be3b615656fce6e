"""Razorpay's client and our Razorpay adapter meet at the simulated Razorpay."""

import pytest
import razorpay

from conftest import RAZORPAY


@pytest.fixture(scope="module")
def client(stage):
    return razorpay.Client(auth=RAZORPAY, base_url=stage.razorpay)


def order(stage, amount="500.00"):
    return stage.api.post("/v1/payments/orders", {"amount": amount, "currency": "INR", "provider": "razorpay"})


def test_the_client_reads_an_order_that_the_gateway_created(stage, client):
    created = order(stage)
    theirs = client.order.fetch(created["provider_order_id"])
    assert (theirs["amount"], theirs["currency"], theirs["status"]) == (50000, "INR", "created")


def test_the_gateway_reads_an_order_that_the_client_created(stage, client):
    theirs = client.order.create({"amount": 12300, "currency": "INR", "receipt": "theirs"})
    read = stage.api.get(f"/v1/payments/orders/{theirs['id']}?provider=razorpay")
    assert (read["amount"], read["status"]) == (123.00, "created")


def test_refunds_meet_in_both_directions(stage, client):
    created = order(stage)
    stage.pay(created)
    ours = stage.api.post("/v1/payments/refunds", {"order_id": created["transaction_id"], "amount": "200.00"})
    theirs = client.refund.fetch(ours["provider_refund_id"])
    assert (theirs["amount"], theirs["status"]) == (20000, "processed")
    payment = client.order.payments(created["provider_order_id"])["items"][0]
    rest = client.payment.refund(payment["id"], {"amount": 30000})
    read = stage.api.get(f"/v1/payments/refunds/{rest['id']}?provider=razorpay")
    assert (read["amount"], read["status"]) == (300.00, "succeeded")
    assert stage.api.get(f"/v1/payments/orders/{created['transaction_id']}")["status"] == "refunded"


def test_subscriptions_meet_in_both_directions(stage, client):
    plan = client.plan.create({"period": "monthly", "interval": 1,
                               "item": {"name": "Basic", "amount": 69900, "currency": "INR"}})
    ours = stage.api.post("/v1/subscriptions", {"plan_id": plan["id"], "total_count": 12, "provider": "razorpay"})
    theirs = client.subscription.fetch(ours["provider_subscription_id"])
    assert (theirs["plan_id"], theirs["total_count"], theirs["status"]) == (plan["id"], 12, "created")
    assert ours["next_action"]["url"] == theirs["short_url"]
    made = client.subscription.create({"plan_id": plan["id"], "total_count": 6})
    read = stage.api.get(f"/v1/subscriptions/{made['id']}?provider=razorpay")
    assert (read["status"], read["plan_id"]) == ("pending", plan["id"])
    stage.api.post(f"/v1/subscriptions/{made['id']}/cancel?provider=razorpay")
    assert client.subscription.fetch(made["id"])["status"] == "cancelled"


def test_payment_links_meet_in_both_directions(stage, client):
    ours = stage.api.post("/v1/payment-links", {"amount": "500.00", "currency": "INR", "description": "Invoice 42",
                                                "provider": "razorpay"})
    theirs = client.payment_link.fetch(ours["provider_link_id"])
    assert (theirs["amount"], theirs["short_url"]) == (50000, ours["url"])
    made = client.payment_link.create({"amount": 70000, "currency": "INR", "description": "Theirs", "reference_id": "theirs-1"})
    read = stage.api.get(f"/v1/payment-links/{made['id']}?provider=razorpay")
    assert (read["amount"], read["status"]) == (700.00, "active")


def test_the_client_understands_a_refusal(client):
    with pytest.raises(razorpay.errors.BadRequestError):
        client.order.fetch("order_doesnotexist1")
