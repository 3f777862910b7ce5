"""The notices page, and what a browser is told when it asks what there is to say."""

from __future__ import annotations

from typing import Any

from app.db import transaction
from app.models import Conversation, User
from app.services import conversations
from tests.inbox_house import Seeded, counted, seeded

__all__ = ["seeded"]

FORM = {"scope": "everything", "sound": "1", "from": "22:00", "until": "07:00", "time_zone": "Europe/Berlin"}
MARTA, KWAME = "Marta Lindqvist", "Kwame Mensah"


def _news(seeded: Seeded, who: str, *contacts: str) -> dict[str, Any]:
    query = "&".join(f"c={seeded.public_id(name)}" for name in contacts)
    answer = seeded.visitor(who).get(f"/notices?{query}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def _give(seeded: Seeded, contact: str, *, by: str, to: str) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, seeded.made.conversations[contact].id, with_for_update=True)
        actor, assignee = (session.get_one(User, seeded.made.users[who].id) for who in (by, to))
        conversations.assign(session, conversation=conversation, actor=actor, assignee=None)
        conversations.assign(session, conversation=conversation, actor=actor, assignee=assignee)


def test_settings_are_kept_and_refused_in_words(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    ana.post("/settings/notices", FORM | {"day": ["5", "6"]})
    page = ana.get("/settings/notices").text
    assert 'value="everything" checked' in page
    assert '<option value="Europe/Berlin" selected>' in page
    assert page.count('name="day" value="5" checked') == page.count('name="day" value="6" checked') == 1
    refused = ana.post("/settings/notices", FORM | {"from": "late"})
    assert refused.status_code == 422
    assert "Write a time of day" in refused.text


def test_an_assignment_is_told_with_what_is_sensitive_hidden_and_a_pause_is_kept(seeded: Seeded) -> None:
    _give(seeded, MARTA, by="ben", to="chloe")
    with transaction() as session:
        session.get_one(Conversation, seeded.made.conversations[MARTA].id).preview = "My card is 4111 1111 1111 1111"
    (told,) = _news(seeded, "chloe", MARTA)["notices"]
    assert "assigned you" in told["title"]
    assert "4111" not in told["text"]
    assert told["conversation"] == seeded.public_id(MARTA)
    assert _news(seeded, "ben", MARTA)["notices"] == []
    chloe = seeded.visitor("chloe")
    chloe.post("/settings/notices/pause", {})
    assert "Notices are paused until" in chloe.get("/settings/notices").text
    assert _news(seeded, "chloe", MARTA)["notices"] == []
    chloe.post("/settings/notices/pause", {"end": "1"})
    assert _news(seeded, "chloe", MARTA)["notices"]


def test_whatever_is_asked_takes_as_many_queries(seeded: Seeded) -> None:
    visitor = seeded.visitor("ana")
    every = "&".join(f"c={seeded.public_id(name)}" for name in seeded.made.conversations)
    with counted() as few:
        visitor.get(f"/notices?c={seeded.public_id(MARTA)}")
    with counted() as many:
        assert visitor.get(f"/notices?{every}&away=999999999&c=nonsense").status_code == 200
    assert len(few) == len(many) <= 3
    assert visitor.get("/notices?c=%00&away=x").get_json()["notices"] == []


def test_a_stranger_is_told_nothing(seeded: Seeded) -> None:
    answer = seeded.app.test_client().get(f"/notices?c={seeded.public_id(KWAME)}")
    assert answer.status_code in {302, 303, 401}
    assert MARTA not in answer.text
