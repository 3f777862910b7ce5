"""What one system calls 42 is nobody's business of another: channels with ids of their own keep people apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.models import Channel, Contact, ContactIdentity, Message
from app.services import ingest, sending
from connectors.base import RawDelivery
from tests.public_channels import answer, only_conversation, open_channel, take_in
from tests.rooms import add_user

pytestmark = pytest.mark.usefixtures("pipeline")


def arrive(channel: Channel, body: dict[str, Any]) -> None:
    kept = ingest.keep_all([RawDelivery(json.dumps(body).encode(), now())])
    with transaction() as session:
        ingest.store_batch(session, channel=session.get_one(Channel, channel.id), deliveries=kept)
    take_in(channel)


def status(name: str) -> dict[str, Any]:
    account = {
        "id": "42",
        "acct": name,
        "username": name,
        "display_name": name,
        "url": f"https://{name}.example/@{name}",
    }
    return {"id": "1", "content": "<p>Hello</p>", "visibility": "direct", "account": account}


@pytest.mark.parametrize("kind", ["api", "mastodon"])
def test_the_same_id_on_two_channels_is_two_people(kind: str) -> None:
    for name in ("ana", "ben"):
        said = {"id": "1", "sender": {"id": "42", "name": name}, "text": "Hello"} if kind == "api" else status(name)
        arrive(open_channel(kind), said)
    with reading() as session:
        assert sorted(session.scalars(select(Contact.name))) == ["ana", "ben"]
        shown = session.scalars(select(ContactIdentity.handle)).all()
    assert all("~" not in handle for handle in shown)


def test_the_provider_is_told_its_own_id_and_its_changes_are_the_same_persons() -> None:
    channel = open_channel("api")
    common = {"sender": {"id": "42", "name": "Ana"}, "thread": "t"}
    arrive(channel, {"id": "1", "text": "Helo", **common})
    arrive(channel, {"id": "2", "type": "edit", "target": "1", "text": "Hello", **common})
    arrive(channel, {"id": "3", "text": "Are you there?", **common})
    answer(add_user(), "Yes.", channel=channel, deliver=False)
    with transaction() as session:
        claim = sending.claim_next(session, conversation_id=only_conversation(session, channel).id)
        assert claim is not None
        assert claim.outbound.recipient == "42"
        assert len(session.scalars(select(Contact.id)).all()) == 1
        assert "Hello" in session.scalars(select(Message.text)).all()
