"""How often somebody may do something over a socket: a bucket of tokens that fills up with time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_BUCKETS = 20_000


class Pace:
    """Allows `burst` at once and `per_second` in the long run, for each key. Forgets the keys unused for longest."""

    def __init__(self, *, burst: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Take one token; False when there is none."""
        moment = self._clock()
        tokens, since = self._buckets.pop(key, (self._burst, moment))
        tokens = min(self._burst, tokens + (moment - since) * self._per_second)
        is_allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if is_allowed else tokens, moment)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return is_allowed
