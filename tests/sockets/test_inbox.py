"""Agents' sockets: who may connect, which rooms they are in, and what colleagues hear of each other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, select

from app.db import reading, transaction
from app.models import InboxAccess, Presence, User
from app.services import presence
from app.sockets import inbox
from tests.product import Product, running
from tests.rooms import surroundings
from tests.seed import PASSWORD, Workspace, seed
from tests.servers import Servers, database, fresh_name
from tests.socket_client import Refused, SocketClient
from workers import realtime
from workers.subscriptions import Poke

ELSEWHERE = ("relay", "worker", "sender", "annotator", "poller", "clock")


class House:
    """A running web process over a seeded workspace."""

    def __init__(self, product: Product, made: Workspace) -> None:
        self.product = product
        self.made = made
        self._cookies: dict[str, str] = {}
        self.is_followed = False

    def cookie(self, who: str) -> str:
        """Sign in once; returns the Cookie header."""
        if who not in self._cookies:
            with httpx.Client(base_url=self.product.url) as browser:
                page = browser.get("/sign-in").text
                found = re.search(r'name="csrf_token" value="([^"]+)"', page)
                assert found
                form = {"csrf_token": found.group(1), "email": f"{who}@harbourpine.example", "password": PASSWORD}
                assert browser.post("/sign-in", data=form).status_code == 303
                self._cookies[who] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return self._cookies[who]

    def desk(self, who: str, *, origin: str | None = None) -> SocketClient:
        origin = self.product.url if origin is None else origin
        return SocketClient(self.product.url, "/", origin=origin, headers={"Cookie": self.cookie(who)})

    def watching(self, who: str, contact: str) -> SocketClient:
        desk = self.desk(who)
        self.is_followed = desk.ask("watch", {"conversation": self.public_id(contact)})
        return desk

    def public_id(self, contact: str) -> str:
        return str(self.made.conversations[contact].public_id)

    def user_id(self, who: str) -> str:
        return str(self.made.users[who].public_id)


@pytest.fixture(scope="module")
def house(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("home")
    with (
        database(servers, fresh_name()) as url,
        pytest.MonkeyPatch.context() as patch,
        surroundings(patch, database_url=url, redis_url=redis_url, home=home),
    ):
        with transaction() as session:
            made = seed(session, with_files=False)
        with running(database_url=url, redis_url=redis_url, home=home, leave_out=ELSEWHERE) as product:
            realtime._emitter.cache_clear()
            eventually(lambda: _is_up(product))
            yield House(product, made)
            realtime._emitter.cache_clear()


def _is_up(product: Product) -> bool:
    try:
        return httpx.get(f"{product.url}/up", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.05)


def poke(room: str, **payload: Any) -> None:
    realtime.emit([Poke("/", room, tuple(payload.items()))])


def next_poke(desk: SocketClient) -> dict[str, Any]:
    """Return the next poke; what colleagues signal between is passed over."""
    while True:
        name, data = desk.hear()
        if name == "poke":
            return dict(data)


def test_without_a_session_nobody_connects(house: House) -> None:
    with pytest.raises(Refused, match="Sign in first"):
        SocketClient(house.product.url, "/", origin=house.product.url)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_other_sites_cannot_use_the_session(house: House, origin: str) -> None:
    with pytest.raises(Refused, match="own pages"):
        house.desk("ana", origin=origin)


def test_presence_follows_the_socket(house: House) -> None:
    user = house.made.users["dev"].id

    def sockets() -> int:
        with reading() as session:
            return session.scalar(select(func.count()).select_from(Presence).where(Presence.user_id == user)) or 0

    first, second = house.desk("dev"), house.desk("dev")
    assert sockets() == 2
    first.close()
    eventually(lambda: sockets() == 1)
    second.close()
    eventually(lambda: sockets() == 0)


def test_presence_is_renewed_without_the_browsers_help(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    user = house.made.users["dev"]
    desk = inbox.Desk(user.id, str(user.public_id), user.name, user.session_version)
    monkeypatch.setattr(inbox, "_desks", {"a-socket": desk})
    for _ in range(2):
        inbox.renew_presence()
    with transaction() as session:
        assert user.id in presence.online_user_ids(session)
        presence.disconnect(session, connection="a-socket")
        assert user.id not in presence.online_user_ids(session)


def test_a_desk_hears_its_inboxes_and_itself_and_nothing_else(house: House) -> None:
    sales, support = (str(house.made.inboxes[name].public_id) for name in ("sales", "support"))
    with house.desk("chloe") as chloe:
        poke(f"inbox:{sales}", name="message.received", inbox=sales)
        poke(f"user:{house.user_id('ben')}", name="conversation.read", conversation="x")
        poke(f"conversation:{house.public_id('Jonas Weber')}", name="conversation.changed")
        poke(f"inbox:{support}", name="message.received", inbox=support)
        poke(f"user:{house.user_id('chloe')}", name="access.changed")
        assert next_poke(chloe) == {"name": "message.received", "inbox": support}
        assert next_poke(chloe) == {"name": "access.changed"}


def test_watching_what_is_not_shared_joins_nothing(house: House) -> None:
    foreign, own = house.public_id("Tomás Herrera"), house.public_id("Jonas Weber")
    with house.watching("chloe", "Tomás Herrera") as chloe:
        assert house.is_followed is False
        for nonsense in ({"conversation": "*"}, ["x"], {"conversation": {"$ne": ""}}, None, {}):
            assert chloe.ask("watch", nonsense) is False
        assert chloe.ask("watch", {"conversation": own.upper()}) is True  # another spelling of the same id
        poke(f"conversation:{foreign}", name="leak")
        poke(f"conversation:{own}", name="fine")
        assert next_poke(chloe) == {"name": "fine"}


def test_one_conversation_is_watched_at_a_time(house: House) -> None:
    first, second = house.public_id("Jonas Weber"), house.public_id("Priya Raman")
    with house.watching("chloe", "Jonas Weber") as chloe:
        assert chloe.ask("watch", {"conversation": second}) is True
        poke(f"conversation:{first}", name="leak")
        poke(f"conversation:{second}", name="fine")
        assert next_poke(chloe) == {"name": "fine"}
        assert chloe.ask("watch", {"conversation": ""}) is False
        poke(f"conversation:{second}", name="leak")
        poke(f"user:{house.user_id('chloe')}", name="end")
        assert next_poke(chloe) == {"name": "end"}


def test_colleagues_see_who_looks_and_who_types(house: House) -> None:
    conversation = house.public_id("Oliver Grant")
    with house.watching("ana", "Oliver Grant") as ana:
        ana.tell("viewing")
        with house.watching("ben", "Oliver Grant") as ben:
            name, came = ana.hear()
            assert (name, came["user"], came["name"], came["asks"]) == (
                "viewing",
                house.user_id("ben"),
                "Ben Achterberg",
                True,
            )
            ana.tell("viewing")
            assert ben.hear() == (
                "viewing",
                {"conversation": conversation, "user": house.user_id("ana"), "name": "Ana Duarte"},
            )
            ben.tell("typing", {"note": True})
            name, typed = ana.hear()
            assert (name, typed["who"], typed["user"]) == ("typing", "agent", house.user_id("ben"))
        name, gone = ana.hear()
        assert (name, gone["left"]) == ("viewing", True)


def test_signals_need_a_watched_conversation(house: House) -> None:
    with house.watching("ana", "Liam Murphy") as ana, house.desk("chloe") as chloe:
        chloe.tell("typing", {"conversation": house.public_id("Liam Murphy")})
        chloe.tell("viewing", {"conversation": house.public_id("Liam Murphy")})
        chloe.tell("watch", {"conversation": house.public_id("Liam Murphy")})
        assert ana.hear()[1]["asks"] is True  # the first thing heard is that Chloé came


def test_lost_access_ends_at_the_next_sign_of_life(house: House) -> None:
    sales = house.made.inboxes["sales"]
    room = f"inbox:{sales.public_id}"
    with house.watching("ben", "Tomás Herrera") as ben:
        poke(room, name="before")
        assert next_poke(ben) == {"name": "before"}
        mine = (InboxAccess.inbox_id == sales.id) & (InboxAccess.user_id == house.made.users["ben"].id)
        with transaction() as session:
            session.execute(delete(InboxAccess).where(mine))
        try:
            ben.tell("here")
            eventually(lambda: _is_out(ben, house, room))
        finally:
            with transaction() as session:
                session.add(InboxAccess(inbox_id=sales.id, user_id=house.made.users["ben"].id))


def _is_out(desk: SocketClient, house: House, room: str) -> bool:
    poke(room, name="inside")
    poke(f"conversation:{house.public_id('Tomás Herrera')}", name="inside")
    poke(f"user:{house.user_id('ben')}", name="end")
    heard = []
    while (name := next_poke(desk)["name"]) != "end":
        heard.append(name)
    return not heard


def test_a_closed_account_is_shown_out(house: House) -> None:
    with house.desk("dev") as dev:
        with transaction() as session:
            session.get_one(User, house.made.users["dev"].id).is_active = False
        try:
            dev.tell("here")
            eventually(lambda: not _is_present(house))
        finally:
            with transaction() as session:
                session.get_one(User, house.made.users["dev"].id).is_active = True


def _is_present(house: House) -> bool:
    with reading() as session:
        where = Presence.user_id == house.made.users["dev"].id
        return session.scalar(select(Presence.connection).where(where)) is not None
