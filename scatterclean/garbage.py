"""How often Python looks for garbage that refers to itself, while a mailbox is read.

What is made for a message refers to nothing that refers back, and ends with its batch.  CPython 3.11 looks for such
garbage whenever 700 more objects were made than ended; a batch of 5,000 messages is that many many times, and the
looks took a fifth of a harvest.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Objects between two looks: about those of two batches of a harvest, 10 MB.
_SELDOM = 100_000

_lock = threading.Lock()
_readers = 0
_before = gc.get_threshold()


@contextmanager
def seldom() -> Iterator[None]:
    """Until the last of those who are in here leaves, in whatever thread, it is looked for seldom."""
    global _readers, _before  # noqa: PLW0603 - it is a setting of the process
    with _lock:
        _readers += 1
        if _readers == 1:
            _before = gc.get_threshold()
            gc.set_threshold(max(_SELDOM, _before[0]) if _before[0] else 0, *_before[1:])
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers:
                gc.set_threshold(*_before)
