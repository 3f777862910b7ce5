"""`python -m nlp train`: from the data folder to heads, their description and the model card."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp.encoder import LAYERS, Encoder
from nlp.evaluation import Judged, measures
from nlp.heads import Head, save_heads
from nlp.language import ENGLISH_WORDS, words_of
from nlp.loading import ENCODER_ID, WEIGHTS_SHA256
from nlp.training import rows as data_rows
from nlp.training.card import write_card
from nlp.training.features import CachedEncoder
from nlp.training.fitting import RECIPES, Sample, calibrated, fit, judge, threshold_for
from nlp.training.rows import OWN, SENTIMENTS, UNSEEN_BUSINESSES, Row

if TYPE_CHECKING:
    from torch import Tensor

FOLDS = 4
# learnt from messages to phones alone: long mails full of numbers look like them (30 of 130 in the demo, all wrong)
CAUTIOUS = {"spam_marketing": 0.97}
PRECISION = 0.80  # of the labels that are not abstained, in each task's pool of judged rows
UNSEEN_ROWS = 600  # of each business left out, about as many as our own rows
WORDS = 5_000
SEEN_OFTEN = 5


@dataclass(frozen=True, slots=True)
class _Trained:
    head: Head
    about: dict[str, Any]


def train(data: Path, out: Path, cache: Path, *, seed: int, bfloat16: bool) -> dict[str, Any]:
    """Train both heads and write them, their description, the word list and the model card to `out`.

    Takes about 8 minutes on 2 cores, a third of it with `bfloat16` where the CPU has it; the features are kept in
    `cache`. The same seed, data and machine give the same heads. Returns the scores by task. Raises BadData,
    ModelMissing.
    """
    started = time.monotonic()
    encoder = CachedEncoder(Encoder(bfloat16=bfloat16), cache, bfloat16=bfloat16)
    write_words(data, out, seed=seed)
    trained = {"sentiment": _train_sentiment(encoder, data, seed), "intent": _train_intent(encoder, data, seed)}
    facts = {
        "encoder": {"id": ENCODER_ID, "sha256": WEIGHTS_SHA256, "layers": list(LAYERS)},
        "languages": ["en"],
        "seed": seed,
        "precision": "bf16" if bfloat16 else "fp32",
        "seconds": round(time.monotonic() - started),
    }
    scores = {task: one.about for task, one in trained.items()}
    version = save_heads(out, {task: one.head for task, one in trained.items()}, scores, facts)
    write_card(out, version, facts, {task: one.head for task, one in trained.items()}, scores)
    return scores


def write_words(data: Path, out: Path, *, seed: int) -> None:
    """Write the words common in English customer messages: seen often and in two sources, or in our own rows."""
    counts: Counter[str] = Counter()
    sources = defaultdict(set)
    for source, text in data_rows.english_texts(data, seed=seed):
        for word in words_of(text):
            # single letters are initials and part numbers
            if len(word) > 1 or word in {"a", "i"}:
                counts[word] += 1
                sources[word].add(source)
    common = [word for word, count in counts.most_common() if count >= SEEN_OFTEN and len(sources[word]) > 1][:WORDS]
    own = {word for word in counts if OWN in sources[word]}
    out.mkdir(parents=True, exist_ok=True)
    (out / ENGLISH_WORDS).write_text("\n".join(sorted({*common, *own})) + "\n", encoding="utf-8")


def _train_sentiment(encoder: CachedEncoder, data: Path, seed: int) -> _Trained:
    train_sample = _sample(encoder, "sentiment-train", data_rows.sentiment_rows(data, "train", seed=seed))
    dev = _sample(encoder, "sentiment-dev", data_rows.sentiment_rows(data, "dev", seed=seed))
    own = _sample(encoder, "sentiment-own", data_rows.own_rows("sentiment"))
    folded = _out_of_fold("sentiment", SENTIMENTS, train_sample, own, seed)
    head = fit("sentiment", SENTIMENTS, train_sample + own, seed=seed)
    logits = {
        source: head.logits(dev.only(source).features)
        for source in ("tweeteval_sentiment", "uci_review_sentences", "goemotions")
    }
    judged_rows = {source: dev.only(source).rows for source in logits} | {OWN: own.rows}
    logits[OWN] = folded
    # tweets are the only labels here whose neutral is people's own word, so they alone set the temperature
    head = calibrated(head, logits["tweeteval_sentiment"], _truth(judged_rows["tweeteval_sentiment"], SENTIMENTS))
    pool = ("tweeteval_sentiment", "uci_review_sentences", OWN)
    head = replace(head, threshold=threshold_for(_judge_all(head, judged_rows, logits, pool), PRECISION))
    return _Trained(head, _about(head, train_sample + own, judged_rows, logits, pool))


def _train_intent(encoder: CachedEncoder, data: Path, seed: int) -> _Trained:
    labels = data_rows.routing_intents(data)
    train_sample = _sample(encoder, "intent-train", data_rows.intent_rows(data, "train", seed=seed))
    dev = _sample(encoder, "intent-dev", data_rows.intent_rows(data, "dev", seed=seed))
    own = _sample(encoder, "intent-own", data_rows.own_rows("intent"))
    head = fit("intent", labels, train_sample + own, seed=seed)
    judged_rows = {OWN: own.rows} | {source: dev.only(source).rows for source in data_rows.INTENT_SOURCES}
    logits = {OWN: _out_of_fold("intent", labels, train_sample, own, seed)}
    logits |= {source: head.logits(dev.only(source).features) for source in data_rows.INTENT_SOURCES}
    for source in data_rows.INTENT_SOURCES[:-1]:
        unseen = _shuffled(train_sample.only(source) + dev.only(source), seed)
        without = fit("intent", labels, train_sample.without(source) + own, seed=seed)
        judged_rows[f"{source}, unseen"] = unseen.rows[:UNSEEN_ROWS]
        logits[f"{source}, unseen"] = without.logits(unseen.features[:UNSEEN_ROWS])
    pool = (OWN, *(f"{source}, unseen" for source in UNSEEN_BUSINESSES))
    head = replace(_calibrated_on(head, judged_rows, logits, pool, labels), cautious=CAUTIOUS)
    head = replace(head, threshold=threshold_for(_judge_all(head, judged_rows, logits, pool), PRECISION))
    return _Trained(head, _about(head, train_sample + own, judged_rows, logits, pool))


def _sample(encoder: CachedEncoder, name: str, rows: Sequence[Row]) -> Sample:
    return Sample(rows, encoder.features(name, [row.text for row in rows]))


def _out_of_fold(task: str, labels: Sequence[str], train_sample: Sample, own: Sample, seed: int) -> Tensor:
    """Return logits for our own rows [rows, labels], each from a head that has not seen it."""
    import torch

    logits = torch.empty(len(own.rows), len(labels))
    for fold in range(FOLDS):
        held_out = [index % FOLDS == fold for index in range(len(own.rows))]
        head = fit(task, labels, train_sample + own.where([not held for held in held_out]), seed=seed)
        logits[torch.tensor(held_out)] = head.logits(own.where(held_out).features)
    return logits


def _shuffled(sample: Sample, seed: int) -> Sample:
    """Some sources are sorted by label."""
    import torch

    order = torch.randperm(len(sample.rows), generator=torch.Generator().manual_seed(seed))
    return Sample([sample.rows[index] for index in order.tolist()], sample.features[order])


def _truth(rows: Sequence[Row], labels: Sequence[str]) -> Tensor:
    import torch

    return torch.tensor([labels.index(row.label) for row in rows])


def _calibrated_on(
    head: Head, rows: dict[str, Sequence[Row]], logits: dict[str, Tensor], pool: Sequence[str], labels: Sequence[str]
) -> Head:
    import torch

    truth = torch.cat([_truth(rows[name], labels) for name in pool])
    return calibrated(head, torch.cat([logits[name] for name in pool]), truth)


def _judge_all(
    head: Head, rows: dict[str, Sequence[Row]], logits: dict[str, Tensor], names: Sequence[str]
) -> list[Judged]:
    return [one for name in names for one in judge(head, rows[name], logits[name])]


def _about(
    head: Head, trained_on: Sample, rows: dict[str, Sequence[Row]], logits: dict[str, Tensor], pool: Sequence[str]
) -> dict[str, Any]:
    """Return what heads.json says of a task beside its labels: recipe, rows by source, scores by judged set."""
    return {
        "recipe": {
            name: getattr(RECIPES[head.task], name) for name in ("epochs", "learning_rate", "weight_decay", "balance")
        },
        "trained_on": dict(Counter(row.source for row in trained_on.rows)),
        "threshold_chosen_on": {"sets": list(pool), "precision": PRECISION},
        "scores": {name: measures(judge(head, rows[name], logits[name])) for name in rows},
    }
