"""What the inbox's queries find, and how many statements each screen takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db import reading, transaction
from app.models import Contact, Conversation, ConversationRead, Inbox, Message, User
from app.queries import case_list, contact_list, conversation_list, conversation_view, sidebar, timeline
from app.queries.conversation_list import Filters
from app.services import access
from tests.inbox_house import Seeded, counted, part, seeded

__all__ = ["seeded"]

ANY = Filters(status="all")


def _as(seeded: Seeded, who: str) -> tuple[User, list[Inbox]]:
    user = seeded.made.users[who]
    with reading() as session:
        return user, access.visible_inboxes(session, user)


def _narrowed(**changes: str) -> Filters:
    return replace(ANY, **changes)  # type: ignore[arg-type]  # changes name what an address says


def _found(seeded: Seeded, who: str, filters: Filters, **more: object) -> list[conversation_list.ConversationRow]:
    user, inboxes = _as(seeded, who)
    with reading() as session:
        ids = [inbox.id for inbox in inboxes]
        page = conversation_list.page(session, user=user, inbox_ids=ids, filters=filters, rows=400, **more)  # type: ignore[arg-type]
    return list(page.rows)


def test_pages_follow_each_other_without_gap_or_overlap(seeded: Seeded) -> None:
    user, inboxes = _as(seeded, "ana")
    ids, seen, after = [inbox.id for inbox in inboxes], [], ""
    with reading() as session:
        while True:
            page = conversation_list.page(session, user=user, inbox_ids=ids, filters=ANY, rows=7, after=after)
            seen += [row.public_id for row in page.rows]
            after = page.more
            if not after:
                break
        everything = session.scalars(
            select(Conversation.public_id).order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        ).all()
    assert seen == list(everything)


@pytest.mark.parametrize(("order", "sign"), [("worst", 1), ("best", -1)])
def test_pages_by_mood_follow_each_other_and_end_with_what_has_none(seeded: Seeded, order: str, sign: int) -> None:
    user, inboxes = _as(seeded, "ana")
    ids, after = [inbox.id for inbox in inboxes], ""
    seen: list[conversation_list.ConversationRow] = []
    with reading() as session:
        while True:
            wanted = replace(ANY, sort=order)
            page = conversation_list.page(session, user=user, inbox_ids=ids, filters=wanted, rows=7, after=after)
            seen += page.rows
            after = page.more
            if not after:
                break
    assert len({row.public_id for row in seen}) == len(seen) == seeded.made.total
    known = [row.mood for row in seen if row.mood is not None]
    assert known == sorted(known, key=lambda mood: sign * mood)
    assert len(set(known)) > 5
    assert [row.mood for row in seen[len(known) :]] == [None] * (len(seen) - len(known))


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({"emotion": "frustration"}, lambda row: row.emotion == "frustration"),
        ({"urgency": "high"}, lambda row: row.urgency == "high"),
        ({"mood": "-1..-0.2"}, lambda row: row.mood is not None and row.mood <= -0.2),
        ({"mood": "recovered"}, lambda row: row.has_recovered),
        ({"confidence": "0.9"}, lambda row: row.confidence is not None and row.confidence >= 0.9),
    ],
)
def test_the_list_can_be_narrowed_by_what_the_models_said(
    seeded: Seeded, filters: dict[str, str], holds: Callable[[Any], bool]
) -> None:
    everything = _found(seeded, "ana", ANY)
    found = {row.public_id for row in _found(seeded, "ana", _narrowed(**filters))}
    assert found == {row.public_id for row in everything if holds(row)}
    assert found != {row.public_id for row in everything}


def test_the_list_can_be_narrowed_to_a_language_and_to_what_the_model_was_unsure_of(seeded: Seeded) -> None:
    asked = seeded.made.conversations["Marta Lindqvist"]
    with transaction() as session:
        conversation = session.get_one(Conversation, asked.id)
        conversation.language, conversation.sentiment = "sv", None
    for filters in ({"language": "sv"}, {"confidence": "unsure"}):
        assert [row.public_id for row in _found(seeded, "ana", _narrowed(**filters))] == [asked.public_id]
    with transaction() as session:
        conversation = session.get_one(Conversation, asked.id)
        conversation.language, conversation.sentiment = asked.language, asked.sentiment


@pytest.mark.parametrize("mood", ["x", "..", "1..-1", "nan..nan", "-9..9"])
def test_a_range_of_moods_that_cannot_be_read_asks_nothing(seeded: Seeded, mood: str) -> None:
    assert len(_found(seeded, "ana", replace(ANY, mood=mood))) == seeded.made.total


@pytest.mark.parametrize("cursor", ["", "~", "x~y", "1e400~" + "0" * 32, "nan~01a2027f-69d5-7547-bc7e-bf2d5525e33f"])
def test_a_cursor_that_cannot_be_read_means_the_beginning_or_nothing(seeded: Seeded, cursor: str) -> None:
    assert len(_found(seeded, "ana", ANY, after=cursor)) in {0, seeded.made.total}


def test_only_conversations_of_shared_inboxes_are_listed(seeded: Seeded) -> None:
    assert {row.inbox_name for row in _found(seeded, "chloe", ANY)} == {"Support"}
    assert {row.inbox_name for row in _found(seeded, "ben", ANY)} == {"Support", "Wholesale and sales"}


@pytest.mark.parametrize(
    ("filters", "keeps"),
    [
        ({"view": "mine"}, lambda row: row.assignee_name == "Ana Duarte"),
        ({"view": "unassigned"}, lambda row: row.assignee_name is None),
        ({"assignee": "none"}, lambda row: row.assignee_name is None),
        ({"sentiment": "negative"}, lambda row: row.sentiment == "negative"),
        ({"intent": "complaint"}, lambda row: row.intent == "complaint"),
        ({"priority": "urgent"}, lambda row: row.priority == "urgent"),
        ({"channel": "webchat"}, lambda row: row.channel_kind == "webchat"),
        ({"unread": "1"}, lambda row: row.is_unread),
        ({"status": "snoozed"}, lambda row: row.status == "snoozed"),
        ({"sentiment": "negative", "channel": "mail"}, lambda r: (r.sentiment, r.channel_kind) == ("negative", "mail")),
    ],
)
def test_a_filter_keeps_exactly_what_it_names(seeded: Seeded, filters: dict[str, str], keeps: object) -> None:
    everything = _found(seeded, "ana", ANY)
    expected = {row.public_id for row in everything if keeps(row)}  # type: ignore[operator]
    assert expected
    assert {row.public_id for row in _found(seeded, "ana", _narrowed(**filters))} == expected


def test_filters_by_public_id_and_by_nonsense(seeded: Seeded) -> None:
    tag = seeded.made.tags["warranty"]
    assert all(
        "warranty" in {t.name for t in r.tags} for r in _found(seeded, "ana", replace(ANY, tag=str(tag.public_id)))
    )
    inbox = seeded.made.inboxes["sales"]
    rows = _found(seeded, "ana", replace(ANY, inbox=str(inbox.public_id)))
    assert {row.inbox_name for row in rows} == {"Wholesale and sales"}
    for name in ("tag", "inbox", "assignee"):
        assert _found(seeded, "ana", _narrowed(**{name: "nonsense' OR 1=1"})) == []


def test_what_one_wrote_oneself_is_not_unread(seeded: Seeded) -> None:
    name = "Nadia Petrova"  # Ana wrote last
    with reading() as session:
        last = session.get_one(Conversation, seeded.made.conversations[name].id).last_message_id
        read = select(ConversationRead.message_id).where(
            ConversationRead.conversation_id == seeded.made.conversations[name].id,
            ConversationRead.user_id == seeded.made.users["ana"].id,
        )
        assert session.get_one(Message, last).author_id == seeded.made.users["ana"].id
        assert (session.scalar(read) or 0) <= (last or 0)
    assert not next(row for row in _found(seeded, "ana", ANY) if row.contact_name == name).is_unread


def test_counts_are_those_of_the_lists(seeded: Seeded) -> None:
    for who in ("ana", "chloe"):
        user, inboxes = _as(seeded, who)
        filters = Filters(view="mine", sentiment="negative")
        with reading() as session:
            counts = sidebar.sidebar(
                session, user=user, inbox_ids=[inbox.id for inbox in inboxes], filters=filters
            ).counts
        for status, count in counts.statuses.items():
            assert count == len(_found(seeded, who, replace(filters, status=status)))
        for view, count in counts.views.items():
            assert count == len(_found(seeded, who, Filters(view=view)))
        for inbox in counts.inboxes:
            assert inbox.open == len(_found(seeded, who, Filters(inbox=inbox.id)))
            assert inbox.unread == len(_found(seeded, who, Filters(inbox=inbox.id, unread="1")))


def test_a_query_that_was_kept_for_one_reader_finds_nothing_of_anothers(seeded: Seeded) -> None:
    path = seeded.path("Marta Lindqvist").rpartition("/")[2]
    for who in ("ana", "chloe", "ben", "ana"):
        user, inboxes = _as(seeded, who)
        fresh, kept = [inbox.id for inbox in inboxes], access.inbox_ids_of(user)  # those of a list are never kept
        with reading() as session:
            for filters in (Filters(), Filters(view="mine"), Filters(unread="1"), Filters(view="followed")):
                ask: dict[str, Any] = {"user": user, "filters": filters}
                for rows in (3, 400):
                    page = conversation_list.page(session, inbox_ids=kept, rows=rows, **ask)
                    assert page == conversation_list.page(session, inbox_ids=fresh, rows=rows, **ask)
                assert sidebar.sidebar(session, inbox_ids=kept, **ask) == sidebar.sidebar(
                    session, inbox_ids=fresh, **ask
                )
            of_kept = conversation_view.find(session, public_id=path, user=user, inbox_ids=kept)
            assert of_kept == conversation_view.find(session, public_id=path, user=user, inbox_ids=fresh)


def test_people_of_the_menus_know_which_inboxes_they_see(seeded: Seeded) -> None:
    support, sales = seeded.made.inboxes["support"].id, seeded.made.inboxes["sales"].id
    with reading() as session:
        people = {one.name: one for one in sidebar.options(session, inbox_ids=[support]).people}
    assert people["Chloé Martin"].sees(support)
    assert not people["Chloé Martin"].sees(sales)
    assert people["Ben Achterberg"].sees(sales)
    assert people["Ana Duarte"].sees(sales)


def test_a_conversation_of_another_inbox_is_not_found(seeded: Seeded) -> None:
    user, inboxes = _as(seeded, "chloe")
    ids = [inbox.id for inbox in inboxes]
    with reading() as session:
        for wanted in (seeded.public_id("Tomás Herrera"), "nonsense", ""):
            assert conversation_view.find(session, public_id=wanted, user=user, inbox_ids=ids) is None
        assert conversation_view.find(session, public_id=seeded.public_id("Jonas Weber"), user=user, inbox_ids=ids)


def test_the_timeline_pages_backwards_to_the_first_word(seeded: Seeded) -> None:
    conversation = seeded.made.conversations["Marta Lindqvist"]
    with reading() as session:
        whole = timeline.of_conversation(session, conversation_id=conversation.id)
        newest = timeline.of_conversation(session, conversation_id=conversation.id, limit=2)
        before = timeline.of_conversation(session, conversation_id=conversation.id, limit=9, before=newest.earlier)
    assert whole.earlier == before.earlier == ""
    assert [m.id for m in before.messages + newest.messages] == [m.id for m in whole.messages]
    assert "sentiment" in {told.task for told in whole.messages[0].predictions}
    assert [a.filename for m in whole.messages for a in m.attachments] == ["burr-carrier.png", "screw.png"]


def test_contacts_are_searched_by_words_and_addresses_not_by_patterns(seeded: Seeded) -> None:
    user, inboxes = _as(seeded, "ana")
    ids = [inbox.id for inbox in inboxes]
    with reading() as session:
        names = {
            search: [row.name for row in contact_list.page(session, user=user, inbox_ids=ids, search=search).rows]
            for search in ("lind", "LINDQ", "marta.l", "%", "_", "\\", "nobody at all")
        }
    assert names["lind"] == ["Emma Lindgren", "Marta Lindqvist"]
    assert names["LINDQ"] == names["marta.l"] == ["Marta Lindqvist"]
    assert names["%"] == names["_"] == names["\\"] == names["nobody at all"] == []


def test_contacts_and_cases_of_other_inboxes_stay_hidden(seeded: Seeded) -> None:
    user, inboxes = _as(seeded, "chloe")
    ids = [inbox.id for inbox in inboxes]
    with reading() as session:
        first = contact_list.page(session, user=user, inbox_ids=ids)
        rest = contact_list.page(session, user=user, inbox_ids=ids, after=first.more) if first.more else None
        names = {row.name for row in first.rows + (rest.rows if rest else ())}
        cases = case_list.page(session, user=user, inbox_ids=[seeded.made.inboxes["sales"].id], status="all")
        total = session.scalar(
            select(func.count(Conversation.contact_id.distinct())).where(Conversation.inbox_id.in_(ids))
        )
    assert "Tomás Herrera" not in names
    assert len(names) == total
    assert cases.rows == ()


@pytest.mark.parametrize(
    "path", ["/inbox", "/cases", "/contacts", "/inbox?view=mine&unread=1&tag=x&sentiment=negative"]
)
def test_a_page_takes_at_most_eight_statements(seeded: Seeded, path: str) -> None:
    ana = seeded.visitor()
    with counted() as statements:
        assert ana.get(path).status_code == 200
    assert len(statements) <= 8, "\n\n".join(statements)


@pytest.mark.parametrize("contact", ["Marta Lindqvist", "Jonas Weber", "Tomás Herrera", "Dorothea Klein"])
def test_an_open_conversation_takes_at_most_eight_statements(seeded: Seeded, contact: str) -> None:
    ana, path = seeded.visitor(), seeded.path(contact)
    with reading() as session:
        person = session.scalars(select(Contact.public_id).where(Contact.name == contact)).one()
    pages: tuple[tuple[str, dict[str, str]], ...] = (
        (path, {}),
        (f"{path}?timeline=all", {}),
        (path, part("pane")),
        (path, part("list")),
    )
    for address, headers in (*pages, (f"/contacts/{person}", {})):
        with counted() as statements:
            assert ana.client.get(address, headers=headers).status_code == 200
        assert len(statements) <= 8, "\n\n".join(statements)
