"""Menus that are drawn once: everybody gets their own token, language and choices, also what was renamed since."""

from __future__ import annotations

import re

from app.db import transaction
from app.models import Tag, WorkspaceIntent
from app.web import intent_titles, kept_parts
from tests.inbox_house import Seeded, part, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]

GERMAN = {"Accept-Language": "de"}


def tokens(page: str) -> set[str]:
    return set(re.findall(r'name="csrf_token" value="([^"]+)"', page))


def the_list(visitor: Visitor, address: str = "/inbox", **headers: str) -> str:
    return visitor.get(address, **part("list"), **headers).text


def test_everybodys_forms_carry_their_own_token(seeded: Seeded) -> None:
    ana, ben = seeded.visitor("ana"), seeded.visitor("ben")
    seen = [tokens(the_list(one)) for one in (ana, ben, ana)]
    assert all(len(one) == 1 for one in seen)
    assert not seen[0] & seen[1]
    assert kept_parts._kept.cache_info().hits > 0


def test_the_same_menus_are_read_in_each_readers_language(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    assert ">Any</option>" in the_list(ana)
    page = the_list(ana, **GERMAN)
    assert ">Any</option>" not in page
    assert "Sprache" in page
    assert ">Any</option>" in the_list(ana)


def test_what_is_chosen_is_chosen_in_the_menus(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    assert 'value="negative" selected' not in the_list(ana)
    assert 'value="negative" selected' in the_list(ana, "/inbox?sentiment=negative")
    assert 'value="negative" selected' not in the_list(ana)


def test_a_new_name_is_in_the_menus_at_once(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    the_list(ana)
    with transaction() as session:
        tag = session.query(Tag).filter_by(name="billing").one()
        tag.name = "invoices <b>"
    page = the_list(ana)
    assert "invoices &lt;b&gt;" in page
    assert "<b>" not in re.sub(r"<b>\d+</b>", "", page)


def test_an_intents_new_title_is_in_the_menus(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    with transaction() as session:
        session.add(WorkspaceIntent(slug="tea", title="Tea ceremony", description=""))
    intent_titles.forget()
    assert ">Tea ceremony</option>" in the_list(ana, "/inbox?intent=tea")
    with transaction() as session:
        session.query(WorkspaceIntent).filter_by(slug="tea").one().title = "Tea time"
    intent_titles.forget()
    assert ">Tea time</option>" in the_list(ana, "/inbox?intent=tea")
