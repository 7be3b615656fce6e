"""A gateway with its simulated providers for all tests, and a tenant whose credentials the official clients share."""

import json
import os
import secrets
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest

RAZORPAY = ("rzp_test_" + "Sdk0123456789A", "sdksecret0123456789abcdef")
STRIPE = "sk_test_51OfficialSdkTests"
PAYPAL = ("AOfficialSdkTestsClientId0123456789", "EOfficialSdkTestsSecret0123456789")
TWILIO = ("AC" + "0123456789abcdef" * 2, "fedcba9876543210" * 2)
ENV_TEXT = "\n".join([
    f"RAZORPAY_KEY_ID={RAZORPAY[0]}",
    f"RAZORPAY_KEY_SECRET={RAZORPAY[1]}",
    "RAZORPAYX_ACCOUNT_NUMBER=7878780080316316",
    f"STRIPE_SECRET_KEY={STRIPE}",
    f"PAYPAL_CLIENT_ID={PAYPAL[0]}",
    f"PAYPAL_CLIENT_SECRET={PAYPAL[1]}",
    "PAYPAL_MODE=sandbox",
    f"TWILIO_ACCOUNT_SID={TWILIO[0]}",
    f"TWILIO_AUTH_TOKEN={TWILIO[1]}",
    "TWILIO_PHONE_NUMBER=+15005550006",
])
START_SECONDS = 60


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Http:
    """A JSON client for one address."""

    def __init__(self, address, headers=None):
        self.address = address
        self.headers = headers or {}

    def call(self, method, path, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, method=method)
        for name, value in {**self.headers, **(headers or {})}.items():
            request.add_header(name, value)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            raise Refused(refusal.code, refusal.read().decode()) from None

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None):
        return self.call("POST", path, body, {"Idempotency-Key": secrets.token_hex(8)})


class Stage:
    """The running gateway: its API with a tenant's key, the sandbox's control port, the providers' addresses."""

    def __init__(self, api, control, sandbox_port):
        self.api = api
        self.control = control
        self.razorpay = f"http://127.0.0.1:{sandbox_port + 1}"
        self.paypal = f"http://127.0.0.1:{sandbox_port + 2}"
        self.stripe = f"http://127.0.0.1:{sandbox_port + 3}"
        self.twilio = f"http://127.0.0.1:{sandbox_port + 4}"

    def pay(self, order):
        """The payer of an order pays."""
        return self.control.post(f"/_control/orders/{order['provider']}/{order['provider_order_id']}/pay", {})

    def act(self, noun, provider, object_id, action, **fields):
        """Lets happen what happens beside the API."""
        return self.control.post(f"/_control/{noun}/{provider}/{object_id}/{action}", fields)


def free_ports(count):
    """Returns the first of `count` free ports in a row."""
    for _ in range(200):
        first = 20_000 + secrets.randbelow(20_000)
        probes = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                probes.append(probe)
                probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise RuntimeError("no free ports")


def wait_for(address, process, log):
    for _ in range(START_SECONDS * 10):
        if process.poll() is not None:
            break
        try:
            return Http(address).get("/health/ready")
        except (OSError, Refused):
            time.sleep(0.1)
    log.seek(0)
    raise RuntimeError("the gateway does not start:\n" + log.read().decode(errors="replace"))


@pytest.fixture(scope="session")
def stage():
    first = free_ports(7)
    public, admin, sandbox_port = first, first + 1, first + 2
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [os.environ["GATEWAY"], "dev", "--port", str(public), "--admin-port", str(admin),
             "--sandbox-port", str(sandbox_port), "--data-dir", folder],
            stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{public}"
            wait_for(address, process, log)
            anyone = Http(address)
            person = anyone.post("/api/auth/sign-up", {"email": "sdk@example.com", "password": "correct horse battery"})
            token = {"Authorization": f"Bearer {person['token']}"}
            configured = Http(address, token).post("/api/onboarding/configure", {"env_text": ENV_TEXT})
            key = configured["api_keys"][0]["key"]
            yield Stage(Http(address, {"X-Platform-Key": key}), Http(f"http://127.0.0.1:{sandbox_port}"), sandbox_port)
        finally:
            process.terminate()
            process.wait(timeout=30)
