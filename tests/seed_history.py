"""Eight weeks behind the seeded workspace, with predictions: what reports over time need.

    python -m tests.seed_history        # the workspace of tests.seed, and its past

Made by chance from a seed: office hours are busy, weekends quiet; a bad week of deliveries; a newer model takes over.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.db import transaction
from app.models import (
    Contact,
    Conversation,
    Direction,
    Message,
    Prediction,
    PredictionModel,
    Status,
    Tagging,
    Team,
    User,
)
from app.services import conversation_moods, corrections, sentiment_counts
from tests.seed import Workspace, seed

OLDER, NEWER = "0.9", "1"  # the newer one is that of tests.seed
NEWER_SINCE, RESCORED_SINCE = 12, 19  # days ago; in between both have read
JUDGED = 250
BAD_WEEK = range(22, 29)  # days ago
SAYINGS = {
    "negative": (
        "Still no parcel, and nobody answers.",
        "The grinder broke on day two. I am not happy.",
        "Wrong again!",
    ),
    "neutral": ("Where can I find my invoice?", "Please change the address of my order.", "Is the kettle in stock?"),
    "positive": ("Thank you, that was quick!", "Lovely coffee, lovely people.", "Solved. You are the best."),
}
INTENTS = {
    "negative": ("order_status", "refund_return", "technical_issue", "billing_payment"),
    "neutral": ("order_change", "product_info", "billing_payment", "order_status"),
    "positive": ("praise_thanks", "product_info"),
}
EMOTIONS = {"negative": ("anger", "frustration", "worry"), "neutral": ("none", "confusion"), "positive": ("joy", "gratitude")}  # fmt: skip
TAGS = {"order_status": "delivery", "refund_return": "refund", "billing_payment": "billing", "order_change": "order"}
LANGUAGES = ("en",) * 17 + ("de", "de", "fr")


@dataclass(slots=True)
class Told:
    """One message of a conversation to come."""

    days_ago: int
    mood: str
    intent: str


def seed_history(
    session: Session, made: Workspace, *, weeks: int = 8, a_day: int = 18, chance: int = 7, judged: int = 0
) -> int:
    """Write the past; returns how many messages it has. The newest `judged` were looked at by people."""
    dice = random.Random(chance)
    teams = session.query(Team).order_by(Team.id).all()
    users = [made.users[key] for key in ("ben", "chloe", "dev")]
    contacts = [Contact(name=f"Customer {number}") for number in range(60)]
    session.add_all(contacts)
    for version, days in ((OLDER, 7 * weeks), (NEWER, NEWER_SINCE)):
        taken_up = made.at - timedelta(days=days)
        session.merge(PredictionModel(version=version, model_id="tributary", taken_up_at=taken_up))
    session.flush()
    messages: list[tuple[Message, str, str]] = []
    for days_ago in range(7 * weeks, -1, -1):
        day = made.at - timedelta(days=days_ago)
        busy = a_day * (0.35 if day.weekday() > 4 else 1.0) * (1.6 if days_ago in BAD_WEEK else 1.0)
        while busy > 0:
            conversation = _conversation(session, made, dice, contacts, teams, users)
            told = _story(dice, days_ago)
            messages += [_message(session, made, dice, conversation, one) for one in told]
            busy -= len(told)
    _understand(session, made, dice, messages)
    _judge(session, users, dice, messages[len(messages) - judged :])
    return len(messages)


def _conversation(
    session: Session,
    made: Workspace,
    dice: random.Random,
    contacts: list[Contact],
    teams: list[Team],
    users: list[User],
) -> Conversation:
    channel = dice.choice([*made.channels.values(), made.channels["support", "mail"]])
    conversation = Conversation(
        inbox_id=channel.inbox_id,
        channel_id=channel.id,
        contact_id=dice.choice(contacts).id,
        subject="An older matter",
        reply_token=crypto.new_token(),
        status=Status.RESOLVED,
        assignee_id=dice.choice([*users, users[0], None]) and dice.choice(users).id,
        team_id=dice.choice(teams).id,
        last_message_at=made.at,
        language=dice.choice(LANGUAGES),
    )
    session.add(conversation)
    session.flush()
    return conversation


def _story(dice: random.Random, days_ago: int) -> list[Told]:
    """One to five messages: most start even, bad weeks start badly, and care makes some of them good again."""
    bad = 0.62 if days_ago in BAD_WEEK else 0.3
    mood = "negative" if dice.random() < bad else dice.choice(("neutral", "neutral", "positive"))
    intent = "order_status" if days_ago in BAD_WEEK and mood == "negative" else dice.choice(INTENTS[mood])
    told = [Told(days_ago, mood, intent)]
    while dice.random() < 0.6 and len(told) < 5:
        mood = dice.choice(("positive", "positive", "neutral", mood))
        told.append(Told(days_ago, mood, dice.choice(INTENTS[mood])))
    return told


def _message(
    session: Session, made: Workspace, dice: random.Random, conversation: Conversation, told: Told
) -> tuple[Message, str, str]:
    day = made.at - timedelta(days=told.days_ago)
    hour = min(22.9, max(6.0, dice.gauss(13, 3)))
    at = min(day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour), made.at)
    message = Message(
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        contact_id=conversation.contact_id,
        direction=Direction.INBOUND,
        subject=conversation.subject,
        text=dice.choice(SAYINGS[told.mood]),
        sender="somebody@example.com",
        language=conversation.language,
        created_at=at,
        sent_at=at,
        annotated_at=at,
        routed_at=at,
    )
    session.add(message)
    session.flush()
    conversation.last_message_at = max(at, conversation.last_message_at) if conversation.messages else at
    conversation.last_message_id, conversation.preview = message.id, message.text
    conversation.messages += 1
    tag = TAGS.get(told.intent)
    if tag and conversation.messages == 1:
        session.add(Tagging(tag_id=made.tags[tag].id, conversation_id=conversation.id))
    return message, told.mood, told.intent


def _understand(
    session: Session, made: Workspace, dice: random.Random, messages: list[tuple[Message, str, str]]
) -> None:
    conversations: dict[int, str] = {}
    for message, mood, intent in messages:
        days_ago = (made.at - message.created_at).days
        for version in _versions(days_ago):
            said = mood if version == NEWER or dice.random() < 0.85 else dice.choice(("neutral", "negative"))
            session.add_all(_predictions(session, dice, message, said, intent, version))
            conversations[message.conversation_id] = version
    session.flush()
    for id_, version in conversations.items():
        conversation_moods.redraw(session, session.get_one(Conversation, id_), version=version)
    session.flush()
    sentiment_counts.recompute(session)


def _judge(session: Session, users: list[User], dice: random.Random, messages: list[tuple[Message, str, str]]) -> None:
    """People confirm most of what the newer model said, and correct the rest; the surer it was, the more often right."""
    for message in [message for message, _, _ in messages if message.language == "en"]:
        for task, others in (("sentiment", tuple(SAYINGS)), ("intent", INTENTS["negative"])):
            said = session.scalars(
                select(Prediction).where(
                    Prediction.message_id == message.id, Prediction.task == task, Prediction.model_version == NEWER
                )
            ).one_or_none()
            if said is None:
                continue
            right = dice.random() < said.confidence + 0.05
            label = said.label if right else dice.choice([other for other in others if other != said.label])
            corrections.correct(session, message=message, task=task, labels=[label], actor=dice.choice(users))


def _versions(days_ago: int) -> tuple[str, ...]:
    if days_ago < NEWER_SINCE:
        return (NEWER,)
    return (OLDER, NEWER) if days_ago < RESCORED_SINCE else (OLDER,)


def _predictions(
    session: Session, dice: random.Random, message: Message, mood: str, intent: str, version: str
) -> list[Prediction]:
    conversation = session.get_one(Conversation, message.conversation_id)
    score = {"negative": -0.75, "neutral": 0.02, "positive": 0.8}[mood] + dice.uniform(-0.15, 0.15)
    foreign = message.language != "en"
    rows = []
    for task, label, value in (
        ("sentiment", mood, score),
        ("emotion", dice.choice(EMOTIONS[mood]), None),
        ("intent", intent, None),
    ):
        unsure = not foreign and dice.random() < 0.08
        rows.append(
            Prediction(
                message_id=message.id,
                task=task,
                label=label,
                score=value,
                confidence=round(dice.uniform(0.35, 0.5) if unsure else dice.uniform(0.62, 0.98), 3),
                abstained=foreign or unsure,
                abstain_reason=f"language:{message.language}" if foreign else "confidence" if unsure else None,
                labels=[(label, 0.8)],
                model_id="tributary",
                model_version=version,
                assignee_id=conversation.assignee_id,
                team_id=conversation.team_id,
            )
        )
    return rows


if __name__ == "__main__":
    began = now()
    with transaction() as database:
        total = seed_history(database, seed(database), judged=JUDGED)
    print(f"{total} messages of the past in {(now() - began).total_seconds():.0f} s")
