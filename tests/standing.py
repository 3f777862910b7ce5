"""A product that stands for a worker's whole run: each module of browser tests finds it empty, as if newly started.

Starting its processes costs more than most of the tests need. Modules that end a process, or need others of them,
start a product of their own (tests/product.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis

from tests.product import Product, running
from tests.public_web import eventually, is_up
from tests.rooms import surroundings
from tests.servers import Servers, database, databases_of, fresh_name

NOT_NEEDED = ("worker", "sender", "webhooks", "annotator", "poller", "clock")


@dataclass
class Standing:
    """Web process and relay over a database and a Valkey database of their own, from the first use to the run's end."""

    servers: Servers
    redis_url: str
    home: Path
    _stack: ExitStack = field(default_factory=ExitStack)
    _name: str = field(default_factory=fresh_name)
    _database_url: str = ""
    _product: Product | None = None

    @contextmanager
    def emptied(self) -> Iterator[Product]:
        """Give the product without a row in its database; this process looks at the same one meanwhile."""
        self._empty()
        with (
            pytest.MonkeyPatch.context() as patch,
            surroundings(patch, database_url=self._database_url, redis_url=self.redis_url, home=self.home),
        ):
            if self._product is None:
                self._product = self._stack.enter_context(
                    running(
                        database_url=self._database_url,
                        redis_url=self.redis_url,
                        home=self.home,
                        leave_out=NOT_NEEDED,
                    )
                )
            product = self._product
            eventually(lambda: is_up(product))
            yield product

    def end(self) -> None:
        self._stack.close()

    def _empty(self) -> None:
        if self._database_url:
            databases_of(self.servers).empty(self._name)
        else:
            self._database_url = self._stack.enter_context(database(self.servers, self._name))
        with Redis.from_url(self.redis_url) as redis:
            redis.flushdb()
