"""How long a post on X may be, and how X counts: docs.x.com/resources/fundamentals/counting-characters."""

from __future__ import annotations

from connectors.text_length import Counting

SHORT_POST, LONG_POST = 280, 25_000
# twitter-text, configuration 3: a link is 23 long; characters in these ranges count once, all others twice
COUNTING = Counting(23, ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247)))
