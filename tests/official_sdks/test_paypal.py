"""PayPal's client and our PayPal adapter meet at the simulated PayPal. The client has no invoices and no payouts."""

import json
import urllib.request

import pytest
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.cancel_subscription_request import CancelSubscriptionRequest
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.create_subscription_request import CreateSubscriptionRequest
from paypalserversdk.models.frequency import Frequency
from paypalserversdk.models.money import Money
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.payment_preferences import PaymentPreferences
from paypalserversdk.models.plan_request import PlanRequest
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.models.subscription_billing_cycle import SubscriptionBillingCycle
from paypalserversdk.models.subscription_pricing_scheme import SubscriptionPricingScheme
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from conftest import PAYPAL

WHOLE = "return=representation"


@pytest.fixture(scope="module")
def client(stage):
    Configuration.environments[Environment.SANDBOX][Server.DEFAULT] = stage.paypal
    credentials = ClientCredentialsAuthCredentials(o_auth_client_id=PAYPAL[0], o_auth_client_secret=PAYPAL[1])
    return PaypalServersdkClient(environment=Environment.SANDBOX, client_credentials_auth_credentials=credentials)


def order(stage, amount="100.00"):
    return stage.api.post("/v1/payments/orders", {"amount": amount, "currency": "USD", "provider": "paypal"})


def paid_order(stage):
    """An order that its payer has approved, and that the gateway has captured on being read."""
    created = order(stage)
    stage.pay(created)
    read = stage.api.get(f"/v1/payments/orders/{created['transaction_id']}")
    assert read["status"] == "succeeded"
    return read


def test_the_client_reads_an_order_that_the_gateway_created(stage, client):
    created = order(stage, "12.34")
    theirs = client.orders.get_order({"id": created["provider_order_id"]}).body
    unit = theirs.purchase_units[0]
    assert (unit.amount.currency_code, unit.amount.value) == ("USD", "12.34")
    assert unit.custom_id == created["transaction_id"]


def test_the_gateway_reads_an_order_that_the_client_created(stage, client):
    unit = PurchaseUnitRequest(amount=AmountWithBreakdown(currency_code="JPY", value="500"))
    body = OrderRequest(intent=CheckoutPaymentIntent.CAPTURE, purchase_units=[unit])
    theirs = client.orders.create_order({"body": body, "prefer": WHOLE}).body
    read = stage.api.get(f"/v1/payments/orders/{theirs.id}?provider=paypal")
    assert (read["amount"], read["currency"], read["status"]) == (500, "JPY", "requires_action")


def test_an_order_that_the_client_created_is_not_captured_by_reading_it(stage, client):
    unit = PurchaseUnitRequest(amount=AmountWithBreakdown(currency_code="USD", value="5.00"))
    body = OrderRequest(intent=CheckoutPaymentIntent.CAPTURE, purchase_units=[unit])
    theirs = client.orders.create_order({"body": body, "prefer": WHOLE}).body
    stage.control.post(f"/_control/orders/paypal/{theirs.id}/approve", {})
    stage.api.get(f"/v1/payments/orders/{theirs.id}?provider=paypal")
    assert client.orders.get_order({"id": theirs.id}).body.status == "APPROVED"


def test_refunds_meet_in_both_directions(stage, client):
    paid = paid_order(stage)
    ours = stage.api.post("/v1/payments/refunds", {"order_id": paid["transaction_id"], "amount": "40.00"})
    theirs = client.payments.get_refund({"refund_id": ours["provider_refund_id"]}).body
    assert (theirs.amount.value, theirs.status) == ("40.00", "COMPLETED")
    tree = client.orders.get_order({"id": paid["provider_order_id"]}).body
    capture = tree.purchase_units[0].payments.captures[0].id
    amount = Money(currency_code="USD", value="60.00")
    rest = client.payments.refund_captured_payment(
        {"capture_id": capture, "prefer": WHOLE, "body": RefundRequest(amount=amount)}).body
    read = stage.api.get(f"/v1/payments/refunds/{rest.id}?provider=paypal")
    assert (read["amount"], read["status"]) == (60.00, "succeeded")
    assert stage.api.get(f"/v1/payments/orders/{paid['transaction_id']}")["status"] == "refunded"


def test_subscriptions_meet_in_both_directions(stage, client):
    plan = {"name": "Basic", "amount": "15.00", "currency": "USD", "interval": "month"}
    ours = stage.api.post("/v1/subscriptions", {
        "plan": plan, "provider": "paypal",
        "return_url": "https://shop.example/return", "cancel_url": "https://shop.example/cancel"})
    theirs = client.subscriptions.get_subscription({"id": ours["provider_subscription_id"]}).body
    assert theirs.status == "APPROVAL_PENDING"
    assert ours["next_action"]["url"] in [link.href for link in theirs.links]

    made = client.subscriptions.create_billing_plan({"body": new_plan(client, stage), "prefer": WHOLE}).body
    body = CreateSubscriptionRequest(plan_id=made.id)
    subscription = client.subscriptions.create_subscription({"body": body, "prefer": WHOLE}).body
    read = stage.api.get(f"/v1/subscriptions/{subscription.id}?provider=paypal")
    assert (read["status"], read["plan_id"]) == ("pending", made.id)
    stage.act("subscriptions", "paypal", subscription.id, "approve")
    assert stage.api.get(f"/v1/subscriptions/{subscription.id}?provider=paypal")["status"] == "active"
    client.subscriptions.cancel_subscription({"id": subscription.id, "body": CancelSubscriptionRequest(reason="Moved")})
    assert stage.api.get(f"/v1/subscriptions/{subscription.id}?provider=paypal")["status"] == "canceled"


def new_plan(client, stage):
    scheme = SubscriptionPricingScheme(fixed_price=Money(currency_code="USD", value="9.00"))
    cycle = SubscriptionBillingCycle(frequency=Frequency(interval_unit="MONTH", interval_count=1), tenure_type="REGULAR",
                                     sequence=1, total_cycles=0, pricing_scheme=scheme)
    return PlanRequest(product_id=product(client, stage), name="Theirs", billing_cycles=[cycle],
                       payment_preferences=PaymentPreferences())


def product(client, stage):
    """The client has no catalogue: the product is made with its token."""
    token = client.config.client_credentials_auth_credentials and client.oauth_2.fetch_token().access_token
    request = urllib.request.Request(
        stage.paypal + "/v1/catalogs/products", data=json.dumps({"name": "Theirs", "type": "SERVICE"}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["id"]


def test_the_client_understands_a_refusal(client):
    with pytest.raises(ErrorException) as refusal:
        client.orders.get_order({"id": "00000000000000000"})
    assert refusal.value.response_code == 404
