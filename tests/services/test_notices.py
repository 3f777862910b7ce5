"""What a user is told of, and when not: whose conversation, seen or not, and by which clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import Conversation, NoticeScope, NoticeSetting, User
from app.queries.notices import Notice, notices
from app.services import access, conversations, notice_settings, replies
from tests.services.making import House, letter

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def _told(
    house: House, user: User, conversation: Conversation, scope: NoticeScope = NoticeScope.UNASSIGNED
) -> tuple[Notice, ...]:
    house.session.flush()
    ids = access.inbox_ids_of(user)
    about = [conversation.public_id]
    return notices(house.session, user=user, inbox_ids=ids, scope=scope, about=about)


def _night(**more: object) -> NoticeSetting:
    setting = notice_settings.default(User(id=1))
    values = {"quiet_from": 22 * 60, "quiet_until": 7 * 60, "quiet_days": [0], "time_zone": "Asia/Tokyo", **more}
    for name, value in values.items():
        setattr(setting, name, value)
    return setting


def test_a_customers_words_are_told_until_they_are_seen_or_answered(house: House) -> None:
    ana, ben = house.agents[:2]
    conversation, message = house.one(letter())
    (told,) = _told(house, ana, conversation)
    assert told.key == f"m:{message.public_id}"
    assert told.assigned_by is None
    conversations.mark_read(house.session, conversation=conversation, user=ana)
    assert _told(house, ana, conversation) == ()
    assert _told(house, ben, conversation)
    replies.queue_reply(house.session, conversation=conversation, author=ana, text="Yes.", client_key="k1")
    assert _told(house, ben, conversation, NoticeScope.EVERYTHING) == ()


def test_each_hears_of_what_concerns_them(house: House) -> None:
    ana, ben = house.agents[:2]
    conversation, _ = house.one(letter())
    assert _told(house, ana, conversation, NoticeScope.MINE) == ()
    conversations.assign(house.session, conversation=conversation, actor=None, assignee=ben)
    assert _told(house, ana, conversation) == ()
    assert _told(house, ana, conversation, NoticeScope.EVERYTHING)
    assert _told(house, ana, conversation, NoticeScope.NOTHING) == ()
    assert _told(house, ben, conversation, NoticeScope.MINE)
    conversation.merged_into_id = conversation.id
    assert _told(house, ben, conversation, NoticeScope.MINE) == ()


def test_who_is_given_a_conversation_is_told_by_whom_and_who_takes_it_is_not(house: House) -> None:
    ana, ben = house.agents[:2]
    conversation, _ = house.one(letter())
    conversations.assign(house.session, conversation=conversation, actor=ana, assignee=ana)
    conversations.mark_read(house.session, conversation=conversation, user=ana)
    conversations.mark_read(house.session, conversation=conversation, user=ben)
    assert _told(house, ana, conversation) == ()
    conversations.assign(house.session, conversation=conversation, actor=ana, assignee=ben)
    (told,) = _told(house, ben, conversation)
    assert (told.assigned_by, told.key[:2]) == (ana.name, "a:")


def test_nobody_hears_of_an_inbox_that_is_not_theirs(house: House) -> None:
    conversation, _ = house.one(letter())
    stranger = User(email="eve@acme.example", name="Eve")
    house.session.add(stranger)
    assert _told(house, stranger, conversation, NoticeScope.EVERYTHING) == ()


def test_what_came_while_the_connection_was_away_is_found_without_names(house: House) -> None:
    ana = house.agents[0]
    conversation, _ = house.one(letter())

    def found(away: timedelta) -> list[Notice]:
        ids, scope = access.inbox_ids_of(ana), NoticeScope.UNASSIGNED
        return list(notices(house.session, user=ana, inbox_ids=ids, scope=scope, away=away))

    conversation.last_message_at = now() - timedelta(seconds=50)
    house.session.flush()
    assert [one.conversation for one in found(timedelta(minutes=1))] == [conversation.public_id]
    assert found(timedelta(seconds=10)) == []


@pytest.mark.parametrize(
    ("hours", "is_quiet"),
    [(12.9, False), (13, True), (21.9, True), (22, False), (37, False)],  # 22:00 on Monday in Tokyo is 13:00 UTC
)
def test_quiet_hours_last_into_the_next_morning_by_the_users_own_clock(hours: float, is_quiet: bool) -> None:
    assert notice_settings.is_quiet(_night(), MONDAY + timedelta(hours=hours)) is is_quiet


def test_quiet_hours_of_a_day_of_all_day_and_of_no_day() -> None:
    noon = MONDAY + timedelta(hours=12)
    plain = {"quiet_from": 9 * 60, "quiet_until": 17 * 60, "time_zone": "UTC"}
    assert notice_settings.is_quiet(_night(**plain), noon)
    assert not notice_settings.is_quiet(_night(**plain), noon + timedelta(hours=5))
    assert not notice_settings.is_quiet(_night(**plain, quiet_days=[]), noon)
    all_day = _night(quiet_from=0, quiet_until=0, time_zone="UTC")
    assert [notice_settings.is_quiet(all_day, noon + timedelta(days=days)) for days in (-1, 0, 1)] == [0, 1, 0]


def test_a_pause_ends_by_itself_or_when_it_is_ended(house: House) -> None:
    ana = house.agents[0]
    notice_settings.pause(house.session, user=ana)
    setting = notice_settings.get(house.session, ana)
    assert setting.scope is NoticeScope.UNASSIGNED
    assert notice_settings.is_quiet(setting, now())
    assert not notice_settings.is_quiet(setting, now() + timedelta(minutes=61))
    notice_settings.resume(house.session, user=ana)
    assert not notice_settings.is_quiet(notice_settings.get(house.session, ana), now())


@pytest.mark.parametrize(
    "wrong",
    [{"scope": "all"}, {"quiet": ("25:00", "07:00")}, {"quiet_days": [7]}, {"time_zone": "../../etc/passwd"}],
)
def test_what_makes_no_sense_is_refused(house: House, wrong: dict[str, object]) -> None:
    right = {"scope": "mine", "has_sound": True, "quiet": ("22:00", "07:00"), "quiet_days": [0], "time_zone": "UTC"}
    with pytest.raises(Invalid):
        notice_settings.change(house.session, user=house.agents[0], **{**right, **wrong})  # type: ignore[arg-type]  # wrong on purpose
