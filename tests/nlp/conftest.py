"""The real model and the real heads, loaded once a worker."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def warm() -> None:
    from nlp.annotate import warm_up

    warm_up(threads=1)
