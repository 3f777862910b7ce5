"""Macros: the plan that is shown is what happens, nothing else does, and it can be undone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid
from app.models import (
    Activity,
    CannedResponse,
    CannedResponseUse,
    Case,
    CaseConversation,
    Contact,
    Conversation,
    Macro,
    MacroRun,
    Message,
    Priority,
    Status,
    Tag,
    Tagging,
    Visibility,
)
from app.services import canned_responses, conversations, macro_plan, macros, replies, sending_rules, tags
from app.services.macro_plan import Plan
from tests.services.making import House, letter

SENT = "Dear Mia, your money is on its way."


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    made = House(session, tmp_path).by_mail()
    sending_rules.change(session, undo_send_seconds="10")
    return made


@pytest.fixture
def conversation(house: House) -> Conversation:
    return house.one(letter())[0]


def refund(house: House, text: str = "Dear {{ contact.first_name }}, your **money** is on its way.") -> CannedResponse:
    return canned_responses.save(house.session, canned=None, shortcut="refund", title="Refund", text=text)


def bundle(house: House, *actions: tuple[str, str], **more: Any) -> Macro:
    listed = [{"do": do, "value": value} for do, value in actions]
    return macros.save(house.session, macro=None, name="Refund and close", actions=listed, **more)


def everything(house: House) -> Macro:
    return bundle(
        house,
        ("priority", "low"),
        ("assign", str(house.agents[1].public_id)),
        ("team", str(house.team.public_id)),
        ("add_tag", "Refunded"),
        ("take_tag", "billing"),
        ("open_case", "request"),
        ("status", "resolved"),
        ("note", "Done for {{ contact.name }}"),
        ("reply", str(refund(house).public_id)),
    )


def planned(house: House, macro: Macro, conversation: Conversation) -> Plan:
    return macro_plan.make(house.session, macro=macro, conversation=conversation, user=house.agents[0])


def run(house: House, macro: Macro, conversation: Conversation, key: str = "k1", plan: Plan | None = None) -> MacroRun:
    fingerprint = (plan or planned(house, macro, conversation)).fingerprint
    given = {"macro": macro, "conversation": conversation, "user": house.agents[0]}
    return macros.run(house.session, **given, fingerprint=fingerprint, client_key=key)


def worn(house: House, conversation: Conversation) -> list[str]:
    query = select(Tag.name).join(Tagging).where(Tagging.conversation_id == conversation.id).order_by(Tag.name)
    return list(house.session.scalars(query))


def said(house: House, conversation: Conversation) -> list[Message]:
    query = select(Message).where(Message.conversation_id == conversation.id, Message.author_id.is_not(None))
    return list(house.session.scalars(query.order_by(Message.id)))


def test_what_the_plan_tells_is_what_happens_and_undoing_puts_it_back(house: House, conversation: Conversation) -> None:
    session, ana, bela = house.session, house.agents[0], house.agents[1]
    tags.put(session, conversation=conversation, tag=tags.named(session, "billing"), actor=ana)
    plan = planned(house, macro := everything(house), conversation)
    assert [step.do for step in plan.steps][:2] == ["note", "reply"]  # what is written comes first
    told = {step.do: (step.before, step.after) for step in plan.steps}
    assert told["assign"] == (ana.name, bela.name)  # a reply gives it to its writer before
    assert told["add_tag"] == ("billing", "Refunded, billing")
    assert told["take_tag"] == ("Refunded, billing", "Refunded")
    assert told["status"] == ("open", "resolved")
    assert said(house, conversation) == []  # planning does nothing
    assert conversation.status is Status.OPEN

    row = run(house, macro, conversation, plan=plan)
    note, reply = said(house, conversation)
    assert (note.visibility, note.text) == (Visibility.PRIVATE, "Done for Mia")
    planned_reply = next(step for step in plan.steps if step.do == "reply")
    assert (reply.text, reply.markdown, reply.html) == (SENT, planned_reply.text, planned_reply.html)
    assert "your <strong>money</strong> is" in planned_reply.html
    assert reply.send_after is not None  # it can be taken back
    assert (conversation.assignee_id, conversation.team_id) == (bela.id, house.team.id)
    assert (conversation.status, conversation.priority) == (Status.RESOLVED, Priority.LOW)
    assert worn(house, conversation) == ["Refunded"]
    case = session.scalars(select(Case).join(CaseConversation)).one()
    assert case.type.value == "request"
    assert session.scalars(select(CannedResponseUse.uses)).one() == 1
    session.refresh(macro)
    assert macro.uses == 1
    lines = session.scalars(select(Activity).where(Activity.verb == "macro.run")).all()
    assert [line.data["macro"] for line in lines] == ["Refund and close"]

    stays = macros.undo(session, row=row, conversation=conversation, user=ana)
    assert stays == [f"case #{case.number}", "the note"]
    assert [message.text for message in said(house, conversation)] == ["Done for Mia"]  # the reply never was
    assert (conversation.assignee_id, conversation.team_id, conversation.priority) == (None, None, Priority.NORMAL)
    assert conversation.status is Status.OPEN
    assert worn(house, conversation) == ["billing"]
    assert macros.undo(session, row=row, conversation=conversation, user=ana) == []


def test_undoing_leaves_alone_what_somebody_changed_since_and_what_has_left(
    house: House, conversation: Conversation
) -> None:
    macro = bundle(house, ("reply", str(refund(house).public_id)), ("priority", "urgent"), ("status", "pending"))
    row = run(house, macro, conversation)
    conversations.set_priority(house.session, conversation=conversation, actor=house.agents[1], priority=Priority.HIGH)
    (reply,) = said(house, conversation)
    reply.send_attempts = 1
    house.session.flush()
    stays = macros.undo(house.session, row=row, conversation=conversation, user=house.agents[0])
    assert stays == ["Set the priority", "the reply, which has left"]
    assert (conversation.priority, conversation.status) == (Priority.HIGH, Status.OPEN)
    assert conversation.assignee_id == house.agents[0].id  # it stays with who answered it


def test_the_same_form_twice_is_one_run(house: House, conversation: Conversation) -> None:
    macro = bundle(house, ("reply", str(refund(house).public_id)))
    plan = planned(house, macro, conversation)
    assert run(house, macro, conversation, plan=plan) == run(house, macro, conversation, plan=plan)
    assert len(said(house, conversation)) == 1


@pytest.mark.parametrize("meanwhile", ["colleague", "customer", "macro", "text"])
def test_what_moved_since_it_was_shown_is_told_and_nothing_is_done(
    house: House, conversation: Conversation, meanwhile: str
) -> None:
    session, bela, canned = house.session, house.agents[1], refund(house)
    macro = bundle(house, ("reply", str(canned.public_id)), ("priority", "low"))
    plan = planned(house, macro, conversation)
    match meanwhile:
        case "colleague":
            conversations.assign(session, conversation=conversation, actor=bela, assignee=bela)
            conversations.set_priority(session, conversation=conversation, actor=bela, priority=Priority.HIGH)
        case "customer":
            replies.write_note(session, conversation=conversation, author=bela, text="Look", client_key="n")
        case "macro":
            macros.save(session, macro=macro, name="Other", actions=[{"do": "priority", "value": "low"}])
        case _:
            canned.text = "Other words"
    session.flush()
    before = conversation.priority, len(said(house, conversation))
    with pytest.raises(Conflict, match="changed meanwhile"):
        run(house, macro, conversation, plan=plan)
    assert (conversation.priority, len(said(house, conversation))) == before


def test_a_name_is_no_markup_and_who_writes_plain_sends_plain(house: House, conversation: Conversation) -> None:
    evil = "1. [Mia](https://evil.example) *&amp;* ![x](cid:1)"
    house.session.get_one(Contact, conversation.contact_id).name = evil
    macro = bundle(house, ("reply", str(refund(house, "{{ contact.name }}\n\n**Yes**").public_id)))
    step = planned(house, macro, conversation).steps[0]
    assert "Mia](<a href" in step.html  # an address is a link as in any text; its words do not hide it
    assert "<ol>" not in step.html
    assert "&amp;amp;" in step.html
    row = run(house, macro, conversation)
    assert house.session.get_one(Message, row.message_id).text == f"{evil}\n\nYes"
    house.agents[0].writes_plain = True
    step = planned(house, macro, conversation).steps[0]
    assert (step.text, step.html) == (f"{evil}\n\n**Yes**", "")
    run(house, macro, conversation, key="k2")
    assert said(house, conversation)[-1].html is None


def test_a_reply_that_is_refused_stops_all_of_it(house: House, conversation: Conversation) -> None:
    canned = refund(house, "Your case is {{ case.number }}")
    macro = bundle(house, ("status", "resolved"), ("reply", str(canned.public_id)))
    plan = planned(house, macro, conversation)
    assert plan.stopped_by is not None
    assert "the number of its newest case" in plan.stopped_by.refusal
    with pytest.raises(Invalid, match="Fill in what is missing"):
        run(house, macro, conversation, plan=plan)
    canned_responses.archive(house.session, canned=canned, is_archived=True)
    house.session.flush()
    stopped = planned(house, macro, conversation).stopped_by
    assert stopped is not None
    assert "is gone" in stopped.refusal
    assert conversation.status is Status.OPEN


def test_other_steps_that_are_refused_are_left_out_and_say_why(house: House, conversation: Conversation) -> None:
    stranger = "0199aaaa-0000-7000-8000-000000000000"
    actions = ("assign", stranger), ("team", stranger), ("status", "snooze_day"), ("open_case", "problem")
    macro = bundle(house, *actions)
    first = run(house, macro, conversation)
    assert conversation.status is Status.SNOOZED
    assert conversation.snoozed_until is not None
    assert timedelta(hours=23) < conversation.snoozed_until - first.created_at < timedelta(hours=25)
    refusals = {step.do: step.refusal for step in planned(house, macro, conversation).steps}
    assert refusals["assign"] == "This inbox is not shared with that colleague."
    assert refusals["team"] == "There is no such team any more."
    assert refusals["open_case"] == "It has an open case already."


def test_where_everything_is_so_already_there_is_nothing_to_do(house: House, conversation: Conversation) -> None:
    macro = bundle(house, ("priority", "normal"), ("assign", "nobody"), ("take_tag", "nothing"))
    with pytest.raises(Invalid, match="nothing for this macro to do"):
        run(house, macro, conversation)


@pytest.mark.parametrize(
    ("actions", "cause"),
    [
        ([], "at least one"),
        ("resolve", "at least one"),
        ([{"do": "delete_everything", "value": "x"}], "Choose what"),
        ([{"do": "priority", "value": "soon"}], "no such value"),
        ([{"do": "note", "value": " "}], "needs a value"),
        ([{"do": "note", "value": "{{ secret }}"}], "secret is not known"),
        ([{"do": "status", "value": "open"}, {"do": "status", "value": "resolved"}], "once"),
        ([{"do": "add_tag", "value": "x" * 41}], "at most 40"),
        ([{"do": "add_tag", "value": str(n)} for n in range(11)], "at most 10"),
    ],
)
def test_what_is_no_macro_is_refused(house: House, actions: Any, cause: str) -> None:
    with pytest.raises(Invalid, match=cause):
        macros.save(house.session, macro=None, name="x", actions=actions)


def test_of_two_who_change_a_macro_the_second_is_told(house: House) -> None:
    macro = bundle(house, ("priority", "low"))
    seen = macro.version
    macros.save(house.session, macro=macro, name="First", actions=macro.actions, version=seen)
    with pytest.raises(Conflict, match="meanwhile"):
        macros.save(house.session, macro=macro, name="Second", actions=macro.actions, version=seen)
    assert macro.name == "First"
