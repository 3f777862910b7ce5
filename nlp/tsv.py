"""Labelled text in files: TSV with a header, gzip or plain."""

from __future__ import annotations

import gzip
from pathlib import Path


class BadData(Exception):
    """A file of labelled text is not what it should be; the message names it."""


def read_tsv(path: Path) -> list[dict[str, str]]:
    """Return the records of a TSV file with a header. Raises BadData."""
    if not path.is_file():
        raise BadData(f"{path} is missing")
    try:
        raw = path.read_bytes()
        header, *lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig").split("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadData(f"{path} cannot be read: {error}") from error
    columns = header.rstrip("\r").split("\t")
    return [dict(zip(columns, line.rstrip("\r").split("\t"), strict=False)) for line in lines if line.strip()]


def labelled(path: Path) -> list[tuple[str, str]]:
    """Return (text, label) of a file with the columns text and label (or labels). Raises BadData."""
    records = read_tsv(path)
    column = next((name for name in ("label", "labels") if records and name in records[0]), None)
    if column is None or "text" not in records[0]:
        raise BadData(f"{path} needs a header with the columns text and label, and rows")
    if missing := next((number for number, record in enumerate(records, 2) if not record.get(column)), None):
        raise BadData(f"{path}, row {missing} has no label")
    return [(record["text"], record[column]) for record in records]
