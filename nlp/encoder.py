"""Text to pieces: the tokens of a message's new words, cut between sentences where they are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nlp.cleaning import clean
from nlp.loading import MODEL_FOLDER, load_tokenizer

if TYPE_CHECKING:
    from tokenizers import Encoding

MAX_TOKENS = 128  # of one piece, with the two that mark its ends: what training has seen
MAX_PIECES = 16
PIECES_OF_THE_END = 4
TOKENS_A_BATCH = 4_096
START, END = 101, 102  # [CLS] and [SEP]


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens with both end marks; `offsets` are the characters of the cleaned text behind each inner token."""

    tokens: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cut:
    """One text: what was kept of it and its pieces, none where it says nothing."""

    cleaned: str
    pieces: list[Piece]


class Cutter:
    """The tokenizer. Safe to use from several threads."""

    def __init__(self, folder: Path = MODEL_FOLDER) -> None:
        self._tokenizer = load_tokenizer(folder)

    def cut(self, texts: Sequence[str]) -> list[Cut]:
        """Return the pieces of each text: none for an empty one, one for most, at most `MAX_PIECES` for long mails."""
        cleaned = [clean(text) for text in texts]
        encodings = self._tokenizer.encode_batch(cleaned, add_special_tokens=False)
        return [Cut(text, _pieces(text, encoding)) for text, encoding in zip(cleaned, encodings, strict=True)]


def batches_by_length(lengths: Sequence[int], most: int = TOKENS_A_BATCH) -> Iterator[list[int]]:
    """Yield the indices of `lengths`, shortest first, in groups whose padded size stays within `most`, or of one."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _pieces(text: str, encoding: Encoding) -> list[Piece]:
    """Cut the tokens of a long text between sentences; of a very long one keep the first pieces and the last."""
    ids, offsets = encoding.ids, encoding.offsets
    room = MAX_TOKENS - 2
    if not ids:
        return []
    if len(ids) <= room:
        return [Piece([START, *ids, END], offsets)]
    breaks = _sentence_starts(text, encoding)
    pieces, start = [], 0
    while start < len(ids):
        end = min(start + room, len(ids))
        if end < len(ids):
            # between sentences where one ends in the second half of the piece, else wherever it is full
            end = next((token for token in range(end, start + room // 2, -1) if token in breaks), end)
        pieces.append(Piece([START, *ids[start:end], END], offsets[start:end]))
        start = end
    if len(pieces) > MAX_PIECES:
        pieces = pieces[: MAX_PIECES - PIECES_OF_THE_END] + pieces[-PIECES_OF_THE_END:]
    return pieces


def _sentence_starts(text: str, encoding: Encoding) -> set[int]:
    """Return the tokens that begin a line, or a word after a full stop, an exclamation or a question mark."""
    starts = set()
    for token, (begin, _end) in enumerate(encoding.offsets):
        before = text[max(0, begin - 2) : begin]
        if before.endswith("\n") or (before.endswith(" ") and before[0] in ".!?…。！？"):
            starts.add(token)
    return starts
