"""Drafts as the composer keeps them, and as colleagues read them."""

from __future__ import annotations

import io
import re
from typing import Any

from sqlalchemy import select

from app.db import reading
from app.models import Attachment, Draft, Message
from tests.inbox_house import Seeded, counted, part, seeded
from tests.rooms import Visitor
from tests.seed_files import picture

__all__ = ["seeded"]  # a fixture

MARTA, PRIYA, TOMAS, DOROTHEA, KWAME = (
    "Marta Lindqvist",
    "Priya Raman",
    "Tomás Herrera",
    "Dorothea Klein",
    "Kwame Mensah",
)
INGRID = "Ingrid Halvorsen"  # whose draft no other test touches
CARD = "4111 1111 1111 1111"


def keep(visitor: Visitor, seeded: Seeded, contact: str, text: str, **more: str) -> Any:
    fields = {"kind": "reply", "text": text, **more}
    return visitor.post(f"/conversations/{seeded.public_id(contact)}/draft", fields)


def drafts_of(visitor: Visitor, seeded: Seeded, contact: str) -> str:
    return visitor.get(f"/conversations/{seeded.public_id(contact)}/drafts").text


def stored(seeded: Seeded, contact: str) -> list[str]:
    with reading() as session:
        query = select(Draft.text).where(Draft.conversation_id == seeded.made.conversations[contact].id)
        return list(session.scalars(query))


def test_a_draft_is_there_on_another_device_and_gone_once_it_is_sent(seeded: Seeded) -> None:
    ana, id_ = seeded.visitor("ana"), seeded.public_id(MARTA)
    mark = keep(ana, seeded, MARTA, "\nIt left <b>today</b>", client_key="a1").text
    page = drafts_of(seeded.visitor("ana"), seeded, MARTA)
    assert f'data-mark="{mark}"' in page
    assert "\n\nIt left &lt;b&gt;today&lt;/b&gt;</textarea>" in page
    seen = re.search(r'name="seen" value="([^"]+)"', ana.get(f"/inbox/c/{id_}").text)
    assert seen
    form = {"text": "It left today.", "client_key": "a1", "draft": mark, "seen": seen[1], "kind": "reply"}
    stale = ana.post(f"/conversations/{id_}/replies", form | {"seen": "", "cc": "no address"}, **part("pane"))
    assert stale.status_code == 422
    assert stored(seeded, MARTA) == ["\nIt left <b>today</b>"]  # nothing was sent: nothing is lost
    assert ana.post(f"/conversations/{id_}/replies", form, **part("pane")).status_code == 303
    assert stored(seeded, MARTA) == []
    assert keep(ana, seeded, MARTA, "It left today.", client_key="a1", mark=mark).text == ""
    assert stored(seeded, MARTA) == []
    note = {"text": "For us", "client_key": "a2", "draft": keep(ana, seeded, MARTA, "For", kind="note").text}
    assert ana.post(f"/conversations/{id_}/notes", note).status_code == 303
    assert stored(seeded, MARTA) == []


def test_a_colleague_reads_takes_over_and_the_first_is_told(seeded: Seeded) -> None:
    ana, ben, id_ = seeded.visitor("ana"), seeded.visitor("ben"), seeded.public_id(PRIYA)
    mark = keep(ana, seeded, PRIYA, "We will refund <i>you</i>").text
    page = drafts_of(ben, seeded, PRIYA)
    assert "is drafting a reply" in page
    assert "We will refund &lt;i&gt;you&lt;/i&gt;" in page
    press = re.search(r'data-take-over="([^"]+)"', page)
    assert press
    taken = ben.post(f"/conversations/{id_}/drafts/{press[1]}/take-over")
    assert "We will refund &lt;i&gt;you&lt;/i&gt;</textarea>" in taken.text
    refused = keep(ana, seeded, PRIYA, "We will refund you soon", mark=mark)
    assert refused.status_code == 409
    assert "took over your draft" in refused.text
    assert "We will refund &lt;i&gt;you&lt;/i&gt;" in refused.text
    assert ben.post(f"/conversations/{id_}/drafts/nonsense/take-over").status_code == 409


def test_only_those_who_see_the_conversation_see_its_drafts(seeded: Seeded) -> None:
    ana, chloe, id_ = seeded.visitor("ana"), seeded.visitor("chloe"), seeded.public_id(TOMAS)
    assert keep(ana, seeded, TOMAS, "A secret").status_code == 200
    assert chloe.get(f"/conversations/{id_}/drafts").status_code == 404
    assert keep(chloe, seeded, TOMAS, "Mine").status_code == 404
    assert stored(seeded, TOMAS) == ["A secret"]
    assert keep(ana, seeded, TOMAS, "x", kind="poem").status_code == 422
    assert keep(ana, seeded, TOMAS, "x" * 100_001).status_code == 422


def test_hidden_data_in_a_draft_is_hidden_from_colleagues(seeded: Seeded) -> None:
    ana, ben, contact = seeded.visitor("ana"), seeded.visitor("ben"), DOROTHEA
    keep(ana, seeded, contact, f"Your card {CARD}")
    assert CARD in drafts_of(ana, seeded, contact)
    page = drafts_of(ben, seeded, contact)
    assert CARD not in page
    press = re.search(r'data-take-over="([^"]+)"', page)
    assert press
    refused = ben.post(f"/conversations/{seeded.public_id(contact)}/drafts/{press[1]}/take-over")
    assert refused.status_code == 403
    assert CARD in drafts_of(ana, seeded, contact)


def test_files_of_a_draft_are_kept_shown_and_sent_once(seeded: Seeded) -> None:
    ana, ben, id_ = seeded.visitor("ana"), seeded.visitor("ben"), seeded.public_id(INGRID)
    place = f"/conversations/{id_}/draft/files"
    form = {"kind": "reply", "client_key": "f1"}

    def attach(visitor: Visitor, key: str, name: str, data: bytes, kind: str, **more: str) -> Any:
        return visitor.post(place, {**form, **more, "key": key, "file": (io.BytesIO(data), name, kind)})

    hostile = "<img src=x onerror=a()>.html"
    page = attach(ana, "k1", hostile, b"<script>alert(1)</script>", "text/html").text
    shown = attach(ana, "k2", "a.png", picture(3, 2, 9), "image/png", content_id="0123456789ab@inline").text
    assert attach(ana, "k1", hostile, b"<script>alert(1)</script>", "text/html").text == page  # the same upload again
    assert attach(ana, "k3", "a.svg", b"<svg/>", "image/svg+xml", content_id="0123456789ac@inline").status_code == 422
    assert attach(ana, "", "a.txt", b"x", "text/plain").status_code == 422
    found = drafts_of(ana, seeded, INGRID)
    assert f'value="{page}"' in found
    assert "&lt;img src=x onerror=a()&gt;.html" in found
    assert hostile not in found
    assert "onerror=a()&gt;.html" in drafts_of(ben, seeded, INGRID)  # a colleague reads what is attached, too
    served = ben.get(f"{place}/{page}")
    assert served.headers["Content-Type"] == "application/octet-stream"
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert ana.get(f"{place}/{shown}?show=1").headers["Content-Type"] == "image/png"
    assert ana.get(f"{place}/{page}?show=1").status_code == 404
    elsewhere = f"/conversations/{seeded.public_id(KWAME)}/draft/files"
    assert ana.get(f"{elsewhere}/{page}").status_code == 404
    chloe = seeded.visitor("chloe")
    assert chloe.get(f"/conversations/{seeded.public_id(TOMAS)}/draft/files/{page}").status_code == 404
    assert ben.post(f"{place}/{page}/remove", {}).status_code == 204
    assert f'value="{page}"' in drafts_of(ana, seeded, INGRID)  # it is not his
    seen = re.search(r'name="seen" value="([^"]+)"', ana.get(f"/inbox/c/{id_}").text)
    assert seen
    words = {"text": "Here: ![a.png](cid:0123456789ab@inline)", "format": "markdown", "seen": seen[1]}
    reply = {**form, **words, "draft_file": [page, shown]}
    assert ana.post(f"/conversations/{id_}/replies", {**reply, "cc": "no address"}, **part("pane")).status_code == 422
    assert f'value="{page}"' in drafts_of(ana, seeded, INGRID)  # nothing was sent: nothing is lost
    for _ in range(2):
        assert ana.post(f"/conversations/{id_}/replies", reply, **part("pane")).status_code == 303
    with reading() as session:
        query = select(Attachment.filename, Attachment.is_inline).join(Message, Message.id == Attachment.message_id)
        assert session.execute(query.where(Message.client_key == "f1").order_by(Attachment.id)).all() == [
            (hostile, False),
            ("a.png", True),
        ]
    assert stored(seeded, INGRID) == []
    gone = ana.post(f"/conversations/{id_}/replies", {**reply, "client_key": "f2"}, **part("pane"))
    assert (gone.status_code, "not there any more" in gone.text) == (409, True)


def test_who_writes_without_formatting_does_so_on_every_device(seeded: Seeded) -> None:
    ana, page = seeded.visitor("ana"), f"/inbox/c/{seeded.public_id(MARTA)}"
    assert " data-plain" not in ana.get(page).text
    assert ana.post("/account/writing", {"plain": "1"}).status_code == 204
    assert " data-plain" in seeded.visitor("ana").get(page).text
    assert " data-plain" not in seeded.visitor("ben").get(page).text
    ana.post("/account/writing", {"plain": ""})
    assert " data-plain" not in ana.get(page).text


def test_drafts_are_read_with_few_queries(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    keep(ana, seeded, KWAME, "Some words")
    with counted() as said:
        drafts_of(ana, seeded, KWAME)
    assert len(said) <= 4, said  # who asks, the conversation, its drafts, what the own one said before
