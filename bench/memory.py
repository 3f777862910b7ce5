"""Resident memory of every process after 500 messages."""

from __future__ import annotations

from typing import Any

from bench.house import house
from bench.ingest import fill
from bench.measure import resident_mb
from bench.product import signed_in, started

MAILS = 500


def run() -> dict[str, Any]:
    """Let the whole product take in a mailbox, and weigh it."""
    with house() as place:
        fill(place, MAILS)
        with started(place, with_mail=True) as product, signed_in(product) as page:
            page.wait_for_selector("#list a.row .chip", timeout=120_000)
            weights = {name: resident_mb([process.pid]) for name, process in product.processes.items()}
        return {f"{name}, MB": round(weight) for name, weight in weights.items()}
