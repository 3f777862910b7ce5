"""Canned responses: hostile texts are refused, gaps are told, languages are chosen, and the best comes first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import CannedResponse, Contact, Conversation, User
from app.services import canned_ranking, canned_responses, canned_values, liquid_texts, replies
from app.services.canned_ranking import Candidate, ranked
from tests.services.making import House, letter

EVIL = "<img src=x onerror=alert(1)> {{ agent.name }} ⟦the customer's name⟧"


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def conversation(house: House) -> Conversation:
    return house.by_mail().one(letter())[0]


def write(house: House, shortcut: str, text: str = "Hello", **more: Any) -> CannedResponse:
    return canned_responses.save(house.session, canned=None, shortcut=shortcut, title=shortcut, text=text, **more)


def filled(house: House, conversation: Conversation, canned: CannedResponse) -> str:
    text = canned_responses.text_for(house.session, canned=canned, conversation=conversation)
    values = canned_values.of(house.session, conversation=conversation, user=house.agents[0])
    return liquid_texts.render(text, values)


def offered(house: House, conversation: Conversation, typed: str = "", user: User | None = None) -> list[str]:
    user = user or house.agents[0]
    found = canned_ranking.search(house.session, conversation=conversation, user=user, typed=typed)
    return [one.shortcut for one in found]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Hi\n\n{{ contact.shoe_size }}", "Line 3: contact.shoe_size is not known. Known are contact.name"),
        ("{{ contact }}", "contact is not known"),
        ("{{ contact.name.__class__ }}", "is not known"),
        ("{{7*7}}", "Line 1: unexpected"),
        ("one\n{{ today", "Line 2: expected '}}'"),
        ("one\n{{ today | }}", "Line 2: expected word"),
        ("a\nb\n{% if today %}", "Line 3: expected tag endif"),
        ("{{ today | frob }}", "The filter frob is not known"),
        ("{{ today | replace: 'a', 'aaaa' }}", "The filter replace is not known"),
        ("{{ today | upcase: 1, 2, 3 }}", "more than it takes"),
        ("{% for x in (1..1000000) %}x{% endfor %}", "unexpected tag 'for'"),
        ("{% include '/etc/passwd' %}", "unexpected tag 'include'"),
        ("{% capture x %}{% endcapture %}", "unexpected tag 'capture'"),
        ("{% assign x = today %}", "unexpected tag 'assign'"),
        ("{{" * 5_000, "at most 200"),
        ("{{" + " " * 9_900 + "}}", "not closed within"),
        ("{% if " + "a or " * 1_900 + "a %}{% endif %}", "not closed within"),
        ("{% if today %}" * 90 + "{% endif %}" * 90, "too deep|nest|depth"),
        ("x" * 10_001, "at most 10,000"),
    ],
)
def test_what_is_no_text_is_refused_with_line_and_cause(text: str, cause: str) -> None:
    with pytest.raises(Invalid, match=cause):
        liquid_texts.check(text)


def test_growing_output_ends_at_its_limit() -> None:
    much = "{{ contact.name | append: contact.name | append: contact.name | append: contact.name }}" * 20
    with pytest.raises(Invalid, match="output stream limit"):
        liquid_texts.render(much, {"contact.name": "x" * 2_000})


def test_values_are_text_and_what_is_missing_is_a_gap() -> None:
    text = 'Hi {{contact.first_name}}, {{ contact.name | upcase }} {{ case.number | default: "none" }}'
    shown = liquid_texts.render(text, {"contact.name": EVIL})
    assert shown.startswith("Hi ⟦the customer's first name⟧, <IMG SRC=X")
    assert "{{ AGENT.NAME }} THE CUSTOMER'S NAME none" in shown  # no gap of its own
    assert liquid_texts.gaps(shown) == ["the customer's first name"]
    instead = "{% if contact.first_name %}Dear {{ contact.first_name }}{% else %}Hello{% endif %}"
    assert liquid_texts.render(instead, {}) == "Hello"


def test_a_reply_with_a_gap_is_not_sent(house: House, conversation: Conversation) -> None:
    text = liquid_texts.render("Your case is {{ case.number }}.", {})
    with pytest.raises(Invalid, match="Fill in what is missing before this leaves: the number of its newest case"):
        replies.queue_reply(
            house.session, conversation=conversation, author=house.agents[0], text=text, client_key="gap"
        )
    note = replies.write_note(
        house.session, conversation=conversation, author=house.agents[0], text=text, client_key="note"
    )
    assert "⟦" in note.text


def test_every_variable_has_its_value(house: House, conversation: Conversation) -> None:
    conversation.language = "de"
    house.inbox.signature = "{{ agent.name }}, {{ inbox.name }}"
    text = "\n".join(f"{{{{ {name} }}}}" for name in liquid_texts.VARIABLES)
    with time_machine.travel("2026-11-22T23:30:00Z", tick=False):
        lines = filled(house, conversation, write(house, "all", text)).split("\n")
        said = dict(zip(liquid_texts.VARIABLES, lines, strict=True))
        assert said["today"] == "22. November 2026"
        house.session.get_one(Contact, conversation.contact_id).custom = {"time_zone": "Asia/Tokyo"}
        house.session.flush()
        tomorrow = canned_values.of(house.session, conversation=conversation, user=house.agents[0])["today"]
        assert tomorrow == "23. November 2026"  # where they are
    agent = house.agents[0].name
    assert said["contact.name"] == "Mia"
    assert said["contact.email"] == "mia@example.com"
    assert said["agent.signature"] == f"{agent}, {house.inbox.name}"
    assert said["conversation.number"] == str(conversation.number)
    assert said["conversation.inbox"] == house.inbox.name
    assert said["case.number"] == "⟦the number of its newest case⟧"


def test_the_text_is_in_the_customers_language_or_the_one_for_all(house: House, conversation: Conversation) -> None:
    variants = {"de": "Guten Tag {{ contact.first_name }}", "fr": ""}
    canned = write(house, "hello", "Hello {{ contact.first_name }}", language="en", variants=variants)
    for language, said in (("de", "Guten Tag Mia"), ("en", "Hello Mia"), ("fr", "Hello Mia"), (None, "Hello Mia")):
        conversation.language = language
        assert filled(house, conversation, canned) == said
    with pytest.raises(Invalid, match="Line 2") as refused:
        write(house, "bad", "fine", variants={"es": "Hola\n{{ nada }}"})
    assert refused.value.field == "variant-es"
    with pytest.raises(Invalid, match="each once"):
        write(house, "twice", "fine", language="de", variants={"de": "Hallo"})


def test_it_is_offered_to_those_it_is_for_and_ones_own_comes_first(house: House, conversation: Conversation) -> None:
    one, other = house.agents[0], house.agents[1]
    write(house, "for-all", "everybody")
    write(house, "mine", "my own", owner=one)
    write(house, "for-all", "my own way", owner=one)  # the shortcut is another's as well
    assert sorted(offered(house, conversation, user=one)) == ["for-all", "for-all", "mine"]
    assert offered(house, conversation, user=other) == ["for-all"]
    found = canned_responses.find_by_shortcut(house.session, conversation=conversation, user=one, shortcut="FOR-ALL")
    assert found is not None
    assert found.text == "my own way"
    with pytest.raises(Conflict, match="taken"):
        write(house, "For-All")


def test_of_two_who_change_it_the_second_is_told(house: House) -> None:
    canned = write(house, "one")
    told: dict[str, Any] = {"canned": canned, "shortcut": "one", "title": "One", "version": canned.version}
    canned_responses.save(house.session, text="first", **told)
    with pytest.raises(Conflict, match="meanwhile"):
        canned_responses.save(house.session, text="second", **told)
    assert canned.text == "first"


def test_uses_for_the_same_intent_come_before_ones_recent_ones(house: House, conversation: Conversation) -> None:
    session, one, other = house.session, house.agents[0], house.agents[1]
    rows = {name: write(house, name, f"about money {name}") for name in ("aa", "bb", "cc", "dd")}

    def use(name: str, user: User, intent: str | None) -> None:
        conversation.intent = intent
        canned_ranking.record_use(session, canned=rows[name], conversation=conversation, user=user)

    use("cc", one, "refund")
    use("cc", other, "refund")
    use("bb", one, "refund")
    use("dd", one, "shipping")
    conversation.intent = "refund"
    assert offered(house, conversation, "money") == ["cc", "bb", "dd", "aa"]
    conversation.intent = "shipping"
    assert offered(house, conversation, "")[0] == "dd"
    assert offered(house, conversation, "bb")[0] == "bb"  # exactly what was typed
    assert offered(house, conversation, "nowhere") == []
    conversation.intent = None
    with time_machine.travel(now() + timedelta(days=60)):
        assert offered(house, conversation, "") == ["aa", "bb", "cc", "dd"]  # nothing is recent any more


def test_what_a_search_begins_comes_before_what_merely_holds_it() -> None:
    rows = [
        Candidate(uuid7(), "zoo", "Money back", "text", for_intent=1),
        Candidate(uuid7(), "abc", "Other", "send the refund", for_intent=9),
        Candidate(uuid7(), "refund-late", "Late", "text"),
    ]
    assert [one.shortcut for one in ranked(rows, "refund")] == ["refund-late", "abc"]
    assert [one.shortcut for one in ranked(rows, "")] == ["abc", "zoo", "refund-late"]
