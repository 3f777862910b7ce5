"""Sensitive data on screens: hidden everywhere, shown to those who may, and each look written down."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Attachment, AuditEntry, Contact, Conversation, Message, User
from app.personal_data import Kind, spans
from app.queries import timeline
from app.queries.message_predictions import PredictionRow
from app.services import privacy
from app.web.inbox.concealed import conceal
from tests.inbox_house import Seeded, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]

CARD, TAIL, IBAN, PASSWORD = "4111 1111 1111 1111", "4111 1111", "DE89 3704 0044 0532 0130 00", "Hunter2xyz"
WORDS = f"Please charge {CARD}, my password is {PASSWORD}. Call +1 212 555 2368 or kim@example.com."
WHO = "Jonas Weber"


@pytest.fixture
def sensitive(seeded: Seeded) -> str:
    """Put sensitive words everywhere into one conversation; return the public id of its newest customer message."""
    conversation_id = seeded.made.conversations[WHO].id
    with transaction() as session:
        conversation = session.get_one(Conversation, conversation_id)
        conversation.subject, conversation.preview = f"Card {CARD}", f"{'x' * 150} 4111 1111"[:160]
        query = select(Message).where(Message.conversation_id == conversation_id, Message.direction == "inbound")
        message = session.scalars(query.order_by(Message.id.desc())).first()
        assert message is not None
        message.text, message.quoted, message.subject = WORDS, f"> {IBAN}", f"Card {CARD}"
        message.custom = {"iban": IBAN, "nested": {"pin": "PIN 4821"}}
        message.html = f"<p>Please charge <b>4111 1111</b> <i>1111 1111</i>, password: {PASSWORD}</p>"
        session.add(
            Attachment(
                message_id=message.id,
                filename=f"card {CARD}.pdf",
                content_type="application/pdf",
                size=3,
                blob_sha256="0" * 64,
            )
        )
        return str(message.public_id)


def entries(action: str) -> list[AuditEntry]:
    with reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


def article(page: str, public_id: str) -> str:
    found = re.search(rf'<article[^>]*data-message="{public_id}".*?</article>', page, re.DOTALL)
    assert found, page[:2000]
    return found.group(0)


def set_rules(*, agents_reveal: bool) -> None:
    with transaction() as session:
        privacy.change(session, region="DE", agents_reveal=agents_reveal)


def test_every_screen_hides_what_is_sensitive_and_shows_what_agents_need(seeded: Seeded, sensitive: str) -> None:
    ana = seeded.visitor()
    with reading() as session:
        contact = session.get_one(Conversation, seeded.made.conversations[WHO].id).contact_id
        contact_path = f"/contacts/{session.get_one(Contact, contact).public_id}"
    pages = {
        path: ana.get(path).text
        for path in ("/inbox", seeded.path(WHO), seeded.path(WHO) + "?timeline=all", contact_path)
    }
    pages["html"] = ana.get(f"/messages/{sensitive}/html").text
    pages["text"] = ana.get(f"/messages/{sensitive}/text").text
    for path, page in pages.items():
        for secret in (CARD, "1111 1111", IBAN, "0532 0130", PASSWORD, "PIN 4821"):
            assert secret not in page, (path, secret)
    shown = article(pages[seeded.path(WHO)], sensitive)
    assert "[card ••••1111]" in shown
    assert "[IBAN ••••3000]" in shown
    assert "Hidden: IBAN, PIN, card, password" in shown
    assert "+1 212 555 2368" in shown
    assert "kim@example.com" in shown
    assert "[card ••••1111]" in pages["html"]


def test_a_number_cut_off_in_a_preview_is_hidden_too(seeded: Seeded, sensitive: str) -> None:
    assert TAIL not in seeded.visitor().get("/inbox").text


def test_a_supervisor_reveals_one_message_and_it_is_written_down(seeded: Seeded, sensitive: str) -> None:
    ana = seeded.visitor()
    ana.get(seeded.path(WHO))
    before = len(entries("data_revealed"))
    answer = ana.post(f"/messages/{sensitive}/reveal", None, **{"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert CARD in answer.text
    assert PASSWORD in answer.text
    assert "<html" not in answer.text
    written = entries("data_revealed")
    assert len(written) == before + 1
    assert str(written[-1].object_id) == sensitive
    assert written[-1].ip == "127.0.0.1"
    assert written[-1].details == {"part": "message", "kinds": {"card": 2, "password": 1, "iban": 1}}
    assert CARD not in ana.get(seeded.path(WHO)).text  # for that view only


def test_the_formatted_mail_and_the_whole_text_are_revealed_by_their_own_look(seeded: Seeded, sensitive: str) -> None:
    ana = seeded.visitor()
    before = len(entries("data_revealed"))
    for part, secret in (("html", "<b>4111 1111</b>"), ("text", CARD)):
        answer = ana.post(f"/messages/{sensitive}/{part}")
        assert secret in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert [entry.details["part"] for entry in entries("data_revealed")[before:]] == ["formatted mail", "whole text"]


def test_agents_reveal_only_where_the_workspace_says_so(seeded: Seeded, sensitive: str) -> None:
    set_rules(agents_reveal=False)
    ben = seeded.visitor("ben")
    before = len(entries("data_revealed"))
    assert "Hidden: " in article(ben.get(seeded.path(WHO)).text, sensitive)
    assert "/reveal" not in ben.get(seeded.path(WHO)).text
    for part in ("reveal", "html", "text"):
        refused = ben.post(f"/messages/{sensitive}/{part}")
        assert refused.status_code == 403
        assert CARD not in refused.text
    assert len(entries("data_revealed")) == before
    set_rules(agents_reveal=True)
    assert f"/messages/{sensitive}/reveal" in ben.get(seeded.path(WHO)).text
    assert CARD in ben.post(f"/messages/{sensitive}/reveal").text
    assert len(entries("data_revealed")) == before + 1


def test_nobody_reveals_what_is_not_shared_with_them(seeded: Seeded) -> None:
    with reading() as session:
        theirs = seeded.made.conversations["Tomás Herrera"].id
        message = session.scalars(select(Message.public_id).where(Message.conversation_id == theirs).limit(1)).one()
    set_rules(agents_reveal=True)
    chloe = seeded.visitor("chloe")
    before = len(entries("data_revealed"))
    assert chloe.post(f"/messages/{message}/reveal").status_code == 404
    assert chloe.post(f"/messages/{uuid4()}/reveal").status_code == 404
    assert len(entries("data_revealed")) == before


def test_the_words_behind_a_label_stay_marked_where_they_stand(seeded: Seeded, sensitive: str) -> None:
    with reading() as session:
        found = session.scalars(select(Message).where(Message.public_id == sensitive)).one()
        row = timeline.of_message(session, message_id=found.id)
    start = WORDS.index("Call")
    reasons = ((start, start + 4, 1.0), (WORDS.index("1111"), WORDS.index("1111") + 4, 0.5), (0, 6, 0.2))
    told: Any = PredictionRow("intent", "x", (), None, 0.9, False, None, reasons, "m")
    shown, hidden = conceal(replace(row, predictions=(told,)))
    moved = [shown.text[start:end] for start, end, _ in shown.predictions[0].reasons]
    assert (moved[0], moved[2]) == ("Call", "Please")
    assert "1" not in moved[1] or "•" in moved[1]
    assert hidden == ("IBAN", "PIN", "card", "password")
    assert {span.kind for span in spans(shown.text)} == {Kind.PHONE, Kind.EMAIL}


def test_the_log_is_read_by_person_and_deed_page_by_page_and_saved_masked(seeded: Seeded, sensitive: str) -> None:
    ana = seeded.visitor()
    for _ in range(55):
        ana.post(f"/messages/{sensitive}/reveal")
    first = ana.get("/settings/audit?action=data_revealed").text
    older = re.search(r'href="(/settings/audit\?before=\d+[^"]*)"', first)
    assert older
    assert first.count("Showed hidden data</span>") == 50
    assert ana.get(older.group(1).replace("&amp;", "&")).text.count("Showed hidden data</span>") >= 5
    assert "Nothing to show" in ana.get(f"/settings/audit?who={uuid4()}").text
    saved = ana.post("/settings/audit/file", {"action": "data_revealed"})
    rows = list(csv.reader(io.StringIO(saved.text.lstrip("\ufeff"))))
    assert rows[0][:3] == ["when", "who", "what"]
    assert len(rows) > 50
    assert all(row[2] == "Showed hidden data" for row in rows[1:])
    assert entries("data_exported")[-1].details["rows"] == len(rows) - 1


def test_only_admins_read_the_log_and_set_the_rules(seeded: Seeded) -> None:
    chloe: Visitor = seeded.visitor("chloe")
    for path in ("/settings/audit", "/settings/privacy"):
        assert chloe.get(path).status_code == 403
    assert chloe.post("/settings/audit/file").status_code == 403


def test_the_rules_are_set_and_the_change_is_written_down(seeded: Seeded) -> None:
    ana = seeded.visitor()
    assert ana.post("/settings/privacy", {"region": "Atlantis"}).status_code == 422
    assert ana.post("/settings/privacy", {"region": "GB", "agents_reveal": "on"}).status_code == 303
    with reading() as session:
        assert privacy.find(session) == privacy.Privacy("GB", agents_reveal=True)
    assert entries("privacy_changed")[-1].details == {"region": "GB", "agents_reveal": True}
    assert '<option value="GB" selected>' in ana.get("/settings/privacy").text


def test_a_changed_role_is_written_down_with_who_did_it(seeded: Seeded) -> None:
    ana = seeded.visitor()
    with reading() as session:
        chloe = session.scalars(select(User).where(User.email.startswith("chloe@"))).one()
    path = f"/settings/users/{chloe.public_id}"
    for role in ("supervisor", chloe.role.value):
        assert ana.post(path, {"name": chloe.name, "role": role}).status_code == 303
    last = entries("role_changed")[-2:]
    assert [entry.details["to"] for entry in last] == ["supervisor", chloe.role.value]
    assert {str(entry.object_id) for entry in last} == {str(chloe.public_id)}
    assert all(entry.user_id for entry in last)


def test_a_form_that_shows_a_mask_gives_back_what_is_stored(seeded: Seeded, sensitive: str) -> None:
    ana = seeded.visitor()
    with transaction() as session:
        contact = session.get_one(Contact, session.get_one(Conversation, seeded.made.conversations[WHO].id).contact_id)
        contact.note, public_id = f"pays with {CARD}", contact.public_id
    page = ana.get(f"/contacts/{public_id}").text
    assert "pays with [card ••••1111]</textarea>" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    ana.post(
        f"/contacts/{public_id}",
        {"version": version.group(1), "name": "Jonas Weber", "note": "always pays with [card ••••1111], kindly"},
    )
    with reading() as session:
        note = session.scalars(select(Contact.note).where(Contact.public_id == public_id)).one()
    assert note == f"always pays with {CARD}, kindly"
