"""The page that searches everything: what it shows of strangers' words, what it remembers, and for whom."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from markupsafe import escape
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.clock import now
from app.db import reading, transaction
from app.models import Contact, Conversation, Direction, Message, RecentSearch, SearchKind, SearchProgress
from app.queries import search_page
from app.queries.search_terms import parse
from app.services import contacts, recent_searches, rewording, search_index
from app.services.recent_searches import KEPT
from app.web.inbox.found import Wanted, excerpt
from tests.inbox_house import Seeded, part, seeded

__all__ = ["seeded"]

HOSTILE = '</mark><script>alert("marimba")</script> & <b>marimba</b> 4111 1111 1111 1111'


@pytest.fixture(scope="module")
def hostile(seeded: Seeded) -> int:
    """A message, a name and a note that attack the page; the message's id."""
    with transaction() as session:
        home = session.get_one(Conversation, seeded.made.conversations["Stefan Ionescu"].id)
        message = Message(
            conversation_id=home.id,
            channel_id=home.channel_id,
            contact_id=home.contact_id,
            direction=Direction.INBOUND,
            text=HOSTILE,
            created_at=now(),
        )
        session.add(message)
        contact = session.get_one(Contact, home.contact_id)
        ana = seeded.made.users["ana"]
        contacts.edit(session, contact=contact, actor=ana, version=contact.version, note=f"Plays marimba {HOSTILE}")
        session.flush()
        search_index.messages(session, [message])
        return message.id


def show(seeded: Seeded, typed: str, who: str = "ana", **more: str) -> str:
    answer = seeded.visitor(who).get(f"/search?{urlencode({'q': typed, **more})}")
    assert answer.status_code == 200
    return answer.text


def test_hostile_words_are_shown_as_text_and_hidden_ones_not_at_all(seeded: Seeded, hostile: int) -> None:
    html = show(seeded, "marimba")
    assert '<mark class="found">marimba</mark>' in html
    assert "<script>alert(" not in html
    assert "<b>" not in html
    assert "4111" not in html
    again = show(seeded, '"><script>alert(1)</script>')
    assert "<script>alert(" not in again


def test_words_are_marked_where_they_stand() -> None:
    for typed, said, shown in (
        ("muller", "Herr Müller & Söhne", 'Herr <mark class="found">Müller</mark> &amp; Söhne'),
        ("refun*", "two refunds", 'two <mark class="found">refunds</mark>'),
        ("返金", "注文の返金して", '注文の<mark class="found">返金</mark>して'),
        ("-cat dog", "cat and dog", 'cat and <mark class="found">dog</mark>'),
        ("", "<b>", "&lt;b&gt;"),
    ):
        assert excerpt(said, Wanted.of(parse(typed).words)) == shown
    long = "word " * 400 + "needle here" + " word" * 400
    assert '<mark class="found">needle</mark>' in excerpt(long, Wanted.of(parse("needle").words))
    assert len(excerpt("x" * 100_000, Wanted())) < 300
    assert excerpt(str(escape("<i>")), Wanted()) == "&amp;lt;i&amp;gt;"


def test_what_was_changed_or_deleted_is_found_no_more(seeded: Seeded, hostile: int) -> None:
    with transaction() as session:
        message = session.get_one(Message, hostile)
        message.text = f"{HOSTILE} glockenspiel"
        rewording.take_back(session, [message])
    assert "glockenspiel</mark>" in show(seeded, "glockenspiel")
    with transaction() as session:
        message = session.get_one(Message, hostile)
        message.deleted_at = now()
        rewording.take_back(session, [message])
    assert "Nothing found" in show(seeded, "glockenspiel")
    with transaction() as session:  # others of this module look for it
        message = session.get_one(Message, hostile)
        message.deleted_at, message.text = None, HOSTILE
        search_index.messages(session, [message])


def test_searches_are_remembered_for_who_typed_them(seeded: Seeded) -> None:
    browser = seeded.visitor("dev")
    for typed in ("refund   please", "mood:<-0.5", "my card 4111 1111 1111 1111", "refund please"):
        assert browser.post("/search", {"q": typed}).status_code == 303
    with reading() as session:
        mine = select(RecentSearch.query).where(RecentSearch.user_id == seeded.made.users["dev"].id)
        assert session.scalars(mine.order_by(RecentSearch.used_at.desc())).all() == ["refund please", "mood:<-0.5"]
    assert "refund please" in browser.get("/search").text
    assert "refund please" not in seeded.visitor("ben").get("/search").text
    browser.post("/search/forget", {"q": "refund please"})
    assert "refund please" not in browser.get("/search").text
    with transaction() as session:
        for number in range(KEPT + 5):
            recent_searches.remember(session, user=seeded.made.users["dev"], typed=f"number {number}")
        assert len(session.scalars(mine).all()) == KEPT
    browser.post("/search/forget")
    assert "Recent searches" not in browser.get("/search").text


def test_a_page_says_what_to_try_and_what_is_not_ready(seeded: Seeded) -> None:
    assert "What can be searched for" in show(seeded, "")
    nothing = show(seeded, '"no such thing" from:nobody')
    assert "Nothing found" in nothing
    assert "Leave the quotes out" in nothing
    assert "Did you mean “mood:”?" in show(seeded, "moood:<1")
    with transaction() as session:
        row = session.get_one(SearchProgress, SearchKind.MESSAGE)
        oldest, row.oldest = row.oldest, 30
    assert "still being made ready" in show(seeded, "refund")
    with transaction() as session:
        session.get_one(SearchProgress, SearchKind.MESSAGE).oldest = oldest
    assert "still being made ready" not in show(seeded, "refund")


def test_a_search_that_takes_too_long_says_so(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(session: Session, *_asked: object, **_more: object) -> None:
        session.execute(text("SET LOCAL statement_timeout = 5"))
        session.execute(text("SELECT pg_sleep(30)"))

    monkeypatch.setattr(search_page, "hits", slowly)
    assert search_page.TOO_LONG in show(seeded, "refund")


def test_more_rows_and_contacts_come_as_pieces(seeded: Seeded) -> None:
    browser = seeded.visitor("ana")
    page = browser.get("/search?q=the&kind=message").text
    assert page.count('class="found-row"') == 25
    address = page.split('id="found-more"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    piece = browser.get(address, **part("found-more")).text
    assert "<html" not in piece
    assert piece.count('class="found-row"') >= 1
    for kind in ("contact", "case", "article", "nonsense"):
        assert browser.get(f"/search?q=the&kind={kind}&after=%00:x&order=up").status_code == 200
    people = browser.get("/search/contacts?q=lindq").text
    assert "Marta Lindqvist" in people
    assert "<html" not in people
    assert "Tomás Herrera" not in seeded.visitor("chloe").get("/search/contacts?q=herr").text
