"""The order of the timeline: messages as they arrived, with what people did between them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.queries.activity_lines import ActivityLine
from app.queries.timeline import MessageRow, TimelinePage
from app.services import activities
from app.web.inbox.timeline_items import Item, Line, arrange

HERE, THERE = UUID(int=1), UUID(int=2)


def test_what_was_done_stands_behind_what_other_conversations_had_said_by_then() -> None:
    page = TimelinePage(messages=(_said(10, HERE, 1), _said(20, THERE, 2), _said(30, THERE, 4)), earlier="")
    lines = [_done(1, place=10, day=1), _done(2, place=10, day=3)]
    assert _order(arrange(page, lines, mixed=True)) == ["said 10", "done 1", "said 20", "done 2", "said 30"]


def test_what_happened_before_the_first_message_shown_waits_for_the_earlier_page() -> None:
    page = TimelinePage(messages=(_said(20, THERE, 2), _said(30, THERE, 4)), earlier="there is more")
    lines = [_done(1, place=10, day=1), _done(2, place=10, day=3)]
    assert _order(arrange(page, lines, mixed=True)) == ["said 20", "done 2", "said 30"]


def test_one_conversation_keeps_the_places_its_activities_were_given() -> None:
    page = TimelinePage(messages=(_said(10, HERE, 1), _said(20, HERE, 2)), earlier="")
    assert _order(arrange(page, [_done(1, place=10, day=3)])) == ["said 10", "done 1", "said 20"]


def _order(items: list[Item]) -> list[str]:
    kinds = {MessageRow: "said", Line: "done"}
    return [f"{kinds[type(item)]} {item.id}" for item in items if isinstance(item, MessageRow | Line)]


def _done(number: int, *, place: int, day: int) -> ActivityLine:
    moment = datetime(2026, 11, day, 12, tzinfo=UTC)
    return ActivityLine(number, place, "conversation.resolved", {"who": "Ana"}, moment)


def _said(number: int, conversation: UUID, day: int) -> MessageRow:
    return MessageRow(
        id=number,
        public_id=UUID(int=number),
        conversation_id=conversation,
        conversation_number=1,
        conversation_subject="",
        channel_kind="sandbox",
        channel_name="",
        is_inbound=True,
        is_note=False,
        author_name=None,
        sender="",
        is_verified=False,
        subject="",
        text="",
        is_cut=False,
        quoted="",
        signature="",
        has_html=False,
        recipients={},
        custom={},
        auto="none",
        send_state=None,
        send_error="",
        client_key=None,
        created_at=datetime(2026, 11, day, tzinfo=UTC),
        sent_at=None,
        is_annotated=False,
        predictions=(),
        attachments=(),
    )


def test_what_was_stored_of_a_contact_is_said_again() -> None:
    said = {
        told: str(activities.sentence("contact.edited", {"who": "Ana", "changes": told}))
        for told in ("note", "name is now Mia", "name is now Mia, note", "name is now ")
    }
    assert all(sentence.endswith(told) for told, sentence in said.items())
