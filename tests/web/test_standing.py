"""What happened to a message at its provider, as the timeline shows it to those who may see it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app import blobs
from app.clock import now
from app.db import reading, transaction
from app.models import (
    ActionState,
    Attachment,
    AuditEntry,
    FetchState,
    Message,
    MessageAction,
    MessageReaction,
    MessageRevision,
    OutboxEvent,
    RemoteFile,
)
from tests.inbox_house import Seeded, counted, part, seeded
from tests.social import Social, social

__all__ = ["seeded"]


@pytest.fixture
def post(seeded: Seeded, tmp_path: Path) -> Social:
    return social(seeded.made.inboxes["support"].id, tmp_path)


def _add(*rows: Any) -> None:
    with transaction() as session:
        session.add_all(rows)


def _article(page: str, message: Message) -> str:
    return page.partition(f'data-message="{message.public_id}"')[2].partition("</article>")[0]


def test_a_public_message_says_so_and_leads_to_where_it_stands(seeded: Seeded, post: Social) -> None:
    said = post.say("My lid broke.", is_public=True, url="https://social.example/@noralind/1")
    quiet = post.say("My number is private.")
    page = seeded.visitor().get(post.path).text
    assert "<span>Public</span>" in _article(page, said)
    assert 'href="https://social.example/@noralind/1" target="_blank" rel="noopener noreferrer"' in _article(page, said)
    assert "<span>Public</span>" not in _article(page, quiet)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https://ana:pw@evil.example/", "//x", " "])
def test_an_address_that_is_no_web_page_is_no_link(seeded: Seeded, post: Social, url: str) -> None:
    said = post.say("Look.", is_public=True, url=url)
    assert "See it there" not in _article(seeded.visitor().get(post.path).text, said)


def test_edited_words_stand_with_those_before_them(seeded: Seeded, post: Social) -> None:
    said = post.say("It broke after two weeks.", edited_at=now())
    _add(MessageRevision(message_id=said.id, text="Card 4111 1111 1111 1111 <b>two days</b>", seen_at=now()))
    shown = _article(seeded.visitor().get(post.path).text, said)
    assert "Edited" in shown
    assert "&lt;b&gt;two days&lt;/b&gt;" in shown
    assert "4111 1111 1111 1111" not in shown  # hidden there as everywhere


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("moderator", "Removed by a moderator"),
        ("provider", "Removed by Sandbox"),
        ("team", "Deleted by your team"),
        ("", "Deleted</span>"),
    ],
)
def test_who_took_a_message_away_is_said(seeded: Seeded, post: Social, by: str, words: str) -> None:
    said = post.say("I hate your teapots.", deleted_at=now(), deleted_by=by)
    assert words in _article(seeded.visitor().get(post.path).text, said)


def test_deleted_words_are_shown_to_those_who_may_reveal_them_and_that_is_written_down(
    seeded: Seeded, post: Social
) -> None:
    said = post.say("I hate your teapots.", deleted_at=now(), deleted_by="customer", custom={"page": "teapots"})
    _add(MessageRevision(message_id=said.id, text="I loathe your teapots.", seen_at=now()))
    for who in ("ana", "ben"):
        page = seeded.visitor(who).get(post.path).text
        assert "Deleted by the customer" in _article(page, said)
        assert "teapots" not in _article(page, said)
    assert "/reveal" not in _article(seeded.visitor("ben").get(post.path).text, said)
    ben, ana = seeded.visitor("ben"), seeded.visitor("ana")
    assert ben.post(f"/messages/{said.public_id}/reveal").status_code == 403
    shown = ana.post(f"/messages/{said.public_id}/reveal", {}, **part("pane")).text
    assert "I hate your teapots." in shown
    assert "I loathe your teapots." in shown
    with reading() as session:
        seen = session.query(AuditEntry).filter_by(object_id=str(said.public_id)).all()
    assert len(seen) == 1


def test_the_files_and_words_of_a_deleted_message_have_no_address(seeded: Seeded, post: Social) -> None:
    said = post.say("Gone.", html="<p>Gone.</p>", deleted_at=now())
    file = Attachment(
        message_id=said.id, filename="a.txt", content_type="text/plain", size=1, blob_sha256=blobs.put(b"a")
    )
    _add(file)
    ben, ana = seeded.visitor("ben"), seeded.visitor("ana")
    for end in ("text", "html"):
        assert ben.get(f"/messages/{said.public_id}/{end}").status_code == 404
        assert ana.get(f"/messages/{said.public_id}/{end}").status_code == 404
    assert ben.get(f"/attachments/{file.public_id}").status_code == 404
    assert ana.get(f"/attachments/{file.public_id}").status_code == 200


def test_signs_under_a_message_say_how_many_and_whose(seeded: Seeded, post: Social) -> None:
    said = post.say("Lovely.")
    ana = seeded.made.users["ana"]
    _add(
        MessageReaction(message_id=said.id, sender="u-a", contact_id=post.contact_id, reaction="❤️", reacted_at=now()),
        MessageReaction(message_id=said.id, sender="", user_id=ana.id, reaction="❤️", reacted_at=now()),
        MessageReaction(message_id=said.id, sender="u-b", reaction="<i>", reacted_at=now()),
    )
    shown = _article(seeded.visitor().get(post.path).text, said)
    assert re.search(r'chip-ours" title="Nora Lindgren, Ana Duarte"><span>❤️ 2</span>', shown)
    assert "&lt;i&gt;" in shown
    assert "by somebody" in shown


@pytest.mark.parametrize(
    ("kind", "custom", "words"),
    [
        ("audio", {}, "Voice message"),
        ("sticker", {}, "Sticker"),
        ("unsupported", {}, "does not pass on what this is"),
        ("contact", {"name": "Bo Ek", "phone": "+46 8 123"}, '<b dir="auto">Bo Ek</b>'),
        ("location", {"latitude": "52.52", "longitude": "13.4"}, "mlat=52.520000&amp;mlon=13.400000#map=16"),
    ],
)
def test_every_kind_of_message_says_what_it_is(
    seeded: Seeded, post: Social, kind: str, custom: dict[str, str], words: str
) -> None:
    said = post.say("", kind=kind, custom=custom)
    assert words in _article(seeded.visitor().get(post.path).text, said)


@pytest.mark.parametrize("latitude", ["91", "nan", "inf", "<b>", "52.52&x=1"])
def test_a_place_that_is_nowhere_has_no_map(seeded: Seeded, post: Social, latitude: str) -> None:
    said = post.say("Here!", kind="location", custom={"latitude": latitude, "longitude": "13.4", "name": "Café"})
    shown = _article(seeded.visitor().get(post.path).text, said)
    assert "openstreetmap" not in shown
    assert "Café" in shown


def test_files_that_are_still_away_say_why_and_are_fetched_again(seeded: Seeded, post: Social) -> None:
    said = post.say("", kind="image")
    coming = RemoteFile(message_id=said.id, place=0, filename="a.png", size=70_000)
    failed = RemoteFile(message_id=said.id, place=1, filename="b.png", state=FetchState.FAILED, reason="It is gone <b>")
    there = RemoteFile(message_id=said.id, place=2, filename="c.png", state=FetchState.FETCHED)
    _add(coming, failed, there)
    ben = seeded.visitor("ben")
    shown = _article(ben.get(post.path).text, said)
    assert "fetching…" in shown
    assert "Not fetched: It is gone &lt;b&gt;" in shown
    assert "c.png" not in shown
    again = f"/messages/{said.public_id}/files/{failed.public_id}/fetching"
    assert again in shown
    assert seeded.visitor("chloe").post(again.replace(str(said.public_id), post.public_id)).status_code == 404
    assert ben.post(again).status_code == 303
    assert ben.post(again).status_code == 409
    with reading() as session:
        assert session.get_one(RemoteFile, failed.id).state is FetchState.WAITING
        assert session.query(OutboxEvent).filter_by(name="file.offered").count() == 1


def test_our_replies_say_how_far_they_came_and_when(seeded: Seeded, post: Social) -> None:
    sent, delivered = post.answer("One."), post.answer("Two.", delivered_at=now())
    read = post.answer("Three.", delivered_at=now(), read_at=now())
    page = seeded.visitor().get(post.path).text
    assert re.search(r'title="Sent [^"]*".*#check"', _article(page, sent), re.DOTALL)
    assert re.search(r'title="Sent [^"]* · Delivered [^"]*".*<span>Delivered', _article(page, delivered), re.DOTALL)
    assert re.search(r'Delivered [^"]* · Read [^"]*".*#check-check".*<span>Read', _article(page, read), re.DOTALL)


def test_what_was_done_with_a_message_decides_what_can_be_done(seeded: Seeded, post: Social) -> None:
    said = post.say("Lovely.", is_public=True)
    ana = seeded.made.users["ana"]
    fresh = _article(seeded.visitor().get(post.path).text, said)
    assert 'value="like"' in fresh
    assert 'value="unlike"' not in fresh
    _add(MessageAction(message_id=said.id, kind="like", user_id=ana.id, state=ActionState.DONE))
    _add(MessageAction(message_id=said.id, kind="hide", user_id=ana.id, state=ActionState.FAILED, reason="Not ours."))
    liked = _article(seeded.visitor().get(post.path).text, said)
    assert "Liked by us" in liked
    assert "Not hidden: Not ours." in liked
    assert 'value="unlike"' in liked
    assert 'value="like"' not in liked
    assert 'value="hide"' in liked
    _add(MessageAction(message_id=said.id, kind="unlike", user_id=ana.id, state=ActionState.QUEUED))
    busy = _article(seeded.visitor().get(post.path).text, said)
    assert "Taking the like back…" in busy
    assert 'name="do"' not in busy


def test_nothing_is_offered_on_messages_of_channels_that_offer_nothing(seeded: Seeded) -> None:
    page = seeded.visitor().get(seeded.path("Jonas Weber")).text
    assert "/actions" not in page
    assert "data-answer" not in page


def test_a_reply_names_what_it_answers(seeded: Seeded, post: Social) -> None:
    said = post.say("When does it ship?")
    near = post.answer("Soon.", answers_id=said.id)
    post.say("Hello?")
    reply = post.answer("Tomorrow.", answers_id=said.id)
    page = seeded.visitor().get(post.path).text
    assert 'class="answered"' not in _article(page, near)  # it stands right above
    shown = _article(page, reply)
    assert f'href="#m-{said.public_id}"' in shown
    assert "When does it ship?" in shown


def test_the_panel_shows_the_profile_and_loads_no_picture_from_elsewhere(seeded: Seeded, post: Social) -> None:
    post.say("Hello.")
    page = seeded.visitor().get(post.path).text
    assert "@noralind" in page
    assert "18,422 followers" in page
    assert 'href="https://social.example/@noralind" target="_blank" rel="noopener noreferrer"' in page
    assert "nora.png" not in page


def test_the_page_of_a_social_conversation_takes_at_most_eight_statements(seeded: Seeded, post: Social) -> None:
    for at in range(5):
        post.say(f"Message {at}", is_public=True)
    visitor = seeded.visitor()
    with counted() as said:
        visitor.get(post.path, **part("pane"))
    assert len(said) <= 8, "\n\n".join(said)


def test_what_an_agent_asks_is_queued_once_and_only_where_it_is_offered(seeded: Seeded, post: Social) -> None:
    said, ours = post.say("Lovely.", is_public=True), post.answer("Thanks.")
    ben = seeded.visitor("ben")
    ben.get(post.path)
    path = f"/messages/{said.public_id}/actions"
    for _ in range(2):
        assert ben.post(path, {"do": "like"}).status_code == 303
    assert "Liking…" in _article(ben.get(post.path).text, said)
    assert ben.post(path, {"do": "dance"}).status_code == 422
    assert ben.post(f"/messages/{ours.public_id}/actions", {"do": "like"}).status_code == 422
    with reading() as session:
        rows = session.query(MessageAction).filter_by(message_id=said.id).all()
        assert [(row.kind, row.state) for row in rows] == [("like", ActionState.QUEUED)]


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"OggS\x00\x02", "audio/ogg"),
        (b"ID3\x04\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"\x00\x00\x00\x1cftypM4A \x00", "audio/mp4"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"<html><script>alert(1)</script>", None),
        (b"\xff\xff\xff\xff", None),
        (b"", None),
    ],
)
def test_a_voice_message_is_played_as_what_its_bytes_are(
    seeded: Seeded, post: Social, head: bytes, content_type: str | None
) -> None:
    said = post.say("", kind="audio")
    file = Attachment(
        message_id=said.id, filename="v.ogg", content_type="audio/ogg", size=len(head), blob_sha256=blobs.put(head)
    )
    _add(file)
    visitor = seeded.visitor()
    assert "<audio" in _article(visitor.get(post.path).text, said)
    answer = visitor.get(f"/attachments/{file.public_id}?show=1")
    assert answer.status_code == (200 if content_type else 404)
    if content_type:
        assert answer.mimetype == content_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
