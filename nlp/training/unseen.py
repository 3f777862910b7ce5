"""`python -m nlp unseen`: how intents do in a business that the model has never seen.

For each source of intents a smaller model is trained on all the others and on our own rows, and judged on the one that
was left out: its default intents, and the source's own intents taught to it as a workspace would, ten examples each.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from nlp.evaluation import Judged, measures
from nlp.judging import few
from nlp.light import Example, fit_intents
from nlp.loading import encoder_folder
from nlp.network import Network, load_network
from nlp.training.batches import Targets
from nlp.training.calibration import judged_rows, least_sure, task_model
from nlp.training.loop import fit, predict
from nlp.training.rows import BESIDE, INTENT_SOURCES, OWN, Row, own_rows, public_rows, sizes_of
from nlp.training.train import UNSEEN, Config, first_pieces, make_examples, training_rows

EPOCHS = 1  # enough to see what carries over
MOST = 1_500  # rows of the source to judge by
EXAMPLES = 10  # of each own intent
PRECISION = 0.75  # of what is not abstained in a business never seen


def unseen(data: Path, out: Path, config: Config, device: torch.device) -> dict[str, dict[str, Any]]:
    """Judge every source left out, write the measures to `out`; some minutes a source on two cores. Raises BadData.

    What is written lets training choose the threshold of intents for businesses that it has not seen.
    """
    found, least_by_source = {}, []
    for source in INTENT_SOURCES:
        found[source], judged = _without(source, data, out, config, device)
        least_by_source.append(least_sure(judged, PRECISION))
    # the middle one: in one source, requests to a voice assistant, no confidence at all would do
    least = median(least_by_source)
    text = json.dumps({"threshold": least, "sources": found}, indent=1)
    (out / UNSEEN).write_text(text + "\n", encoding="utf-8")
    return found


def _without(
    source: str, data: Path, folder: Path, config: Config, device: torch.device
) -> tuple[dict[str, Any], list[Judged]]:
    """Return the measures of a source, and what the default intents said of its rows."""
    rows = [
        row
        for row in training_rows(data, config)
        if row.source != source and (row.source in INTENT_SOURCES or row.source in (OWN, "sms_spam"))
    ]
    labels = sizes_of(rows)
    network = load_network(encoder_folder(), {task: len(of) for task, of in labels.items()}, dropout=config.dropout)
    examples = make_examples(rows, network, folder, config.max_tokens, device)
    settings = replace(config.settings, epochs=EPOCHS)
    checkpoint = Path(tempfile.gettempdir()) / "tributary-unseen" / f"{source}.checkpoint"
    fit(
        network,
        examples,
        Targets(rows, labels),
        settings,
        name=f"without {source}",
        checkpoint=checkpoint,
        device=device,
    )
    own = own_rows(dev=True)
    strange = public_rows(data, "dev", most={source: MOST}, seed=config.settings.seed)
    strange = [row for row in strange if row.source == source and "intent" in row.labels][:MOST]
    model = task_model("intent", {OWN: _with_logits(network, own, folder, config)})
    judged = judged_rows(model, _with_logits(network, strange, folder, config))
    found = {"default_intents": measures(judged)}
    if source in BESIDE:
        found["taught"] = _taught(network, data, source, folder, config)
    return found, judged


def _with_logits(network: Network, rows: Sequence[Row], folder: Path, config: Config) -> list[tuple[Row, Any]]:
    logits, _ = predict(network, first_pieces([row.text for row in rows], folder, config.max_tokens))
    return list(zip(rows, logits["intent"].numpy(), strict=True))


def _taught(network: Network, data: Path, source: str, folder: Path, config: Config) -> dict[str, Any]:
    """Return the measures of a source's own intents, learned from ten examples each over the strange embedding."""

    def rows(split: str) -> list[tuple[str, str]]:
        found = public_rows(data, split, most={}, seed=config.settings.seed)
        return [
            (row.text, str(row.labels[source])) for row in found if source in row.labels and row.labels[source] != "oos"
        ]

    def embedded(texts: Sequence[str]) -> Any:
        return predict(network, first_pieces(texts, folder, config.max_tokens))[1].numpy()

    train, dev = few(rows("train"), EXAMPLES, config.settings.seed), rows("dev")
    points = embedded([text for text, _ in train])
    head = fit_intents(
        [Example(point, text, label) for point, (text, label) in zip(points, train, strict=True)], version=1
    )
    texts = [text for text, _ in dev]
    return measures(head.judged(embedded(texts), texts, [label for _, label in dev]))
