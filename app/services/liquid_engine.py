"""The part of Liquid that people may write in texts: a few conditions, a few filters, nothing that repeats or grows.

Imported only where a text is read or filled, since the library takes a while to load. Without loops, includes and names
of one's own, a text costs time and memory in proportion to its length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from liquid import Environment, Undefined, soft_str
from liquid.builtin.content import Literal
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output
from liquid.builtin.tags.case_tag import CaseTag
from liquid.builtin.tags.comment_tag import CommentTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.inline_comment_tag import InlineCommentTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.exceptions import FilterArgumentError

MOST_OUTPUT = 40_000  # bytes
LONGEST_WORD = 2_000  # characters that are kept by truncate


class Gap(Undefined):
    """A value that is not known: told in the text where it stands, false in conditions, and filled by `default`."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"⟦{self.name}⟧"


def _default(value: Any, instead: Any = "") -> Any:
    return instead if isinstance(value, Undefined) or value in ("", None, False) else value


def _truncated(words: str, most: Any = 50, end: Any = "…") -> str:
    length = min(max(most, 0), LONGEST_WORD) if isinstance(most, int) else LONGEST_WORD
    return words if len(words) <= length else words[:length].rstrip() + soft_str(end)


def _of_words(change: Callable[..., str]) -> Callable[..., Any]:
    """Make a filter of what changes words; a gap stays the gap it is."""

    def changed(value: Any, *given: Any) -> Any:
        try:
            changed_words = change(soft_str(value), *given)
        except TypeError:
            raise FilterArgumentError("a filter is given more than it takes", token=None) from None
        return value if isinstance(value, Undefined) else changed_words

    return changed


FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default,
    "upcase": _of_words(str.upper),
    "downcase": _of_words(str.lower),
    "capitalize": _of_words(lambda words: words[:1].upper() + words[1:]),
    "strip": _of_words(str.strip),
    "append": _of_words(lambda words, more="": words + soft_str(more)),
    "prepend": _of_words(lambda words, more="": soft_str(more) + words),
    "truncate": _of_words(_truncated),
}


class TextEnvironment(Environment):
    """Liquid as texts have it. The limits say what could not be exceeded anyway."""

    output_stream_limit = MOST_OUTPUT
    loop_iteration_limit = 100
    local_namespace_limit = MOST_OUTPUT
    context_depth_limit = 10
    block_nesting_limit = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 - the signature of the library
        for tag in (Literal, Output, Illegal, IfTag, UnlessTag, CaseTag, CommentTag, InlineCommentTag):
            self.add_tag(tag)
        for name, one in FILTERS.items():
            self.add_filter(name, one)


ENVIRONMENT = TextEnvironment(undefined=Gap, strict_filters=True)
