"""Replies written in Markdown: what leaves, what is kept, and what hostile words come to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.markdown import LONGEST, formatted
from app.models import Attachment, Conversation
from app.services import replies, scheduled_replies, sending, taking_back
from app.services.arrivals import StoredAttachment
from app.services.outgoing import Outgoing
from connectors.registry import connector_for
from connectors.sanitize import sanitize_html
from tests.services.making import House, letter

CAT, DOG = "c" * 32 + "@inline", "d" * 32 + "@inline"
WRITTEN = f"""Hello **Maria**,
see https://shop.example/a_b and [our terms](https://shop.example/terms).

- one
  1. inner
- ~~two~~ `a < b`

> quoted

![the cat](cid:{CAT}) 👍"""
WORDS = """Hello Maria,
see https://shop.example/a_b and our terms (https://shop.example/terms).

- one
  1. inner
- two a < b

> quoted

[the cat] 👍"""
HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an event": '<img src=x onerror="alert(1)">',
    "a link that runs": "[x](javascript:alert(1)) [y](JaVaScRiPt&colon;alert(1)) <javascript:alert(1)>",
    "a link of data": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "a way out of an attribute": '[x](https://a.example/"onmouseover="alert(1)) ![" onerror="](cid:' + CAT + ")",
    "a picture elsewhere": "![x](https://evil.example/pixel.png) ![y](cid:" + DOG + ")",
    "a title": '[x](https://a.example "\\"><script>")',
}


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def conversation(house: House) -> Conversation:
    return house.one(letter())[0]


def upload(content_id: str | None) -> StoredAttachment:
    return replies.store_upload("cat.png", "image/png", b"\x89PNG", content_id=content_id)


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_nothing_hostile_becomes_more_than_words(what: str) -> None:
    made = formatted(HOSTILE[what], [CAT])
    assert made
    for html in (made.html, sanitize_html(made.html, cid_urls={CAT: "/attachments/1"}).html):
        tags = html.replace("&lt;", "").split("<")[1:]
        assert all(tag.startswith(("p>", "/p>", 'a href="http', "/a>", "img src", "br")) for tag in tags)
        names = [re.sub(r'"[^"]*"', "", tag.partition(">")[0]) for tag in tags]  # without what is quoted
        assert not any(sign in name for name in names for sign in ("script", "onerror=", "onmouseover="))
        assert "evil.example" not in html
        assert DOG not in html


@pytest.mark.parametrize("sign", ["*a ", "[", "![[", "> ", "- ", "~~a~ ", "`", "<", "[a](b ", "_a__b", "| "])
def test_however_it_is_nested_it_stays_bounded(sign: str) -> None:
    made = formatted(sign * (LONGEST // len(sign)))
    assert made is None or len(made.html) < 20 * LONGEST
    assert formatted(sign * 1_000_000) is None


def test_what_is_nested_too_deep_stays_as_it_was_typed() -> None:
    assert formatted("**a " * 25 + "b**" * 25)
    assert formatted("**a " * 200 + "b**" * 200) is None


def test_a_reply_leaves_as_plain_words_and_as_html_with_its_pictures(house: House, conversation: Conversation) -> None:
    house.inbox.signature = "Kind <regards>\n{{agent.name}} {{ sender.address }}"
    message = replies.queue_reply(
        house.session,
        conversation=conversation,
        author=house.agents[0],
        text=WRITTEN,
        client_key="k1",
        uploads=[upload(CAT), upload(DOG), upload(None)],
        is_markdown=True,
    )
    assert (message.text, message.markdown) == (WORDS, WRITTEN)
    assert conversation.preview.startswith("Hello Maria, see https")
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    name = f"{house.agents[0].name} {house.channel.address}"
    assert claim.outbound.text == f"{WORDS}\n\n-- \nKind <regards>\n{name}"
    html = claim.outbound.html or ""
    for part in (
        "<strong>Maria</strong>,<br>",
        '<a href="https://shop.example/a_b">https://shop.example/a_b</a>',
        '<a href="https://shop.example/terms">our terms</a>',
        "<ol>\n<li>inner</li>",
        "<s>two</s> <code>a &lt; b</code>",
        f'<img src="cid:{CAT}" alt="the cat"> 👍',
        f"-- <br>\nKind &lt;regards&gt;<br>\n{name}</p>",
    ):
        assert part in html
    assert [content_id for *_, content_id in claim.files] == [CAT, "", ""]  # unnamed pictures are attached
    shown = select(Attachment.is_inline).where(Attachment.message_id == message.id).order_by(Attachment.id)
    assert house.session.scalars(shown).all() == [True, False, False]


def test_what_was_not_formatted_leaves_as_it_was_typed(house: House, conversation: Conversation) -> None:
    said = {"conversation": conversation, "author": house.agents[0]}
    plain = replies.queue_reply(house.session, **said, text="2 * 3 * 4 **x**", client_key="k1")
    assert (plain.text, plain.markdown, plain.html) == ("2 * 3 * 4 **x**", None, None)
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert claim.outbound.html is None
    words = "long **words** " * (LONGEST // 10)
    long = replies.queue_reply(house.session, **said, text=words[:90_000], client_key="k2", is_markdown=True)
    assert (long.text, long.markdown) == (words[:90_000].strip(), None)


def test_a_channel_without_formatted_text_gets_the_marks_as_they_are(
    house: House, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = type(connector_for(house.channel.kind))
    monkeypatch.setattr(connector, "capabilities", replace(connector.capabilities, html=False))
    message = replies.queue_reply(
        house.session,
        conversation=conversation,
        author=house.agents[0],
        text="**now**",
        client_key="k1",
        is_markdown=True,
    )
    assert (message.text, message.markdown) == ("**now**", None)


def test_undo_and_a_later_time_keep_what_was_typed(house: House, conversation: Conversation) -> None:
    ana = house.agents[0]
    out = Outgoing(WRITTEN, "k1", [upload(CAT)], is_markdown=True)
    kept = scheduled_replies.schedule(
        house.session, conversation=conversation, author=ana, out=out, due_at=now() + timedelta(hours=1)
    )
    assert kept
    assert (kept.text, kept.is_markdown) == (WRITTEN, True)
    message = scheduled_replies.send_now(house.session, conversation=conversation, public_id=str(kept.public_id))
    assert (message.text, message.markdown) == (WORDS, WRITTEN)
    taken = taking_back.take_back(house.session, message=message, actor=ana)
    assert (taken.text, taken.files[0]["content_id"]) == (WRITTEN, CAT)
