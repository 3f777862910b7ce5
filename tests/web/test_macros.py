"""Canned responses by a slash, and macros: their pages, their previews, and what two at once are told."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from app.db import reading, transaction
from app.models import CannedResponse, Contact, Conversation, Macro, Message, Priority, Status
from app.services import canned_responses, conversations
from tests.inbox_house import Seeded, counted, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]  # fixture
MARTA, PRIYA = "Marta Lindqvist", "Priya Raman"
EVIL = "<img src=x onerror=alert(1)>"


def written(shortcut: str, text: str, **more: Any) -> CannedResponse:
    with transaction() as session:
        told = {"title": f"{shortcut} {EVIL}", "text": text, **more}
        return canned_responses.save(session, canned=None, shortcut=shortcut, **told)


def macro_of(browser: Visitor, name: str, *actions: tuple[str, str], place: str = "") -> Macro:
    told = {"name": name, "place": place, "press": "save"}
    listed = {"action-do": [do for do, _ in actions], "action-value": [value for _, value in actions]}
    answer = browser.post("/settings/macros/new", {**told, **listed})
    assert answer.status_code == 303, answer.text
    with reading() as session:
        return session.scalars(select(Macro).where(Macro.name == name)).one()


def field_of(page: str, name: str) -> str:
    return str(re.findall(rf'name="{name}" value="([^"]*)"', page)[0])


def test_a_slash_offers_what_fits_and_its_use_brings_it_first_the_next_time(seeded: Seeded) -> None:
    written("aa-first", "Welcome {{ contact.first_name }} " + EVIL)
    wanted = written("zz-last", "Welcome {{ contact.first_name }}, {{ business_hours }}")
    browser, here = seeded.visitor("ben"), f"/conversations/{seeded.public_id(MARTA)}/canned"
    with counted() as statements:
        shown = browser.get(f"{here}?q=welcome").text
    assert len(statements) <= 6
    assert re.findall("<code>(/[a-z-]+)", shown) == ["/aa-first", "/zz-last"]
    assert EVIL not in shown
    assert html.escape(EVIL) in shown
    used = browser.post(f"{here}/{wanted.public_id}/uses")
    assert (used.text, used.content_type) == ("Welcome Marta, ⟦your business hours⟧", "text/plain; charset=utf-8")
    with transaction() as session:
        contact = session.get_one(Contact, seeded.made.conversations[MARTA].contact_id)
        contact.name = "*Marta* Lindqvist"
    formatted = browser.post(f"{here}/{wanted.public_id}/uses?format=markdown").text
    assert formatted.startswith("Welcome \\*Marta\\*, ")  # a name is no markup
    assert re.findall("<code>(/[a-z-]+)", browser.get(f"{here}?q=welcome").text) == ["/zz-last", "/aa-first"]
    assert "“&lt;b&gt;" in browser.get(f"{here}?q=<b>nothing").text
    assert "/settings/canned-responses/new" not in browser.get(here).text
    with reading() as session:
        there = session.scalars(select(CannedResponse.id).where(CannedResponse.is_archived.is_(False))).all()
    _archive(there, is_archived=True)
    none_yet = browser.get(here).text
    _archive(there, is_archived=False)
    assert "There is no canned response yet." in none_yet
    assert (
        'role="option" id="slash-1" aria-selected="false" tabindex="-1" href="/settings/canned-responses/new"'
        in none_yet
    )
    elsewhere = seeded.public_id("Tomás Herrera")  # in the sales inbox
    assert seeded.visitor("chloe").get(f"/conversations/{elsewhere}/canned").status_code == 404
    bar = browser.get(f"/commands?open={seeded.public_id(MARTA)}").text
    assert "Insert canned response: zz-last" in bar
    assert "Answer with" not in browser.get(f"/commands?open={elsewhere}x").text


def _archive(ids: Sequence[int], *, is_archived: bool) -> None:
    with transaction() as session:
        session.execute(update(CannedResponse).where(CannedResponse.id.in_(ids)).values(is_archived=is_archived))


def test_a_reply_with_a_gap_comes_back_with_words(seeded: Seeded) -> None:
    told = {"text": "We are there ⟦your business hours⟧.", "client_key": "gap", "seen": ""}
    answer = seeded.visitor("ana").post(f"/conversations/{seeded.public_id(MARTA)}/replies", told)
    assert answer.status_code == 422
    assert "Fill in what is missing before this leaves: your business hours" in answer.text


def test_agents_write_their_own_and_read_what_is_shared(seeded: Seeded) -> None:
    shared, agent = written("shared-one", "Hello"), seeded.visitor("ben")
    told = {"title": "Mine", "shortcut": "mine", "text": "Hi {{ contact.name }}", "language": "en"}
    assert agent.post("/settings/canned-responses/new", {**told, "place": ""}).status_code == 403
    assert agent.post("/settings/canned-responses/new", {**told, "place": "own"}).status_code == 303
    page = agent.get("/settings/canned-responses").text
    assert "Only you" in page
    assert "/shared-one" in page
    address = f"/settings/canned-responses/{shared.public_id}"
    assert "supervisors and admins change it" in agent.get(address).text
    assert agent.post(address, {**told, "place": "own"}).status_code == 403
    assert agent.post(f"{address}/archive", {"archived": "1"}).status_code == 403
    assert "/mine" not in seeded.visitor("ana").get("/settings/canned-responses").text
    with reading() as session:
        own = session.scalars(select(CannedResponse.public_id).where(CannedResponse.shortcut == "mine")).one()
    assert seeded.visitor("ana").get(f"/settings/canned-responses/{own}").status_code == 404


def test_the_form_tells_line_and_cause_keeps_languages_and_shows_it_filled(seeded: Seeded) -> None:
    browser = seeded.visitor("ana")
    told = {"title": "Hours", "shortcut": "hours", "text": "Hi {{ contact.name }}\n{{ case.number }}", "place": ""}
    variants = {"variant-language": ["de", ""], "variant-text": ["Hallo {{ contact.nmae }}", ""]}
    wrong = browser.post("/settings/canned-responses/new", {**told, **variants})
    assert wrong.status_code == 422
    assert "Line 1: contact.nmae is not known. Known are contact.name" in wrong.text
    variants["variant-text"] = ["Hallo {{ contact.name }}", ""]
    number = str(seeded.now(PRIYA).number)
    shown = browser.post("/settings/canned-responses/new", {**told, **variants, "press": "preview", "number": number})
    assert "Hallo Priya Raman" in shown.text
    assert browser.post("/settings/canned-responses/new", {**told, **variants}).status_code == 303
    with reading() as session:
        row = session.scalars(select(CannedResponse).where(CannedResponse.shortcut == "hours")).one()
    page = browser.get(f"/settings/canned-responses/{row.public_id}").text
    assert "Hallo {{ contact.name }}" in page
    late = browser.post(f"/settings/canned-responses/{row.public_id}", {**told, "version": str(row.version + 1)})
    assert late.status_code == 409
    assert "meanwhile" in late.text


def test_a_macro_is_made_previewed_run_and_undone(seeded: Seeded) -> None:
    canned, browser = written("closing", "Dear {{ contact.first_name }}, closed."), seeded.visitor("ana")
    actions = ("reply", str(canned.public_id)), ("priority", "urgent"), ("add_tag", EVIL), ("status", "resolved")
    macro = macro_of(browser, f"Close {EVIL}", *actions)
    here = f"/conversations/{seeded.public_id(PRIYA)}/macros"
    assert html.escape(f"Close {EVIL}") in browser.get(here).text
    with counted() as statements:
        page = browser.get(f"{here}/{macro.public_id}").text
    assert len(statements) <= 30
    assert EVIL not in page
    assert "Dear Priya, closed." in page
    before, said = seeded.now(PRIYA), _sent(seeded.now(PRIYA))
    form = {"fingerprint": field_of(page, "fingerprint"), "client_key": field_of(page, "client_key")}
    assert browser.post(f"{here}/{macro.public_id}", form).status_code == 303
    assert browser.post(f"{here}/{macro.public_id}", form).status_code == 303  # the same form twice is one run
    after = seeded.now(PRIYA)
    assert (after.status, after.priority) == (Status.RESOLVED, Priority.URGENT)
    assert _sent(after) == said + 1
    timeline = browser.get(seeded.path(PRIYA) + "?status=all").text
    assert "ran the macro" in timeline
    (undo,) = set(re.findall('action="(/macro-runs/[^"]+)"', timeline))
    assert seeded.visitor("dev").post(undo).status_code == 404  # it is for who ran it
    assert browser.post(undo).status_code == 303
    again = seeded.now(PRIYA)
    assert (again.status, again.priority) == (before.status, before.priority)
    assert undo not in browser.get(seeded.path(PRIYA)).text


def _sent(conversation: Conversation) -> int:
    with reading() as session:
        mine = select(Message.id).where(Message.conversation_id == conversation.id, Message.author_id.is_not(None))
        return len(session.scalars(mine).all())


def test_what_changed_since_the_preview_is_shown_again_and_not_done(seeded: Seeded) -> None:
    browser = seeded.visitor("ana")
    macro = macro_of(browser, "Raise", ("priority", "high"))
    here = f"/conversations/{seeded.public_id(MARTA)}/macros/{macro.public_id}"
    page = browser.get(here).text
    with transaction() as session:
        row = session.get_one(Conversation, seeded.made.conversations[MARTA].id, with_for_update=True)
        conversations.set_priority(session, conversation=row, actor=None, priority=Priority.LOW)
    form = {"fingerprint": field_of(page, "fingerprint"), "client_key": field_of(page, "client_key")}
    told = browser.post(here, form)
    assert told.status_code == 409
    assert "changed meanwhile" in told.text
    assert seeded.now(MARTA).priority is Priority.LOW
    form["fingerprint"] = field_of(told.text, "fingerprint")
    assert browser.post(here, form).status_code == 303
    assert seeded.now(MARTA).priority is Priority.HIGH


def test_macros_are_shared_like_canned_responses_and_put_in_order(seeded: Seeded) -> None:
    admin, agent = seeded.visitor("ana"), seeded.visitor("ben")
    shared = macro_of(admin, "Shared", ("status", "pending"))
    assert agent.post(f"/settings/macros/{shared.public_id}/delete").status_code == 403
    assert agent.post("/settings/macros/new", {"name": "x", "place": "", "press": "save"}).status_code == 403
    own = macro_of(agent, "Own", ("status", "pending"), place="own")
    assert admin.get(f"/settings/macros/{own.public_id}").status_code == 404
    here = f"/conversations/{seeded.public_id(MARTA)}/macros/{own.public_id}"
    assert admin.get(here).status_code == 404
    page = agent.get("/settings/macros").text
    assert page.index("Shared") < page.index("Own")
    agent.post(f"/settings/macros/{own.public_id}/move", {"to": "up"})
    page = agent.get("/settings/macros").text
    assert page.index(">Own<") < page.index(">Shared<")
    rows = {"name": "Own", "place": "own", "action-do": ["status"], "action-value": ["open"]}
    more = agent.post("/settings/macros/new", {**rows, "press": "add", "new-action": "note"})
    assert more.text.count('name="action-do"') == 2
    assert agent.post(f"/settings/macros/{own.public_id}/delete").status_code == 303
    assert agent.get(f"/settings/macros/{own.public_id}").status_code == 404
