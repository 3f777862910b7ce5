"""Links, cases of several conversations, checklists and tags on the screen: who may, what is asked, and undoing."""

from __future__ import annotations

import re
from html import escape, unescape

from sqlalchemy import select

from app import db
from app.models import (
    Case,
    CaseConversation,
    CaseStatus,
    ChecklistItem,
    Conversation,
    ConversationLink,
    Inbox,
    Status,
    Tag,
)
from tests.inbox_house import Seeded, counted, part, seeded
from tests.rooms import Visitor
from tests.web.test_macros import macro_of

__all__ = ["seeded"]  # fixture

MARTA, KWAME, INGRID = "Marta Lindqvist", "Kwame Mensah", "Ingrid Halvorsen"
HOSTILE = "<img src=x onerror=alert(1)>"


def undone(browser: Visitor, page: str) -> str:
    """Press the Undo button of what the page says was done; return the page that follows."""
    flash = re.search(r'<div class="flash .*?</form>', page, re.DOTALL)
    assert flash is not None
    action = re.search(r'action="([^"]+)"', flash[0])
    assert action is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', flash[0]))
    answer = browser.post(unescape(action[1]), {name: unescape(value) for name, value in fields.items()})
    return browser.get(answer.location).text


def hidden_from_chloe(seeded: Seeded) -> str:
    """Return a conversation in an inbox that Chloé does not see."""
    with db.reading() as session:
        query = select(Conversation.public_id).join(Inbox, Inbox.id == Conversation.inbox_id)
        return str(session.scalars(query.where(Inbox.id == seeded.made.inboxes["sales"].id)).first())


def links(seeded: Seeded, contact: str) -> list[ConversationLink]:
    with db.reading() as session:
        here = ConversationLink.from_id == seeded.made.conversations[contact].id
        return list(session.scalars(select(ConversationLink).where(here)))


def test_a_link_is_made_shown_on_both_sides_and_undone_from_the_word_that_tells_of_it(seeded: Seeded) -> None:
    browser, this, other = seeded.visitor(), seeded.public_id(MARTA), seeded.public_id(KWAME)
    number = seeded.now(KWAME).number
    assert other in browser.get(f"/conversations/{this}/linking?word=%23{number}").text
    wanted = {"other": other, "relation": "duplicate_of"}
    page = browser.get(browser.post(f"/conversations/{this}/linking", wanted).location).text
    assert "linked this as a duplicate of" in page
    assert "Duplicate of" in page
    assert "Duplicated by" in browser.get(f"/inbox/c/{other}").text
    assert browser.post(f"/conversations/{this}/linking", wanted).status_code == 409
    assert "Duplicated by" not in undone(browser, page)
    assert links(seeded, MARTA) == []
    browser.post(f"/conversations/{this}/linking", wanted)
    browser.get(f"/inbox/c/{this}")
    (link,) = links(seeded, MARTA)
    page = browser.get(browser.post(f"/links/{link.public_id}/removal", {"at": this}).location).text
    assert links(seeded, MARTA) == []
    undone(browser, page)
    (again,) = links(seeded, MARTA)
    assert (again.from_id, again.to_id, again.kind) == (link.from_id, link.to_id, link.kind)


def test_what_one_may_not_see_is_neither_offered_nor_shown_nor_unlinked(seeded: Seeded) -> None:
    browser, chloe = seeded.visitor(), seeded.visitor("chloe")
    this, other = seeded.public_id(INGRID), hidden_from_chloe(seeded)
    with db.reading() as session:
        number = session.scalars(select(Conversation.number).where(Conversation.public_id == other)).one()
    assert other in browser.get(f"/conversations/{this}/linking?word={number}").text
    assert other not in chloe.get(f"/conversations/{this}/linking?word={number}").text
    assert chloe.post(f"/conversations/{this}/linking", {"other": other, "relation": "blocks"}).status_code == 404
    browser.post(f"/conversations/{this}/linking", {"other": other, "relation": "blocks"})
    page = browser.get(f"/inbox/c/{this}").text
    place = re.search(r'action="(/links/[^"]+/removal)', page)
    assert place is not None
    hidden = chloe.get(f"/inbox/c/{this}").text
    assert f"#{number}" not in hidden
    assert other not in hidden
    assert f"as blocking #{number}" in page
    assert chloe.post(place[1], {}).status_code == 404


def test_a_message_of_htmx_brings_the_word_with_the_undo_button_along(seeded: Seeded) -> None:
    browser, this = seeded.visitor(), seeded.public_id(INGRID)
    browser.get(f"/inbox/c/{this}")
    answer = browser.post(f"/conversations/{this}/spamming", {}, **part("pane"))
    fragment = browser.get(answer.location, **part("pane")).text
    assert 'hx-target="#flashes"' in fragment
    assert f"/conversations/{this}/unspamming" in fragment
    assert 'hx-target="#flashes"' not in browser.get(f"/inbox/c/{this}", **part("pane")).text
    browser.post(f"/conversations/{this}/unspamming", {})
    browser.get("/inbox")


def test_merging_and_moving_are_undone_from_the_word_that_tells_of_them(seeded: Seeded) -> None:
    browser, this = seeded.visitor(), seeded.public_id(MARTA)
    before = seeded.now(MARTA).messages
    found = re.findall(r'name="other" value="([^"]+)"', browser.get(f"/conversations/{this}/merging").text)
    merged = browser.post(f"/conversations/{this}/merging", {"other": found[0], "stays": "this"})
    page = browser.get(merged.location).text
    assert seeded.now(MARTA).messages > before
    assert "as they were" in undone(browser, page)
    assert seeded.now(MARTA).messages == before


def a_case(seeded: Seeded, browser: Visitor, contact: str) -> str:
    form = {"title": HOSTILE, "type": "request", "priority": "normal"}
    browser.post(f"/conversations/{seeded.public_id(contact)}/cases", form)
    with db.reading() as session:
        return str(session.scalars(select(Case.public_id).order_by(Case.id.desc())).first())


def test_a_case_takes_several_conversations_and_resolves_them_when_it_is_closed(seeded: Seeded) -> None:
    browser, marta, kwame = seeded.visitor(), seeded.public_id(MARTA), seeded.public_id(KWAME)
    browser.get(f"/inbox/c/{marta}")
    case = a_case(seeded, browser, MARTA)
    assert kwame in browser.get(f"/cases/{case}/adding?word={seeded.now(KWAME).number}").text
    page = browser.get(browser.post(f"/cases/{case}/conversations", {"other": kwame}).location).text
    assert page.count("/removal") >= 2
    assert HOSTILE not in page
    assert browser.post(f"/cases/{case}/conversations", {"other": kwame}).status_code == 409
    assert kwame not in undone(browser, page)
    assert browser.post(f"/cases/{case}/conversations/{marta}/removal", {}).status_code == 422
    assert case in browser.get(f"/conversations/{kwame}/cases/adding?word=onerror").text
    browser.post(f"/conversations/{kwame}/cases/adding", {"case": case})
    with db.reading() as session:
        version = session.scalars(select(Case.version).where(Case.public_id == case)).one()
    form = {"title": "Done", "type": "request", "priority": "normal", "status": "closed", "version": str(version)}
    statuses = seeded.now(MARTA).status, seeded.now(KWAME).status
    asked = browser.post(f"/cases/{case}", form)
    assert asked.location.endswith("/closing")
    assert "Resolve" in browser.get(asked.location).text
    page = browser.get(browser.post(asked.location, {}).location).text
    assert {seeded.now(MARTA).status, seeded.now(KWAME).status} == {Status.RESOLVED}
    undone(browser, page)
    assert (seeded.now(MARTA).status, seeded.now(KWAME).status) == statuses
    with db.reading() as session:
        assert session.scalars(select(Case.status).where(Case.public_id == case)).one() is CaseStatus.CLOSED


def test_cases_with_hidden_conversations_show_only_what_one_sees(seeded: Seeded) -> None:
    browser, chloe, this = seeded.visitor(), seeded.visitor("chloe"), seeded.public_id(INGRID)
    browser.get(f"/inbox/c/{this}")
    case, other = a_case(seeded, browser, INGRID), hidden_from_chloe(seeded)
    browser.post(f"/cases/{case}/conversations", {"other": other})
    with db.reading() as session:
        number = session.scalars(select(Conversation.number).where(Conversation.public_id == other)).one()
        assert len(session.scalars(select(CaseConversation).join(Case).where(Case.public_id == case)).all()) == 2
    assert f"#{number}" in browser.get(f"/cases/{case}").text
    page = chloe.get(f"/cases/{case}").text
    assert other not in page
    assert f"#{number} " not in page
    assert chloe.post(f"/cases/{case}/conversations/{other}/removal", {}).status_code == 404
    assert chloe.post(f"/cases/{case}/conversations", {"other": other}).status_code == 404


def items_of(contact: str, seeded: Seeded) -> list[ChecklistItem]:
    with db.reading() as session:
        here = ChecklistItem.conversation_id == seeded.made.conversations[contact].id
        return list(session.scalars(select(ChecklistItem).where(here).order_by(ChecklistItem.position)))


def test_a_checklist_shows_how_far_it_has_come_and_resolving_asks_once(seeded: Seeded) -> None:
    browser, this, dev = seeded.visitor(), seeded.public_id(KWAME), seeded.visitor("dev")
    assert seeded.visitor("ben").get("/settings/checklists").status_code == 403
    told = {"name": HOSTILE, "items": f"Check the seal\n{HOSTILE}\n"}
    assert HOSTILE not in dev.get(dev.post("/settings/checklists/new", told).location).text
    assert dev.post("/settings/checklists/new", told).status_code == 409
    browser.get(f"/inbox/c/{this}")
    offered = browser.get(f"/conversations/{this}/checklist/templates").text
    chosen = re.search(r'name="template" value="([^"]+)"', offered)
    assert chosen is not None
    browser.post(f"/conversations/{this}/checklist", {"template": chosen[1]})
    browser.post(f"/conversations/{this}/checklist", {"text": "Write back"})
    first, second, third = items_of(KWAME, seeded)
    page = browser.get(browser.post(f"/checklist-items/{first.public_id}", {"do": "check"}).location).text
    assert "1/3" in page
    assert HOSTILE not in page
    assert "1/3" in browser.get("/inbox?status=all").text
    asked = browser.post(f"/conversations/{this}/status", {"status": "resolved"})
    assert asked.location.endswith("/resolving")
    assert "2 items of the checklist are still open." in browser.get(asked.location).text
    scripted = browser.post(f"/conversations/{this}/status", {"status": "resolved"}, **part("pane"))
    assert scripted.headers["HX-Redirect"].endswith("/resolving")
    assert seeded.now(KWAME).status is not Status.RESOLVED
    browser.post(f"/conversations/{this}/status", {"status": "resolved", "anyway": "1"})
    assert seeded.now(KWAME).status is Status.RESOLVED
    for item, do in ((third, "up"), (second, "remove"), (first, "uncheck")):
        browser.post(f"/checklist-items/{item.public_id}", {"do": do})
    assert [(one.text, one.done_at) for one in items_of(KWAME, seeded)] == [
        ("Check the seal", None),
        ("Write back", None),
    ]
    assert browser.post(f"/checklist-items/{first.public_id}", {"do": "burn"}).status_code == 422
    assert browser.post(f"/checklist-items/{second.public_id}", {"do": "check"}).status_code == 404


def test_items_of_what_one_may_not_see_cannot_be_touched(seeded: Seeded) -> None:
    browser, other = seeded.visitor(), hidden_from_chloe(seeded)
    browser.get(f"/inbox/c/{other}")
    browser.post(f"/conversations/{other}/checklist", {"text": "Secret"})
    with db.reading() as session:
        item = session.scalars(select(ChecklistItem).where(ChecklistItem.text == "Secret")).one()
    chloe = seeded.visitor("chloe")
    assert chloe.post(f"/checklist-items/{item.public_id}", {"do": "check"}).status_code == 404
    assert chloe.post(f"/conversations/{other}/checklist", {"text": "Mine"}).status_code == 404


def test_a_case_page_takes_as_many_queries_with_one_conversation_as_with_many(seeded: Seeded) -> None:
    browser = seeded.visitor()
    browser.get(f"/inbox/c/{seeded.public_id(MARTA)}")
    case = a_case(seeded, browser, MARTA)
    browser.get(f"/cases/{case}")
    with counted() as few:
        browser.get(f"/cases/{case}")
    for contact in (KWAME, INGRID):
        browser.post(f"/cases/{case}/conversations", {"other": seeded.public_id(contact)})
    browser.post(f"/cases/{case}/checklist", {"text": "One"})
    browser.get(f"/cases/{case}")
    with counted() as many:
        assert "One" in browser.get(f"/cases/{case}").text
    assert len(many) == len(few)


def test_a_tag_is_merged_in_the_settings_and_seen_in_its_colour_where_it_is_worn(seeded: Seeded) -> None:
    browser, dev, this = seeded.visitor(), seeded.visitor("dev"), seeded.public_id(MARTA)
    browser.get(f"/inbox/c/{this}")
    browser.post(f"/conversations/{this}/tags", {"put": HOSTILE})
    with db.reading() as session:
        old = session.scalars(select(Tag).where(Tag.name == HOSTILE)).one()
        new = session.scalars(select(Tag).where(Tag.name == "legal")).one()
    page = dev.get("/settings/tags").text
    assert "used once" in page
    assert HOSTILE not in page
    filtered = browser.get(f"/inbox?status=all&tag={old.public_id}").text
    assert HOSTILE not in filtered
    assert f'class="chip tag tag-{old.colour}"' in filtered
    assert seeded.visitor("ben").post(f"/settings/tags/{old.public_id}/merging", {}).status_code == 403
    assert dev.post(f"/settings/tags/{old.public_id}/merging", {"into": str(old.public_id)}).status_code == 422
    told = dev.post(f"/settings/tags/{old.public_id}/merging", {"into": str(new.public_id)})
    assert "has “legal” now" in dev.get(told.location).text
    assert f'tag-{new.colour}"><span>legal' in browser.get(f"/inbox/c/{this}").text


def test_an_inbox_says_what_becomes_of_resolved_conversations(seeded: Seeded) -> None:
    browser, inbox = seeded.visitor(), seeded.made.inboxes["sales"]
    place = f"/settings/inboxes/{inbox.public_id}"
    assert "mere thank-you" in browser.get(place).text
    form = {"name": inbox.name, "reopening": "within", "reopen_days": "7", "assignee_then": "kept_if_here"}
    assert "from 1 to 365" in browser.post(place, {**form, "reopen_days": "0"}).text
    assert browser.post(place, form).status_code == 303
    with db.reading() as session:
        now = session.get_one(Inbox, inbox.id)
    assert (now.reopening, now.reopen_days, now.assignee_then) == ("within", 7, "kept_if_here")


def test_many_a_macro_and_send_and_resolve_ask_about_open_checklist_items_first(seeded: Seeded) -> None:
    browser, this = seeded.visitor(), seeded.public_id(INGRID)
    browser.get(f"/inbox/c/{this}")
    browser.post(f"/conversations/{this}/checklist", {"text": HOSTILE})
    many = {"ids": ",".join([this, seeded.public_id(MARTA)]), "do": "status:resolved"}
    asked = browser.post("/inbox/bulk", many, **part("bulk")).text
    assert "1 of the conversations selected has open checklist items" in asked
    assert Status.RESOLVED not in {seeded.now(INGRID).status, seeded.now(MARTA).status}
    assert "Resolve only the others (1)" in browser.post("/inbox/bulk", many).text  # without scripts, on a page
    browser.post("/inbox/bulk", {**many, "unfinished": "leave"})
    assert seeded.now(MARTA).status is Status.RESOLVED
    assert seeded.now(INGRID).status is Status.OPEN
    browser.post("/inbox/bulk", {**many, "unfinished": "nothing"})
    macro = macro_of(browser, "Close it", ("status", "resolved"))
    told = browser.get(f"/conversations/{this}/macros/{macro.public_id}").text
    assert "1 item of the checklist is still open." in told
    assert escape(HOSTILE) in told
    reply = {"text": "Done so far", "client_key": "k" * 32, "then": "resolved"}
    refused = browser.post(f"/conversations/{this}/replies", reply, **part("pane"))
    assert refused.status_code == 409
    assert "Send and resolve anyway" in refused.text
    assert HOSTILE not in refused.text
    assert "Done so far" not in browser.get(seeded.path(INGRID)).text
    assert browser.post(f"/conversations/{this}/replies", {**reply, "anyway": "1"}).status_code == 303
    assert seeded.now(INGRID).status is Status.RESOLVED
    assert browser.post(f"/conversations/{this}/replies", reply).status_code == 303  # it arrived, and comes again
    browser.post("/inbox/bulk", {**many, "do": "status:open"})
    browser.post("/inbox/bulk", {**many, "unfinished": "resolve"})
    assert seeded.now(INGRID).status is Status.RESOLVED
    browser.post("/inbox/bulk", {**many, "do": "status:open"})
