"""What the workspace has taught the model, as the annotator uses it: light heads, and thresholds set by people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.services import light_heads, thresholds

if TYPE_CHECKING:
    from nlp.light import LightHead

_read: dict[light_heads.ActiveHead, LightHead] = {}  # the heads in use: read once a version


@dataclass(frozen=True, slots=True)
class Learned:
    """What `nlp.annotate.annotate` takes as `heads` and `thresholds`, both by task."""

    heads: Mapping[str, LightHead]
    thresholds: Mapping[str, float]


def in_force(session: Session, *, model_version: str) -> Learned:
    """Return what holds now for texts that this model version annotates. Two queries; weights once a version."""
    from nlp.light import LightHead

    active = light_heads.active(session, model_version=model_version)
    for gone in set(_read) - set(active):
        del _read[gone]
    new = {head.id: head for head in active if head not in _read}
    if new:
        for id_, raw in light_heads.weights(session, new).items():
            _read[new[id_]] = LightHead.from_bytes(raw)
    return Learned(
        heads={head.task: _read[head] for head in active if head in _read},
        thresholds=thresholds.current(session),
    )
