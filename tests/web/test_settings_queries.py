"""Settings pages ask the database a fixed number of times, however much there is to show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, select

from app import db
from app.clock import now
from app.models import Channel, Inbox, Role
from app.queries import settings_channels
from app.services import channel_settings, channels, inboxes, ingest, rule_book, tags, teams, users
from connectors.base import RawDelivery
from connectors.registry import WEBFORM
from tests.rooms import Visitor, add_user

PAGES = ("users", "teams", "inboxes", "channels", "deliveries", "rules", "tags")


@contextmanager
def _counted() -> Iterator[list[str]]:
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def _fill(number: int) -> None:
    with db.transaction() as session:
        user = users.add(session, email=f"u{number}@example.com", name=f"User {number}", role=Role.AGENT)
        team = teams.create(session, name=f"Team {number}")
        teams.set_members(session, team=team, users=[user])
        inbox: Inbox = inboxes.create(session, name=f"Inbox {number}", team=team)
        credentials = channel_settings.read(WEBFORM, channel_settings.defaults(WEBFORM))
        channels.connect(session, inbox=inbox, kind=WEBFORM, name=f"Form {number}", credentials=credentials)
        actions = [{"do": "assign_team", "value": str(team.public_id)}]
        rule_book.add(session, name=f"Rule {number}", conditions={"match": "all", "of": []}, actions=actions)
        tags.create(session, name=f"tag {number}")


@pytest.mark.parametrize("page", PAGES)
def test_ten_times_as_much_takes_as_many_queries(house: Flask, page: str) -> None:
    add_user()
    admin = Visitor(house)
    admin.enter()
    _fill(0)
    with _counted() as few:
        assert admin.get(f"/settings/{page}").status_code == 200
    for number in range(1, 10):
        _fill(number)
    with _counted() as many:
        assert admin.get(f"/settings/{page}").status_code == 200
    assert len(many) == len(few) <= 6


def test_the_page_of_a_channel_takes_as_many_queries_however_much_it_brought(house: Flask) -> None:
    add_user()
    admin = Visitor(house)
    admin.enter()
    _fill(0)
    with db.reading() as session:
        channel = session.scalars(select(Channel)).one()
        session.expunge(channel)

    def bring(number: int) -> None:
        kept = ingest.keep_all([RawDelivery(b"%d" % at, now(), external_id=str(at)) for at in range(number)])
        with db.transaction() as session:
            ingest.store_batch(session, channel=session.get_one(Channel, channel.id), deliveries=kept)

    bring(1)
    with _counted() as few:
        page = admin.get(f"/settings/channels/{channel.public_id}")
    assert page.text.count("/raw") == 1
    bring(60)
    with _counted() as many:
        page = admin.get(f"/settings/channels/{channel.public_id}")
    assert page.text.count("/raw") == settings_channels.NEWEST
    assert "60 in 14 days" in page.text
    assert len(many) == len(few) <= 11  # three of them only begin a transaction
