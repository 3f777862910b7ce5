"""Help with a reply, as pages ask for it: fragments of every state, and who may see them."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Ask, CannedResponse, Conversation, KbArticle, Message, SuggestionUse, User
from app.services import asks, canned_responses
from tests.inbox_house import Seeded, counted, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]  # a fixture

MARTA, PRIYA = "Marta Lindqvist", "Priya Raman"


def ask(visitor: Visitor, seeded: Seeded, contact: str, kind: str, text: str = "") -> Any:
    return visitor.post(f"/conversations/{seeded.public_id(contact)}/asks", {"kind": kind, "text": text})


def answer(page: str, found: dict[str, Any]) -> str:
    """Answer the question of a fragment as the annotator does; return its address."""
    public_id = re.search(r'data-ask="([^"]+)"', page)
    assert public_id
    with transaction() as session:
        row = session.scalars(select(Ask).where(Ask.public_id == public_id[1])).one()
        asks.record_answer(session, ask_id=row.id, answer=found)
    return f"/asks/{public_id[1]}"


def messages_of(seeded: Seeded, contact: str) -> list[Message]:
    with reading() as session:
        query = select(Message).where(Message.conversation_id == seeded.made.conversations[contact].id)
        return list(session.scalars(query.order_by(Message.id)))


def test_a_question_waits_and_is_answered(seeded: Seeded) -> None:
    visitor = seeded.visitor("ana")
    waiting = ask(visitor, seeded, MARTA, "tone", "You should have read the manual.")
    assert 'data-state="waiting"' in waiting.text
    address = answer(waiting.text, {"hints": [{"kind": "blaming", "detail": "", "start": 0, "end": 20}]})
    page = visitor.get(address).text
    assert 'data-state="answered"' in page
    assert 'data-count="1"' in page
    assert 'data-start="0" data-end="20"' in page
    assert "read the manual" not in page  # the draft stays in the browser


def test_nobody_else_sees_an_answer(seeded: Seeded) -> None:
    address = answer(ask(seeded.visitor("ana"), seeded, MARTA, "tone", "Some words here.").text, {"hints": []})
    assert seeded.visitor("ben").get(address).status_code == 404
    assert seeded.visitor("ana").get("/asks/nonsense").status_code == 404


def test_one_cannot_ask_about_what_one_may_not_see(seeded: Seeded) -> None:
    tomas = "Tomás Herrera"  # in the sales inbox
    assert ask(seeded.visitor("chloe"), seeded, tomas, "summary").status_code == 404
    assert ask(seeded.visitor("ana"), seeded, tomas, "horoscope").status_code == 422


def test_when_the_models_are_away_the_fragment_says_so(seeded: Seeded) -> None:
    visitor = seeded.visitor("dev")
    page = ask(visitor, seeded, PRIYA, "suggestions").text
    address = f"/asks/{re.findall('data-ask=.([^ ]+?).[ >]', page)[0]}"
    assert "reading…" in visitor.get(address).text
    with transaction() as session:
        row = session.scalars(select(Ask).where(Ask.public_id == address.rpartition("/")[2])).one()
        row.created_at = row.created_at - asks.GIVE_UP / 2
    assert "The models are not running" in visitor.get(address).text
    with transaction() as session:
        asks.record_failure(session, ask_id=row.id, reason=asks.NOBODY_ANSWERED)
    assert asks.NOBODY_ANSWERED in visitor.get(address).text


def test_suggestions_are_shown_with_their_reasons_filled_and_can_be_taken(seeded: Seeded) -> None:
    with transaction() as session:
        words = "Hi {{ contact.first_name }}, here you are. {{business_hours}} <b>{{agent.first_name}}</b>"
        canned = canned_responses.save(session, canned=None, shortcut="hello", title="Hello", text=words)
        article = KbArticle(title="Burrs", body="How to clean burrs.", state="published")
        session.add(article)
        session.flush()
    past = next(m for m in messages_of(seeded, "Jonas Weber") if not m.is_inbound)
    visitor = seeded.visitor("ana")
    page = ask(visitor, seeded, MARTA, "suggestions").text
    common = {"likeness": 0.71, "uses": 4, "ended_well": 3}
    items = [
        {"source": "canned", "id": canned.id, **common},
        {"source": "article", "id": article.id, **common, "uses": 0, "ended_well": 0},
        {"source": "reply", "id": past.id, **common, "uses": 1, "ended_well": 1},
        {"source": "canned", "id": 0, **common},  # deleted meanwhile
    ]
    question = messages_of(seeded, MARTA)[-1].id
    address = answer(page, {"items": items, "message_id": question})
    with counted() as statements:
        shown = visitor.get(address).text
    assert len(statements) <= 5
    assert "Hi Marta, here you are. ⟦your business hours⟧ &lt;b&gt;Ana&lt;/b&gt;" in shown
    assert "answered 4 similar questions, 3 ended well" in shown
    assert "answered 1 similar question, 1 ended well" in shown
    assert "close to what was asked (71 %)" in shown
    assert "Yes, it has not left the roastery yet." in shown  # without "Hi Jonas,"
    assert "Jonas" not in shown
    assert shown.count("data-place") == 3
    assert visitor.post(f"{address}/uses", {"place": "2"}).status_code == 204
    assert visitor.post(f"{address}/uses", {"place": "3"}).status_code == 404
    assert visitor.post(f"{address}/uses", {"place": "9"}).status_code == 404
    with reading() as session:
        use = session.scalars(select(SuggestionUse).where(SuggestionUse.reply_id == past.id)).one()
        assert use.message_id == question


def test_past_replies_are_shown_only_from_inboxes_one_sees(seeded: Seeded) -> None:
    past = next(m for m in messages_of(seeded, "Tomás Herrera") if not m.is_inbound)
    item = {"source": "reply", "id": past.id, "likeness": 0.9, "uses": 1, "ended_well": 1}
    shown = {}
    for who in ("ben", "chloe"):
        visitor = seeded.visitor(who)
        page = ask(visitor, seeded, MARTA, "suggestions").text
        address = answer(page, {"items": [item], "message_id": messages_of(seeded, MARTA)[-1].id})
        shown[who] = visitor.get(address).text
    assert "second band" in shown["ben"]
    assert "second band" not in shown["chloe"]


def test_summary_and_questions_lead_to_their_messages(seeded: Seeded) -> None:
    first, *_, last = messages_of(seeded, MARTA)
    visitor = seeded.visitor("ana")
    summary = ask(visitor, seeded, MARTA, "summary").text
    page = visitor.get(answer(summary, {"excerpts": [[first.id, 0, 5], [last.id, 0, 18]]})).text
    assert page.count("data-message-link") == 2
    assert "Is there any news?" in page
    open_one = {"message_id": last.id, "start": 0, "end": 18, "is_request": False, "times": 2, "in_draft": False}
    questions = ask(visitor, seeded, MARTA, "questions").text
    found = {"questions": [open_one, {**open_one, "message_id": first.id, "in_draft": True}]}
    page = visitor.get(answer(questions, found)).text
    assert 'data-count="1"' in page
    assert "asked 2 times" in page
    assert "in your draft" in page


def test_the_page_of_a_conversation_brings_the_helpers(seeded: Seeded) -> None:
    page = seeded.visitor("ana").get(seeded.path(MARTA)).text
    assert page.count("data-helper=") == 3
    assert "<conversation-summary" not in page  # five messages need none
    with transaction() as session:
        session.get_one(Conversation, seeded.made.conversations[MARTA].id).messages = 13
    assert "conversation-summary" in seeded.visitor("ana").get(seeded.path(MARTA)).text


def test_a_shortcut_gives_its_text_where_it_is_offered(seeded: Seeded) -> None:
    with transaction() as session:
        everywhere: dict[str, Any] = {"title": "T", "text": "Thank you, {{contact.first_name}}!"}
        canned_responses.save(session, canned=None, shortcut="/Thanks", **everywhere)
        inbox = session.merge(seeded.made.inboxes["sales"])
        canned_responses.save(session, canned=None, shortcut="sales", inbox=inbox, title="S", text="Our list.")
    visitor = seeded.visitor("ana")
    here = f"/conversations/{seeded.public_id(MARTA)}/canned/"
    assert visitor.get(here + "THANKS").text == "Thank you, Marta!"
    assert visitor.get(here + "sales").status_code == 404
    assert visitor.get(here + "nothing").status_code == 404
    sales = f"/conversations/{seeded.public_id('Tomás Herrera')}/canned/sales"
    assert visitor.get(sales).text == "Our list."


def test_agents_do_not_write_articles(seeded: Seeded) -> None:
    agent = seeded.visitor("ben")
    assert agent.get("/settings/articles").status_code == 403
    assert agent.post("/settings/articles/new", {"title": "x"}).status_code == 403


def test_canned_responses_are_written_changed_and_archived(house: Flask) -> None:
    visitor = _admin(house)
    told = {"shortcut": "/refund", "title": "Refund", "text": "It is on its way.", "language": "en", "place": ""}
    wrong = visitor.post("/settings/canned-responses/new", {**told, "shortcut": "no spaces please"})
    assert wrong.status_code == 422
    assert "It is on its way." in wrong.text
    assert visitor.post("/settings/canned-responses/new", told).status_code == 303
    taken = visitor.post("/settings/canned-responses/new", told)
    assert taken.status_code == 409
    assert "/refund is taken already." in taken.text
    with reading() as session:
        row = session.scalars(select(CannedResponse)).one()
    here = f"/settings/canned-responses/{row.public_id}"
    assert "It is on its way." in visitor.get(here).text
    assert visitor.post(here, {**told, "text": "Done."}).status_code == 303
    assert visitor.post(f"{here}/archive", {"archived": "1"}).status_code == 303
    assert visitor.post("/settings/canned-responses/new", told).status_code == 303  # the shortcut is free again
    assert visitor.post(f"{here}/archive", {"archived": "0"}).status_code == 409
    page = visitor.get("/settings/canned-responses").text
    assert "Archived" in page
    assert "Done." in page


def test_articles_are_written_published_and_deleted(house: Flask) -> None:
    visitor = _admin(house)
    told = {"title": "Returns", "body": "Within 30 days.", "language": "", "state": "draft"}
    assert visitor.post("/settings/articles/new", {**told, "title": " "}).status_code == 422
    assert visitor.post("/settings/articles/new", told).status_code == 303
    with reading() as session:
        row = session.scalars(select(KbArticle)).one()
    here = f"/settings/articles/{row.public_id}"
    assert visitor.post(here, {**told, "state": "published", "version": "1"}).status_code == 303
    late = visitor.post(here, {**told, "body": "Within 60 days.", "version": "1"})
    assert late.status_code == 409
    assert "Within 60 days." in late.text  # what was typed is not lost
    assert "Published" in visitor.get("/settings/articles").text
    assert visitor.post(f"{here}/delete").status_code == 303
    assert "No article yet" in visitor.get("/settings/articles").text


def _admin(house: Flask) -> Visitor:
    from tests.rooms import add_user

    add_user()
    visitor = Visitor(house)
    visitor.enter()
    return visitor


def test_who_left_leaves_no_trace_but_the_use(seeded: Seeded) -> None:
    question, reply = messages_of(seeded, "Jonas Weber")[:2]
    with transaction() as session:
        temp = User(email="temp@harbourpine.example", name="Temp")
        session.add(temp)
        session.flush()
        use = SuggestionUse(
            user_id=temp.id, conversation_id=question.conversation_id, message_id=question.id, reply_id=reply.id
        )
        session.add(use)
        session.flush()
        session.delete(temp)
        session.flush()
        session.refresh(use)
        assert use.user_id is None
        session.delete(use)
