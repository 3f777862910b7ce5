"""The command line of this room. Runs alone: no database, no network."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nlp.backends import BACKENDS
from nlp.loading import MODEL_FOLDER, ModelMissing
from nlp.replacement import Replacement
from nlp.tasks import TASKS
from nlp.tsv import BadData

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
    annotate.add_argument("--tasks", type=_tasks, default=TASKS, help=f"of {','.join(TASKS)} (default: all)")
    annotate.add_argument("--no-reasons", action="store_true", help="do not look for the words that drove a label")
    annotate.set_defaults(run=_annotate)
    evaluate = commands.add_parser("evaluate", help="judge a task by a TSV file with the columns text and label")
    evaluate.add_argument("file", type=Path)
    evaluate.add_argument("--task", required=True, choices=TASKS)
    evaluate.set_defaults(run=_evaluate)
    for command in (annotate, evaluate):
        command.add_argument(
            "--replace",
            type=Replacement.parse,
            action="append",
            default=[],
            metavar="TASK=MODEL",
            help="let a local folder or MODEL_ID@REVISION answer a task",
        )
    _add_teaching(commands)
    for command in commands.choices.values():
        command.add_argument("--threads", type=_positive, help="CPU threads (default: one a core)")
        command.add_argument("--backend", choices=BACKENDS, help="onnx (default) or torch, on a GPU where there is one")
    return parser


def _add_teaching(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    intents = commands.add_parser(
        "intents", help="teach a workspace's own intents by one TSV file, judge them by another"
    )
    intents.add_argument(
        "train", type=Path, metavar="TRAIN", help='columns text and label; the label "oos" is out of scope'
    )
    intents.add_argument("test", type=Path, metavar="TEST")
    intents.add_argument("--per-label", type=_positive, help="learn from this many examples of each intent only")
    intents.add_argument("--seed", type=int, default=20, help="of the choice of examples (default %(default)s)")
    intents.set_defaults(run=_intents)
    languages = commands.add_parser("languages", help="which languages are detected, and which are understood")
    languages.set_defaults(run=_languages)
    unseen = commands.add_parser(
        "unseen", help="how intents do in a business never seen: train without each source in turn"
    )
    unseen.set_defaults(run=_unseen)
    train = commands.add_parser("train", help="train the encoder and its heads from a data folder")
    train.add_argument(
        "--work", type=Path, help="checkpoints; a stopped run goes on from here (default: a temporary folder)"
    )
    train.set_defaults(run=_train)
    for command in (unseen, train):
        command.add_argument("data", type=Path, metavar="DATA_DIR")
        command.add_argument(
            "--out", type=Path, default=MODEL_FOLDER, help="where it goes (default: where the model ships)"
        )
        command.add_argument("--config", type=Path, help="another configuration (default: nlp/training/config.toml)")
        command.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
        command.add_argument("--seed", type=int, help="instead of the configuration's")


def _annotate(options: argparse.Namespace) -> int:
    from functools import partial

    from nlp.annotate import annotate, warm_up
    from nlp.lines import annotate_lines

    warm_up(threads=options.threads, backend=options.backend)
    say = partial(annotate, tasks=options.tasks, replacements=_by_task(options), reasons=not options.no_reasons)
    if options.file is None:
        return annotate_lines(sys.stdin.buffer, sys.stdout, say, batch=options.batch)
    with options.file.open("rb") as lines:
        return annotate_lines(lines, sys.stdout, say, batch=options.batch)


def _evaluate(options: argparse.Namespace) -> int:
    from nlp.annotate import warm_up
    from nlp.judging import judge_task

    warm_up(threads=options.threads, backend=options.backend)
    print(json.dumps(judge_task(options.task, options.file, replacements=_by_task(options))))
    return 0


def _intents(options: argparse.Namespace) -> int:
    from nlp.annotate import warm_up
    from nlp.judging import judge_intents

    warm_up(threads=options.threads, backend=options.backend)
    found = judge_intents(options.train, options.test, per_label=options.per_label, seed=options.seed)
    print(json.dumps(found))
    return 0


def _languages(_options: argparse.Namespace) -> int:
    from nlp.language import DETECTED
    from nlp.model import load_model

    understood = load_model().languages
    print(json.dumps({"understood": list(understood), "detected": list(DETECTED), "otherwise": "und"}))
    return 0


def _train(options: argparse.Namespace) -> int:
    from nlp.training.train import train

    if options.threads:
        import torch

        torch.set_num_threads(options.threads)
    scores = train(
        options.data,
        options.out,
        config=options.config,
        work=options.work,
        device=options.device,
        seed=options.seed,
    )
    for task, by_set in scores.items():
        for name, of in by_set.items():
            figures = "  ".join(
                f"{measure} {of[measure]}" for measure in ("accuracy", "macro_recall", "macro_f1", "ece")
            )
            print(f"{task:10} {name:24} n {of['n']:5}  {figures}")
    return 0


def _unseen(options: argparse.Namespace) -> int:
    from nlp.training.train import CONFIG, chosen_device, read_config
    from nlp.training.unseen import unseen

    device = chosen_device(options.device)
    config = read_config(options.config or CONFIG, seed=options.seed, device=device)
    for source, found in unseen(options.data, options.out, config, device).items():
        for what, of in found.items():
            figures = "  ".join(f"{measure} {of[measure]}" for measure in ("accuracy", "coverage", "precision"))
            print(f"{source:16} {what:16} n {of['n']:5}  {figures}")
    return 0


def _by_task(options: argparse.Namespace) -> dict[str, Replacement]:
    return {replacement.task: replacement for replacement in options.replace}


def _tasks(text: str) -> tuple[str, ...]:
    wanted = tuple(task.strip() for task in text.split(",") if task.strip())
    if not wanted or set(wanted) - set(TASKS):
        raise argparse.ArgumentTypeError(f"some of {','.join(TASKS)}, separated by commas")
    return wanted


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
