"""Tags: merged without a loss, followed by what names them, and readable in every colour, light and dark."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.events import TagChanged
from app.models import AutomationRule, Conversation, OutboxEvent, SavedView, Tag, Tagging, User
from app.services import rule_book, tags
from tests.services.making import House, letter

PARTS = Path(__file__).parents[2] / "app" / "static" / "css" / "parts.css"
READABLE = 4.5  # WCAG 2.2 AA, for small letters


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def ana(house: House) -> User:
    agent: User = house.agents[0]
    return agent


def worn(house: House, conversation: Conversation) -> set[str]:
    query = select(Tag.name).join(Tagging, Tagging.tag_id == Tag.id)
    return set(house.session.scalars(query.where(Tagging.conversation_id == conversation.id)))


def test_what_wore_either_wears_the_one_that_stays_and_all_that_named_the_other_follows(
    house: House, ana: User
) -> None:
    session = house.session
    one, two, both = (house.one(letter(sender=f"s{n}@example.com"))[0] for n in range(3))
    old, new = tags.create(session, name="Retoure", colour="red"), tags.create(session, name="Refunds")
    for conversation, tag in ((one, old), (two, new), (both, old), (both, new)):
        tags.put(session, conversation=conversation, tag=tag, actor=ana)
    rule = rule_book.add(
        session,
        name="Refunds",
        conditions={"match": "all", "of": [{"field": "automatic", "operator": "is", "value": False}]},
        actions=[{"do": "add_tag", "value": "retoure"}],
    )
    asked = {"match": "all", "of": [{"field": "tag", "operator": "is", "value": [str(old.public_id)]}]}
    view = SavedView(name="Returns", owner_id=ana.id, conditions=asked)
    session.add(view)
    session.flush()
    tags.merge(session, tag=old, into=new)
    assert [worn(house, one), worn(house, two), worn(house, both)] == [{"Refunds"}] * 3
    assert len(session.scalars(select(Tagging).where(Tagging.conversation_id == both.id)).all()) == 1
    assert session.scalars(select(Tag).where(Tag.name == "Retoure")).all() == []
    assert session.get_one(AutomationRule, rule.id).actions == [{"do": "add_tag", "value": "Refunds"}]
    assert str(view.conditions).count(str(new.public_id)) == 1
    with pytest.raises(Invalid):
        tags.merge(session, tag=new, into=new)
    tags.rename(session, tag=new, name="Money back", colour="pink")
    tags.rename(session, tag=new, name="Money back", colour="pink")  # nothing new: nobody is told
    told = select(OutboxEvent.payload).where(OutboxEvent.name == TagChanged.wire_name()).order_by(OutboxEvent.id)
    assert [one["tag"] for one in session.scalars(told)] == [str(old.public_id), str(new.public_id)]
    assert session.get_one(AutomationRule, rule.id).actions == [{"do": "add_tag", "value": "Money back"}]


def contrast(one: tuple[float, float, float], two: tuple[float, float, float]) -> float:
    """Return the ratio of WCAG of two colours, each lightness in [0, 1], chroma and hue in degrees."""
    light, dark = sorted((luminance(*one), luminance(*two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """Return the relative luminance of an oklch colour, clipped to what a screen can show."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    red, green, blue = (min(max(part, 0.0), 1.0) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_a_tag_is_readable_in_light_and_dark() -> None:
    css = PARTS.read_text()
    hues = {name: float(hue) for name, hue in re.findall(r"\.tag-(\w+)[^{]*\{ --h: (\d+); \}", css)}
    assert set(tags.COLOURS) - {"slate"} <= set(hues)
    pairs = re.findall(
        r"\.tag(?::not\(\.tag-slate\))? \{\s*background: oklch\((\d+)% ([\d.]+) [^;]*;\s*color: oklch\((\d+)% ([\d.]+) ",
        css,
    )
    assert len(pairs) == 3  # light, dark by the system, dark by choice
    for back, back_chroma, ink, ink_chroma in pairs:
        for name, hue in hues.items():
            ratio = contrast((int(back) / 100, float(back_chroma), hue), (int(ink) / 100, float(ink_chroma), hue))
            assert ratio >= READABLE, (name, back, ratio)
