"""The bodies of `python -m nlp evaluate` and `python -m nlp intents`: what labelled files say about the model."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlp.annotate import annotate, model_identity
from nlp.evaluation import Judged, measures, measures_of_many
from nlp.folding import emotions_of
from nlp.light import OUT_OF_SCOPE, Example, fit_intents
from nlp.prediction import Prediction
from nlp.replacement import Replacement
from nlp.tasks import EMOTIONS, MANY
from nlp.tsv import BadData, labelled

JUST_EMBED = ("intent",)


def judge_task(task: str, path: Path, *, replacements: Mapping[str, Replacement]) -> dict[str, Any]:
    """Return the measures of a task on a file. Emotions are "a|b", ours or GoEmotions' own. Raises BadData."""
    rows = labelled(path)
    said = [
        annotation.of(task)
        for annotation in annotate([text for text, _ in rows], tasks=(task,), replacements=replacements, reasons=False)
    ]
    if task in MANY:
        truths = [set(emotions_of(label.split("|"))) for _, label in rows]
        found = measures_of_many(truths, [{label for label, _ in one.labels} for one in said], EMOTIONS)
        found |= {
            "of_the_first": measures([_judged_first(truth, one) for truth, one in zip(truths, said, strict=True)])
        }
    else:
        found = measures([_judged(label, one) for (_, label), one in zip(rows, said, strict=True)])
    return {"task": task, "model": "@".join(model_identity()), **found}


def judge_intents(train: Path, test: Path, *, per_label: int | None, seed: int) -> dict[str, Any]:
    """Teach a workspace's intents from one file and return the measures on another.

    Beside those of every task: `in_scope` (n, accuracy of the best intent, share rejected, accuracy after rejection)
    and `oos` (n, recall) where the test has rows that are out of scope. Raises BadData.
    """
    rows = few(labelled(train), per_label, seed)
    embeddings = [one.embedding for one in annotate([text for text, _ in rows], tasks=JUST_EMBED, reasons=False)]
    examples = [
        Example(embedding, text, label) for embedding, (text, label) in zip(embeddings, rows, strict=True) if embedding
    ]
    if len({one.label for one in examples} - {OUT_OF_SCOPE}) < 2:
        raise BadData(f"{train} needs examples of at least two intents")
    head = fit_intents(examples, version=1)
    asked = labelled(test)
    said = annotate([text for text, _ in asked], tasks=("intent",), reasons=False)
    embeddings, texts = [one.embedding for one in said], [text for text, _ in asked]
    judged = head.judged(embeddings, texts, [label for _, label in asked])
    ranked = head.ranked(embeddings, texts)
    firm = [(one.truth, best, inside) for one, (best, _, inside) in zip(judged, ranked, strict=True)]
    return {
        "task": "intents",
        "model": "@".join(model_identity()),
        "trained_on": len(examples),
        "cross_validated": head.metrics["accuracy"],
        **measures(judged),
        **_scope(firm),
    }


def _scope(firm: Sequence[tuple[str, str, bool]]) -> dict[str, Any]:
    known = [one for one in firm if one[0] != OUT_OF_SCOPE]
    strange = [one for one in firm if one[0] == OUT_OF_SCOPE]
    found: dict[str, Any] = {
        "in_scope": {
            "n": len(known),
            "accuracy": _share([label == best for label, best, _ in known]),
            "rejected": _share([not inside for _, _, inside in known]),
            "accuracy_after_rejection": _share([label == best and inside for label, best, inside in known]),
        }
    }
    if strange:
        found["oos"] = {"n": len(strange), "recall": _share([not inside for _, _, inside in strange])}
    return found


def few(rows: Sequence[tuple[str, str]], per_label: int | None, seed: int) -> list[tuple[str, str]]:
    """Return so many rows (text, label) of each label, chosen by `seed`; all where None."""
    if per_label is None:
        return list(rows)
    by_label: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        by_label[row[1]].append(row)
    dice = random.Random(seed)  # noqa: S311 - a choice of examples, not a secret
    return [
        row for label in sorted(by_label) for row in dice.sample(by_label[label], min(per_label, len(by_label[label])))
    ]


def _judged(truth: str, said: Prediction) -> Judged:
    return Judged(truth, said.label, said.confidence, said.abstained)


def _judged_first(truth: set[str], said: Prediction) -> Judged:
    """Judge the strongest emotion: right if it is one of those that people named, or none where they named none."""
    right = said.label in truth or (not truth and said.label not in EMOTIONS)
    other = min(truth) if truth else "none"
    return Judged(said.label if right else other, said.label, said.confidence, said.abstained)


def _share(of: Sequence[bool]) -> float | None:
    return round(sum(of) / len(of), 4) if of else None
