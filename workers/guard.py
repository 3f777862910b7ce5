"""Try a piece of work in a child process with a limit on memory and time."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable

SECONDS = 10
MEMORY_BYTES = 1_500_000_000


def survives(work: Callable[[], object]) -> bool:
    """Run `work` in a fork; return whether it came to an end, well or by an exception, within its limits."""
    child = os.fork()
    if child == 0:
        _run_and_exit(work)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def _run_and_exit(work: Callable[[], object]) -> None:
    """Only the ending counts: an exception is what the caller will see again when it runs the work itself."""
    code = 0
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        work()
    except MemoryError:
        code = 1
    except BaseException:  # noqa: BLE001 - the child must not run on into its parent's code
        code = 0
    finally:
        os._exit(code)
