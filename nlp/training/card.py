"""Writes MODEL_CARD.md beside the heads, from what training measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp.heads import MODEL_ID, Head
from nlp.training.rows import OWN

CARD = "MODEL_CARD.md"
_HOW_JUDGED = f""""{OWN}" is judged out of fold (each row by a head that has not seen it), "unseen" by a head trained
without that source, the others on their dev split. All figures but n are percentages."""
# name, what it is, licence, attribution
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
    "sms_spam": ("text messages", "CC BY 4.0 (UCI)", "Almeida et al. 2011, SMS Spam Collection"),
    "multidogo": ("customer chats", "CDLA-Permissive-1.0", "Peskov et al. 2019, MultiDoGO (AWS)"),
    OWN: ("customer messages written for this project", "this project's", "`nlp/training/own/crm.tsv`"),
}


def write_card(
    out: Path,
    version: str,
    facts: Mapping[str, Any],
    heads: Mapping[str, Head],
    scores: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write the card to `out`."""
    parts = [_head(version, facts), _data(scores)]
    parts += [_task(heads[task], scores[task]) for task in heads]
    parts += [_LIMITS, _again(facts)]
    (out / CARD).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _head(version: str, facts: Mapping[str, Any]) -> str:
    encoder = facts["encoder"]
    return f"""# Model card: {MODEL_ID}, version {version}

Sentiment and routing intent of one English customer message. Two linear heads (`heads.safetensors`, described by
`heads.json`) over the frozen encoder `{encoder["id"]}` (Apache-2.0, 22.7 million parameters, weights
sha256 `{encoder["sha256"]}`): the mean over the tokens of the hidden
states of layers {", ".join(map(str, encoder["layers"]))}, each normalised. Probabilities are temperature-scaled;
under the threshold a prediction abstains. A hash of weights, labels, temperatures and thresholds is the version."""


def _data(scores: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        "## Training data",
        "",
        f"| source | what | licence | attribution | {' | '.join(f'rows for {task}' for task in scores)} |",
        "|---|---|---|---|" + "---|" * len(scores),
    ]
    for source, about in SOURCES.items():
        rows = [about_task["trained_on"].get(source, 0) for about_task in scores.values()]
        lines.append(f"| {source} | {' | '.join([*about, *(f'{count:,}' if count else '–' for count in rows)])} |")
    return "\n".join([*lines, "", _DATA_NOTE])


def _task(head: Head, about: Mapping[str, Any]) -> str:
    chosen = about["threshold_chosen_on"]
    cautious = "; ".join(f"{label} {threshold:.2f}" for label, threshold in head.cautious.items())
    lines = [
        f"## {head.task.capitalize()}",
        "",
        f"Temperature {head.temperature:.2f}, threshold {head.threshold:.2f}: the lowest at which",
        f"{chosen['precision']:.0%} of the labels given are right on {'; '.join(chosen['sets'])} taken together.",
        *([f"Labels with a threshold of their own: {cautious}."] if cautious else []),
        "",
        "| judged on | n | accuracy | macro recall | macro F1 | calibration error | coverage | precision when used |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_score_line(name, of) for name, of in about["scores"].items()]
    lines += ["", _HOW_JUDGED, "", *_class_lines(head, about["scores"])]
    return "\n".join(lines)


def _score_line(name: str, of: Mapping[str, Any]) -> str:
    figures = (of["accuracy"], of["macro_recall"], of["macro_f1"], of["ece"], of["coverage"], of["precision"])
    cells = ["–" if figure is None else f"{100 * figure:.1f}" for figure in figures]
    return f"| {name} | {of['n']:,} | {' | '.join(cells)} |"


def _class_lines(head: Head, scores: Mapping[str, Any]) -> list[str]:
    """Say recall and precision of every class, on our own rows and (for sentiment) on tweets."""
    judged = [name for name in ("tweeteval_sentiment", OWN) if name in scores]
    lines = [
        "| class | " + " | ".join(f"{name}: recall | precision | n" for name in judged) + " |",
        "|---|" + "---|---|---|" * len(judged),
    ]
    for label in head.labels:
        cells = []
        for name in judged:
            of = scores[name]["per_class"][label]
            cells += [f"{100 * of['recall']:.0f}", f"{100 * of['precision']:.0f}", str(of["support"])]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines


_DATA_NOTE = """Only our own rows are in the repository. GoEmotions' 27 emotions are folded into three sentiments,
rows that mix them are left out; the labels of the other sources are mapped to the 16 routing intents. Our own rows
weigh more than others. `english_words.txt` is a count of words in the intent sources and serves language detection
only."""

_LIMITS = """## Limits

- English only; a message in another language gets a best guess that always abstains, with the language as the reason.
- Sentiment has learned from tweets, Reddit and reviews: irony is mostly missed, and a plain statement of a problem
  ("the app shows error 500") is neutral by design.
- **Intents do not transfer well to a business that is not in the data**: see the rows marked "unseen". So intents
  abstain, and rules should act only on those that do not; even then about one in five is wrong in a new business.
- `complaint` and `spam_marketing` in customer mail rest on our own few rows, templates and text messages. Urgency and
  emotion are not predicted.
- Our own rows are few, short and written in one go; their scores are out of fold and still flatter the model.
- A long mail is cut into at most 8 pieces of 256 tokens (the first 6 and the last 2) whose probabilities are
  averaged: one angry sentence in a long mail may drown.
- Emoji are read as their Unicode names. Nothing here should decide about a person without a person."""


def _again(facts: Mapping[str, Any]) -> str:
    return f"""## Train again

`python -m nlp train DATA_DIR --seed {facts["seed"]}` writes this folder again; `nlp/README.md` shows the layout of
DATA_DIR. These heads took {facts["seconds"]} s on 2 CPU cores, with features in {facts["precision"]}."""
