"""From a customer's message to a browser that is closed: the real relay and jobs, a push service that keeps the standards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from app import config
from app.clock import now
from app.db import reading, transaction
from app.errors import Invalid
from app.models import Channel, Conversation, NoticeScope, PushAsk, PushLetter, PushState, PushSubscription, User
from app.services import notice_settings, push_subscriptions
from connectors import web_push
from connectors.errors import Rejected
from connectors.web_push import Browser
from tests.fakes.push import PushService, Subscriber, push_service
from tests.pipeline import Pipeline, make_workspace, the
from workers.jobs import push

PUSH = "workers.jobs.push.tell"
JOBS = {PUSH, "workers.jobs.ingest.ingest"}
TEXT = "My parcel to 12 Harbour Lane is lost"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


@pytest.fixture
def house(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A workspace that may push to this machine; Ana is told of everything."""
    monkeypatch.setenv("WEBHOOKS_TO_PRIVATE", "1")
    config.forget()
    with transaction() as session:
        make_workspace(session, folder=pipeline.folder, online=False)
    _tell_of(NoticeScope.EVERYTHING)
    return pipeline


def _ana(session: object) -> User:
    return the(session, User, name="Ana")  # type: ignore[arg-type,no-any-return]  # the one user called so


def _tell_of(scope: NoticeScope, *, quiet_days: tuple[int, ...] = ()) -> None:
    with transaction() as session:
        notice_settings.change(
            session,
            user=_ana(session),
            scope=scope,
            has_sound=True,
            quiet=("00:00", "00:00"),
            quiet_days=quiet_days,
            time_zone="UTC",
        )


def _join(service: PushService, *, is_open: bool = False) -> Subscriber:
    """Ana's browser subscribes; its page is open or not."""
    subscriber = service.subscribe(push_subscriptions.sender().public_key)
    with transaction() as session:
        kept = push_subscriptions.add(session, user=_ana(session), browser=subscriber.browser, agent=CHROME)
        if not is_open:
            push_subscriptions.seen_leave(session, str(kept.public_id))
    return subscriber


def _arrive(pipeline: Pipeline, number: int = 1, *, loses: str = "") -> None:
    """Let a message arrive; Redis loses the jobs of the function `loses`."""
    letter = {
        "id": f"p{number}",
        "from": {"kind": "email", "address": f"mia{number}@example.com", "name": "Mia Muster"},
        "subject": "Lost",
        "text": TEXT,
        "sent_at": "2026-11-20T08:00:00+00:00",
    }
    with reading() as session:
        channel = the(session, Channel)
    pipeline.deliver(channel, letter, minutes=number)
    _run(pipeline, loses=loses)


def _run(pipeline: Pipeline, *, loses: str = "") -> None:
    while True:
        pipeline.relay()
        jobs = [job for job in pipeline.jobs() if job[0] in JOBS - {loses}]
        if not jobs:
            return
        for job in jobs:
            pipeline.run(job)


def _letters() -> list[PushState]:
    with reading() as session:
        return list(session.scalars(select(PushLetter.state).order_by(PushLetter.id)))


def _browsers() -> int:
    with reading() as session:
        return len(session.scalars(select(PushSubscription.id)).all())


def test_encryption_is_that_of_the_standard_to_the_byte() -> None:
    """RFC 8291, appendix A."""
    browser = Browser(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    own = ec.derive_private_key(
        int.from_bytes(web_push._decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1()
    )
    text = b"When I grow up, I want to be a watermelon"
    body = web_push.encrypt(text, browser, salt=web_push._decoded("DGv6ra1nlYgDCS1FRnbzlw"), own=own)
    assert web_push.encoded(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    web_push.check(browser)
    with pytest.raises(Rejected):
        web_push.check(Browser(browser.endpoint, browser.p256dh[:-4], browser.auth))


def test_a_closed_browser_is_told_once_and_no_more_than_its_user_allows(house: Pipeline, service: PushService) -> None:
    house.twice = True
    subscriber = _join(service)
    _arrive(house)
    (told,) = subscriber.told
    with reading() as session:
        conversation = the(session, Conversation)
    assert told["title"] == "New message in Support"
    assert told["text"] == f"Conversation {conversation.number}"
    assert told["address"] == f"/inbox/c/{conversation.public_id}"
    assert not {"Mia", "Harbour", "Lost"} & set(str(told).split())
    assert service.refused == []
    with transaction() as session:
        the(session, PushSubscription).says_words = True
    _arrive(house, 2)
    assert subscriber.told[1]["title"] == "Mia Muster"
    assert TEXT in subscriber.told[1]["text"]
    assert _letters() == [PushState.SENT, PushState.SENT]


def test_quiet_hours_an_open_page_and_a_new_password_keep_it_silent(house: Pipeline, service: PushService) -> None:
    subscriber = _join(service)
    _tell_of(NoticeScope.EVERYTHING, quiet_days=tuple(range(7)))
    _arrive(house)
    _tell_of(NoticeScope.EVERYTHING)
    opened = _join(service, is_open=True)
    with transaction() as session:
        push_subscriptions.seen_live(session, [str(one) for one in session.scalars(select(PushSubscription.public_id))])
    _arrive(house, 2)
    with time_machine.travel(now() + timedelta(minutes=2)):  # both pages are closed
        with transaction() as session:
            _ana(session).session_version += 1
        _arrive(house, 3)
    assert (subscriber.told, opened.told, service.refused) == ([], [], [])


def test_a_service_that_is_busy_is_asked_later_and_a_browser_that_is_gone_is_forgotten(
    house: Pipeline, service: PushService
) -> None:
    subscriber = _join(service)
    service.answers = [(429, {"retry-after": "600"}), (413, {})]
    _arrive(house)
    assert _letters() == [PushState.WAITING]
    with time_machine.travel(now() + timedelta(minutes=9), tick=False):
        _again(house)
        assert len(service.answers) == 1  # not sooner than it asked
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        _again(house)
    assert (_letters(), subscriber.told) == ([PushState.FAILED], [])
    subscriber.is_gone = True
    _arrive(house, 2)
    assert (_browsers(), _letters()) == (0, [])
    stranger = service.subscribe(push_subscriptions.sender().public_key)
    stranger.sender = "another"
    with transaction() as session:
        push_subscriptions.add(session, user=_ana(session), browser=stranger.browser, agent=CHROME)
        session.execute(PushSubscription.__table__.update().values(live_until=None))  # type: ignore[attr-defined]
    _arrive(house, 3)
    assert (_browsers(), service.refused) == (0, ["another key than the one subscribed with"])


def test_what_redis_lost_before_it_was_looked_at_is_told_once_or_dropped_when_it_is_no_news(
    house: Pipeline, service: PushService
) -> None:
    subscriber = _join(service)
    for number, waits in ((1, timedelta(minutes=2)), (2, timedelta(hours=2))):
        _arrive(house, number, loses=PUSH)
        assert len(subscriber.told) == number - 1
        push.hand_out()
        assert house.jobs() == []  # a job may still begin
        with time_machine.travel(now() + waits, tick=False):
            _again(house)
            _again(house)
            push.purge()
    assert len(subscriber.told) == 1
    with reading() as session:
        assert session.scalars(select(PushAsk)).all() == []


def test_private_addresses_and_what_no_browser_says_are_refused(
    house: Pipeline, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriber = _join(service)
    monkeypatch.setenv("WEBHOOKS_TO_PRIVATE", "0")
    config.forget()
    _arrive(house)
    assert (subscriber.told, _letters()) == ([], [PushState.FAILED])
    good = service.subscribe("").browser
    with reading() as session:
        for bad in (
            good,
            Browser("https://push.example.com/1", "AAAA", good.auth),
            Browser("file:///etc", good.p256dh, good.auth),
        ):
            with pytest.raises(Invalid):
                push_subscriptions.add(session, user=_ana(session), browser=bad, agent="")
    assert push_subscriptions.named(CHROME) == "Chrome on Linux"


def _again(pipeline: Pipeline) -> None:
    push.hand_out()
    _run(pipeline)
