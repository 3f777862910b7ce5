"""A table of a report as a file that spreadsheets open: the same words and numbers as on the page."""

from __future__ import annotations

import csv
import io

from app.languages import translated
from app.personal_data import SENSITIVE, mask
from app.phrases import phrase
from app.web.reports.tables import Cell, Column, Table

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def written(table: Table) -> str:
    """Return a table as CSV. What people named is never taken for a formula; numbers are numbers."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(translated(name)) for name in (table.first, *map(_heading, table.columns))])
    for row in table.rows:
        numbers = (_number(column, cell) for column, cell in zip(table.columns, row.cells, strict=True))
        writer.writerow([harmless(translated(row.name)), *numbers])
    return out.getvalue()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, without secrets.

    Names here are the house's own (channels, teams, tags): their addresses tell them apart, and stay.
    """
    text = mask(text, kinds=SENSITIVE)
    return f"'{text}" if text.lstrip(" \xa0").startswith(STARTS_A_FORMULA) else text


def _heading(column: Column) -> str:
    return phrase("{name}, %", name=column.name) if column.unit == "share" else column.name


def _number(column: Column, cell: Cell) -> str:
    """Write a number as spreadsheets read it in every language."""
    if cell.value is None:
        return ""
    return str(int(cell.value)) if column.unit == "messages" else f"{round(cell.value * 100, 1) + 0.0:.1f}"
