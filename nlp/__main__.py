"""The command line of this room: `python -m nlp annotate | evaluate | train`. Runs alone: no database, no network."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nlp.loading import HEADS_FOLDER, ModelMissing
from nlp.training.rows import BadData, read_tsv

BATCH = 256


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 some lines were bad, 2 it could not be done at all."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers reads it
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (ModelMissing, BadData, OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            return _reader_has_gone()
        print(f"nlp: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nlp", description="Understanding of text, on this machine alone.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    annotate = commands.add_parser(
        "annotate", help='read JSON lines {"id","text"}, print what they say, in the same order'
    )
    annotate.add_argument("file", nargs="?", type=Path, help="standard input by default")
    annotate.add_argument(
        "--batch", type=_positive, default=BATCH, help="most texts in one round (default %(default)s)"
    )
    annotate.set_defaults(run=_annotate)
    evaluate = commands.add_parser("evaluate", help="judge a task by a TSV file with the columns text and label")
    evaluate.add_argument("file", type=Path)
    evaluate.add_argument("--task", required=True, choices=("sentiment", "intent"))
    evaluate.set_defaults(run=_evaluate)
    train = commands.add_parser("train", help="train the heads from a data folder")
    train.add_argument("data", type=Path)
    train.add_argument("--out", type=Path, default=HEADS_FOLDER)
    train.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tributary-features", help="kept: %(default)s"
    )
    train.add_argument("--seed", type=int, default=20)
    train.add_argument("--bfloat16", action="store_true", help="faster features where the CPU has bfloat16")
    train.set_defaults(run=_train)
    for command in (annotate, evaluate, train):
        command.add_argument("--threads", type=_positive, help="CPU threads of torch (default: its own choice)")
    return parser


def _annotate(options: argparse.Namespace) -> int:
    from nlp.annotate import warm_up
    from nlp.lines import annotate_lines

    warm_up(threads=options.threads)
    if options.file is None:
        return annotate_lines(sys.stdin.buffer, sys.stdout, batch=options.batch)
    with options.file.open("rb") as lines:
        return annotate_lines(lines, sys.stdout, batch=options.batch)


def _evaluate(options: argparse.Namespace) -> int:
    from nlp.annotate import annotate, warm_up
    from nlp.evaluation import Judged, measures

    rows = read_tsv(options.file)
    if not rows or not {"text", "label"} <= rows[0].keys():
        raise ValueError(f"{options.file} needs a header with the columns text and label, and rows")
    warm_up(threads=options.threads)
    found = annotate([row["text"] for row in rows], tasks=(options.task,))
    said = [annotation.of(options.task) for annotation in found]
    judged = [
        Judged(row["label"], one.label, one.confidence, one.abstained) for row, one in zip(rows, said, strict=True)
    ]
    print(
        json.dumps({"task": options.task, "model": f"{found[0].model_id}@{found[0].model_version}", **measures(judged)})
    )
    return 0


def _train(options: argparse.Namespace) -> int:
    from nlp.training.train import train

    if options.threads:
        import torch

        torch.set_num_threads(options.threads)
    scores = train(options.data, options.out, options.cache, seed=options.seed, bfloat16=options.bfloat16)
    for task, about in scores.items():
        for name, of in about["scores"].items():
            figures = "  ".join(f"{measure} {of[measure]:.3f}" for measure in ("macro_recall", "coverage", "ece"))
            print(f"{task:10} {name:26} n {of['n']:5}  {figures}")
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _reader_has_gone() -> int:
    """`… | head` is no error; without this Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
