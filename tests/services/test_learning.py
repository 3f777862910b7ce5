"""Versions of light heads, claims on learning, and the lists of intents, below the pages and above the tables."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid, NotFound
from app.models import HeadActivation, Learning, LightHead, Subject
from app.services import learning, light_heads, thresholds, workspace_intents
from app.services.light_heads import Fitted
from tests.services.making import House

FITTED = Fitted(b"weights", ["negative"], 1, {}, [], "m1")


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def learn(session: Session, fitted: Fitted | None = FITTED) -> LightHead | None:
    learning.ask(session, subject=Subject.SENTIMENT, actor=None)
    claim = learning.claim(session)
    assert claim
    return learning.keep(session, claim, fitted)


def test_what_is_claimed_is_nobody_elses_until_the_worker_dies(session: Session) -> None:
    learning.ask(session, subject=Subject.EMOTION, actor=None)
    assert learning.is_waiting(session)
    claim = learning.claim(session)
    assert claim
    assert claim.subject is Subject.EMOTION
    assert learning.claim(session) is None
    assert learning.nudge(session, older_than=timedelta(seconds=-1)) == []
    row = session.get_one(Learning, claim.learning_id)
    row.claimed_until = now() - timedelta(seconds=1)
    session.flush()
    assert learning.nudge(session, older_than=timedelta(seconds=-1)) == [claim.learning_id]
    assert learning.claim(session) is not None


def test_what_is_asked_while_a_worker_learns_is_learned_after_it(session: Session) -> None:
    learning.ask(session, subject=Subject.SENTIMENT, actor=None)
    claim = learning.claim(session)
    assert claim
    learning.ask(session, subject=Subject.SENTIMENT, actor=None)
    learning.keep(session, claim, FITTED)
    assert learning.is_waiting(session)
    second = learning.claim(session)
    assert second
    assert second.version == 2
    learning.give_up(session, second, reason="Nothing was learned.")
    row = session.get_one(Learning, second.learning_id)
    assert (row.is_waiting, row.error) == (False, "Nothing was learned.")


def test_each_version_is_used_at_once_and_who_did_it_is_kept(session: Session, house: House) -> None:
    first, second = learn(session), learn(session)
    assert first
    assert second
    assert [head.version for head in light_heads.active(session, model_version="m1")] == [2]
    assert light_heads.active(session, model_version="m2") == []
    light_heads.activate(session, task="sentiment", version=1, actor=house.admin)
    light_heads.activate(session, task="sentiment", version=None, actor=house.admin)
    told = session.execute(select(HeadActivation.version, HeadActivation.user_id).order_by(HeadActivation.id)).all()
    assert [tuple(row) for row in told] == [(1, None), (2, None), (1, house.admin.id), (None, house.admin.id)]
    with pytest.raises(NotFound):
        light_heads.activate(session, task="sentiment", version=9, actor=house.admin)


def test_old_versions_are_forgotten_but_not_the_one_in_use(session: Session, house: House) -> None:
    for _ in range(4):
        learn(session)
    light_heads.activate(session, task="sentiment", version=3, actor=house.admin)
    last = light_heads.MOST_VERSIONS + 10
    for version in range(5, last + 1):
        light_heads.add(session, subject=Subject.SENTIMENT, fitted=FITTED, version=version, actor_id=None)
    kept = session.scalars(select(LightHead.version).order_by(LightHead.version)).all()
    assert list(kept) == [3, *range(11, last + 1)]


def test_a_title_makes_a_slug_that_nothing_else_has(session: Session) -> None:
    slugs = [
        workspace_intents.create(session, title=title).slug for title in ("Où est ma commande ?", "退款", "Complaint")
    ]
    assert slugs == ["ou_est_ma_commande", "intent", "complaint_2"]
    assert workspace_intents.create(session, title="Oos").slug == "oos_2"
    with pytest.raises(Conflict):
        workspace_intents.create(session, title="complaint")
    for title in ("", "   ", "x" * 61):
        with pytest.raises(Invalid):
            workspace_intents.create(session, title=title)


def test_intents_merged_in_a_circle_still_end_somewhere(session: Session, house: House) -> None:
    first, second = (workspace_intents.create(session, title=title) for title in ("First", "Second"))
    workspace_intents.merge(session, intent=first, into=second, actor=house.admin)
    assert workspace_intents.final_slugs(session) == {"first": "second", "second": "second"}
    assert workspace_intents.titles(session)["first"] == "Second"
    with pytest.raises(Invalid):
        workspace_intents.merge(session, intent=second, into=first, actor=house.admin)
    workspace_intents.restore(session, intent=first, actor=house.admin)
    workspace_intents.merge(session, intent=second, into=first, actor=house.admin)
    first.merged_into_id = second.id
    session.flush()
    assert set(workspace_intents.final_slugs(session)) == {"first", "second"}


def test_examples_have_limits(session: Session, house: House) -> None:
    intent = workspace_intents.create(session, title="Limits")
    for texts in ([], ["  ", ""], ["x" * 2001]):
        with pytest.raises(Invalid):
            workspace_intents.add_examples(session, intent=intent, texts=texts, actor=house.admin)
    many = [f"example {number}" for number in range(1001)]
    with pytest.raises(Invalid):
        workspace_intents.add_examples(session, intent=intent, texts=many, actor=house.admin)
    assert workspace_intents.add_examples(session, intent=intent, texts=many[:3] * 2, actor=house.admin) == 3


def test_the_newest_threshold_holds(session: Session, house: House) -> None:
    assert thresholds.current(session) == {}
    for threshold in (0.5, 0.7, 0.7):
        thresholds.put(session, task="intent", threshold=threshold, actor=house.admin)
    assert thresholds.current(session) == {"intent": 0.7}
    thresholds.put(session, task="intent", threshold=None, actor=house.admin)
    assert thresholds.current(session) == {}
