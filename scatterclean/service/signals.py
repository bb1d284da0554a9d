"""Signals -> words in the queue of the main loop; nothing else is done in a handler."""

from __future__ import annotations

import signal
from queue import SimpleQueue
from types import FrameType


def listen_for(words: SimpleQueue[tuple[str, object]], *signals: str) -> None:
    """From here on these signals are words in the queue: SIGHUP "reload", any other "stop"."""

    def asked(signum: int, _frame: FrameType | None) -> None:
        name = signal.Signals(signum).name
        words.put(("reload" if name == "SIGHUP" else "stop", name))

    for name in signals:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), asked)
