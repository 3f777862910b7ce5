"""A workspace with weeks of understood messages, and as many more as a test lets arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.crypto import new_token, seal
from app.models import (
    Alert,
    AlertNotice,
    AlertRule,
    Channel,
    Contact,
    Conversation,
    Direction,
    Inbox,
    InboxAccess,
    Message,
    Prediction,
    Role,
    Team,
    TeamMember,
    User,
    Visibility,
)
from app.services import alert_cause, alert_rules, alert_watch, sentiment_counts
from app.services.alert_rules import Draft

MONDAY = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)  # noon
WORDS = {"negative": "The parcel is still not here.", "neutral": "Which size fits?", "positive": "Lovely, thanks!"}
POLARITY = {"negative": -0.8, "neutral": 0.0, "positive": 0.8}


@dataclass
class AlertHouse:
    """Two inboxes with a channel each; Ana is admin, Sue supervises both, Ben sees the first, by his team."""

    session: Session
    at: datetime = MONDAY
    users: dict[str, User] = field(default_factory=dict)
    inboxes: list[Inbox] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = self.session
        roles = {"ana": Role.ADMIN, "sue": Role.SUPERVISOR, "ben": Role.AGENT, "cleo": Role.AGENT}
        for key, role in roles.items():
            self.users[key] = User(email=f"{key}@acme.example", name=key.title(), role=role)
        self.team = Team(name="Parcels")
        self.inboxes = [Inbox(name="Support"), Inbox(name="Sales")]
        self.contact = Contact(name="Mia")
        session.add_all([*self.users.values(), self.team, *self.inboxes, self.contact])
        session.flush()
        for inbox in self.inboxes:
            sealed = seal({"folder": "nowhere", "drip_seconds": 0})
            channel = Channel(
                inbox_id=inbox.id, kind="sandbox", name=f"{inbox.name} box", token=new_token(), sealed=sealed
            )
            self.channels.append(channel)
        session.add_all(self.channels)
        session.add(TeamMember(team_id=self.team.id, user_id=self.users["ben"].id))
        session.add(InboxAccess(inbox_id=self.inboxes[0].id, team_id=self.team.id))
        session.add_all(InboxAccess(inbox_id=inbox.id, user_id=self.users["sue"].id) for inbox in self.inboxes)
        session.flush()
        self.conversations = [self._conversation(channel) for channel in self.channels for _ in range(4)]

    def past(self, *, weeks: int = 5, hourly: Sequence[str] = ("negative", "neutral", "neutral", "positive")) -> None:
        """Weeks in which every hour brought the same messages, all in the first channel."""
        start = self.at.replace(minute=0) - timedelta(weeks=weeks)
        moments = [start + timedelta(hours=hour) for hour in range(weeks * 168)]
        rows = [(moment + timedelta(minutes=10 * n), mood) for moment in moments for n, mood in enumerate(hourly)]
        self._write(rows)
        sentiment_counts.recompute(self.session)

    def arrive(
        self,
        count: int,
        mood: str = "negative",
        *,
        text: str = "",
        intent: str = "delivery",
        channel: int = 0,
        minutes_ago: int = 1,
    ) -> None:
        """Let messages come in and be understood, now."""
        rows = [(self.at - timedelta(minutes=minutes_ago), mood)] * count
        ids = self._write(rows, text=text, intent=intent, channel=channel)
        told = self.session.scalars(select(Prediction.id).where(Prediction.message_id.in_(ids)))
        sentiment_counts.move(self.session, prediction_ids=list(told))

    def rule(self, **asked: Any) -> AlertRule:
        values: dict[str, Any] = {"name": "Watch", "minimum": 5, **asked}
        return alert_rules.add(self.session, actor=None, draft=Draft(**values))

    def look(self, minutes: int = 0) -> None:
        """Let time pass, and the clock look once."""
        self.at += timedelta(minutes=minutes)
        alert_watch.watch(self.session, at=self.at)
        for alert_id in alert_cause.due(self.session, at=self.at):
            found = alert_cause.find(*alert_cause.material(self.session, alert_id=alert_id))
            alert_cause.record(self.session, alert_id=alert_id, cause=found, at=self.at)

    def alerts(self) -> list[Alert]:
        return list(self.session.scalars(select(Alert).order_by(Alert.id)))

    def notices(self, alert: Alert) -> dict[tuple[str, str | None], AlertNotice]:
        """Return notices by (way, who)."""
        names = {user.id: key for key, user in self.users.items()}
        rows = self.session.scalars(select(AlertNotice).where(AlertNotice.alert_id == alert.id))
        return {(row.way.value, names.get(row.user_id) if row.user_id else None): row for row in rows}

    def _conversation(self, channel: Channel) -> Conversation:
        conversation = Conversation(
            inbox_id=channel.inbox_id,
            channel_id=channel.id,
            contact_id=self.contact.id,
            subject="Parcel",
            reply_token=new_token(),
            last_message_at=self.at,
        )
        self.session.add(conversation)
        self.session.flush()
        return conversation

    def _write(
        self, rows: Sequence[tuple[datetime, str]], *, text: str = "", intent: str = "delivery", channel: int = 0
    ) -> list[int]:
        homes = self.conversations[4 * channel : 4 * channel + 4]
        messages = [
            {
                "public_id": uuid7(),
                "conversation_id": homes[n % 4].id,
                "channel_id": homes[0].channel_id,
                "contact_id": self.contact.id,
                "direction": Direction.INBOUND,
                "visibility": Visibility.PUBLIC,
                "text": text or WORDS[mood],
                "language": "en",
                "annotated_at": moment,
                "created_at": moment,
            }
            for n, (moment, mood) in enumerate(rows)
        ]
        ids = list(self.session.scalars(insert(Message).returning(Message.id, sort_by_parameter_order=True), messages))
        told = [
            {
                "message_id": id_,
                "task": task,
                "label": label,
                "score": POLARITY[mood] if task == "sentiment" else None,
                "confidence": 0.9,
                "abstained": False,
                "model_id": "test",
                "model_version": "1",
            }
            for id_, (_, mood) in zip(ids, rows, strict=True)
            for task, label in (("sentiment", mood), ("intent", intent), ("emotion", "none"))
        ]
        self.session.execute(insert(Prediction), told)
        return ids
