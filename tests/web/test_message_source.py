"""The source of a message: for those who may look, written down, as text in which nothing runs."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import blobs
from app.clock import now
from app.db import reading, transaction
from app.models import AuditEntry, Delivery, Message
from app.services import privacy
from app.web.inbox import source
from tests.inbox_house import Seeded, seeded

__all__ = ["seeded"]

WHO = "Tomás Herrera"  # Ana and Ben see his inbox, Chloe does not
MAIL = b"From: kim@example.com\r\nSubject: <script>alert(1)</script>\r\n\r\nHello </pre><img src=x onerror=alert(2)>"


def brought(seeded: Seeded, data: bytes, *, who: tuple[str, ...] = (WHO,)) -> str:
    """Let one delivery have brought a message of each contact; return the public id of the first one's."""
    with transaction() as session:
        found = [_inbound(session, seeded, name) for name in who]
        delivery = Delivery(
            channel_id=found[0].channel_id,
            dedupe_key=str(uuid4()),
            blob_sha256=blobs.put(data),
            size=len(data),
            received_at=now(),
        )
        session.add(delivery)
        session.flush()
        for message in found:
            message.delivery_id = delivery.id
        return str(found[0].public_id)


def _inbound(session: Session, seeded: Seeded, name: str) -> Message:
    where = Message.conversation_id == seeded.made.conversations[name].id
    query = select(Message).where(where, Message.direction == "inbound").order_by(Message.id).limit(1)
    return session.scalars(query).one()


def test_a_mail_is_shown_as_text_and_the_look_is_written_down(seeded: Seeded) -> None:
    path = f"/messages/{brought(seeded, MAIL)}"
    ana = seeded.visitor()
    assert f'action="{path}/source"' in ana.get(seeded.path(WHO)).text
    answer = ana.post(f"{path}/source")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Subject: &lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "&lt;/pre&gt;&lt;img src=x onerror=alert(2)&gt;" in answer.text
    with reading() as session:
        newest = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (newest.action, newest.details["part"]) == ("data_revealed", "source")


def test_only_those_who_may_reveal_and_see_the_inbox_get_it(seeded: Seeded) -> None:
    path = f"/messages/{brought(seeded, MAIL)}/source"
    for agents_reveal, who, expected in ((False, "ben", 403), (True, "ben", 200), (True, "chloe", 404)):
        with transaction() as session:
            privacy.change(session, region="DE", agents_reveal=agents_reveal)
        visitor = seeded.visitor(who)
        shown = visitor.get(seeded.path(WHO)).text
        assert (path in shown) == (expected == 200)
        assert visitor.post(path).status_code == expected


def test_what_also_brought_words_of_another_inbox_is_not_shown(seeded: Seeded) -> None:
    with transaction() as session:
        privacy.change(session, region="DE", agents_reveal=True)
    chloe = seeded.visitor("chloe")
    hers = "Jonas Weber"
    path = f"/messages/{brought(seeded, MAIL, who=(hers,))}/source"
    assert chloe.post(path).status_code == 200
    path = f"/messages/{brought(seeded, MAIL, who=(hers, WHO))}/source"
    assert chloe.post(path).status_code == 404
    assert seeded.visitor("ana").post(path).status_code == 200


def test_a_message_that_no_channel_brought_has_no_source(seeded: Seeded) -> None:
    name = "Clara Jensen"
    with reading() as session:
        where = Message.conversation_id == seeded.made.conversations[name].id, Message.delivery_id.is_(None)
        message = session.scalars(select(Message).where(*where).limit(1)).one()
    ana = seeded.visitor()
    assert f"/messages/{message.public_id}/source" not in ana.get(seeded.path(name)).text
    assert ana.post(f"/messages/{message.public_id}/source").status_code == 404


def test_a_large_one_is_cut_and_says_so(seeded: Seeded) -> None:
    public_id = brought(seeded, b"From: a@b.example\n\n" + b"x" * (source.LARGEST_READ + 5) + b"THE END")
    answer = seeded.visitor().post(f"/messages/{public_id}/source")
    assert "This is only its beginning" in answer.text
    assert "THE END" not in answer.text
    assert len(answer.text) < source.LONGEST_SHOWN * 2


@pytest.mark.parametrize(
    ("data", "kind", "body"),
    [
        (b'{"text":"caf\xc3\xa9","token":"abc"}', "JSON", f'{{\n  "text": "café",\n  "token": "{source.HIDDEN}"\n}}'),
        (b'{"a":"\\ud800\\u202e"}', "JSON", '{\n  "a": "\\ud800\\u202e"\n}'),
        (b"[" * 100_000, "Text", "[" * 100_000),
        (b"Body=a+b&token=s3&From=%2B49", "Form", f"Body = a b\ntoken = {source.HIDDEN}\nFrom = +49"),
        (b"\xff\x00 x\xe2\x80\xae\r\ny", "Text", "\\xff\\u0000 x\\u202e\ny"),
        (b"{broken", "Text", "{broken"),
        (b"", "Text", ""),
    ],
)
def test_bytes_become_text_that_hides_nothing_but_secrets(data: bytes, kind: str, body: str) -> None:
    told = source.readable(data, size=len(data))
    assert (told.kind, told.headers, told.body, told.is_cut) == (kind, "", body, False)
    assert told.hides == (source.HIDDEN in body)


def test_deep_json_is_shown_as_far_as_it_is_looked_into() -> None:
    told = source.readable(b'{"a":' * 200 + b"1" + b"}" * 200, size=200 * 6 + 1)
    assert told.kind == "JSON"
    assert "(deeper than is shown)" in told.body
