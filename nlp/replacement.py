"""Another model in the place of one task: a Hugging Face model id with a pinned revision, or a local folder.

For example a multilingual sentiment model. It is loaded by transformers, from this machine alone: a model id must lie
in the Hugging Face cache already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nlp.light import Matrix
from nlp.loading import ModelMissing
from nlp.tasks import LABELS, MANY

ROWS_AT_ONCE = 32
MAX_TOKENS = 256
_PINNED = re.compile(r"[0-9a-f]{40}$")
_ALSO_CALLED = {
    "sentiment": {"neg": "negative", "neu": "neutral", "pos": "positive"}
    | {"label_0": "negative", "label_1": "neutral", "label_2": "positive"}
}


@dataclass(frozen=True)
class Replacement:
    """`model` is a folder or a model id; an id needs `revision`, the 40 hex digits of a commit."""

    task: str
    model: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Replacement:
        """Read "task=FOLDER" or "task=model/id@revision". Raises ValueError."""
        task, equals, model = text.partition("=")
        if not equals or task not in LABELS or not model:
            raise ValueError(
                f"expected TASK=FOLDER or TASK=MODEL_ID@REVISION with a task of {', '.join(LABELS)}: {text!r}"
            )
        if Path(model).is_dir():
            return cls(task, model)
        name, _, revision = model.partition("@")
        if not _PINNED.match(revision):
            raise ValueError(f"{model!r} is no folder here; a model id needs a pinned revision: MODEL_ID@40-hex-digits")
        return cls(task, name, revision)

    def probabilities(self, texts: Sequence[str]) -> Matrix:
        """Return [texts, our labels of the task]; labels that the model does not have are 0. Raises ModelMissing."""
        import torch

        tokenizer, model, columns = self._loaded
        found = np.zeros((len(texts), len(LABELS[self.task])), np.float32)
        for first in range(0, len(texts), ROWS_AT_ONCE):
            some = list(texts[first : first + ROWS_AT_ONCE])
            inputs = tokenizer(some, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
            with torch.inference_mode():
                logits = model(**inputs).logits.float()
            chances = (logits.sigmoid() if self.task in MANY else logits.softmax(-1)).numpy()
            for theirs, ours in columns.items():
                found[first : first + len(some), ours] += chances[:, theirs]
        return found

    @cached_property
    def _loaded(self) -> tuple[Any, Any, Mapping[int, int]]:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        where = {"revision": self.revision, "local_files_only": True}
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.model, **where)
            model = AutoModelForSequenceClassification.from_pretrained(self.model, use_safetensors=True, **where).eval()
        except (OSError, ValueError) as error:
            wanted = f" at revision {self.revision}" if self.revision else ""
            raise ModelMissing(
                f"The model {self.model}{wanted}, which is to answer {self.task}, is not on this machine "
                f"(config.json, model.safetensors and the tokenizer's files are needed): {error}"
            ) from error
        return tokenizer, model, self._columns(model.config.id2label)

    def _columns(self, theirs: Mapping[int, str]) -> dict[int, int]:
        """Return our column by theirs. Raises ModelMissing where not one label is known."""
        known = {label: place for place, label in enumerate(LABELS[self.task])}
        also = _ALSO_CALLED.get(self.task, {})
        named = {place: also.get(label.lower(), label.lower()) for place, label in theirs.items()}
        columns = {int(place): known[label] for place, label in named.items() if label in known}
        if not columns:
            raise ModelMissing(
                f"The model {self.model} knows {', '.join(theirs.values())}; {self.task} needs {', '.join(known)}."
            )
        return columns
