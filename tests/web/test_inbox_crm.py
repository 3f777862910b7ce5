"""Cases and contacts through their forms: edited, and never overwritten unseen."""

from __future__ import annotations

from sqlalchemy import select

from app import db
from app.models import Case, CaseConversation, CaseStatus, Contact, ContactIdentity, Priority
from tests.inbox_house import Seeded, seeded

__all__ = ["seeded"]


def test_a_case_is_opened_edited_and_not_overwritten(seeded: Seeded) -> None:
    ana, name, ben = seeded.visitor(), "Camila Souza", seeded.made.users["ben"]
    form = {"title": "Lost parcel", "type": "problem", "priority": "high", "owner": str(ben.public_id)}
    ana.post(
        f"/conversations/{seeded.public_id(name)}/cases",
        {**form, "due_at": "2027-01-05T12:00", "description": "Ask the carrier"},
    )
    with db.reading() as session:
        case = session.scalars(
            select(Case).join(CaseConversation).where(CaseConversation.conversation_id == seeded.now(name).id)
        ).one()
    assert (case.title, case.owner_id, case.priority) == ("Lost parcel", ben.id, Priority.HIGH)
    page = ana.get(f"/cases/{case.public_id}").text
    assert "Ask the carrier" in page
    assert "opened case" in page
    change = {**form, "status": "closed", "version": str(case.version)}
    asked = ana.post(f"/cases/{case.public_id}", {**change, "back": "/cases"}).headers["Location"]
    assert asked == f"/cases/{case.public_id}/closing"  # its conversation is open
    late = ana.post(f"/cases/{case.public_id}", {**change, "title": "Something else"})
    assert late.status_code == 409
    assert "Somebody changed this case meanwhile" in late.text
    with db.reading() as session:
        after = session.get_one(Case, case.id)
    assert (after.status, after.title) == (CaseStatus.CLOSED, "Lost parcel")


def test_a_case_leads_back_only_to_this_site(seeded: Seeded) -> None:
    ana = seeded.visitor()
    with db.reading() as session:
        case = session.scalars(select(Case).where(Case.title == "Where is my refund?")).one()
    form = {"title": case.title, "type": "complaint", "priority": "high", "status": "open", "version": "1"}
    answer = ana.post(f"/cases/{case.public_id}", {**form, "back": "//evil.example/"})
    assert answer.headers["Location"] == "/"


def test_a_contact_is_edited_and_not_overwritten(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Yuki Tanaka"
    with db.reading() as session:
        contact = session.get_one(Contact, seeded.now(name).contact_id)
    path = f"/contacts/{contact.public_id}"
    ana.get(path)
    assert ana.post(path, {"name": "Yuki T.", "note": "Loves Guji", "version": "1"}).status_code == 303
    assert ana.post(path, {"name": "Other", "note": "", "version": "1"}).status_code == 409
    page = ana.get(path).text
    assert "Loves Guji" in page
    assert "name is now Yuki T." in page
    ana.post(f"{path}/identities", {"kind": "email", "address": "Yuki@Work.example"})
    taken = ana.post(f"{path}/identities", {"kind": "email", "address": "marta.lindqvist@posteo.example"})
    assert taken.status_code == 409
    assert ana.post(f"{path}/identities", {"kind": "fax", "address": "1"}).status_code == 422
    with db.reading() as session:
        held = select(ContactIdentity.address).where(ContactIdentity.contact_id == contact.id)
        assert set(session.scalars(held)) == {"y.tanaka@kissa.example", "yuki@work.example"}
