"""The order of the tests where several workers share them.

Each worker is handed one run of neighbours and takes from the end of another's when its own is done (`--dist worksteal`).
So each run begins with tests that take long: what is left to share out in the end are short ones, and no worker is
alone for a minute with a file that starts a whole product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import TypeVar

TOGETHER = "nlp"  # its tests share models and what these say of the corpus: in one worker that is made once
LONG = ("flows", "browser", "nlp", "sockets", "workers")  # the rooms whose tests start processes, browsers and models

Test = TypeVar("Test")


def long_ones_first(tests: Sequence[Test], *, file_of: Callable[[Test], Path], workers: int) -> list[Test]:
    """Return the same tests as one run for each worker, long ones first; a file's tests keep their order."""

    def place_of(those: Sequence[Test], turn: int = 0) -> int:
        return (LONG.index(file_of(those[0]).parent.name) - turn) % len(LONG)

    files = [list(those) for _, those in groupby(tests, file_of)]
    long = sorted((those for those in files if file_of(those[0]).parent.name in LONG), key=place_of)
    together = [those for those in long if file_of(those[0]).parent.name == TOGETHER]
    spread = [those for those in long if those not in together]
    short = [test for test in tests if file_of(test).parent.name not in LONG]
    runs: list[list[Test]] = []
    for n in range(workers):  # each begins in another room: two products and browsers at once get in each other's way
        whole = together if n == workers - 1 else []
        mine = sorted([*spread[n::workers], *whole], key=partial(place_of, turn=2 * n))
        fits = len(short) if n == workers - 1 else max(0, len(tests) // workers - sum(map(len, mine)))
        runs.append([*chain.from_iterable(mine), *short[:fits]])
        del short[:fits]
    return [*chain.from_iterable(runs)]
