"""Who called our mail spam is marked beside their address, and whoever writes to them is warned."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import update

from app.db import transaction
from app.models import ContactIdentity
from tests.inbox_house import Seeded, seeded

__all__ = ["seeded"]


def test_the_address_and_the_composer_say_who_complained(seeded: Seeded) -> None:
    conversation = seeded.made.conversations["Jonas Weber"]
    page = seeded.visitor().get(seeded.path("Jonas Weber")).text
    assert "called our mail spam" not in page.lower()
    with transaction() as session:
        session.execute(
            update(ContactIdentity)
            .where(ContactIdentity.contact_id == conversation.contact_id, ContactIdentity.kind == "email")
            .values(complained_at=datetime(2026, 11, 2, tzinfo=UTC), complaint_by="<b>feedback@provider.example")
        )
    page = seeded.visitor().get(seeded.path("Jonas Weber")).text
    assert "Called our mail spam on <time" in page
    assert "called our mail spam on <time" in page
    assert "Write only what they asked for." in page
    assert "&lt;b&gt;feedback@provider.example" in page
    assert "<b>feedback" not in page


def test_the_settings_say_what_holds_for_automatic_messages(seeded: Seeded) -> None:
    page = seeded.visitor().get("/settings/sending").text
    assert "at most 4 times within an hour" in page
    assert "somebody who called our mail spam" in page
