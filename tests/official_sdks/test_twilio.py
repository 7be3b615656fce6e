"""Twilio's client and our Twilio adapter meet at the simulated Twilio."""

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from conftest import TWILIO


@pytest.fixture(scope="module")
def client(stage):
    client = Client(*TWILIO)
    client.api.base_url = stage.twilio
    return client


def test_messages_meet_in_both_directions(stage, client):
    ours = stage.api.post("/v1/sms", {"to": "+15558675310", "message": "On its way."})
    theirs = client.messages(ours["provider_message_id"]).fetch()
    assert (theirs.to, theirs.body) == ("+15558675310", "On its way.")
    made = client.messages.create(to="+15558675311", from_="+15005550006", body="Theirs")
    read = stage.api.get(f"/v1/sms/{made.sid}?provider=twilio")
    assert (read["to"], read["segments"]) == ("+15558675311", 1)
    assert made.sid in [message.sid for message in client.messages.list(to="+15558675311")]


def test_calls_meet_in_both_directions(stage, client):
    ours = stage.api.post("/v1/calls", {"to": "+15558675310", "say": "Your code is 1 2 3."})
    theirs = client.calls(ours["provider_call_id"]).fetch()
    assert theirs.to == "+15558675310"
    made = client.calls.create(to="+15558675311", from_="+15005550006", url="https://shop.example/voice")
    read = stage.api.get(f"/v1/calls/{made.sid}?provider=twilio")
    assert read["to"] == "+15558675311"


def test_the_client_understands_a_refusal(client):
    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to="+15005550001", from_="+15005550006", body="Nowhere")
    assert refusal.value.code == 21211
