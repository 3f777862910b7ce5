"""To the first message of a long conversation, or to a day in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from app.db import transaction
from app.models import Conversation, Direction, Message
from tests.inbox_house import Seeded, counted, seeded

__all__ = ["seeded"]

WHO, MANY = "Clara Jensen", 200
FIRST = datetime(2031, 5, 1, 12, tzinfo=UTC)  # behind all that the workspace said


@pytest.fixture(scope="module")
def days(seeded: Seeded) -> list[str]:
    """Let a customer write once a day; return the public ids."""
    with transaction() as session:
        row = session.get_one(Conversation, seeded.made.conversations[WHO].id)
        of = {"conversation_id": row.id, "channel_id": row.channel_id, "contact_id": row.contact_id}
        said = [
            of | {"direction": Direction.INBOUND, "text": f"Day {day}", "created_at": FIRST + timedelta(days=day)}
            for day in range(MANY)
        ]
        ids = session.scalars(insert(Message).returning(Message.public_id, sort_by_parameter_order=True), said)
        return [str(one) for one in ids]


def shown(page: str) -> list[str]:
    return re.findall(r'<article[^>]* data-message="([^"]+)"', page)


def test_the_first_message_begins_its_page(seeded: Seeded, days: list[str]) -> None:
    with transaction() as session:
        where = Message.conversation_id == seeded.made.conversations[WHO].id
        first = str(session.scalars(select(Message.public_id).where(where).order_by(Message.id).limit(1)).one())
    ana = seeded.visitor()
    assert f'href="{seeded.path(WHO)}/at?status=all"' in ana.get(f"{seeded.path(WHO)}?status=all").text
    with counted() as statements:
        answer = ana.get(f"{seeded.path(WHO)}/at?status=all")
    assert len(statements) <= 3
    place, _, mark = answer.headers["Location"].partition("#")
    assert mark == f"m-{first}"
    assert "status=all&before=" in place
    page = ana.get(place).text
    assert shown(page)[0] == first, "the oldest of all"
    assert len(shown(page)) == 80
    assert ' earlier"' not in page


def test_a_day_leads_to_what_was_said_first_on_it(seeded: Seeded, days: list[str]) -> None:
    ana = seeded.visitor()
    for number, is_newest in ((20, False), (MANY - 10, True)):
        day = (FIRST + timedelta(days=number)).date().isoformat()
        place, _, mark = ana.get(f"{seeded.path(WHO)}/at?day={day}").headers["Location"].partition("#")
        assert mark == f"m-{days[number]}"
        assert ("before=" not in place) == is_newest
        assert days[number] in shown(ana.get(place).text)


def test_a_day_after_the_end_or_none_at_all_is_said(seeded: Seeded, days: list[str]) -> None:
    ana = seeded.visitor()
    answer = ana.get(f"{seeded.path(WHO)}/at?day=2099-01-01")
    assert answer.headers["Location"] == seeded.path(WHO)
    assert "Nothing was said since then" in ana.get(seeded.path(WHO)).text
    for day in ("soon", "2026-13-40", "0001-01-01"):
        assert ana.get(f"{seeded.path(WHO)}/at?day={day}").status_code in {302, 422}


def test_it_is_for_those_who_see_the_conversation(seeded: Seeded) -> None:
    assert seeded.visitor("chloe").get(f"{seeded.path('Tomás Herrera')}/at").status_code == 404
