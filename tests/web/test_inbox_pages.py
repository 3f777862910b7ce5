"""The inbox's pages as a browser without scripts gets them, and the parts that htmx asks for."""

from __future__ import annotations

import re

import pytest

from app.db import transaction
from app.models import Attachment, Channel, ChannelState, Contact, Conversation, Message, Tag, Tagging
from tests.inbox_house import Seeded, part, seeded

__all__ = ["seeded"]

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def test_the_list_shows_what_is_open_with_its_understanding_in_words(seeded: Seeded) -> None:
    text = seeded.visitor().get("/inbox").text
    assert "Priya Raman" in text
    assert "Charged twice for the November box" in text
    assert re.search(r'chip-negative"[^>]*>.*?<span>Negative</span>', text)
    assert "<span>Billing</span>" in text
    assert "Yuki Tanaka" not in text  # resolved
    assert "Yuki Tanaka" in seeded.visitor().get("/inbox?status=resolved").text


def test_the_first_page_leads_to_the_inbox(seeded: Seeded) -> None:
    assert seeded.visitor().get("/").headers["Location"] == "/inbox"


def test_what_is_not_shared_is_neither_listed_nor_opened(seeded: Seeded) -> None:
    chloe = seeded.visitor("chloe")
    assert "Tomás Herrera" not in chloe.get("/inbox").text
    for path in (seeded.path("Tomás Herrera"), "/inbox/c/nonsense", f"/contacts/{_contact(seeded, 'Tomás Herrera')}"):
        assert chloe.get(path).status_code == 404
        assert chloe.get(path, **part("pane")).status_code == 404


def test_htmx_gets_only_the_part_it_swaps(seeded: Seeded) -> None:
    ana, path = seeded.visitor(), seeded.path("Jonas Weber")
    pane, listed, empty = (
        ana.get(path, **part("pane")),
        ana.get(path, **part("list")),
        ana.get("/inbox", **part("pane")),
    )
    assert pane.text.count("<conversation-view") == 1
    assert "rows-scroll" not in pane.text
    assert "rows-scroll" in listed.text
    assert "<conversation-view" not in listed.text
    assert "hx-partial" in listed.text
    assert "Choose a conversation" in empty.text
    assert all("<html" not in answer.text for answer in (pane, listed, empty))


def test_a_restored_page_is_whole(seeded: Seeded) -> None:
    headers = {**part("list"), "HX-History-Restore-Request": "true"}
    assert "<html" in seeded.visitor().get("/inbox", **headers).text


def test_a_changed_list_keeps_the_open_conversation_in_the_address(seeded: Seeded) -> None:
    path = seeded.path("Jonas Weber")
    asked = {**part("list"), "HX-Current-URL": f"http://localhost{path}?view=mine"}
    answer = seeded.visitor().get("/inbox?status=resolved", **asked)
    assert answer.headers["HX-Push-Url"] == f"{path}?status=resolved"
    asked["HX-Current-URL"] = "http://localhost//evil.example/inbox"
    assert seeded.visitor().get("/inbox", **asked).headers["HX-Push-Url"] == "/inbox"


def test_more_rows_come_where_the_first_ones_ended(seeded: Seeded) -> None:
    ana = seeded.visitor()
    first = ana.get("/inbox?status=all").text
    address = re.search(r'id="more"[^>]*><a class="tool" href="([^"]+)"', first)
    assert address
    more = ana.get(address.group(1).replace("&amp;", "&"), **part("more")).text
    listed = re.compile(r'data-row="([0-9a-f-]+)"')
    assert set(listed.findall(first)).isdisjoint(listed.findall(more))
    assert len(listed.findall(first)) + len(listed.findall(more)) == seeded.made.total


def test_a_row_is_drawn_for_its_reader_and_drawn_anew_when_it_changes(seeded: Seeded) -> None:
    visitor = seeded.visitor()

    def row(path: str = "/inbox", **headers: str) -> str:
        page = visitor.get(path, **headers).text
        found = re.search(rf'<li id="r-{seeded.public_id("Jonas Weber")}".*?</li>', page, re.DOTALL)
        assert found
        return found[0]

    drawn = row()
    assert row() == drawn
    assert "Assigned to" in drawn
    assert "Zugewiesen an" in row(**{"Accept-Language": "de"})
    assert "sort=oldest" in row("/inbox?sort=oldest")
    assert 'aria-current="true"' in row(seeded.path("Jonas Weber"))
    with transaction() as session:
        conversation = session.get_one(Conversation, seeded.made.conversations["Jonas Weber"].id)
        was, conversation.subject = conversation.subject, "Renamed meanwhile"
    assert "Renamed meanwhile" in row()
    with transaction() as session:
        session.get_one(Conversation, conversation.id).subject = was


def test_a_conversation_shows_words_notes_files_and_reasons(seeded: Seeded) -> None:
    text = seeded.visitor().get(seeded.path("Marta Lindqvist")).text
    assert "the motor hums but the burrs do not turn" in text
    assert '<a href="https://harbourpine.example/manuals/fjord-60" target="_blank" rel="noopener noreferrer' in text
    assert "Private note" in text
    assert "burr-carrier.png" in text
    assert "next in line of Support" in text
    assert "% sure" in text
    assert 'name="client_key"' in text


def test_every_page_has_its_own_client_key(seeded: Seeded) -> None:
    ana, path = seeded.visitor(), seeded.path("Jonas Weber")
    keys = {re.search(r'name="client_key" value="([0-9a-f]{32})"', ana.get(path).text) for _ in range(2)}
    assert len({found.group(1) for found in keys if found}) == 2


def test_quoted_words_are_folded_and_formatted_mail_is_framed(seeded: Seeded) -> None:
    text = seeded.visitor().get(seeded.path("Dorothea Klein")).text
    assert re.search(r'<details class="fold" id="q-[^"]+"><summary', text)
    frame = re.search(r"<iframe [^>]+>", text)
    assert frame
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in frame.group(0)
    assert "<b>völlig durchnässt</b>" not in text


def test_all_channels_shows_the_contacts_other_conversations(seeded: Seeded) -> None:
    name = "Hannah Fischer"
    with transaction() as session:
        mine = session.get_one(Conversation, seeded.made.conversations[name].id)
        other = seeded.made.conversations["Sam Okonkwo"]
        session.query(Message).filter_by(conversation_id=other.id).update({"contact_id": mine.contact_id})
        session.get_one(Conversation, other.id).contact_id = mine.contact_id
    ana = seeded.visitor()
    assert "do you ship to Norway" not in ana.get(seeded.path(name), **part("pane")).text.split("<aside")[0]
    everywhere = ana.get(f"{seeded.path(name)}?timeline=all").text
    assert "do you ship to Norway" in everywhere
    assert "This conversation" in everywhere
    assert f"/inbox/c/{other.public_id}" in everywhere


def test_hostile_words_are_only_words(seeded: Seeded) -> None:
    name = "Kwame Mensah"
    with transaction() as session:
        row = session.get_one(Conversation, seeded.made.conversations[name].id)
        row.subject = row.preview = HOSTILE
        session.get_one(Contact, row.contact_id).name = HOSTILE
        session.get_one(Contact, row.contact_id).note = HOSTILE
        message = session.get_one(Message, row.last_message_id)
        message.text = message.quoted = message.signature = message.sender = HOSTILE
        message.custom = {HOSTILE: HOSTILE}
        file = {"filename": HOSTILE, "content_type": HOSTILE, "size": 3, "blob_sha256": "0" * 64}
        session.add(Attachment(message_id=message.id, **file))
        tag = Tag(name=HOSTILE[:40], colour="red")
        session.add(tag)
        session.flush()
        session.add(Tagging(tag_id=tag.id, conversation_id=row.id))
    ana = seeded.visitor()
    for path in (seeded.path(name), "/inbox", f"/contacts/{_contact(seeded, name)}", "/contacts"):
        text = ana.get(path).text
        assert "alert(1)" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert not re.search(r"<[^>]*\sonerror=alert\(2\)[^&]", re.sub(r'"[^"]*"', '""', text))


def test_an_item_that_cannot_be_shown_is_one_line_and_the_page_goes_on(seeded: Seeded) -> None:
    name = "Stefan Ionescu"
    with transaction() as session:
        row = session.get_one(Conversation, seeded.made.conversations[name].id)
        session.get_one(Message, row.last_message_id).custom = ["not", "a", "mapping"]  # type: ignore[assignment]
    answer = seeded.visitor().get(seeded.path(name))
    assert answer.status_code == 200
    assert "Something here cannot be shown" in answer.text
    assert "composer-box" in answer.text


@pytest.mark.parametrize("path", ["/cases", "/cases?status=closed&mine=1", "/contacts?q=lind", "/contacts?q=%25"])
def test_lists_of_cases_and_contacts(seeded: Seeded, path: str) -> None:
    assert seeded.visitor().get(path).status_code == 200


def test_times_are_said_in_the_browsers_zone(seeded: Seeded) -> None:
    ana = seeded.visitor()
    ana.client.set_cookie("tz", "Asia/Kolkata")
    assert "IST" in ana.get("/inbox").text
    ana.client.set_cookie("tz", "Asia/Tokyo")
    assert "IST" not in ana.get("/inbox").text
    ana.client.set_cookie("tz", "../../etc/passwd")
    assert "UTC" in ana.get("/inbox").text


def _contact(seeded: Seeded, name: str) -> str:
    with transaction() as session:
        row = session.get_one(Conversation, seeded.made.conversations[name].id)
        return str(session.get_one(Contact, row.contact_id).public_id)


def test_a_paused_channel_is_named_beside_the_list(seeded: Seeded) -> None:
    assert "is paused" not in seeded.visitor().get("/inbox").text
    with transaction() as session:
        row = session.get_one(Conversation, seeded.made.conversations["Jonas Weber"].id)
        channel = session.get_one(Channel, row.channel_id)
        channel.state, name = ChannelState.PAUSED, channel.name
    assert f"{name} is paused" in seeded.visitor().get("/inbox").text


def test_why_a_rule_applied_is_said_in_the_readers_language(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    place = seeded.path("Priya Raman")
    assert "(sentiment is “negative” (91% sure))" in ana.get(place).text
    assert "(Sentiment ist „negativ“ (zu 91% sicher))" in ana.get(place, **{"Accept-Language": "de"}).text
