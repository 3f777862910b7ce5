"""Texts that say the same, put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEAST = 0.8  # cosine


def groups(points: Sequence[Sequence[float]], *, least: float = LEAST) -> list[list[int]]:
    """Return places of unit vectors in groups: each is at least this near to the first of its group.

    A vector of no length (of a text that says nothing) is in no group. Quadratic: for some dozens.
    """
    found: list[list[int]] = []
    for place, point in enumerate(points):
        if not len(point):
            continue
        near = [(float(np.dot(points[group[0]], point)), group) for group in found]
        likeness, group = max(near, key=lambda pair: pair[0], default=(-1.0, []))
        if likeness >= least:
            group.append(place)
        else:
            found.append([place])
    return found
