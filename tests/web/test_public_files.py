"""The addresses at which providers fetch the files of replies: for that file, for a while, and nothing runs there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.datastructures import FileStorage

from app import blobs, config
from app.clock import now
from app.crypto import seal
from app.db import transaction
from app.models import Attachment, Channel, Message, SendState
from app.services import public_files
from app.services.claimed_reply import Claim
from tests.inbox_house import Seeded, seeded
from tests.rooms import Visitor
from tests.social import Social, social
from workers.jobs import send as send_job

__all__ = ["seeded"]
KIND, WORLD = "line", "https://desk.acme.example"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def reached(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The world reaches this house by https."""
    monkeypatch.setenv("BASE_URL", WORLD)
    config.forget()
    yield
    monkeypatch.undo()
    config.forget()


@pytest.fixture
def chat(seeded: Seeded, tmp_path: Path) -> Social:
    post = social(seeded.made.inboxes["support"].id, tmp_path, kind=KIND)
    post.say("Do you have a picture?")
    return post


def _attached(chat: Social, *, content_type: str = "image/png", data: bytes = PNG, **more: Any) -> Attachment:
    reply = chat.answer("Here it is", **more)
    with transaction() as session:
        file = Attachment(
            message_id=reply.id, filename="Grün.png", content_type=content_type, size=9, blob_sha256=blobs.put(data)
        )
        session.add(file)
        session.flush()
        session.expunge_all()
    return file


def _path(file: Attachment) -> str:
    return public_files.url_of(file).removeprefix(WORLD)


def _reply(visitor: Visitor, chat: Social) -> Any:
    picture = FileStorage(BytesIO(PNG), filename="a.png", content_type="image/png")
    form = {"text": "Here", "client_key": uuid4().hex, "files": [picture]}
    return visitor.post(f"/conversations/{chat.public_id}/replies", form)


@pytest.mark.usefixtures("reached")
def test_a_provider_fetches_a_file_without_signing_in(seeded: Seeded, chat: Social) -> None:
    stranger = Visitor(seeded.app)
    answer = stranger.get(_path(_attached(chat)))
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert stranger.client.head(_path(_attached(chat))).status_code == 200


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("IMAGE/SVG+XML; charset=utf-8", "application/octet-stream"),
        ("text/vcard", "text/vcard"),
    ],
)
def test_what_could_run_is_only_saved(seeded: Seeded, chat: Social, content_type: str, said: str) -> None:
    answer = Visitor(seeded.app).get(_path(_attached(chat, content_type=content_type, data=b"<script>")))
    assert (answer.status_code, answer.mimetype) == (200, said)
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.usefixtures("reached")
def test_no_other_address_opens_anything(seeded: Seeded, chat: Social, monkeypatch: pytest.MonkeyPatch) -> None:
    file, other = _attached(chat), _attached(chat)
    good = _path(file)
    named, _, signature = good.split("/")[2].rpartition(".")
    later = f"{file.public_id}.{int((now() + timedelta(days=400)).timestamp())}"
    stranger = Visitor(seeded.app)
    for token in (f"{later}.{signature}", named.replace(str(file.public_id), str(other.public_id)), "x", "..", "é.é.é"):
        assert stranger.get(f"/files/{token}/file.png").status_code == 404
    monkeypatch.setattr(public_files, "now", lambda: now() + public_files.LIFETIME + timedelta(minutes=1))
    assert stranger.get(good).status_code == 404


@pytest.mark.usefixtures("reached")
def test_only_files_of_replies_that_leave_are_shown(seeded: Seeded, chat: Social) -> None:
    stranger = Visitor(seeded.app)
    for state in (SendState.QUEUED, SendState.FAILED, None):
        assert stranger.get(_path(_attached(chat, send_state=state))).status_code == 404
    said = _attached(chat, direction="inbound", send_state=None)
    assert stranger.get(_path(said)).status_code == 404


@pytest.mark.usefixtures("reached")
def test_a_reply_takes_the_address_of_its_file_to_the_provider(seeded: Seeded, chat: Social) -> None:
    with transaction() as session:
        session.get_one(Channel, chat.channel_id).sealed = seal({"access_token": "t", "channel_secret": "s"})
    visitor = seeded.visitor("ben")
    visitor.get(chat.path)
    assert _reply(visitor, chat).status_code == 303
    with transaction() as session:
        waiting = session.query(Message).filter_by(conversation_id=chat.conversation_id, send_state=SendState.QUEUED)
        waiting.one().send_after = None
    claim = send_job._claim(chat.conversation_id)
    assert isinstance(claim, Claim)
    ((_, _, _, url, _),) = claim.files
    assert url.startswith(f"{WORLD}/files/")
    assert url.endswith("/file.png")
    assert Visitor(seeded.app).get(url.removeprefix(WORLD)).data == PNG


def test_without_a_public_address_it_is_said_that_one_is_needed(seeded: Seeded, chat: Social) -> None:
    visitor = seeded.visitor("ben")
    assert "fetches files from a public https address" in visitor.get(chat.path).text
    answer = _reply(visitor, chat)
    assert answer.status_code == 422
    assert "public https address" in answer.text
