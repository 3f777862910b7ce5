"""Gathers the words of the channels' forms from the connectors themselves: they are marked without a marker each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from connectors.base import Setting
from connectors.phrases import Phrase, phrase
from connectors.protocol import Connector
from connectors.registry import connector_for, kinds
from connectors.sign_in import SignIn


def words_of_forms() -> Iterator[tuple[str, Phrase]]:
    """Yield (source, phrase) of all that people read in the form of a channel, an entry, a sign-in, or to copy."""
    for kind in kinds():
        connector = connector_for(kind)
        source = type(connector).__module__.replace(".", "/") + ".py"
        yield from ((source, words) for words in _words(connector) if words)


def _words(connector: Connector) -> Iterator[Phrase]:
    for setting in (*connector.settings, *connector.entry):
        if setting.kind != "kept":
            yield from _of_a_setting(setting)
    sign_in: SignIn | None = getattr(connector, "sign_in", None)
    yield from (step for step in (sign_in.steps if sign_in else ()) if isinstance(step, Phrase))
    snippets: Callable[[str, str], Iterable[tuple[str, str]]] | None = getattr(connector, "snippets", None)
    yield from (phrase(label) for label, _ in (snippets("https://example.com", "token") if snippets else ()))


def _of_a_setting(setting: Setting) -> Iterator[Phrase]:
    shown = (setting.label, setting.help, setting.group, *(label for _, label in setting.choices))
    yield from (words for words in shown if isinstance(words, Phrase))
