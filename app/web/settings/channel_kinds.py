"""The kinds of channels as the chooser shows them: in families, with a sentence each, found by a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.languages import translated
from app.phrases import phrase_in
from app.web.channel_icons import channel_icon
from connectors.protocol import Connector

FAMILIES = {
    "letters": phrase_in("kinds of channels", "Mail"),
    "social": phrase_in("kinds of channels", "Social"),
    "messaging": phrase_in("kinds of channels", "Messaging"),
    "website": phrase_in("kinds of channels", "Website"),
    "feeds": phrase_in("kinds of channels", "Reviews and feeds"),
    "other": phrase_in("kinds of channels", "Other"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of channel, ready to be chosen."""

    kind: str
    label: str
    about: str
    family: str

    @property
    def icon(self) -> str:
        return channel_icon(self.kind)

    @property
    def words(self) -> str:
        """Everything a search looks at, in lower case: in English and in the reader's language."""
        english = (self.label, self.kind, self.about, FAMILIES[self.family])
        said = (translated(words) for words in english)
        return " ".join(dict.fromkeys((*english, *said))).casefold()

    def fits(self, search: str) -> bool:
        """Tell whether every word of a search is among the words."""
        return all(word in self.words for word in search.casefold().split())


def of(connector: Connector) -> Kind:
    """Return what the screens say of a connector."""
    return Kind(connector.kind, connector.label, connector.about, connector.family)


def by_family(connectors: Sequence[Connector]) -> list[tuple[str, list[Kind]]]:
    """Return the titles of the families that hold a kind, and these kinds by their names."""
    found = sorted(map(of, connectors), key=lambda kind: translated(kind.label).casefold())
    grouped = [(title, [kind for kind in found if kind.family == name]) for name, title in FAMILIES.items()]
    return [(title, kinds) for title, kinds in grouped if kinds]
