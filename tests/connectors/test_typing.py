"""Customers are shown that somebody is typing, by each provider's own way; Matrix tells when they do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors._read_marks import TELLS_READ
from connectors._typing import SHOWS_TYPING
from connectors.base import Action
from connectors.errors import Rejected
from connectors.registry import connector_for, kinds
from connectors.typing_signal import Typing
from tests.fakes import line as line_fake
from tests.fakes import matrix as matrix_fake
from tests.fakes import telegram as telegram_fake
from tests.fakes.facebook import ANA, serving_facebook
from tests.fakes.instagram import serving_instagram
from tests.fakes.matrix import ROOM, SUPPORT
from tests.fakes.provider import serving
from tests.fakes.whatsapp import serving_whatsapp

TYPING = Action("typing", "m.1", recipient=ANA, thread_key=ANA)


def test_kinds_that_show_typing_let_admins_switch_it_off() -> None:
    showing = {kind for kind in kinds() if connector_for(kind).capabilities.shows_typing}
    assert showing - {"webchat"} == {kind for kind in kinds() if SHOWS_TYPING in connector_for(kind).settings}
    assert showing == {"facebook", "instagram", "line", "matrix", "telegram", "webchat", "whatsapp"}
    assert {kind for kind in kinds() if connector_for(kind).capabilities.tells_typing} == {"matrix", "webchat"}


def test_messenger_and_instagram_take_a_sender_action() -> None:
    for kind, serve in (("facebook", serving_facebook), ("instagram", serving_instagram)):
        with serve() as (api, credentials):
            connector_for(kind).act(credentials, TYPING)
            assert (api.typing, api.read) == ([ANA], [])


def test_whatsapp_shows_it_only_where_messages_may_be_marked_as_read() -> None:
    with serving_whatsapp() as (api, credentials):
        connector_for("whatsapp").act(credentials, TYPING)
        assert api.typing == ["m.1"]
        with pytest.raises(Rejected):
            connector_for("whatsapp").act({**credentials, TELLS_READ.key: False}, TYPING)
        assert api.read == ["m.1"]


def test_line_shows_it_in_one_on_one_chats() -> None:
    provider, person = line_fake.Line(), "U061F7AUR"
    with serving(provider):
        connector_for("line").act(provider.credentials, replace(TYPING, recipient=person, thread_key=person))
        with pytest.raises(Rejected):
            connector_for("line").act(provider.credentials, replace(TYPING, recipient=person, thread_key="C1"))
    assert provider.typing == [person]


def test_telegram_shows_it_in_the_chat_its_topic_or_the_account_of_a_business() -> None:
    provider = telegram_fake.Telegram()
    with serving(provider):
        for key in ("77", "-1001:topic:5", "business:b1:77"):
            connector_for("telegram").act(provider.credentials, replace(TYPING, thread_key=key))
        with pytest.raises(Rejected):
            connector_for("telegram").act(provider.credentials, replace(TYPING, thread_key="-1001:direct:5"))
    assert provider.actions == [
        {"chat_id": 77, "action": "typing"},
        {"chat_id": -1001, "action": "typing", "message_thread_id": 5},
        {"chat_id": 77, "action": "typing", "business_connection_id": "b1"},
    ]


def test_matrix_shows_it_as_the_account_and_tells_who_else_types() -> None:
    connector = connector_for("matrix")
    with matrix_fake.homeserver() as server:
        known = matrix_fake.credentials_for(server)
        connector.act(known, replace(TYPING, thread_key=ROOM))
        assert server.typing == [ROOM]
        server.say("Hello")
        server.typists[1] = [SUPPORT, matrix_fake.ANA]
        batches = connector.fetch(known, {"since": "s0"})
        said, typing, after = next(batches), next(batches), next(batches)
    assert (len(said.deliveries), said.typing) == (1, ())
    assert (typing.deliveries, typing.typing, typing.cursor) == ((), (Typing(ROOM, matrix_fake.ANA),), None)
    assert after.cursor == {"since": "s1"}
