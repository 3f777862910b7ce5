"""What people say a message is about: corrections, confirmations, and taking them back.

The message comes through app/services/access.py. A person's word holds at once (app/services/truths.py): moods and
counts follow in the same transaction, and the annotator learns from it within seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.errors import Invalid
from app.events import PredictionCorrected
from app.models import Conversation, Correction, HeadKind, Message, Prediction, Subject, User
from app.phrases import phrase
from app.services import conversation_moods, learning, light_heads, predictions, sentiment_counts, workspace_intents
from app.services.changes import inbox_of
from app.services.labels import BUILT_IN, CORRECTABLE, NO_EMOTION, OUT_OF_SCOPE, SEVERAL, Choices
from app.services.moods import step_of


def choices(session: Session, task: str) -> Choices:
    """Return what people may choose for a task, as (label, word), in the order it is shown. Raises Invalid."""
    if task not in CORRECTABLE:
        raise Invalid(phrase("This cannot be corrected."), field="task")
    if task == "intent" and light_heads.kind_in_use(session, task) is HeadKind.INTENTS:
        return (*workspace_intents.choices(session), (OUT_OF_SCOPE, phrase("None of these")))
    return BUILT_IN[task]


def correct(
    session: Session, *, message: Message, task: str, labels: Collection[str], actor: User | None
) -> Correction:
    """Let these labels hold for a customer's message from now on; saying the same again changes nothing.

    A message has one sentiment and one intent; of emotion it has several, or none. Raises Invalid.
    """
    said = _said(session, message, task)
    checked = _checked(session, said, labels)
    conversation = _locked(session, message)
    active = find(session, message, task)
    if active and active.labels == checked:
        return active
    with _changing(session, conversation, message, task, actor):
        if active:
            _undo(session, active, actor)
        correction = Correction(
            message_id=message.id,
            task=task,
            labels=checked,
            said_labels=labels_of(said),
            said_confidence=said.confidence,
            said_abstained=said.abstained,
            model_version=said.model_version,
            head_version=said.head_version,
            user_id=actor.id if actor else None,
        )
        session.add(correction)
        session.flush()
    return correction


def confirm(session: Session, *, message: Message, task: str, actor: User | None) -> Correction:
    """Say that the model was right. Raises Invalid where it has said nothing."""
    labels = labels_of(_said(session, message, task))
    return correct(session, message=message, task=task, labels=labels, actor=actor)


def undo(session: Session, *, message: Message, task: str, actor: User | None) -> None:
    """Take a person's word back: what the model said holds again."""
    conversation = _locked(session, message)
    active = find(session, message, task)
    if active is None:
        return
    with _changing(session, conversation, message, task, actor):
        _undo(session, active, actor)


def find(session: Session, message: Message, task: str) -> Correction | None:
    """Return what holds for a message by a person's word, if anybody spoke."""
    query = select(Correction).where(
        Correction.message_id == message.id, Correction.task == task, Correction.undone_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def said_of(session: Session, message: Message, task: str) -> Prediction | None:
    """Return the newest thing a model said of a message for a task."""
    query = select(Prediction).where(Prediction.message_id == message.id, Prediction.task == task)
    return session.scalars(query.order_by(Prediction.id.desc()).limit(1)).one_or_none()


def labels_of(said: Prediction) -> list[str]:
    """Return a prediction's labels in the form that corrections have: several of emotion, one of the others."""
    if said.task != SEVERAL:
        return [said.label]
    return [label for label, _ in said.labels] or [said.label]


def _said(session: Session, message: Message, task: str) -> Prediction:
    if task not in CORRECTABLE:
        raise Invalid(phrase("This cannot be corrected."), field="task")
    said = said_of(session, message, task)
    if said is None or not message.is_inbound:
        raise Invalid(phrase("Nothing was said of this message yet."), field="task")
    return said


def _checked(session: Session, said: Prediction, labels: Collection[str]) -> list[str]:
    """Return the labels in the order of the choices."""
    known = [label for label, _ in choices(session, said.task)]
    chosen = set(labels) - ({NO_EMOTION} if said.task == SEVERAL else set())
    if not chosen <= {*known, *labels_of(said)}:
        raise Invalid(phrase("Choose one of the labels offered."), field="labels")
    if said.task == SEVERAL:
        return [label for label in known if label in chosen] or [NO_EMOTION]
    if len(chosen) != 1:
        raise Invalid(phrase("Choose one label."), field="labels")
    return list(chosen)


def _undo(session: Session, correction: Correction, actor: User | None) -> None:
    correction.undone_at = now()
    correction.undone_by_id = actor.id if actor else None
    session.flush()  # only one may be active


@contextmanager
def _changing(
    session: Session, conversation: Conversation, message: Message, task: str, actor: User | None
) -> Iterator[None]:
    """Let mood, counts, learning and all who look at it follow the change. The conversation is locked."""
    before = {conversation.id: step_of(conversation.mood)}
    with sentiment_counts.moving(session, message_ids=[message.id]):
        yield
    said = _said(session, message, task)
    conversation_moods.redraw(session, conversation, version=conversation.mood_version or said.model_version)
    conversation_moods.tell_steps(session, [conversation], before)
    conversation_moods.move_contacts(session, [conversation.contact_id])
    conversation.version += 1
    event = PredictionCorrected(
        conversation_id=conversation.id,
        conversation=str(conversation.public_id),
        inbox=inbox_of(session, conversation),
        version=conversation.version,
        message_id=message.id,
        task=task,
    )
    outbox.record(session, event)
    learning.ask(session, subject=_subject(session, task), actor=actor)


def _subject(session: Session, task: str) -> Subject:
    if task == "intent" and light_heads.kind_in_use(session, task) is HeadKind.INTENTS:
        return Subject.INTENTS
    return Subject(task)


def _locked(session: Session, message: Message) -> Conversation:
    """Lock the contact, then the conversation."""
    return predictions.lock_by_id(session, {message.conversation_id})[message.conversation_id]
