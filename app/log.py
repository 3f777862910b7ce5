"""One line an event, with the ids that follow a message through the processes. No message text, no secrets.

What slips in all the same (a provider's error that repeats an address, a traceback with a row in it) is masked: in the
values of events, in every record of the logging module whoever wrote it, and in the traceback of a process that dies.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog

from app.personal_data import mask

DEEPEST = 6  # levels of lists and dictionaries that are looked into; what lies deeper is written as one text


def configure(process: str) -> None:
    """Set up logging for this process: readable on a terminal, JSON elsewhere, personal data masked in both."""
    renderer: Any = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _mask_event,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    mask_records()


def mask_records() -> None:
    """Mask every record of the logging module from now on (gunicorn's, Flask's, RQ's too), and the last words of a
    process or a thread that dies.
    """
    logging.setLogRecordFactory(MaskedRecord)
    sys.excepthook = _say_last_words
    threading.excepthook = _say_last_words_of_thread


def get_logger() -> Any:
    return structlog.get_logger()


class MaskedRecord(logging.LogRecord):
    """A record whose message and traceback are masked before any handler sees them."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        if self.exc_info and self.exc_info[0] is not None:
            lines = traceback.format_exception(*self.exc_info)
            self.exc_text = mask("".join(lines).rstrip("\n"))  # formatters write this instead of the exception

    def getMessage(self) -> str:  # noqa: N802 - the name is logging's
        return mask(super().getMessage())


def _mask_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = _masked(name, value)
    return event


def _masked(name: str, value: Any, depth: int = 0) -> Any:
    """Return a value with what is personal in it masked; its name tells what it is, as in password="…"."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {str(key): _masked(str(key), one, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and depth < DEEPEST:
        return [_masked(name, one, depth + 1) for one in value]
    return _masked_text(name, value)


def _masked_text(name: str, value: Any) -> Any:
    text = value if isinstance(value, str) else str(value)
    head = f"{name}: "
    hidden = mask(head + text)
    if hidden == head + text:
        return value if isinstance(value, int) else text
    return hidden.removeprefix(head) if hidden.startswith(head) else mask(text)


def _say_last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(mask("".join(traceback.format_exception(kind, error, trace))))


def _say_last_words_of_thread(words: threading.ExceptHookArgs) -> None:
    if words.exc_type is SystemExit or words.exc_value is None:
        return
    name = words.thread.name if words.thread else "unknown"
    sys.stderr.write(mask(f"Exception in thread {name}:\n"))
    _say_last_words(words.exc_type, words.exc_value, words.exc_traceback)
