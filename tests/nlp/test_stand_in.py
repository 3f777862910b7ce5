"""Models that stand in for a task in the whole process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nlp.annotate import annotate, model_identity, warm_up
from nlp.replacement import Replacement
from nlp.tasks import LABELS
from tests.nlp.test_replacement import saved

pytestmark = pytest.mark.usefixtures("warm")


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replacement]:
    folder = saved(tmp_path_factory.mktemp("stand-in"), LABELS["sentiment"])
    replacement = Replacement.parse(f"sentiment={folder}")
    warm_up(threads=1, replacements={"sentiment": replacement})
    yield replacement
    warm_up(threads=1)


def test_it_answers_for_everybody_and_makes_another_version(stand_in: Replacement) -> None:
    version = model_identity()[1]
    (plain,) = annotate(["Wo bleibt mein Paket?"], reasons=False)
    assert plain.model_version == version
    assert plain.of("sentiment").abstain_reason != "language:de"
    (own,) = annotate(["Wo bleibt mein Paket?"], replacements={}, reasons=False)
    assert own.of("sentiment").abstain_reason == "language:de"
    assert version.startswith(f"{own.model_version}+")
    assert stand_in.probabilities(["Wo bleibt mein Paket?"])[0].sum() == pytest.approx(1, abs=1e-5)
