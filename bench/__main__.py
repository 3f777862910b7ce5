"""python -m bench [NAME…]: run benchmarks, print a table, write bench/results.json."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

BENCHMARKS = (
    "personal_data",
    "strip",
    "rules",
    "alerts",
    "ingest",
    "latency",
    "weight",
    "paint",
    "pages",
    "search",
    "dashboard",
    "nlp",
    "memory",
    "chaos",
)
RESULTS = Path(__file__).parent / "results.json"


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names or BENCHMARKS:
        run: Callable[[], dict[str, Any]] = import_module(f"bench.{name}").run
        before = os.getloadavg()[0]
        print(f"\n{name} (load before {before:.1f})", flush=True)
        figures = run()
        results[name] = {**figures, "load_before": before, "load_after": os.getloadavg()[0]}
        for label, value in figures.items():
            print(f"  {label:<44}{value}")
        print(f"  load after {os.getloadavg()[0]:.1f}")
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
