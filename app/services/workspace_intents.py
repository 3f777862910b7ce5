"""The workspace's own list of what customers want: add, rename, describe, merge, archive, and examples of each.

They take the place of the built-in intents once they have been trained (app/services/learning.py), and are taken out
of use by going back to a version without them (app/services/light_heads.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid, NotFound
from app.models import Correction, HeadKind, IntentExample, Message, Subject, User, WorkspaceIntent
from app.phrases import phrase
from app.services import learning, light_heads
from app.services.first_rules import INTENTS
from app.services.labels import OUT_OF_SCOPE, Choices

LEAST_EXAMPLES = 8  # below it an intent is not trained
LEAST_INTENTS = 2
MOST_INTENTS, MOST_EXAMPLES = 300, 1_000
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_EXAMPLE = 60, 500, 2_000  # characters
RESERVED = frozenset({OUT_OF_SCOPE, "none", "abstained", *(label for label, _ in INTENTS)})
_NO_WORD = re.compile(r"[^a-z0-9]+")


def create(session: Session, *, title: str, description: str = "") -> WorkspaceIntent:
    """Add an intent. Raises Invalid, and Conflict where the title is taken."""
    title, description = _checked(session, title, description)
    if (session.scalar(select(func.count(WorkspaceIntent.id))) or 0) >= MOST_INTENTS:
        raise Invalid(phrase("A workspace has at most {most} intents.", most=MOST_INTENTS))
    intent = WorkspaceIntent(slug=_free_slug(session, title), title=title, description=description)
    session.add(intent)
    session.flush()
    return intent


def edit(session: Session, *, intent: WorkspaceIntent, version: int, title: str, description: str) -> None:
    """Rename and describe; predictions, rules and filters go on to know it by its slug. Raises Invalid, Conflict."""
    if intent.version != version:
        raise Conflict(phrase("Somebody else changed this intent meanwhile. Look at it again."), version=intent.version)
    intent.title, intent.description = _checked(session, title, description, but=intent)
    intent.version += 1
    session.flush()


def archive(session: Session, *, intent: WorkspaceIntent, actor: User) -> None:
    """Take an intent out of use; its examples stay."""
    intent.archived_at = intent.archived_at or now()
    intent.version += 1
    _learn_again(session, actor)


def restore(session: Session, *, intent: WorkspaceIntent, actor: User) -> None:
    """Take an archived intent up again, also one that was merged (examples are where they went). Raises Conflict."""
    _checked(session, intent.title, intent.description, but=intent)
    intent.archived_at, intent.merged_into_id = None, None
    intent.version += 1
    _learn_again(session, actor)


def merge(session: Session, *, intent: WorkspaceIntent, into: WorkspaceIntent, actor: User) -> None:
    """Give all examples of an intent to another one, and archive it. Raises Invalid."""
    if intent.id == into.id or into.archived_at is not None:
        raise Invalid(phrase("Choose another intent, one that is in use."), field="into")
    known = {
        _same(text) for text in session.scalars(select(IntentExample.text).where(IntentExample.intent_id == into.id))
    }
    for example in session.scalars(select(IntentExample).where(IntentExample.intent_id == intent.id)):
        if _same(example.text) in known:
            session.delete(example)
        else:
            example.intent_id = into.id
    intent.archived_at, intent.merged_into_id = now(), into.id
    intent.version += 1
    session.flush()
    _learn_again(session, actor)


def add_examples(session: Session, *, intent: WorkspaceIntent, texts: Iterable[str], actor: User) -> int:
    """Add texts as examples, each once; return how many were new. Raises Invalid, Conflict."""
    wanted: dict[str, str] = {}
    for text in texts:
        if text.strip():
            wanted.setdefault(_same(text), " ".join(text.split()))
    if not wanted:
        raise Invalid(phrase("Write at least one example, one a line."), field="examples")
    if any(len(text) > LONGEST_EXAMPLE for text in wanted.values()):
        raise Invalid(phrase("An example has at most {most} characters.", most=LONGEST_EXAMPLE), field="examples")
    new = [text for key, text in wanted.items() if not _is_known(session, intent, key)]
    _make_room(session, intent, len(new))
    session.add_all([IntentExample(intent_id=intent.id, text=text, user_id=actor.id) for text in new])
    session.flush()
    return len(new)


def use_message(session: Session, *, intent: WorkspaceIntent, message: Message, actor: User) -> bool:
    """Take a message's words as an example; return whether it was none yet. Raises Invalid, Conflict."""
    text = " ".join((message.text or message.subject).split())[:LONGEST_EXAMPLE]
    if not text or not message.is_inbound:
        raise Invalid(phrase("Only what a customer wrote can be an example."))
    if _is_known(session, intent, _same(text)):
        return False
    _make_room(session, intent, 1)
    session.add(IntentExample(intent_id=intent.id, text=text, message_id=message.id, user_id=actor.id))
    session.flush()
    return True


def remove_example(session: Session, *, example: IntentExample) -> None:
    session.execute(sql_delete(IntentExample).where(IntentExample.id == example.id))


def train(session: Session, *, actor: User) -> None:
    """Have the intents that have enough examples trained, and used from then on. Raises Invalid."""
    ready = [count for count in example_counts(session).values() if count >= LEAST_EXAMPLES]
    if len(ready) < LEAST_INTENTS:
        raise Invalid(
            phrase(
                "At least {intents} intents need {examples} examples each before they can be told apart.",
                intents=LEAST_INTENTS,
                examples=LEAST_EXAMPLES,
            )
        )
    learning.ask(session, subject=Subject.INTENTS, actor=actor)


def example_counts(session: Session) -> dict[int, int]:
    """Return how many examples each live intent has, by id: written down, and from corrections of messages."""
    every = _every(session)
    of_slug = {row.slug: row.id for row in every if row.archived_at is None}
    final = _final(every)
    counts = dict.fromkeys(of_slug.values(), 0)
    taken = set()
    written = select(IntentExample.intent_id, IntentExample.message_id).where(IntentExample.intent_id.in_(counts))
    for intent_id, message_id in session.execute(written):
        counts[intent_id] += 1
        taken.add(message_id)
    query = select(Correction.message_id, Correction.labels).where(
        Correction.task == "intent", Correction.undone_at.is_(None), Correction.set_aside_at.is_(None)
    )
    for message_id, labels in session.execute(query):
        corrected = of_slug.get(final.get(labels[0], labels[0]))
        if corrected is not None and message_id not in taken:
            counts[corrected] += 1
    return counts


def choices(session: Session) -> Choices:
    """Return the intents in use as (slug, title), by title."""
    query = select(WorkspaceIntent.slug, WorkspaceIntent.title).where(WorkspaceIntent.archived_at.is_(None))
    return tuple((slug, title) for slug, title in session.execute(query.order_by(func.lower(WorkspaceIntent.title))))


def named(session: Session, slug: str) -> WorkspaceIntent:
    """Return the intent in use that has this slug. Raises NotFound."""
    query = select(WorkspaceIntent).where(WorkspaceIntent.slug == slug, WorkspaceIntent.archived_at.is_(None))
    intent = session.scalars(query).one_or_none()
    if intent is None:
        raise NotFound
    return intent


def titles(session: Session) -> dict[str, str]:
    """Return the title of every intent there ever was by its slug; one that was merged has the other's."""
    every = _every(session)
    by_slug = {row.slug: row.title for row in every}
    return {slug: by_slug[final] for slug, final in _final(every).items()}


def live_slugs(session: Session) -> dict[int, str]:
    """Return the slugs of the intents in use, by id."""
    return {row.id: row.slug for row in _every(session) if row.archived_at is None}


def final_slugs(session: Session) -> dict[str, str]:
    """Return what became of each slug: its own, or that of the intent it was merged into."""
    return _final(_every(session))


def _every(session: Session) -> Sequence[WorkspaceIntent]:
    return session.scalars(select(WorkspaceIntent).order_by(WorkspaceIntent.id)).all()


def _final(every: Sequence[WorkspaceIntent]) -> dict[str, str]:
    into = {row.id: row.merged_into_id for row in every}
    slugs = {row.id: row.slug for row in every}
    return {row.slug: slugs[_end(into, row.id)] for row in every}


def _end(into: Mapping[int, int | None], id_: int) -> int:
    """Follow merges to their end; those of a circle (merged, restored, merged back) end where they meet."""
    path = [id_]
    while True:
        following = into[path[-1]]
        if following is None or following in path:
            return path[-1]
        path.append(following)


def _learn_again(session: Session, actor: User) -> None:
    """Where the workspace's intents are in use, what is used must know of the change."""
    session.flush()
    if light_heads.kind_in_use(session, Subject.INTENTS.task) is HeadKind.INTENTS:
        learning.ask(session, subject=Subject.INTENTS, actor=actor)


def _checked(session: Session, title: str, description: str, *, but: WorkspaceIntent | None = None) -> tuple[str, str]:
    title, description = " ".join(title.split()), description.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid(phrase("An intent needs a name of 1 to {most} characters.", most=LONGEST_TITLE), field="title")
    if len(description) > LONGEST_DESCRIPTION:
        raise Invalid(
            phrase("A description has at most {most} characters.", most=LONGEST_DESCRIPTION), field="description"
        )
    query = select(WorkspaceIntent.id).where(
        func.lower(WorkspaceIntent.title) == title.lower(), WorkspaceIntent.archived_at.is_(None)
    )
    other = session.scalars(query).first()
    if other is not None and (but is None or other != but.id):
        raise Conflict(phrase("There is an intent “{title}” already.", title=title))
    return title, description


def _free_slug(session: Session, title: str) -> str:
    """Return a slug made from a title that no intent has or had."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = _NO_WORD.sub("_", plain).strip("_")[:40] or "intent"
    taken = set(session.scalars(select(WorkspaceIntent.slug))) | RESERVED
    return next(name for name in (slug, *(f"{slug}_{n}" for n in range(2, MOST_INTENTS + 3))) if name not in taken)


def _is_known(session: Session, intent: WorkspaceIntent, key: str) -> bool:
    """Say whether a text is an example of this intent. Raises Conflict where it is one of another."""
    same = func.lower(IntentExample.text) == key
    query = (
        select(WorkspaceIntent.id, WorkspaceIntent.title, IntentExample.text)
        .join(IntentExample, IntentExample.intent_id == WorkspaceIntent.id)
        .where(same, WorkspaceIntent.archived_at.is_(None))
    )
    owners = session.execute(query).all()
    for id_, title, text in owners:
        if id_ != intent.id:
            raise Conflict(phrase("“{text}” is an example of “{title}” already.", text=text[:60], title=title))
    return bool(owners)


def _make_room(session: Session, intent: WorkspaceIntent, more: int) -> None:
    count = session.scalar(select(func.count(IntentExample.id)).where(IntentExample.intent_id == intent.id)) or 0
    if count + more > MOST_EXAMPLES:
        raise Invalid(phrase("An intent has at most {most} examples.", most=MOST_EXAMPLES), field="examples")


def _same(text: str) -> str:
    """Return what two examples have in common that are the same to a reader."""
    return " ".join(text.split()).lower()
