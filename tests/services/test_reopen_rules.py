"""What becomes of resolved conversations whose customers write again, by the rules of their inbox."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import (
    Activity,
    AssigneeThen,
    Conversation,
    ConversationLink,
    LinkKind,
    Message,
    Prediction,
    Presence,
    Reopening,
    Status,
    User,
)
from app.services import conversations, presence, reopen_rules, routing
from app.services.reopen_rules import is_mere_thanks
from tests.services.making import NOON, House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def ana(house: House) -> User:
    agent: User = house.agents[0]
    return agent


def resolved(house: House, ana: User, days_ago: float = 0) -> tuple[Conversation, Message]:
    conversation, said = house.one(letter())
    conversation.assignee_id = ana.id
    conversations.set_status(house.session, conversation=conversation, actor=ana, status=Status.RESOLVED)
    conversation.resolved_at = NOON - timedelta(days=days_ago)
    house.session.flush()
    return conversation, said


def verbs(house: House, conversation: Conversation) -> list[str]:
    query = select(Activity.verb).where(Activity.conversation_id == conversation.id).order_by(Activity.id)
    return list(house.session.scalars(query))


@pytest.mark.parametrize(
    ("reopening", "days_ago", "begins_new"),
    [
        (Reopening.ALWAYS, 400, False),
        (Reopening.WITHIN, 13, False),
        (Reopening.WITHIN, 15, True),
        (Reopening.NEVER, 0, True),
    ],
)
def test_an_answer_opens_it_again_or_begins_a_follow_up(
    house: House, ana: User, reopening: Reopening, days_ago: int, begins_new: bool
) -> None:
    house.inbox.reopening = reopening
    old, said = resolved(house, ana, days_ago)
    found, _ = house.one(letter(in_reply_to=said.external_id))
    assert (found is not old) is begins_new
    assert (found.status, found.assignee_id) == (Status.OPEN, ana.id)
    links = house.session.scalars(select(ConversationLink)).all()
    if not begins_new:
        assert (links, old.resolved_at) == ([], None)
        return
    assert [(one.from_id, one.to_id, one.kind) for one in links] == [(found.id, old.id, LinkKind.FOLLOW_UP)]
    assert (old.status, old.continued_in_id, old.messages) == (Status.RESOLVED, found.id, 1)
    assert verbs(house, old)[-2:] == ["conversation.resolved", "conversation.continued"]
    assert verbs(house, found) == ["conversation.continues"]


def test_all_that_names_the_old_one_leads_to_its_newest_follow_up(house: House, ana: User) -> None:
    house.inbox.reopening = Reopening.NEVER
    old, said = resolved(house, ana)
    first, second = house.arrive(letter(in_reply_to=said.external_id), letter(in_reply_to=said.external_id))
    assert first.conversation_id == second.conversation_id != old.id
    follow_up = house.session.get_one(Conversation, first.conversation_id)
    assert house.one(letter(tokens=(old.reply_token,)))[0] is follow_up
    conversations.set_status(house.session, conversation=follow_up, actor=ana, status=Status.RESOLVED)
    last, _ = house.one(letter(in_reply_to=said.external_id))
    assert last not in {old, follow_up}
    assert (old.continued_in_id, follow_up.continued_in_id) == (last.id, last.id)
    conversations.set_status(house.session, conversation=old, actor=ana, status=Status.OPEN)
    assert house.one(letter(in_reply_to=said.external_id))[0] is old


def test_the_thread_of_a_provider_goes_on_in_the_follow_up(house: House, ana: User) -> None:
    house.inbox.reopening = Reopening.NEVER
    old, _ = house.one(letter(thread_key="chat-7"))
    conversations.set_status(house.session, conversation=old, actor=ana, status=Status.RESOLVED)
    new, _ = house.one(letter(thread_key="chat-7"))
    assert new is not old
    assert (old.thread_key, new.thread_key) == (None, "chat-7")
    assert house.one(letter(thread_key="chat-7"))[0] is new


@pytest.mark.parametrize("auto", ["auto_reply", "bounce"])
def test_what_nobody_wrote_begins_nothing(house: House, ana: User, auto: str) -> None:
    house.inbox.reopening = Reopening.NEVER
    old, said = resolved(house, ana)
    assert house.one(letter(in_reply_to=said.external_id, auto=auto))[0] is old
    assert old.status is Status.RESOLVED


@pytest.mark.parametrize(
    ("then", "is_here", "keeps"),
    [
        (AssigneeThen.KEPT, False, True),
        (AssigneeThen.KEPT_IF_HERE, True, True),
        (AssigneeThen.KEPT_IF_HERE, False, False),
        (AssigneeThen.CLEARED, True, False),
    ],
)
def test_who_had_it_has_it_again_or_its_team_does(
    house: House, ana: User, then: AssigneeThen, is_here: bool, keeps: bool
) -> None:
    house.inbox.assignee_then, house.inbox.team_id = then, house.team.id
    house.session.execute(delete(Presence))
    if is_here:
        presence.connect(house.session, user_id=ana.id, connection="c1")
    old, said = resolved(house, ana)
    house.one(letter(in_reply_to=said.external_id))
    assert (old.assignee_id, old.team_id) == ((ana.id, None) if keeps else (None, house.team.id))


def understood(house: House, message: Message, **labels: str) -> None:
    """Store what the models said, and route as they are routed then."""
    conversation = house.session.get_one(Conversation, message.conversation_id)
    conversation.intent, conversation.emotion = labels.get("intent"), labels.get("emotion")
    for task, label in labels.items():
        house.session.add(
            Prediction(
                message_id=message.id,
                task=task,
                label=label,
                confidence=0.97,
                abstained=False,
                model_id="m",
                model_version="v1",
            )
        )
    house.session.flush()
    routing.route(house.session, message_ids=[message.id])


@pytest.mark.parametrize("reopening", [Reopening.ALWAYS, Reopening.NEVER])
def test_a_mere_thank_you_wakes_nobody(house: House, ana: User, reopening: Reopening) -> None:
    house.inbox.reopening, house.inbox.assignee_then = reopening, AssigneeThen.CLEARED
    old, said = resolved(house, ana)
    ended = old.resolved_at
    conversation, message = house.one(letter(in_reply_to=said.external_id, text="Thank you so much, that works."))
    assert conversation.status is Status.OPEN
    understood(house, message, intent="praise_thanks", sentiment="positive", request="no")
    assert (conversation.status, conversation.waiting_since) == (Status.RESOLVED, None)
    assert verbs(house, conversation)[-1] == "conversation.stayed_resolved"
    if reopening is Reopening.ALWAYS:
        assert (old.assignee_id, old.resolved_at) == (ana.id, ended)


def test_a_thank_you_opens_what_somebody_worked_on_meanwhile_and_where_the_inbox_wants_it(
    house: House, ana: User
) -> None:
    old, said = resolved(house, ana)
    _, message = house.one(letter(in_reply_to=said.external_id, text="Thanks!"))
    conversations.set_priority(house.session, conversation=old, actor=ana, priority=type(old.priority)("high"))
    understood(house, message, intent="praise_thanks")
    assert old.status is Status.OPEN
    house.inbox.thanks_reopen = True
    other, said = resolved(house, ana)
    _, message = house.one(letter(in_reply_to=said.external_id, text="Thanks!"))
    understood(house, message, intent="praise_thanks")
    assert other.status is Status.OPEN


@pytest.mark.parametrize(
    ("text", "labels", "is_mere"),
    [
        ("Thanks a lot!", {"intent": "praise_thanks"}, True),
        ("Merci beaucoup", {"emotion": "gratitude", "intent": "other"}, True),
        ("Thanks", {"emotion": "gratitude", "intent": "refund_return"}, False),
        ("Thanks, and when does it arrive?", {"intent": "praise_thanks"}, False),
        ("شكرا، متى يصل؟", {"intent": "praise_thanks"}, False),
        ("Thanks for nothing.", {"intent": "praise_thanks", "sentiment": "negative"}, False),
        ("Thanks, please send the invoice.", {"intent": "praise_thanks", "request": "yes"}, False),
        ("Thanks " * 60, {"intent": "praise_thanks"}, False),
        (" ", {"intent": "praise_thanks"}, False),
        ("Thanks", {}, False),
    ],
)
def test_only_what_asks_for_nothing_is_a_mere_thank_you(text: str, labels: dict[str, str], is_mere: bool) -> None:
    assert is_mere_thanks(text, labels) is is_mere


def test_rules_are_read_once_a_batch_and_not_for_open_conversations(house: House, ana: User) -> None:
    pairs = [resolved(house, ana) for _ in range(4)]
    house.session.flush()
    house.session.expunge(house.inbox)
    asked: list[str] = []
    engine = house.session.get_bind()

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "inbox.reopening" in statement:
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        house.arrive(letter(), letter())
        assert asked == []
        house.arrive(*(letter(in_reply_to=said.external_id) for _, said in pairs))
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert 1 <= len(asked) <= 2


def test_rules_that_make_no_sense_are_refused(house: House) -> None:
    for wrong in (
        {"reopening": "sometimes"},
        {"days": "0"},
        {"days": "366"},
        {"days": "１４"},
        {"assignee_then": "gone"},
    ):
        told = {"reopening": "within", "days": "14", "assignee_then": "kept", "thanks_reopen": False, **wrong}
        with pytest.raises(Invalid):
            reopen_rules.save(house.session, inbox=house.inbox, **told)  # type: ignore[arg-type] # made wrong
