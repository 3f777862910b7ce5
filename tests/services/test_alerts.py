"""Alerts over real tables: fired once, updated, closed; who is told, when, and who may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.crypto import new_token, seal
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.events import AlertChanged, AlertMailQueued, AlertRaised, Event
from app.languages import translated
from app.models import (
    Alert,
    AlertKind,
    AlertMetric,
    AlertNotice,
    AlertRule,
    Channel,
    ConversationMood,
    NoticeState,
    OutboxEvent,
    Role,
    User,
)
from app.services import (
    access,
    alert_letter,
    alert_notices,
    alert_reasons,
    alert_rules,
    alert_watch,
    alerts,
    business_hours,
    first_alert_rules,
    reconcile,
    webhooks,
)
from app.services.alert_rules import Draft
from app.services.alerting import SENSITIVITIES, Quiet
from app.services.moods import FELL_TO
from tests.alert_house import MONDAY, AlertHouse

SHARE: dict[str, Any] = {
    "metric": AlertMetric.NEGATIVE_SHARE,
    "kind": AlertKind.THRESHOLD,
    "threshold": 0.5,
    "window_minutes": 60,
}
VOLUME: dict[str, Any] = {
    "metric": AlertMetric.VOLUME,
    "kind": AlertKind.THRESHOLD,
    "threshold": 20.0,
    "window_minutes": 60,
}
UNUSUAL: dict[str, Any] = {
    "metric": AlertMetric.VOLUME,
    "kind": AlertKind.ANOMALY,
    "threshold": SENSITIVITIES["normal"],
}


@pytest.fixture
def house(session: Session) -> AlertHouse:
    return AlertHouse(session)


def events(session: Session, kind: type[Event]) -> list[Event]:
    rows = session.scalars(select(OutboxEvent).where(OutboxEvent.name == kind.wire_name()).order_by(OutboxEvent.id))
    return [Event.from_payload(row.name, row.payload) for row in rows]


# ---------------------------------------------------------------- what is watched
def test_an_alert_fires_once_is_updated_and_closes_by_itself(house: AlertHouse) -> None:
    house.rule(**VOLUME)
    house.arrive(19)
    house.look()
    assert house.alerts() == []
    house.arrive(5)
    for _ in range(3):
        house.look(1)
    (alert,) = house.alerts()
    assert (alert.value, alert.worst, alert.messages, alert.is_open) == (24.0, 24.0, 24, True)
    house.arrive(10)
    house.look(1)
    assert (alert.value, alert.worst, len(house.alerts())) == (34.0, 34.0, 1)
    house.look(58)  # what came first is an hour old now
    assert (alert.value, alert.worst, alert.is_open) == (10.0, 34.0, True)
    assert alert.calm_since == house.at
    house.look(29)
    assert alert.is_open
    house.look(1)
    assert alert.closed_at == house.at


def test_what_comes_back_soon_is_the_same_incident(house: AlertHouse) -> None:
    house.rule(**VOLUME)
    house.arrive(25)
    house.look()
    house.look(61)
    house.look(30)
    (alert,) = house.alerts()
    assert [one.is_open for one in house.alerts()] == [False]
    told = len(house.notices(alert))
    house.arrive(25)
    house.look(10)
    assert house.alerts() == [alert]
    assert alert.closed_at is None
    assert len(house.notices(alert)) == told
    house.look(61)
    house.look(30)
    assert [one.is_open for one in house.alerts()] == [False]
    house.look(60)
    house.arrive(25)
    house.look()
    assert len(house.alerts()) == 2


def test_looking_twice_at_the_same_moment_changes_nothing(house: AlertHouse, session: Session) -> None:
    house.rule(**VOLUME)
    house.arrive(25)
    house.look()
    (alert,) = house.alerts()
    version, notices = alert.version, len(house.notices(alert))
    session.execute(delete(OutboxEvent))
    house.look()
    assert (alert.version, len(house.notices(alert)), len(house.alerts())) == (version, notices, 1)
    assert events(session, AlertChanged) == []


def test_a_share_of_few_messages_says_nothing(house: AlertHouse) -> None:
    house.rule(**{**SHARE, "minimum": 10})
    house.arrive(9)
    house.look()
    assert house.alerts() == []
    house.arrive(1, "positive")
    house.look()
    (alert,) = house.alerts()
    assert (alert.value, alert.messages) == (0.9, 10)


def test_abstained_messages_are_volume_but_not_share(house: AlertHouse, session: Session) -> None:
    house.rule(**VOLUME)
    share = house.rule(name="Share", **{**SHARE, "minimum": 5})
    house.arrive(30)
    with_doubt = "UPDATE prediction SET abstained = true WHERE task = 'sentiment'"
    session.connection().exec_driver_sql(with_doubt)
    house.look()
    (alert,) = house.alerts()
    assert (alert.rule_id, alert.value) != (share.id, 30.0)
    assert alert.value == 30.0


@pytest.mark.parametrize("window", [15, 30, 60, 120, 240, 480, 1440])
def test_every_window_counts_what_lies_in_it(house: AlertHouse, window: int) -> None:
    house.at = MONDAY + timedelta(minutes=35)
    house.rule(**{**VOLUME, "window_minutes": window, "threshold": 6.0})
    house.arrive(6, minutes_ago=min(window, 1500) - 1)
    house.arrive(50, minutes_ago=window + 61)
    house.look()
    assert [alert.value for alert in house.alerts()] == [6.0]


@pytest.mark.parametrize(
    ("narrowed", "value"),
    [
        ({}, 12.0),
        ({"channel": 0}, 7.0),
        ({"inbox": 1}, 5.0),
        ({"intent": "delivery"}, 9.0),
        ({"language": "en"}, 12.0),
        ({"language": "de"}, None),
        ({"channel": 1, "intent": "refund"}, 3.0),
    ],
)
@pytest.mark.parametrize("window", [60, 120])
def test_a_rule_counts_only_what_it_is_narrowed_to(
    house: AlertHouse, narrowed: dict[str, str | int], value: float | None, window: int
) -> None:
    house.arrive(7)
    house.arrive(2, channel=1)
    house.arrive(3, channel=1, intent="refund")
    places: dict[str, list[Any]] = {"channel": house.channels, "inbox": house.inboxes}
    asked = {key: str(places[key][told].public_id) if isinstance(told, int) else told for key, told in narrowed.items()}
    house.rule(**{**VOLUME, "threshold": 1.0, "minimum": 1, "window_minutes": window, **asked})
    house.look()
    assert [alert.value for alert in house.alerts()] == ([] if value is None else [value])


def test_intents_emotions_net_sentiment_and_moods_are_measured(house: AlertHouse, session: Session) -> None:
    house.arrive(8, intent="security_fraud")
    house.arrive(2, "positive")
    threshold = {"kind": AlertKind.THRESHOLD, "minimum": 1}
    house.rule(**threshold, metric=AlertMetric.INTENT_VOLUME, label="security_fraud", threshold=8.0)
    house.rule(**threshold, metric=AlertMetric.EMOTION_VOLUME, label="joy", threshold=1.0)
    house.rule(**threshold, metric=AlertMetric.NET_SENTIMENT, threshold=-0.6)
    house.rule(**threshold, metric=AlertMetric.MOOD_FALLS, threshold=1.0)
    conversation = house.conversations[0]
    conversation.mood_version = "1"
    fell = {"lowest": FELL_TO - 0.1, "lowest_at": house.at - timedelta(minutes=5)}
    session.add(ConversationMood(conversation_id=conversation.id, model_version="1", **fell))
    session.add(ConversationMood(conversation_id=conversation.id, model_version="0", **fell))
    session.flush()
    house.look()
    found = {alert.metric: alert.value for alert in house.alerts()}
    assert found == {AlertMetric.INTENT_VOLUME: 8.0, AlertMetric.NET_SENTIMENT: -0.6, AlertMetric.MOOD_FALLS: 1.0}


# ---------------------------------------------------------------- what is usual
def test_an_anomaly_waits_for_four_weeks_of_history(house: AlertHouse) -> None:
    rule = house.rule(**UNUSUAL)
    house.past(weeks=3)
    house.arrive(60)
    house.look()
    assert house.alerts() == []
    assert rule.baseline is None


def test_what_is_far_from_the_usual_of_the_hour_is_an_alert(house: AlertHouse) -> None:
    house.past()
    rule = house.rule(**UNUSUAL)
    house.arrive(6)
    house.look()
    assert house.alerts() == []
    assert rule.baseline is not None
    house.arrive(30)
    house.look()
    (alert,) = house.alerts()
    assert alert.expected == pytest.approx(4.0, abs=0.3)
    assert alert.value == 40.0  # the four of the last full hour are in the window
    assert alert.baseline == rule.baseline


def test_an_unusual_share_is_an_alert_and_the_usual_one_is_not(house: AlertHouse) -> None:
    house.past()
    house.rule(**{**UNUSUAL, "metric": AlertMetric.NEGATIVE_SHARE, "window_minutes": 120})
    house.arrive(8)
    house.arrive(24, "neutral")
    house.look()
    assert house.alerts() == []
    house.arrive(40)
    house.look()
    (alert,) = house.alerts()
    assert alert.expected == pytest.approx(0.25, abs=0.01)
    assert alert.value > 0.6


def test_the_usual_is_learned_once_a_day(house: AlertHouse) -> None:
    house.past()
    rule = house.rule(**UNUSUAL)
    house.look()
    first = rule.baselined_at
    house.look(600)
    assert rule.baselined_at == first
    house.look(900)
    assert rule.baselined_at == house.at


# ---------------------------------------------------------------- what it is about
def test_the_cause_names_the_words_intents_and_messages_that_stand_out(house: AlertHouse) -> None:
    house.past()
    house.rule(**SHARE)
    house.arrive(20, text="Courier Zebra lost my order 4711, mail me at mia@example.com", intent="complaint")
    house.look()
    (alert,) = house.alerts()
    terms = [term["term"] for term in alert.cause["terms"]]
    assert "courier zebra" in terms
    assert not any("4711" in term or "example" in term for term in terms)
    assert alert.cause["intents"][0]["label"] == "complaint"
    assert alert.cause["intents"][0]["before"] == 0.0
    samples = alert.cause["samples"]
    assert len(samples) == 4  # one a conversation
    assert alert.caused_at == house.at


# ---------------------------------------------------------------- who is told
def test_people_are_told_in_the_app_at_once_and_outside_after_the_quiet_hours(
    house: AlertHouse, session: Session
) -> None:
    business_hours.change(session, week=((9, 17),) * 7, time_zone="Europe/Berlin")
    webhooks.add(session, name="Ops", url="https://ops.example.com/", events=[AlertRaised.wire_name()])
    house.at = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)  # half past eleven in Berlin
    house.rule(**VOLUME, ways=["app", "email", "webhook"], quiet=Quiet(22, 7), mail_channel=_id(house))
    house.arrive(25)
    house.look()
    (alert,) = house.alerts()
    notices = house.notices(alert)
    assert set(notices) == {("app", "ana"), ("app", "sue"), ("email", "ana"), ("email", "sue"), ("webhook", None)}
    assert notices["app", "ana"].state is NoticeState.SENT
    morning = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)
    assert {notices[key].due_at for key in notices if key[0] != "app"} == {morning}
    assert events(session, AlertMailQueued) == events(session, AlertRaised) == []
    assert alert_notices.release(session, at=morning - timedelta(minutes=1)) == 0
    assert alert_notices.release(session, at=morning) == 3
    assert len(events(session, AlertMailQueued)) == 2
    assert [event.alert_id for event in events(session, AlertRaised) if isinstance(event, AlertRaised)] == [alert.id]
    assert notices["webhook", None].reason == "Handed to 1 webhook."
    assert alert_notices.release(session, at=morning) == 0


def test_a_webhook_way_without_a_listener_says_so(house: AlertHouse) -> None:
    house.rule(**VOLUME, ways=["webhook"])
    house.arrive(25)
    house.look()
    notice = house.notices(house.alerts()[0])["webhook", None]
    assert (notice.state, notice.reason) == (NoticeState.SKIPPED, alert_reasons.NO_LISTENER)
    assert alert_reasons.read_again("Handed to 2 webhooks.") == alert_reasons.handed(2)
    kept = alert_reasons.read_again("The server is full. Tried 6 times.")
    assert translated(kept, "fr") == "The server is full. Essayé 6 fois."
    assert translated(alert_reasons.read_again(notice.reason), "fr").startswith("Aucun webhook")


def test_teams_and_people_are_told_as_far_as_they_may_see(house: AlertHouse) -> None:
    told = {"users": [str(house.users["cleo"].public_id)], "teams": [str(house.team.public_id)]}
    house.rule(**VOLUME, **told, tells_supervisors=False, inbox=str(house.inboxes[0].public_id))
    house.arrive(25)
    house.look()
    notices = house.notices(house.alerts()[0])
    assert notices["app", "ben"].state is NoticeState.SENT
    assert notices["app", "cleo"].state is NoticeState.SKIPPED
    assert notices["app", "cleo"].reason == alert_reasons.NO_SIGHT
    assert set(notices) == {("app", "ben"), ("app", "cleo")}


def test_a_mail_is_written_once_and_without_customers_words(house: AlertHouse, session: Session) -> None:
    house.rule(**VOLUME, ways=["email"], mail_channel=_id(house))
    house.arrive(25, text="Zebra parcel lost, call +49 30 901820")
    house.look()
    (alert,) = house.alerts()
    notice = house.notices(alert)["email", "ana"]
    letter = alert_notices.claim(session, notice_id=notice.id)
    assert letter is not None
    assert letter.outbound.automatic
    assert letter.outbound.to[0].email == "ana@acme.example"
    assert f"/alerts/{alert.public_id}" in letter.outbound.text
    assert "zebra" in letter.outbound.text
    assert "901820" not in letter.outbound.text
    assert letter.outbound.subject.endswith(": Messages: 25 in an hour")
    subject, text = alert_letter.written(session, alert=alert, zone=UTC, language="de")
    assert "Nachrichten: 25 in 1 Stunde" in subject
    assert "Auffällige Wörter: " in text
    assert alert_notices.claim(session, notice_id=notice.id) is None  # another worker comes too late
    alert_notices.record_sent(session, notice_id=notice.id)
    assert notice.state is NoticeState.SENT
    assert alert_notices.claim(session, notice_id=notice.id) is None


def test_a_mail_that_cannot_leave_says_why(house: AlertHouse, session: Session) -> None:
    house.rule(**VOLUME, ways=["email"], mail_channel=_id(house))
    house.arrive(25)
    house.look()
    notice = house.notices(house.alerts()[0])["email", "ana"]
    for attempt in range(alert_notices.MAX_ATTEMPTS):
        notice.claimed_until = None
        assert alert_notices.claim(session, notice_id=notice.id), attempt
        alert_notices.record_transient(
            session, notice_id=notice.id, reason="mail.acme.example does not answer.", retry_after_seconds=None
        )
    assert notice.state is NoticeState.FAILED
    assert notice.reason == "mail.acme.example does not answer. Tried 6 times."


def test_a_mail_that_was_lost_with_a_queue_is_asked_for_again(house: AlertHouse, session: Session) -> None:
    house.rule(**VOLUME, ways=["email"], mail_channel=_id(house))
    house.arrive(25)
    house.look()
    session.execute(delete(OutboxEvent))
    assert alert_notices.release(session, at=house.at + timedelta(seconds=29)) == 0
    session.query(AlertNotice).update({"due_at": house.at})
    reconcile.reconcile(session)
    assert len(events(session, AlertMailQueued)) == 2


# ---------------------------------------------------------------- what people do
def test_who_acknowledges_is_shown_and_nobody_else_can_after(house: AlertHouse, session: Session) -> None:
    house.rule(**VOLUME, inbox=str(house.inboxes[0].public_id))
    house.arrive(25)
    house.look()
    (alert,) = house.alerts()
    sue, ana = house.users["sue"], house.users["ana"]
    alerts.acknowledge(session, alert=alert, actor=sue, note="  Courier is on it.\r\n")
    assert (alert.acknowledged_by_id, alert.note) == (sue.id, "Courier is on it.")
    assert house.notices(alert)["app", "sue"].read_at is not None
    assert house.notices(alert)["app", "ana"].read_at is None
    with pytest.raises(Conflict):
        alerts.acknowledge(session, alert=alert, actor=ana, note="Me too")
    with pytest.raises(Invalid):
        alerts.acknowledge(session, alert=alert, actor=sue, note="x" * 2001)
    assert alert.is_open


def test_a_mail_is_not_sent_once_it_is_over_and_acknowledged(house: AlertHouse, session: Session) -> None:
    house.rule(**VOLUME, ways=["email"], mail_channel=_id(house))
    house.arrive(25)
    house.look()
    (alert,) = house.alerts()
    alerts.acknowledge(session, alert=alert, actor=house.users["ana"], note="")
    alert.closed_at = house.at
    notice = house.notices(alert)["email", "sue"]
    assert alert_notices.claim(session, notice_id=notice.id) is None
    assert (notice.state, notice.reason) == (NoticeState.SKIPPED, alert_reasons.OVER)


def test_only_who_sees_all_inboxes_of_an_alert_sees_it(house: AlertHouse, session: Session) -> None:
    whole = house.rule(name="Whole", **VOLUME)
    inbox = house.rule(name="Inbox", **VOLUME, inbox=str(house.inboxes[0].public_id))
    channel = house.rule(name="Channel", **VOLUME, channel=str(house.channels[1].public_id))
    house.arrive(25)
    house.arrive(25, channel=1)
    house.look()
    sees = {
        "ana": {whole.id, inbox.id, channel.id},
        "sue": {whole.id, inbox.id, channel.id},
        "ben": {inbox.id},
        "cleo": set(),
    }
    for key, rules in sees.items():
        user = house.users[key]
        for alert in house.alerts():
            may = alert.rule_id in rules
            assert (user.id in access.users_seeing(session, alert)) is may
            if may:
                assert access.alert_for(session, user, alert.public_id) is alert
            else:
                with pytest.raises(NotFound):
                    access.alert_for(session, user, alert.public_id)
        seen = session.scalars(select(AlertRule.id).where(access.watches_of(user, AlertRule)))
        assert set(seen) == rules
    (last,) = [alert for alert in house.alerts() if alert.rule_id == whole.id]
    told = {
        event.alert_id: set(event.users) for event in events(session, AlertChanged) if isinstance(event, AlertChanged)
    }
    assert told[last.id] == {str(house.users[key].public_id) for key in ("ana", "sue")}


def test_nobody_watches_what_they_may_not_see(house: AlertHouse, session: Session) -> None:
    sam = User(email="sam@acme.example", name="Sam", role=Role.SUPERVISOR)
    session.add(sam)
    session.flush()
    with pytest.raises(Forbidden):
        alert_rules.add(session, actor=sam, draft=Draft(name="All"))
    rule = house.rule(**VOLUME)
    with pytest.raises(Forbidden):
        alert_rules.edit(session, actor=sam, rule=rule, version=rule.version, draft=Draft(name="Mine"))


def test_rules_that_make_no_sense_are_refused(house: AlertHouse, session: Session) -> None:
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"window_minutes": 7}, "window_minutes"),
        ({"minimum": 0}, "minimum"),
        ({"ways": []}, "ways"),
        ({"ways": ["email"]}, "mail_channel"),
        ({"mail_channel": _form_channel(house)}, "mail_channel"),
        ({"metric": AlertMetric.EMOTION_VOLUME, "label": "hunger"}, "label"),
        ({"metric": AlertMetric.INTENT_VOLUME}, "label"),
        ({"metric": AlertMetric.NEGATIVE_SHARE, "threshold": 1.5}, "threshold"),
        ({"kind": AlertKind.ANOMALY, "threshold": 1.0}, "sensitivity"),
        ({"channel": "nonsense"}, "channel"),
        ({"users": ["nonsense"]}, "users"),
        ({"quiet": Quiet(24, 3)}, "quiet"),
        ({"name": " "}, "name"),
    )
    for changes, field in wrong:
        with pytest.raises(Invalid) as refused:
            house.rule(**{**VOLUME, **changes})
        assert refused.value.field == field, changes
        session.expire_all()


def test_a_rule_that_is_changed_switched_off_or_deleted_closes_what_it_had_open(
    house: AlertHouse, session: Session
) -> None:
    ana = house.users["ana"]
    changed, off, gone = (house.rule(name=name, **VOLUME) for name in ("A", "B", "C"))
    house.arrive(25)
    house.look()
    draft = alert_rules.draft_of(session, changed)
    draft.threshold = 100.0
    with pytest.raises(Conflict):
        alert_rules.edit(session, actor=ana, rule=changed, version=99, draft=draft)
    alert_rules.edit(session, actor=ana, rule=changed, version=changed.version, draft=draft)
    alert_rules.switch(session, rule=off, on=False)
    alert_rules.delete(session, rule=gone)
    session.expire_all()
    assert [alert.is_open for alert in house.alerts()] == [False] * 3
    assert [alert.rule_id for alert in house.alerts()] == [changed.id, off.id, None]
    house.look(1)
    assert session.query(Alert).count() == 3


def test_a_workspace_starts_with_gentle_rules(house: AlertHouse, session: Session) -> None:
    first_alert_rules.add_all(session)
    rules = session.scalars(select(AlertRule).order_by(AlertRule.id)).all()
    assert {way for rule in rules for way in rule.ways} == {"app"}
    assert 0 < sum(rule.is_enabled for rule in rules) < len(rules)
    assert alert_watch.watch(session, at=house.at) == sum(rule.is_enabled for rule in rules)


def _id(house: AlertHouse) -> str:
    return str(house.channels[0].public_id)


def _form_channel(house: AlertHouse) -> str:
    """Make a channel by which nothing can leave."""
    form = Channel(inbox_id=house.inboxes[0].id, kind="webform", name="Form", token=new_token(), sealed=seal({}))
    house.session.add(form)
    house.session.flush()
    return str(form.public_id)
