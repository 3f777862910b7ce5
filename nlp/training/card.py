"""Writes MODEL_CARD.md beside the weights, from what training measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlp.model import MODEL_ID, TaskModel
from nlp.training.calibration import FITTED_ON, PRECISION
from nlp.training.rows import OWN

CARD = "MODEL_CARD.md"
# what it is, licence, attribution
SOURCES = {
    "tweeteval_sentiment": (
        "tweets",
        "CC BY 3.0 (SemEval-2017 task 4); platform terms",
        "Rosenthal et al. 2017; TweetEval, Barbieri et al. 2020",
    ),
    "uci_review_sentences": (
        "review sentences",
        "CC BY 4.0 (UCI)",
        "Kotzias et al. 2015, From Group to Individual Labels",
    ),
    "goemotions": ("Reddit comments", "CC BY 4.0", "Demszky et al. 2020, GoEmotions"),
    "banking77": ("bank customers", "CC BY 4.0", "Casanueva et al. 2020 (PolyAI)"),
    "clinc150": ("requests to an assistant", "CC BY 3.0", "Larson et al. 2019"),
    "bitext_support": ("shop customers, templated", "CDLA-Sharing-1.0", "Bitext"),
    "nlupp_multilabel": ("bank and hotel customers", "CC BY 4.0", "Casanueva et al. 2022, NLU++ (PolyAI)"),
    "multidogo": ("customer chats", "CDLA-Permissive-1.0", "Peskov et al. 2019, MultiDoGO (AWS)"),
    "enron_email_intent": ("sentences of e-mails", "Apache-2.0", "Parakweet Labs, EmailIntentDataSet"),
    "sms_spam": ("text messages", "CC BY 4.0 (UCI)", "Almeida et al. 2011, SMS Spam Collection"),
    OWN: ("customer messages written for this project", "this project's", "`nlp/training/own/`"),
}


def write_card(
    out: Path,
    version: str,
    facts: Mapping[str, Any],
    models: Sequence[TaskModel],
    scores: Mapping[str, Mapping[str, Any]],
    *,
    unseen: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write the card to `out`. `unseen` is what `python -m nlp unseen` measured by source, {} where it was not run."""
    parts = [_head(version, facts), _data(facts)]
    parts += [_task(model, scores[model.task]) for model in models]
    parts += [_unseen(unseen)] if unseen else []
    parts += [_LIMITS, _again(facts)]
    (out / CARD).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _head(version: str, facts: Mapping[str, Any]) -> str:
    encoder = facts["encoder"]
    return f"""# Model card: {MODEL_ID}, version {version}

Sentiment, emotion, routing intent, urgency, request and spam of one English customer message, and a sentence
embedding, in one forward pass: the encoder `{encoder["id"]}` (Apache-2.0, 22.7 million parameters, begun from
the weights with sha256 `{encoder["sha256"]}`), all of it but the word embeddings trained further,
with one linear head a task over the mean of its layers 3 to 6. `model.int8.onnx` is what runs on a CPU,
`model.fp16.safetensors` what torch runs; `model.json` holds labels, temperatures and thresholds. A hash over the
weights and all that decides a label is the version.

A label's frequency in a data set is taken out while training (logit adjustment), so every label is equally likely
before the text is read. The embedding is held close to that of the original encoder."""


def _data(facts: Mapping[str, Any]) -> str:
    head = "| source | what | licence | attribution | rows read an epoch |"
    lines = ["## Training data", "", head, "|---|---|---|---|---|"]
    for source, about in SOURCES.items():
        count = facts["trained_on"].get(source, 0)
        lines.append(f"| {source} | {' | '.join(about)} | {count:,} |")
    return "\n".join([*lines, "", _DATA_NOTE])


def _task(model: TaskModel, scores: Mapping[str, Any]) -> str:
    lines = [
        f"## {model.task.capitalize()}",
        "",
        f"Threshold {model.threshold:.2f}: {_chosen(model)} {', '.join(FITTED_ON[model.task])} (each weighing the "
        "same), which also set the "
        + ("scale, shift and cut of every label." if model.cuts else f"temperature, {model.temperature:.2f}."),
        "",
        "| judged on | n | accuracy | macro recall | macro F1 | calibration error | coverage | precision when used |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_score_line(name, of) for name, of in scores.items()]
    return "\n".join([*lines, "", *_class_lines(model, scores)])


def _chosen(model: TaskModel) -> str:
    """Say how the threshold was chosen; that of intents is higher where a business never seen asks for it."""
    lowest = f"the lowest at which {PRECISION[model.task]:.0%} of the labels given are right on"
    if model.task != "intent":
        return lowest
    return f"what a business never seen asks for (below), if that is higher than {lowest}"


def _unseen(by_source: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        _HOW_UNSEEN,
        "",
        "| left out | n | accuracy | of the surest half | of the surest 30 % | its own intents, 10 examples each |",
    ]
    lines.append("|---|---|---|---|---|---|")
    for source, found in by_source.items():
        of, taught = found["default_intents"], found.get("taught")
        sure = {step["coverage"]: step["accuracy"] for step in of["curve"]}
        cells = [f"{100 * share:.1f}" for share in (of["accuracy"], sure[0.5], sure[0.3])]
        cells.append(f"{100 * taught['accuracy']:.1f}" if taught else "–")
        lines.append(f"| {source} | {of['n']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _score_line(name: str, of: Mapping[str, Any]) -> str:
    figures = (of["accuracy"], of["macro_recall"], of["macro_f1"], of["ece"], of["coverage"], of["precision"])
    cells = ["–" if figure is None else f"{100 * figure:.1f}" for figure in figures]
    return f"| {name} | {of['n']:,} | {' | '.join(cells)} |"


def _class_lines(model: TaskModel, scores: Mapping[str, Any]) -> list[str]:
    """Say recall and precision of every class on the rows that the task was fitted on."""
    judged = [name for name in FITTED_ON[model.task] if name in scores]
    lines = [
        "| class | " + " | ".join(f"{name}: recall | precision | n" for name in judged) + " |",
        "|---|" + "---|---|---|" * len(judged),
    ]
    for label in model.labels:
        cells = []
        for name in judged:
            of = scores[name]["per_class"].get(label, {"recall": 0, "precision": 0, "support": 0})
            cells += [f"{100 * of['recall']:.0f}", f"{100 * of['precision']:.0f}", str(of["support"])]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines


_DATA_NOTE = f"""Only our own rows are in the repository, written for this product by its makers with the help of a
language model, none copied; `{OWN}` in the tables below is `own/dev.tsv`, written apart and never trained on, by
the same hands and so kinder than the world. GoEmotions' 27 emotions are folded into seven; labels of other sources
are mapped to the 16 routing intents. The own labels of banking77, clinc150 and bitext are learned beside, which shapes
the embedding; their heads do not ship. The other sets below are the dev splits of data that was trained on: they say
nothing about another business."""

_HOW_UNSEEN = """## Intents in a business never seen

Each source in turn was left out of a smaller training (one pass, the other intent sources and our own rows) and judged
by what came of it: the default intents, and its own intents taught as a workspace would, ten examples each. The
threshold of intents is the one at which three in four answers are right in the middle one of these sources. For
clinc150, requests to a voice assistant, there is none: what is out of scope everywhere else is most of it."""

_LIMITS = """## Limits

- English only; a message in another language gets a best guess that always abstains, with the language as the reason.
- Irony is often missed. What a sentence means only through an attachment or an earlier message cannot be known.
- **Default intents do not transfer well to a business that is not in the data.** They abstain where they are not sure,
  and a workspace's own intents (8 to 10 examples each) are the better way.
- Urgency, spam outside text messages and complaint rest on a few hundred of our own rows each.
- A long mail is cut into at most 16 pieces of 128 tokens (the first 12 and the last 4) whose probabilities are
  averaged: one angry sentence in a long mail may drown.
- Emoji are read as their Unicode names. Nothing here should decide about a person without a person."""


def _again(facts: Mapping[str, Any]) -> str:
    return f"""## Train again

`python -m nlp train DATA_DIR --seed {facts["seed"]}` trains such a model; `nlp/README.md` shows the layout of
DATA_DIR. This model took {facts["seconds"]} s for {facts["epochs"]} epochs on {facts["device"]}."""
