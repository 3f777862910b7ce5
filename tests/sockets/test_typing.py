"""From an agent's socket to the customer's app, and from the customer's to the agent's page: real Valkey throughout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import now
from app.crypto import new_token, seal
from app.db import reading, transaction
from app.models import Channel, Conversation
from app.services import ingest
from connectors._typing import SHOWS_TYPING
from connectors.base import RawDelivery
from connectors.typing_signal import Typing
from tests.fakes.provider import serving
from tests.fakes.telegram import Telegram
from tests.sockets.test_inbox import House, eventually, house  # noqa: F401 - the fixture
from workers import typing_in
from workers.jobs import ingest as ingest_job
from workers.typing_out import Teller, telling_typing

_chats = count(4711)  # another customer each time: what somebody writes goes on in the conversation they have


def shown(written: Conversation) -> dict[str, Any]:
    return {"chat_id": int(written.thread_key or ""), "action": "typing"}


@pytest.fixture
def bot() -> Iterator[Telegram]:
    provider = Telegram()
    with serving(provider):
        yield provider


@pytest.fixture
def written(house: House, bot: Telegram) -> Conversation:  # noqa: F811 - the fixture
    """What a customer wrote to a bot, in an inbox that Ana sees."""
    kim = {"id": next(_chats), "first_name": "Kim"}
    said = {"message_id": 9, "date": 1_795_424_400, "text": "Hi", "chat": {**kim, "type": "private"}, "from": kim}
    kept = ingest.keep_all((RawDelivery(json.dumps({"update_id": 1, "message": said}).encode(), now(), "update:1"),))
    with transaction() as session:
        query = select(Conversation).where(Conversation.public_id == house.public_id("Liam Murphy"))
        inbox_id = session.scalars(query).one().inbox_id
        row = Channel(inbox_id=inbox_id, kind="telegram", name="Bot", token=new_token(), sealed=seal(bot.credentials))
        session.add(row)
        session.flush()
        ids = list(ingest.store_batch(session, channel=row, deliveries=kept))
        channel_id = row.id
    ingest_job.ingest(ids)
    with reading() as session:
        return session.scalars(select(Conversation).where(Conversation.channel_id == channel_id)).one()


def test_what_an_agent_types_reaches_the_customer_once_and_notes_never(
    house: House,  # noqa: F811 - the fixture
    bot: Telegram,
    written: Conversation,
) -> None:
    with telling_typing() as teller, house.desk("ana") as ana:
        assert teller.hears.wait(30)
        assert ana.ask("watch", {"conversation": str(written.public_id)})
        ana.tell("typing", {"note": True})
        for _ in range(3):
            ana.tell("typing", {})
        eventually(lambda: bot.actions == [shown(written)])
        assert ana.ask("watch", {"conversation": ""}) is False  # what was told before has been handled by now
    assert bot.actions == [shown(written)]


def test_several_processes_tell_once_and_only_what_an_admin_wants(
    house: House,  # noqa: F811 - the fixture
    bot: Telegram,
    written: Conversation,
) -> None:
    hint = str(written.public_id).encode()
    one, other = Teller(), Teller()
    assert [one.hear(hint), other.hear(hint), one.hear(hint), other.hear(b"\xff no id")] == [True, False, False, False]
    one.tell(one.waiting.get_nowait()[1])
    assert bot.actions == [shown(written)]
    with transaction() as session:
        channel = session.get_one(Channel, written.channel_id)
        channel.sealed = seal({**bot.credentials, SHOWS_TYPING.key: False})
    one.tell(written.public_id)
    assert bot.actions == [shown(written)]


def test_a_provider_that_refuses_hurts_nobody(house: House, bot: Telegram, written: Conversation) -> None:  # noqa: F811 - the fixture
    bot.refused.add("sendChatAction")
    Teller().tell(written.public_id)
    assert bot.actions == []


def test_a_customer_who_types_is_seen_by_who_looks(house: House, written: Conversation) -> None:  # noqa: F811 - the fixture
    with house.desk("ana") as ana:
        assert ana.ask("watch", {"conversation": str(written.public_id)})
        typing_in.show(written.channel_id, (Typing("unknown", "1"), Typing(written.thread_key or "", "somebody")))
        assert ana.hear() == ("typing", {"conversation": str(written.public_id), "who": "customer"})
