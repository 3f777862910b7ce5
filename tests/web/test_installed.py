"""The installable app as the server sees it: what browsers are given, what they may keep, and whom push tells."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app import config
from app.db import reading
from app.models import PushSubscription
from app.services import push_subscriptions
from tests.fakes.push import PushService
from tests.inbox_house import Seeded, counted, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]

MARTA, KWAME = "Marta Lindqvist", "Kwame Mensah"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _browsers() -> list[str]:
    with reading() as session:
        return [str(one.public_id) for one in session.query(PushSubscription).order_by(PushSubscription.id)]


def _join(visitor: Visitor, said: Any) -> Any:
    headers = {"X-CSRFToken": visitor.token, "User-Agent": FIREFOX}
    return visitor.client.post("/settings/notices/browsers", json=said, headers=headers)


def _said(endpoint: str) -> dict[str, Any]:
    browser = PushService(endpoint).subscribe("").browser
    return {
        "endpoint": browser.endpoint,
        "expirationTime": None,
        "keys": {"p256dh": browser.p256dh, "auth": browser.auth},
    }


def test_the_manifest_names_icons_that_exist_and_the_worker_its_build(seeded: Seeded) -> None:
    anybody = seeded.app.test_client()
    manifest = anybody.get("/manifest.webmanifest")
    assert manifest.content_type == "application/manifest+json"
    told = manifest.get_json()
    assert (told["display"], told["start_url"], told["scope"]) == ("standalone", "/inbox", "/")
    for icon in told["icons"]:
        picture = anybody.get(icon["src"])
        size = int.from_bytes(picture.data[16:20], "big")
        assert (picture.content_type, f"{size}x{size}") == ("image/png", icon["sizes"])
    worker = anybody.get("/service-worker.js")
    assert worker.content_type.startswith("text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    build = json.loads(worker.text.partition("=")[2].partition(";\n")[0])
    assert all(anybody.get(address).status_code == 200 for address in [*build["assets"], build["page"]])
    assert "csrf" not in anybody.get(build["page"]).text


def test_answers_say_for_whom_they_may_be_kept(seeded: Seeded) -> None:
    ana = seeded.visitor("ana")
    assert ana.get("/inbox").headers["X-Offline-For"] == "nobody"  # signed in until the browser closes
    kept = Visitor(seeded.app)
    kept.sign_in("ana@harbourpine.example", "espresso-at-the-harbour", keep="on")
    assert kept.get("/inbox").headers["X-Offline-For"] == f"{seeded.made.users['ana'].public_id} 7"
    kept.post("/settings/offline", {})
    assert kept.get("/inbox").headers["X-Offline-For"] == "nobody"
    assert "None of your devices keeps anything." in kept.get("/settings/offline").text
    kept.post("/settings/offline", {"keeps": "1"})
    assert "This device keeps what you read." in kept.get("/settings/offline").text
    assert Visitor(seeded.app).get("/sign-in").headers["X-Offline-For"] == "nobody"
    assert "X-Offline-For" not in seeded.app.test_client().get("/up").headers


def test_only_what_may_still_be_seen_may_stay_kept(seeded: Seeded) -> None:
    ids = [seeded.public_id(MARTA), seeded.public_id(KWAME), "01a2053f-5ad1-7459-bc47-9dfa0021f328", "nonsense"]
    query = "&".join(f"c={id_}" for id_ in ids)
    with counted() as said:
        seen = seeded.visitor("ana").get(f"/offline/kept?{query}").get_json()["seen"]
    assert sorted(seen) == sorted(ids[:2])
    assert len([one for one in said if "conversation" in one]) == 1
    by_inbox: dict[int, list[str]] = {}
    for one in seeded.made.conversations.values():
        by_inbox.setdefault(one.inbox_id, []).append(str(one.public_id))
    some = [id_ for found in by_inbox.values() for id_ in found[:3]]
    visitor = seeded.visitor("chloe")
    told = visitor.get("/offline/kept?" + "&".join(f"c={id_}" for id_ in some)).get_json()["seen"]
    assert sorted(told) == sorted(id_ for id_ in some if visitor.get(f"/inbox/c/{id_}").status_code == 200)
    assert 0 < len(told) < len(some)


def test_a_browser_joins_is_listed_says_no_more_than_allowed_and_leaves(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = seeded.visitor("ana"), seeded.visitor("ben")
    said = _said("https://push.example.com")
    assert _join(ana, said).status_code == 204
    (id_,) = _browsers()
    page = ana.get("/settings/notices").text
    assert "Firefox on Windows" in page
    assert "data-push-here" in page
    assert "Firefox on Windows" not in ben.get("/settings/notices").text
    assert said["endpoint"] not in page
    key = ana.get("/settings/notices/push-key").get_json()["key"]
    assert re.fullmatch(r"[\w-]{87}", key)
    assert key == push_subscriptions.sender().public_key
    assert ben.post(f"/settings/notices/browsers/{id_}/words", {"words": "1"}).status_code == 404
    ana.post(f"/settings/notices/browsers/{id_}/words", {"words": "1"})
    assert "It shows names and words of customers." in ana.get("/settings/notices").text
    ben.post(f"/settings/notices/browsers/{id_}/remove")
    assert _browsers() == [id_]
    ana.post(f"/settings/notices/browsers/{id_}/remove")
    assert _browsers() == []
    _join(ana, said)
    ana.post("/sign-out")
    assert _browsers() == []
    bad: Any
    for bad in (
        {},
        [],
        {"endpoint": "x", "keys": []},
        said | {"keys": {"p256dh": "A", "auth": "B"}},
        _said("http://10.0.0.1"),
    ):
        assert _join(ben, bad).status_code == 422
    monkeypatch.setenv("PUSH_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE")
    config.forget()
    assert push_subscriptions.sender().public_key != key
