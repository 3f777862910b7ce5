"""The kinds of channels as the chooser shows them: in families, with a sentence each, found by a word.

A connector may say both itself (`family`, `about`); what it does not say follows from its capabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.base import Capabilities
from connectors.protocol import Connector

FAMILIES = {
    "letters": ("Mail", "mail"),
    "social": ("Social", "megaphone"),
    "messaging": ("Messaging", "message-circle"),
    "website": ("Website", "globe"),
    "feeds": ("Reviews and feeds", "star"),
    "other": ("Other", "plug"),
}
Fits = Callable[[Capabilities], bool]
# the first that fits; what reaches several kinds of address is no channel of one provider
GUESSES: tuple[tuple[str, Fits], ...] = (
    ("letters", lambda can: can.cc),
    ("website", lambda can: can.live_only),
    ("feeds", lambda can: can.public and not can.send),
    ("social", lambda can: can.public),
    ("other", lambda can: len(can.reaches) > 2),
    ("messaging", lambda can: can.send),
    ("website", lambda can: can.push),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of channel, ready to be chosen."""

    kind: str
    label: str
    about: str
    family: str

    @property
    def icon(self) -> str:
        return FAMILIES[self.family][1]

    @property
    def words(self) -> str:
        """Everything a search looks at, in lower case."""
        return f"{self.label} {self.kind} {self.about} {FAMILIES[self.family][0]}".casefold()

    def fits(self, search: str) -> bool:
        """Tell whether every word of a search is among the words."""
        return all(word in self.words for word in search.casefold().split())


def of(connector: Connector) -> Kind:
    """Return what the screens say of a connector."""
    can, told = connector.capabilities, getattr(connector, "family", "")
    family = told if told in FAMILIES else next((name for name, fits in GUESSES if fits(can)), "other")
    return Kind(connector.kind, connector.label, getattr(connector, "about", "") or _about(can), family)


def by_family(connectors: Sequence[Connector]) -> list[tuple[str, list[Kind]]]:
    """Return the titles of the families that hold a kind, and these kinds by their names."""
    found = sorted(map(of, connectors), key=lambda kind: kind.label.casefold())
    grouped = [(title, [kind for kind in found if kind.family == name]) for name, (title, _) in FAMILIES.items()]
    return [(title, kinds) for title, kinds in grouped if kinds]


def _about(can: Capabilities) -> str:
    """Say in a sentence what arrives and how it is answered."""
    if can.cc:
        return "A mailbox: what arrives becomes conversations, and your answers leave from its address."
    if can.live_only:
        return "Visitors write on your website; your answers appear there while they are present."
    if can.public:
        return f"{_public(can)}."
    if can.send:
        return f"Messages from customers; your answers {_answers(can)}."
    return "What people send arrives here; your answers leave by the inbox's mail."


def _public(can: Capabilities) -> str:
    if not can.send:
        return "What is written in public; you read it here and answer elsewhere"
    where = ", in public or in private" if can.private_reply else ""
    return f"Public posts, comments and private messages; answer there{where}"


def _answers(can: Capabilities) -> str:
    files = ", with files," if can.attachments else ""
    hours = round(can.reply_window_seconds / 3600) if can.reply_window_seconds else 0
    return f"go back the same way{files}{f' within {hours} hours' if hours else ''}".rstrip(",")
