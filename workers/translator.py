"""The process of the models that translate, where an installation names some: loads them, drains what waits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from app.config import settings
from app.errors import SetupError
from app.services.message_translations import PROCESS, way
from workers import queues
from workers.heartbeat import beating
from workers.jobs import translate

if TYPE_CHECKING:
    from nlp.translation import Translator


def run() -> None:
    """Load the models of TRANSLATORS, say which languages they know, then translate until told to stop.

    Raises SetupError where none is named or one cannot be used.
    """
    state: dict[str, Any] = {"model": None, "ways": []}
    with beating(PROCESS, lambda: state):
        models = load(settings().translators)
        translate.take_up(models)
        state["ways"] = [way(model.speech.sources, model.speech.targets) for model in models]
        state["model"] = ", ".join(model.name for model in models)
        queues.work((queues.TRANSLATE,))


def load(names: tuple[str, ...]) -> list[Translator]:
    """Load models one after the other, on half the cores. Raises SetupError."""
    import torch

    from nlp.loading import ModelMissing
    from nlp.translation import Checkpoint, Translator

    if not names:
        raise SetupError("TRANSLATORS is not set: name a folder with a model, or MODEL_ID@REVISION.")
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    try:
        return [Translator.load(Checkpoint.parse(name)) for name in names]
    except (ModelMissing, ValueError) as trouble:
        raise SetupError(f"TRANSLATORS: {trouble}") from trouble
