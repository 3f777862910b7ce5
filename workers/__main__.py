"""python -m workers relay | run QUEUE… | annotate | translate | poll | schedule | doctor | take-mail CHANNEL"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from app.errors import AppError
from app.log import configure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one process of the Procfile; a missing setting is one sentence and exit status 2."""
    options = _parser().parse_args(arguments)
    configure(options.command)
    try:
        return COMMANDS[options.command](options) or 0
    except AppError as error:
        print(error.reason, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _relay(_: argparse.Namespace) -> None:
    from workers import relay

    relay.run()


def _run(options: argparse.Namespace) -> None:
    from workers import queues
    from workers.heartbeat import beating

    with beating("worker", lambda: {"queues": options.queues}):
        queues.work(options.queues)


def _annotate(_: argparse.Namespace) -> None:
    from workers import annotator

    annotator.run()


def _translate(_: argparse.Namespace) -> None:
    from workers import translator

    translator.run()


def _poll(_: argparse.Namespace) -> None:
    from workers import poller

    poller.run()


def _schedule(_: argparse.Namespace) -> None:
    from workers import schedule

    schedule.run()


def _doctor(_: argparse.Namespace) -> int:
    from workers import doctor

    return doctor.run()


def _take_mail(options: argparse.Namespace) -> int:
    from workers import take_mail

    return take_mail.run(options.channel)


COMMANDS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "relay": _relay,
    "run": _run,
    "annotate": _annotate,
    "translate": _translate,
    "poll": _poll,
    "schedule": _schedule,
    "doctor": _doctor,
    "take-mail": _take_mail,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers", description="Run one process of Tributary.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        command = commands.add_parser(name)
        if name == "run":
            command.add_argument("queues", nargs="+", help="names of queues, most urgent first")
        if name == "take-mail":
            command.add_argument("channel", help="its token, id or name; the mail comes on the standard input")
    return parser


if __name__ == "__main__":
    sys.exit(main())
