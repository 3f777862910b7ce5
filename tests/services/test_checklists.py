"""Checklists: in order, with who did what when, in conversations and cases alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid
from app.models import Activity, Case, ChecklistItem, Conversation, User
from app.queries import case_view, conversation_view
from app.queries.checklist_lines import ChecklistLine
from app.services import access, cases, checklists, regrouping
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def ana(house: House) -> User:
    agent: User = house.agents[0]
    return agent


def shown(house: House, user: User, place: checklists.Place) -> tuple[ChecklistLine, ...]:
    ids = access.inbox_ids_of(user)
    if isinstance(place, Case):
        return case_view.view(house.session, case_id=place.id, inbox_ids=ids).checklist
    seen = conversation_view.find(house.session, public_id=str(place.public_id), user=user, inbox_ids=ids)
    assert seen is not None
    return seen.checklist


def words(house: House, user: User, place: checklists.Place) -> list[tuple[str, bool]]:
    return [(line.text, line.is_done) for line in shown(house, user, place)]


@pytest.mark.parametrize("in_case", [False, True])
def test_items_are_added_checked_ordered_renamed_and_removed(house: House, ana: User, in_case: bool) -> None:
    session, place = house.session, place_of(house, ana, in_case=in_case)
    items = checklists.add(session, actor=ana, place=place, texts=["Check  the\tseal", "", "Refund", "Write"])
    assert words(house, ana, place) == [("Check the seal", False), ("Refund", False), ("Write", False)]
    for _ in range(2):  # twice is once
        checklists.check(session, actor=ana, place=place, item=items[1], is_done=True)
    (line,) = [line for line in shown(house, ana, place) if line.is_done]
    assert (line.text, line.done_by, line.done_at) == ("Refund", ana.name, items[1].done_at)
    assert checklists.open_items(session, place) == 2
    checklists.move(session, actor=ana, place=place, item=items[2], by=-1)
    checklists.move(session, actor=ana, place=place, item=items[0], by=-1)  # it is the first
    checklists.rename(session, actor=ana, place=place, item=items[2], text="<b>Write</b> & call")
    assert words(house, ana, place) == [("Check the seal", False), ("<b>Write</b> & call", False), ("Refund", True)]
    checklists.check(session, actor=ana, place=place, item=items[1], is_done=False)
    checklists.remove(session, actor=ana, place=place, item=items[0])
    assert words(house, ana, place) == [("<b>Write</b> & call", False), ("Refund", False)]
    told = list(
        session.scalars(select(Activity.verb).where(Activity.verb.startswith("checklist")).order_by(Activity.id))
    )
    assert told == [f"checklist.{verb}" for verb in ("added", "done", "reopened", "removed")]


def place_of(house: House, ana: User, *, in_case: bool) -> checklists.Place:
    conversation, _ = house.one(letter())
    if not in_case:
        return conversation
    return cases.open_case(house.session, conversation=conversation, actor=ana, title="Broken")


@pytest.mark.parametrize("texts", [[], ["  ", "\0"], ["x" * 301], ["x"] * 101])
def test_what_says_nothing_or_too_much_is_refused(house: House, ana: User, texts: list[str]) -> None:
    conversation, _ = house.one(letter())
    with pytest.raises(Invalid):
        checklists.add(house.session, actor=ana, place=conversation, texts=texts)
    assert house.session.scalars(select(ChecklistItem)).all() == []


def test_a_template_is_put_in_as_often_as_it_fits(house: House, ana: User) -> None:
    session = house.session
    template = checklists.save_template(session, template=None, name="Refund", items="One\r\n\r\nTwo\n")
    conversation, _ = house.one(letter())
    for _ in range(50):
        checklists.put_in(session, actor=ana, place=conversation, template=template)
    with pytest.raises(Invalid):
        checklists.put_in(session, actor=ana, place=conversation, template=template)
    assert words(house, ana, conversation)[:3] == [("One", False), ("Two", False), ("One", False)]
    with pytest.raises(Conflict):
        checklists.save_template(session, template=None, name=" refund ", items="x")
    for name, items in (("", "x"), ("x" * 81, "x"), ("New", " \n "), ("New", "y" * 301)):
        with pytest.raises(Invalid):
            checklists.save_template(session, template=None, name=name, items=items)


def test_the_checklist_of_what_is_merged_is_shown_and_goes_back(house: House, ana: User) -> None:
    session = house.session
    source: Conversation = house.one(letter())[0]
    target: Conversation = house.one(letter())[0]
    (item,) = checklists.add(session, actor=ana, place=source, texts=["Refund"])
    merge = regrouping.merge(session, actor=ana, source=source, target=target)
    version = target.version
    checklists.check(session, actor=ana, place=source, item=item, is_done=True)
    assert words(house, ana, target) == [("Refund", True)]
    assert target.version > version
    regrouping.undo(session, actor=ana, regrouping=merge, source=source, target=target)
    assert (words(house, ana, target), words(house, ana, source)) == ([], [("Refund", True)])
