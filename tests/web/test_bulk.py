"""Ticked conversations, or the whole result: done, told, undone, without a script; and who may what."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.db import reading, transaction
from app.models import BulkAction, BulkState, Conversation, Priority
from app.services import bulk_actions
from tests.inbox_house import Seeded, counted, part, seeded
from tests.many import add_many

__all__ = ["seeded"]


def _newest() -> BulkAction:
    with reading() as session:
        return session.scalars(select(BulkAction).order_by(BulkAction.id.desc()).limit(1)).one()


def test_ticked_conversations_are_changed_told_and_put_back(seeded: Seeded) -> None:
    browser = seeded.visitor()
    page = browser.get("/inbox").text
    ids = re.findall(r'class="[^"]*row-check"[^>]*value="([^"]+)"', page)[:3]
    assert len(ids) == 3
    tag = seeded.made.tags["legal"]
    done = browser.post("/inbox/bulk", {"id": ids, "do": f"tag_put:{tag.public_id}"})
    assert done.status_code == 303
    assert "tagged legal" in browser.get("/inbox").text, "it is said after a reload"
    undone = browser.post(f"/inbox/bulk/{_newest().public_id}/undo", {}, **part("bulk"))
    assert re.search(r"Undone: [0-9]+ put back", undone.text)
    browser.post(f"/inbox/bulk/{_newest().public_id}/dismissal")
    assert "Undone" not in browser.get("/inbox").text


def test_the_whole_result_is_left_to_a_worker_and_its_progress_survives_a_reload(seeded: Seeded) -> None:
    made = seeded.made.conversations["Marta Lindqvist"]
    with transaction() as session:
        add_many(session, of=made.id, many=150, status="snoozed")
    browser = seeded.visitor()
    browser.get("/inbox")
    browser.post("/inbox/bulk?status=snoozed&search=subject-of-none", {"all": "1", "do": "priority:urgent"})
    assert (
        browser.post("/inbox/bulk?status=snoozed", {"all": "1", "do": "priority:urgent"}, **part("bulk")).status_code
        == 200
    )
    bulk = _newest()
    assert (bulk.state, bulk.total >= 150) == (BulkState.RUNNING, True)
    with transaction() as session:
        assert bulk_actions.run_chunk(session, bulk_id=bulk.id)
    page = browser.get("/inbox").text
    assert f"<b>100</b> of {bulk.total}" in page
    assert 'value="100"' in page
    with transaction() as session:
        bulk_actions.run_chunk(session, bulk_id=bulk.id)
        rows = session.scalars(select(Conversation).where(Conversation.status == "snoozed")).all()
        assert {row.priority for row in rows} == {Priority.URGENT}
    assert "set to urgent priority" in browser.get("/inbox/bulk", **part("bulk")).text


@pytest.mark.parametrize(
    "form",
    [
        {"do": "priority:urgent"},
        {"do": "priority:urgent", "id": "x", "ids": ",,"},
        {"do": "explode:", "all": "1"},
        {"do": "priority:huge", "all": "1"},
        {"do": "status:snoozed:never", "all": "1"},
        {"do": "tag_put:nothing", "all": "1"},
        {"do": "assign:00000000-0000-0000-0000-000000000000", "all": "1"},
    ],
)
def test_what_cannot_be_done_is_refused(seeded: Seeded, form: dict[str, str]) -> None:
    browser = seeded.visitor()
    browser.get("/inbox")
    assert browser.post("/inbox/bulk", form).status_code == 422


def test_others_conversations_and_others_deeds_are_out_of_reach(seeded: Seeded) -> None:
    ana, chloe = seeded.visitor("ana"), seeded.visitor("chloe")
    with reading() as session:
        sales = seeded.made.inboxes["sales"].id
        hidden = session.scalars(select(Conversation).where(Conversation.inbox_id == sales).limit(1)).one()
    chloe.get("/inbox")
    assert chloe.post("/inbox/bulk", {"id": str(hidden.public_id), "do": "priority:low"}).status_code == 422
    ana.get("/inbox")
    ana.post("/inbox/bulk", {"id": str(hidden.public_id), "do": "read:"})
    assert chloe.post(f"/inbox/bulk/{_newest().public_id}/undo").status_code == 404


def test_statements_of_the_progress(seeded: Seeded) -> None:
    browser = seeded.visitor()
    with counted() as said:
        assert browser.get("/inbox/bulk", **part("bulk")).status_code == 200
    assert len(said) <= 3, "\n\n".join(said)
