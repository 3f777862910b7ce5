"""What the composer offers on a channel with limits, and what the server refuses of what it does not offer."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.clock import now
from app.crypto import seal
from app.db import reading, transaction
from app.models import Channel, ChannelTemplate, Direction, Message
from connectors.registry import connector_for
from tests.inbox_house import Seeded, seeded
from tests.rooms import Visitor
from tests.social import Social, social

__all__ = ["seeded"]
MESSENGER, PICTURES, PAGE = "whatsapp", "bluesky", "facebook"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def post(seeded: Seeded, tmp_path: Path) -> Social:
    return social(seeded.made.inboxes["support"].id, tmp_path)


@pytest.fixture
def chat(seeded: Seeded, tmp_path: Path) -> Social:
    """A conversation on a messenger with a reply window, templates and narrow limits."""
    return social(seeded.made.inboxes["support"].id, tmp_path, kind=MESSENGER)


def _reply(visitor: Visitor, post: Social, text: str = "Hello", **more: Any) -> Any:
    form = {"text": text, "client_key": uuid4().hex, **more}
    return visitor.post(f"/conversations/{post.public_id}/replies", form)


def _sent(post: Social) -> list[Message]:
    with reading() as session:
        ours = select(Message).where(
            Message.conversation_id == post.conversation_id, Message.direction == Direction.OUTBOUND
        )
        rows = list(session.scalars(ours.order_by(Message.id)))
        session.expunge_all()
    return rows


def _file(name: str, content_type: str, size: int = 10) -> FileStorage:
    return FileStorage(BytesIO(PNG + b"x" * (size - len(PNG))), filename=name, content_type=content_type)


def test_the_composer_says_what_the_channel_takes(seeded: Seeded, chat: Social) -> None:
    chat.say("Hello")
    page = seeded.visitor().get(chat.path).text
    can = connector_for(MESSENGER).capabilities
    assert f'data-longest="{can.max_text}"' in page
    assert f"at most {can.max_text:,} characters" in page
    assert f'accept="{",".join(can.media_types)}"' in page
    assert f'data-most-files="{can.max_attachments}"' in page
    assert f'data-largest="{can.max_attachment_bytes}"' in page
    assert not re.search(r'<input[^>]*type="file"[^>]*multiple', page)  # it takes one


@pytest.mark.parametrize(
    ("kind", "text", "files", "words"),
    [
        (MESSENGER, "x" * 4097, [], "at most 4,096 characters"),
        (MESSENGER, "Hello", [("a.exe", "application/x-msdownload", 10)], "does not take files like"),
        (MESSENGER, "Hello", [("1.png", "image/png", 10), ("2.png", "image/png", 10)], "at most one file"),
        (PICTURES, "Hello", [("a.png", "image/png", 8_000_001)], "larger than the 8 MB"),
        (PICTURES, "x" * 1001, [], "at most 1,000 characters"),
    ],
)
def test_the_server_refuses_what_the_composer_would_not_send(
    seeded: Seeded, tmp_path: Path, kind: str, text: str, files: list[tuple[str, str, int]], words: str
) -> None:
    post = social(seeded.made.inboxes["support"].id, tmp_path, kind=kind)
    post.say("Hello")
    answer = _reply(seeded.visitor("ben"), post, text, files=[_file(*file) for file in files])
    assert answer.status_code == 422
    assert words in answer.text
    assert _sent(post) == []


@pytest.mark.parametrize(
    ("kind", "text", "is_taken"),
    [
        (PICTURES, "x" * 300, True),
        (PICTURES, "x" * 301, False),
        ("x", "x" * 280, True),
        ("x", "x" * 281, False),
        ("x", "日" * 141, False),  # each counts twice
        ("x", "https://acme.example/" + "a" * 400, True),  # a link is 23 long
    ],
)
def test_what_everybody_reads_has_a_limit_of_its_own(
    seeded: Seeded, tmp_path: Path, kind: str, text: str, *, is_taken: bool
) -> None:
    post = social(seeded.made.inboxes["support"].id, tmp_path, kind=kind)
    said = post.say("It broke.", is_public=True)
    visitor = seeded.visitor("ben")
    most = connector_for(kind).capabilities.max_public_text
    assert f'data-longest-public="{most}"' in visitor.get(post.path).text
    answer = _reply(visitor, post, text, answers=str(said.public_id), public="1")
    assert answer.status_code == (303 if is_taken else 422)
    assert is_taken or f"public posts of at most {most} characters" in answer.text
    assert _reply(visitor, post, text, answers=str(said.public_id), public="1", private="1").status_code == 303


def test_a_reply_to_a_public_message_is_public_and_says_so_before(seeded: Seeded, post: Social) -> None:
    said = post.say("It broke.", is_public=True)
    visitor = seeded.visitor("ben")
    page = visitor.get(post.path).text
    assert "data-public" in page.partition('<form class="composer"')[2].partition(">")[0]
    assert "Everybody at Sandbox can read this reply." in page
    assert "Answer in private" in page
    assert _reply(visitor, post, answers=str(said.public_id), public="1").status_code == 303
    (reply,) = _sent(post)
    assert (reply.is_public, reply.answers_id) == (True, said.id)


def test_a_public_message_can_be_answered_in_private(seeded: Seeded, post: Social) -> None:
    said = post.say("It broke.", is_public=True)
    visitor = seeded.visitor("ben")
    visitor.get(post.path)
    assert _reply(visitor, post, answers=str(said.public_id), public="1", private="1").status_code == 303
    (reply,) = _sent(post)
    assert (reply.is_public, reply.answers_id) == (False, said.id)


def test_no_reply_is_public_that_was_not_shown_to_be(seeded: Seeded, post: Social) -> None:
    post.say("My address is Main Street 1.")
    visitor = seeded.visitor("ben")
    visitor.get(post.path)
    post.say("@acme hello?", is_public=True)
    answer = _reply(visitor, post, "We have your address, Main Street 1.", public="0")
    assert answer.status_code == 409
    assert "would be public" in answer.text
    assert _sent(post) == []


def test_one_message_can_be_picked_without_scripts(seeded: Seeded, post: Social) -> None:
    first = post.say("The first question.")
    post.say("The second question.")
    visitor = seeded.visitor("ben")
    assert f"answers={first.public_id}#composer-" in visitor.get(post.path).text
    page = visitor.get(f"{post.path}?answers={first.public_id}").text
    composer = page.partition('<form class="composer"')[2]
    assert f'name="answers" value="{first.public_id}"' in composer
    assert "The first question." in composer.partition("<textarea")[0]
    _reply(visitor, post, answers=str(first.public_id))
    assert _sent(post)[0].answers_id == first.id


def test_a_message_of_another_conversation_cannot_be_picked(seeded: Seeded, post: Social, tmp_path: Path) -> None:
    other = social(seeded.made.inboxes["support"].id, tmp_path, "Bo Ek").say("Elsewhere.")
    post.say("Here.")
    visitor = seeded.visitor("ben")
    page = visitor.get(f"{post.path}?answers={other.public_id}").text
    assert 'name="answers" value=""' in page
    assert _reply(visitor, post, answers=str(other.public_id)).status_code == 422


def test_the_window_is_a_clock_while_it_is_open(seeded: Seeded, chat: Social) -> None:
    chat.say("Hello", minutes=21 * 60 - 30)
    page = seeded.visitor().get(chat.path).text
    assert "You can answer freely for another <b data-left>3 h 2" in page
    assert "<reply-window" in page


@pytest.mark.parametrize(
    ("granted", "hours", "words"),
    [
        (True, 23, "You can answer freely for another <b data-left>6 d 1 h"),
        (True, 25, "You can answer yourself for another <b data-left>5 d 2"),
        (True, 7 * 24 + 1, "lets you answer freely for 7 days"),
        (False, 25, "lets you answer freely for 24 hours"),
    ],
)
def test_where_people_may_answer_longer_the_composer_says_until_when(
    seeded: Seeded,
    tmp_path: Path,
    granted: bool,
    hours: int,
    words: str,
) -> None:
    chat = social(seeded.made.inboxes["support"].id, tmp_path, kind=PAGE)
    with transaction() as session:
        session.get_one(Channel, chat.channel_id).sealed = seal({"human_agent": granted})
    chat.say("Hello", minutes=hours * 60 - 1)
    page = seeded.visitor("ben").get(chat.path).text
    assert words in page
    is_open = granted and hours < 7 * 24
    assert _reply(seeded.visitor("ben"), chat, "Hello").status_code == (303 if is_open else 422)


def _template(post: Social, text: str = "Hi {{1}}, order {{2}} has left.") -> ChannelTemplate:
    with transaction() as session:
        row = ChannelTemplate(channel_id=post.channel_id, name="order_left", language="en", text=text, synced_at=now())
        session.add(row)
    return row


def test_after_the_window_templates_are_offered_and_words_are_not(seeded: Seeded, chat: Social) -> None:
    chat.say("Hello", minutes=25 * 60)
    template = _template(chat)
    visitor = seeded.visitor("ben")
    page = visitor.get(chat.path).text
    assert "lets you answer freely for 24 hours" in page
    assert 'data-send="reply"' not in page
    assert "order_left" in page
    assert page.count('name="value"') == 2
    assert _reply(visitor, chat, "Hello").status_code == 422
    answer = _reply(visitor, chat, "", template=str(template.public_id), value=["Nora", "4821"])
    assert answer.status_code == 303
    (reply,) = _sent(chat)
    assert reply.text == "Hi Nora, order 4821 has left."
    shown = visitor.get(chat.path).text
    assert "Template" in shown.partition(f'data-message="{reply.public_id}"')[2].partition("</header>")[0]


@pytest.mark.parametrize("values", [[], ["Nora"], ["Nora", " "]])
def test_a_template_without_all_its_values_is_not_sent(seeded: Seeded, chat: Social, values: list[str]) -> None:
    chat.say("Hello", minutes=25 * 60)
    template = _template(chat)
    visitor = seeded.visitor("ben")
    visitor.get(chat.path)
    answer = _reply(visitor, chat, "", template=str(template.public_id), value=values)
    assert answer.status_code == 422
    assert "needs 2 values" in answer.text
    assert _sent(chat) == []


def test_a_public_message_is_answered_at_any_time(seeded: Seeded, tmp_path: Path) -> None:
    post = social(seeded.made.inboxes["support"].id, tmp_path, kind=PAGE)
    said = post.say("It broke.", minutes=30 * 60, is_public=True)
    visitor = seeded.visitor("ben")
    page = visitor.get(post.path).text
    assert "lets you answer freely" not in page
    assert _reply(visitor, post, answers=str(said.public_id), public="1").status_code == 303


def test_mail_is_answered_as_ever(seeded: Seeded) -> None:
    page = seeded.visitor().get(seeded.path("Marta Lindqvist")).text
    assert "answering-public" not in page
    assert "<reply-window" not in page
    assert "data-answer" not in page


def test_the_last_hour_says_minutes(seeded: Seeded, chat: Social) -> None:
    chat.say("Hello", minutes=23.5 * 60)
    assert "another <b data-left>29 min" in seeded.visitor().get(chat.path).text
