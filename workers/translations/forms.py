"""Gathers the words of the channels' forms from the connectors themselves: they are marked without a marker each."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.base import Setting
from connectors.phrases import Phrase
from connectors.protocol import Connector
from connectors.registry import connector_for, kinds
from connectors.sign_in import SignIn


def words_of_forms() -> Iterator[tuple[str, Phrase]]:
    """Yield (source, phrase) of all that people read in the form of a channel, an entry or a sign-in."""
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


def _of_a_setting(setting: Setting) -> Iterator[Phrase]:
    shown = (setting.label, setting.help, setting.group, *(label for _, label in setting.choices))
    yield from (words for words in shown if isinstance(words, Phrase))
