"""Customers are shown that their messages were read, by each provider's own way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors._read_marks import QUOTE_TOKEN, READ_TOKEN, TELLS_READ
from connectors.base import Action, RawDelivery
from connectors.errors import Rejected
from connectors.registry import connector_for, kinds
from tests.connectors.test_contract import FIXTURES, delivery_of
from tests.fakes import line as line_fake
from tests.fakes import matrix as matrix_fake
from tests.fakes.facebook import ANA, serving_facebook
from tests.fakes.instagram import serving_instagram
from tests.fakes.matrix import ROOM
from tests.fakes.provider import serving
from tests.fakes.whatsapp import serving_whatsapp

READ = Action("read", "m.1", recipient=ANA, thread_key=ANA)


def test_kinds_that_mark_messages_as_read_let_admins_switch_it_off() -> None:
    marking = {kind for kind in kinds() if connector_for(kind).capabilities.marks_read}
    assert marking == {kind for kind in kinds() if TELLS_READ in connector_for(kind).settings}
    assert marking == {"facebook", "instagram", "line", "matrix", "whatsapp"}
    assert not any("read" in connector_for(kind).capabilities.actions for kind in kinds())  # nothing agents press


def test_messenger_and_instagram_mark_the_conversation_as_seen() -> None:
    for kind, serve in (("facebook", serving_facebook), ("instagram", serving_instagram)):
        with serve() as (api, credentials):
            connector_for(kind).act(credentials, READ)
            assert api.read == [ANA]


def test_whatsapp_marks_the_message_as_read() -> None:
    with serving_whatsapp() as (api, credentials):
        connector_for("whatsapp").act(credentials, READ)
        assert api.read == ["m.1"]
        with pytest.raises(Rejected):
            connector_for("whatsapp").act(credentials, replace(READ, kind="like"))


def test_matrix_sends_a_receipt() -> None:
    with matrix_fake.homeserver() as server:
        known = matrix_fake.credentials_for(server)
        connector_for("matrix").act(known, Action("read", "$e:x.example", thread_key=ROOM))
        assert server.read == [(ROOM, "$e:x.example")]
        with pytest.raises(Rejected):
            connector_for("matrix").act(known, replace(READ, thread_key=None))


def test_line_takes_the_token_that_came_with_the_message_and_quotes_by_another() -> None:
    body = (FIXTURES / "line" / "text.body").read_bytes()
    given = body.replace(b'"type": "text"', b'"type": "text", "markAsReadToken": "r34d"', 1)
    (heard,) = connector_for("line").parse(replace(delivery_of(FIXTURES / "line" / "text.body"), raw=given))
    assert heard.custom[READ_TOKEN] == "r34d"
    provider = line_fake.Line()
    with serving(provider):
        connector = connector_for("line")
        connector.act(provider.credentials, replace(READ, token=heard.custom[READ_TOKEN]))
        connector.send(provider.credentials, replace(line_fake.REPLY, quote_token=heard.custom[QUOTE_TOKEN]))
        with pytest.raises(Rejected):
            connector.act(provider.credentials, READ)
    assert provider.read == ["r34d"]
    assert provider.sent[0]["messages"][0]["quoteToken"] == heard.custom[QUOTE_TOKEN] != ""


def test_a_message_without_tokens_carries_none() -> None:
    raw = b'{"events": [{"type": "message", "source": {"userId": "U1"}, "message": {"id": "1", "type": "text", "text": "x"}}]}'
    delivery = delivery_of(FIXTURES / "line" / "text.body")
    (heard,) = connector_for("line").parse(RawDelivery(raw, delivery.received_at))
    assert not {READ_TOKEN, QUOTE_TOKEN} & heard.custom.keys()
