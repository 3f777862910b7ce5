"""Links between conversations: read from both ends, once each, and taken back without a trace but its lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid
from app.models import Activity, Conversation, ConversationLink, User
from app.models.conversation_link import RELATIONS
from app.queries import conversation_view
from app.services import access, activities, conversation_links, regrouping
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def ana(house: House) -> User:
    agent: User = house.agents[0]
    return agent


def two(house: House) -> tuple[Conversation, Conversation]:
    return house.one(letter())[0], house.one(letter(sender="tom@example.com"))[0]


def shown(house: House, user: User, conversation: Conversation) -> list[tuple[str, int]]:
    ids = access.inbox_ids_of(user)
    seen = conversation_view.find(house.session, public_id=str(conversation.public_id), user=user, inbox_ids=ids)
    assert seen is not None
    return [(link.relation, link.number) for link in seen.links]


def sentences(house: House, conversation: Conversation) -> list[str]:
    query = select(Activity).where(Activity.conversation_id == conversation.id).order_by(Activity.id)
    return [activities.sentence(line.verb, line.data) for line in house.session.scalars(query)]


@pytest.mark.parametrize(
    ("as_", "back"),
    [
        ("related", "related"),
        ("duplicate_of", "duplicated_by"),
        ("blocked_by", "blocks"),
        ("follow_up_of", "followed_up_by"),
    ],
)
def test_a_link_is_read_from_both_ends_and_taken_back_from_both(house: House, ana: User, as_: str, back: str) -> None:
    this, other = two(house)
    versions = this.version, other.version
    link = conversation_links.make(house.session, actor=ana, this=this, other=other, as_=as_)
    assert shown(house, ana, this) == [(as_, other.number)]
    assert shown(house, ana, other) == [(back, this.number)]
    assert (this.version, other.version) > versions
    assert any(f"#{other.number}" in line for line in sentences(house, this))
    assert any(f"#{this.number}" in line for line in sentences(house, other))
    for again in (as_, back):
        with pytest.raises(Conflict):
            conversation_links.make(house.session, actor=ana, this=this, other=other, as_=again)
    one, far = conversation_links.ends(house.session, link)
    conversation_links.remove(house.session, actor=ana, link=link, one=one, two=far)
    assert shown(house, ana, this) == shown(house, ana, other) == []
    assert house.session.scalars(select(ConversationLink)).all() == []
    lines = house.session.scalars(select(Activity).where(Activity.data["link"].astext != "")).all()
    assert [line.data["is_undone"] for line in lines] == [True, True]


@pytest.mark.parametrize("as_", ["", "parent", "related; drop"])
def test_only_known_relations_are_taken_and_none_with_itself(house: House, ana: User, as_: str) -> None:
    this, other = two(house)
    with pytest.raises(Invalid):
        conversation_links.make(house.session, actor=ana, this=this, other=other, as_=as_)
    with pytest.raises(Invalid):
        conversation_links.make(house.session, actor=ana, this=this, other=this, as_=next(iter(RELATIONS)))


def test_a_merged_conversation_brings_its_links_and_takes_them_back(house: House, ana: User) -> None:
    this, other = two(house)
    third, _ = house.one(letter(sender="eve@example.com"))
    conversation_links.make(house.session, actor=ana, this=this, other=third, as_="duplicate_of")
    merge = regrouping.merge(house.session, actor=ana, source=this, target=other)
    assert shown(house, ana, other) == [("duplicate_of", third.number)]
    regrouping.undo(house.session, actor=ana, regrouping=merge, source=this, target=other)
    assert (shown(house, ana, other), shown(house, ana, this)) == ([], [("duplicate_of", third.number)])
