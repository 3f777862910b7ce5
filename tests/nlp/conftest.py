"""The model that ships, loaded once a worker, and what it says of the whole development corpus."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nlp.prediction import Annotation
from nlp.training.rows import Row, own_rows


@pytest.fixture(scope="session")
def warm() -> None:
    from nlp.annotate import warm_up

    warm_up(threads=1)


@pytest.fixture(scope="session")
def corpus() -> Sequence[Row]:
    """Customer messages on every channel, labelled and never trained on."""
    return own_rows(dev=True)


@pytest.fixture(scope="session")
def said(warm: None, corpus: Sequence[Row]) -> Sequence[Annotation]:
    """What the model says of the corpus, with its reasons."""
    from nlp.annotate import annotate

    return annotate([row.text for row in corpus])
