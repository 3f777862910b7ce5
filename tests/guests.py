"""Visitors with the chat open, as far as sockets go: fixtures `product`, `channel`, `arrive`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.db import reading
from app.models import Channel, ContactIdentity
from app.services import visitors
from app.sockets.webchat import room_of
from tests.product import Product
from tests.public_channels import open_channel
from tests.public_web import open_house
from tests.servers import Servers
from tests.socket_client import Refused, SocketClient
from workers import realtime
from workers.subscriptions import Poke

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def product(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    others = ("relay", "worker", "sender", "annotator", "poller", "clock")
    with open_house(servers, redis_url, tmp_path_factory.mktemp("home"), leave_out=others) as product:
        yield product


@pytest.fixture
def channel(product: Product) -> Channel:
    return open_channel("webchat", origins=SHOP)


class Guest:
    """A visitor's open widget."""

    def __init__(self, product: Product, channel: Channel, token: str | None = None, origin: str = SHOP) -> None:
        self.token = token or visitors.welcome(channel_token=channel.token)
        self.id = visitors.visitor_of(channel_token=channel.token, token=self.token).id
        self.socket = enter(product, {"channel": channel.token, "visitor": self.token}, origin)

    def say(self, text: str, client_id: str = "") -> Any:
        said = {"text": text, "client_id": client_id or uuid4().hex, "page": f"{SHOP}/boots"}
        return self.socket.ask("message", said)

    def poked(self, name: str = "reply.sent") -> None:
        """Tell the visitor what the relay tells."""
        realtime.emit([Poke("/webchat", room_of(self.id), (("name", name),))])


Arrive = Callable[..., "Guest"]


@pytest.fixture
def arrive(product: Product, channel: Channel) -> Iterator[Arrive]:
    """Let visitors come to the channel; all leave in the end."""
    guests: list[Guest] = []

    def come(**given: Any) -> Guest:
        guests.append(Guest(product, channel, **given))
        return guests[-1]

    yield come
    for guest in guests:
        guest.socket.close()


def enter(product: Product, auth: object, origin: str | None = SHOP) -> SocketClient:
    return SocketClient(product.url, "/webchat", origin=origin, auth=auth)


def is_let_in(product: Product, auth: object, origin: str | None = SHOP) -> bool:
    try:
        enter(product, auth, origin).close()
    except Refused:
        return False
    return True


def somebody(channel: Channel) -> dict[str, str]:
    return {"channel": channel.token, "visitor": visitors.welcome(channel_token=channel.token)}


def is_here(visitor_id: str) -> bool:
    with reading() as session:
        query = select(ContactIdentity.seen_at).where(ContactIdentity.address == visitor_id)
        return session.scalars(query).one() is not None


def some_email() -> str:
    return f"{uuid4().hex}@example.com"
