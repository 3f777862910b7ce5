"""What screens ask of the models, from the stored question to the answer, with the real models and the real queues."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from app.clock import now
from app.db import reading, transaction
from app.models import (
    Ask,
    AskState,
    Channel,
    Conversation,
    Inbox,
    KbArticle,
    Message,
    SendState,
    Status,
    SuggestionEmbedding,
    SuggestionUse,
    User,
)
from app.services import asks, canned_responses, kb_articles, replies, suggestions
from tests.pipeline import Pipeline, make_workspace
from workers.jobs.ask import utf16

QUESTION = "Hello, I forgot my password and the reset mail never arrives. How can I sign in again?"
SIMILAR = (
    "I cannot sign in, I forgot my password and no reset mail comes.",
    "The password reset mail does not arrive, how do I get into my account?",
    "I have forgotten my password. Resetting it does not work, no mail arrives.",
)
ANSWER = (
    "Hi {name},\n\nthe reset mail often lands in the spam folder. I have sent you a new link that is valid for a day."
)
OTHER = ("Do you ship to Norway?", "Yes, we do: 9.90 and three to five days.")


class Shop:
    """A workspace with past conversations, some answered well."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.number = 0
        with transaction() as session:
            made = make_workspace(session, folder=pipeline.folder)
        self.ana, self.ben = made["agents"]
        self.channel: Channel = made["channel"]
        self.inbox: Inbox = made["inbox"]

    def letter(self, text: str, sender: str = "mia@example.com", thread: str = "") -> int:
        """Let a customer write; return the conversation's id."""
        self.number += 1
        identity = {"kind": "email", "address": sender, "name": sender.split("@", maxsplit=1)[0].title()}
        thread = thread or f"t{self.number}"
        payload = {"id": f"m{self.number}", "from": identity, "subject": "", "text": text, "thread": thread}
        self.pipeline.deliver(self.channel, {**payload, "sent_at": "2026-11-20T08:00:00+00:00"}, minutes=self.number)
        self.pipeline.settle()
        with reading() as session:
            found = session.scalars(select(Message).where(Message.external_id == f"m{self.number}")).one()
            return found.conversation_id

    def answered(self, text: str, reply: str, *, status: Status = Status.RESOLVED) -> int:
        """Let a customer ask and an agent answer."""
        conversation_id = self.letter(text, sender=f"c{self.number}@example.com")
        with transaction() as session:
            self.reply(session, conversation_id, reply)
            session.execute(update(Conversation).where(Conversation.id == conversation_id).values(status=status))
        return conversation_id

    def reply(self, session: Any, conversation_id: int, text: str) -> None:
        conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
        author = session.get_one(User, self.ana.id)
        message = replies.queue_reply(
            session, conversation=conversation, author=author, text=text, client_key=f"k{conversation_id}{len(text)}"
        )
        message.send_state, message.sent_at = SendState.SENT, now()

    def ask(self, conversation_id: int, kind: str, draft: str = "", who: User | None = None) -> Ask:
        """Ask, let everything run, and return what became of it."""
        with transaction() as session:
            conversation = session.get_one(Conversation, conversation_id)
            user = session.get_one(User, (who or self.ana).id)
            ask = asks.ask(session, user=user, conversation=conversation, kind=kind, draft=draft)
        self.pipeline.settle()
        with reading() as session:
            return session.get_one(Ask, ask.id)


@pytest.fixture
def shop(pipeline: Pipeline) -> Shop:
    return Shop(pipeline)


def items_of(ask: Ask) -> list[dict[str, Any]]:
    assert ask.state is AskState.ANSWERED
    assert ask.answer is not None
    return list(ask.answer["items"])


def test_past_answers_that_worked_are_suggested_with_how_often(shop: Shop) -> None:
    for number, text in enumerate(SIMILAR):
        shop.answered(text, ANSWER.format(name=f"C{number}"), status=Status.OPEN if number == 2 else Status.RESOLVED)
    shop.answered(*OTHER)
    here = shop.letter(QUESTION)
    (item,) = items_of(shop.ask(here, "suggestions"))
    assert (item["source"], item["uses"], item["ended_well"]) == ("reply", 3, 2)
    with reading() as session:
        assert "spam folder" in session.get_one(Message, item["id"]).text


def test_what_never_ended_well_and_what_one_may_not_see_is_not_suggested(shop: Shop) -> None:
    shop.answered(SIMILAR[0], "We cannot help you.", status=Status.OPEN)
    hidden = shop.answered(SIMILAR[1], ANSWER.format(name="Kim"))
    fell = shop.answered(SIMILAR[2], "Just wait.")
    with transaction() as session:
        session.execute(update(Conversation).where(Conversation.id == fell).values(mood_start=0.2, mood=-0.6))
        elsewhere = Inbox(name="Elsewhere")
        session.add(elsewhere)
        session.flush()
        session.execute(update(Conversation).where(Conversation.id == hidden).values(inbox_id=elsewhere.id))
    here = shop.letter(QUESTION)
    assert items_of(shop.ask(here, "suggestions")) == []


def test_canned_responses_and_published_articles_are_read_and_suggested_and_their_use_counts(shop: Shop) -> None:
    with transaction() as session:
        canned = canned_responses.save(
            session, canned=None, shortcut="reset", title="Password reset", text="I have sent you a new reset link."
        )
        canned_responses.save(session, canned=None, shortcut="ship", title="Shipping", text="We ship within a day.")
        for body, state in (("Look into spam. Ask for a new mail.", "published"), ("Not ready: reset it.", "draft")):
            title = "Sign in again when the reset mail does not arrive"
            kb_articles.save(session, article=None, title=title, body=body, state=state, language="en")
    shop.pipeline.settle()
    past = shop.letter(SIMILAR[0], sender="past@example.com")
    found = shop.ask(past, "suggestions")
    assert {item["source"] for item in items_of(found)} == {"canned", "article"}
    with transaction() as session:
        drafts = session.scalars(select(KbArticle.id).where(KbArticle.body.startswith("Not ready"))).all()
        assert not {item["id"] for item in items_of(found) if item["source"] == "article"} & set(drafts)
        place = next(
            at for at, item in enumerate(items_of(found)) if item["id"] == canned.id and item["source"] == "canned"
        )
        suggestions.record_use(session, ask=session.get_one(Ask, found.id), place=place)
    here = shop.letter(QUESTION)
    assert _canned(shop.ask(here, "suggestions"), canned.id)["uses"] == 0  # taken, but nobody has replied yet
    with transaction() as session:
        shop.reply(session, past, "I have sent you a new reset link.")
        session.execute(update(Conversation).where(Conversation.id == past).values(status=Status.RESOLVED))
    item = _canned(shop.ask(here, "suggestions", who=shop.ben), canned.id)
    assert (item["uses"], item["ended_well"]) == (1, 1)


def _canned(ask: Ask, id_: int) -> dict[str, Any]:
    return next(item for item in items_of(ask) if item["source"] == "canned" and item["id"] == id_)


def test_a_changed_text_is_read_again_and_one_for_others_is_not_offered(shop: Shop) -> None:
    with transaction() as session:
        canned = canned_responses.save(
            session, canned=None, shortcut="x", title="Shipping", text="Norway takes five days by post."
        )
    shop.pipeline.settle()
    here = shop.letter(QUESTION)
    assert items_of(shop.ask(here, "suggestions")) == []
    with transaction() as session:
        canned_responses.save(
            session, canned=session.merge(canned), shortcut="x", title="Password", text="Here is a new reset link."
        )
    shop.pipeline.settle()
    assert _canned(shop.ask(here, "suggestions", who=shop.ben), canned.id)
    with reading() as session:
        assert [row.source_version for row in session.scalars(select(SuggestionEmbedding))] == [2]
    with transaction() as session:
        other = Inbox(name="Elsewhere")
        session.add(other)
        session.flush()
        canned_responses.save(
            session,
            canned=session.merge(canned),
            shortcut="x",
            title="Password",
            text="Here is a reset link.",
            inbox=other,
        )
    assert items_of(shop.ask(shop.letter(QUESTION, sender="kim@example.com"), "suggestions")) == []


def test_a_draft_is_judged_and_then_forgotten(shop: Shop) -> None:
    here = shop.letter(QUESTION)
    draft = "👍 You should have read the mail. Your new password is Harbour77!pine."
    ask = shop.ask(here, "tone", draft)
    assert ask.answer is not None
    hints = {hint["kind"]: hint for hint in ask.answer["hints"]}
    assert set(hints) == {"blaming", "secret"}
    raw = draft.encode("utf-16-le")
    secret = raw[2 * hints["secret"]["start"] : 2 * hints["secret"]["end"]].decode("utf-16-le")
    assert secret == "Harbour77!pine"
    assert "text" not in ask.question
    assert "Harbour" not in str(ask.answer)


def test_words_of_a_note_and_another_language_are_noticed(shop: Shop) -> None:
    here = shop.letter(QUESTION)
    note = "Customer is on the watch list, third chargeback this year, promise nothing"
    with transaction() as session:
        conversation = session.get_one(Conversation, here, with_for_update=True)
        author = session.get_one(User, shop.ana.id)
        replies.write_note(session, conversation=conversation, author=author, text=note, client_key="n")
    copied = shop.ask(here, "tone", f"Hello Mia,\n\n{note.lower()}.")
    german = shop.ask(here, "tone", "Guten Tag, wir haben Ihnen heute Morgen einen neuen Link geschickt.")
    assert [(hint["kind"], hint["detail"]) for hint in (copied.answer or {})["hints"]] == [("internal", "note")]
    assert [(hint["kind"], hint["detail"]) for hint in (german.answer or {})["hints"]] == [("language", "de")]


def test_open_questions_are_found_and_ticked_off_by_the_draft(shop: Shop) -> None:
    here = shop.letter("Do you ship to Norway? And can I pay by invoice?", thread="q")
    first = shop.ask(here, "questions").answer or {}
    assert [question["in_draft"] for question in first["questions"]] == [False, False]
    draft = shop.ask(here, "questions", "Yes, we ship to Norway, it takes five days.").answer or {}
    assert [question["in_draft"] for question in draft["questions"]] == [True, False]
    with transaction() as session:
        shop.reply(session, here, "Yes, we ship to Norway. You can pay by invoice, too.")
    assert (shop.ask(here, "questions").answer or {})["questions"] == []


def test_a_summary_points_into_messages(shop: Shop) -> None:
    said = (
        "My grinder broke on Tuesday and the motor only hums.",
        "I have cleaned it as the manual says, and it still does not turn.",
        "Please send a replacement by Friday, we have guests.",
        "I have been waiting for three days and heard nothing.",
    )
    here = 0
    for text in said:
        here = shop.letter(f"Hello,\n\n{text}\n\nKind regards\nMia", thread="s")
    excerpts = (shop.ask(here, "summary").answer or {})["excerpts"]
    with reading() as session:
        words = [session.get_one(Message, id_).text[start:end] for id_, start, end in excerpts]
    assert words == list(said)


def test_nothing_is_lost_when_the_queue_is_emptied(shop: Shop) -> None:
    here = shop.letter(QUESTION)
    with transaction() as session:
        conversation = session.get_one(Conversation, here)
        ask = asks.ask(session, user=session.get_one(User, shop.ana.id), conversation=conversation, kind="questions")
    shop.pipeline.relay()
    shop.pipeline.redis.flushdb()
    with transaction() as session:
        assert asks.nudge(session, older_than=asks.KEEP * -1) == 1
    shop.pipeline.settle()
    with reading() as session:
        assert session.get_one(Ask, ask.id).state is AskState.ANSWERED


def test_the_annotator_serves_questions_first(shop: Shop) -> None:
    here = shop.letter(QUESTION)
    shop.pipeline.deliver(shop.channel, b"{}")
    with transaction() as session:
        conversation = session.get_one(Conversation, here)
        asks.ask(session, user=session.get_one(User, shop.ana.id), conversation=conversation, kind="questions")
    shop.pipeline.relay()
    from workers import queues

    assert queues.ANNOTATOR[0] == queues.ASK
    assert [function for function, _ in shop.pipeline.jobs() if ".ask." in function] == ["workers.jobs.ask.answer"]


@pytest.mark.parametrize(("text", "place", "counted"), [("abc", 2, 2), ("👍a", 1, 2), ("é👍👍x", 3, 5), ("", 0, 0)])
def test_places_are_counted_as_browsers_do(text: str, place: int, counted: int) -> None:
    assert utf16(text, place) == counted


def test_taken_suggestions_are_remembered_with_the_question(shop: Shop) -> None:
    for number, text in enumerate(SIMILAR[:2]):
        shop.answered(text, ANSWER.format(name=f"C{number}"))
    here = shop.letter(QUESTION)
    found = shop.ask(here, "suggestions")
    with transaction() as session:
        suggestions.record_use(session, ask=session.get_one(Ask, found.id), place=0)
    with reading() as session:
        use = session.scalars(select(SuggestionUse)).one()
        assert (use.conversation_id, use.user_id, use.reply_id) == (here, shop.ana.id, items_of(found)[0]["id"])
