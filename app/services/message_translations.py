"""Messages in the reader's language, where the installation has a model for it.

waiting ──► answered     by the translator's process
   └──────► failed       nobody answered in time, or it cannot be translated; asked again, it waits again

A translation holds for the words it was made of: an edited message loses its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.errors import Conflict, Invalid
from app.events import MessageTranslated, TranslationAsked
from app.models import Conversation, Heartbeat, Message, MessageTranslation, TranslationState
from app.phrases import phrase

PROCESS = "translator"
SILENT = timedelta(seconds=20)  # after which a process counts as gone
GIVE_UP = timedelta(minutes=5)
LONGEST = 20_000  # characters of a message that are translated
NOBODY_ANSWERED = phrase("The translator did not answer in time.")
CANNOT = phrase("The translator cannot read this.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a translator needs to know: `text` is the message's, nothing hidden yet."""

    id: int
    text: str
    source: str
    language: str


@dataclass(frozen=True, slots=True)
class Offered:
    """The ways from some languages into others that living translators know."""

    ways: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()

    def has(self, source: str, target: str) -> bool:
        return source != target and any(source in sources and target in targets for sources, targets in self.ways)


def way(sources: Iterable[str], targets: Iterable[str]) -> str:
    """Write down for a heartbeat what a model puts into what: "de fr > en"."""
    return f"{' '.join(sorted(sources))} > {' '.join(sorted(targets))}"


def offered(session: Session) -> Offered:
    """Read what living translators say they can do."""
    living = select(Heartbeat.detail).where(Heartbeat.kind == PROCESS, Heartbeat.beat_at > now() - SILENT)
    told = [str(line).partition(">") for detail in session.scalars(living) for line in detail.get("ways", ())]
    return Offered(tuple((frozenset(one.split()), frozenset(other.split())) for one, _, other in told))


def ask(session: Session, *, message: Message, language: str) -> MessageTranslation:
    """Store the wish to read a message in a language, or return what is there already. Raises Invalid, Conflict."""
    if message.is_deleted or not message.text.strip():
        raise Invalid(phrase("There are no words to translate."))
    if not offered(session).has(message.language or "", language):
        raise Conflict(phrase("No translator for these languages is running now. Try again in a moment."))
    values = {"message_id": message.id, "source": message.language, "language": language}
    session.execute(insert(MessageTranslation).values(values).on_conflict_do_nothing())
    row = session.scalars(
        select(MessageTranslation).filter_by(message_id=message.id, language=language).with_for_update()
    ).one()
    if row.state is not TranslationState.ANSWERED:
        row.state, row.reason, row.created_at = TranslationState.WAITING, "", now()
        outbox.record(session, TranslationAsked(translation_id=row.id))
    return row


def waiting(session: Session, *, limit: int) -> list[Waiting]:
    """Return what waits to be translated, the longest first."""
    query = (
        select(MessageTranslation.id, Message.text, MessageTranslation.source, MessageTranslation.language)
        .join(Message, Message.id == MessageTranslation.message_id)
        .where(MessageTranslation.state == TranslationState.WAITING)
        .order_by(MessageTranslation.id)
        .limit(limit)
    )
    return [Waiting(row.id, row.text[:LONGEST], row.source, row.language) for row in session.execute(query)]


def record(session: Session, *, translation_id: int, text: str, model: str) -> None:
    """Keep a translation and tell who looks at its conversation. One that nobody waits for any more is dropped."""
    _close(session, translation_id, TranslationState.ANSWERED, text=text, model=model)


def record_failure(session: Session, *, translation_id: int, reason: str) -> None:
    _close(session, translation_id, TranslationState.FAILED, reason=reason)


def forget(session: Session, *, message_ids: Iterable[int]) -> None:
    """Drop the translations of words that are others now."""
    session.execute(delete(MessageTranslation).where(MessageTranslation.message_id.in_(list(message_ids))))


def reconcile(session: Session, *, older_than: timedelta) -> int:
    """Ask again what got lost on its way, give up what waited too long; return how many were nudged."""
    waits = MessageTranslation.state == TranslationState.WAITING
    late = select(MessageTranslation.id).where(waits, MessageTranslation.created_at <= now() - GIVE_UP)
    for id_ in session.scalars(late).all():
        record_failure(session, translation_id=id_, reason=NOBODY_ANSWERED)
    stuck = select(MessageTranslation.id).where(waits, MessageTranslation.created_at <= now() - older_than)
    first: Sequence[int] = session.scalars(stuck.order_by(MessageTranslation.id).limit(1)).all()
    outbox.record_all(session, [TranslationAsked(translation_id=id_) for id_ in first])  # it drains all that waits
    return len(first)


def _close(session: Session, id_: int, state: TranslationState, **told: str) -> None:
    statement = (
        update(MessageTranslation)
        .where(MessageTranslation.id == id_, MessageTranslation.state == TranslationState.WAITING)
        .values(state=state, answered_at=now(), **told)
        .returning(MessageTranslation.message_id)
    )
    message_id = session.scalars(statement).one_or_none()
    if message_id is None:
        return
    home = select(Conversation.public_id).join(Message, Message.conversation_id == Conversation.id)
    conversation = session.scalars(home.where(Message.id == message_id)).one()
    outbox.record(session, MessageTranslated(translation_id=id_, conversation=str(conversation)))
