"""What a call out of this process needs in every room: whom it trusts, a limit of time, why it came to nothing;
and the person's browser."""

from __future__ import annotations

import os
import ssl
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

_Value = TypeVar("_Value")


def trusting(ca_file: Path | None = None) -> ssl.SSLContext:
    """One context per process and file (PEM; None: what the system trusts).  Raises OSError, of which ssl.SSLError is
    one."""
    return _trusting(ca_file, 0 if ca_file is None else ca_file.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _trusting(ca_file: Path | None, _changed: int) -> ssl.SSLContext:
    """Making one costs 50 ms (field guide, 6)."""
    context = ssl.create_default_context(cafile=ca_file)  # host names and certificates are verified
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def forget_whom_to_trust() -> None:
    """For tests, which change what the system trusts."""
    _trusting.cache_clear()


def within(seconds: float, do: Callable[[], _Value]) -> _Value:
    """What `do` gives or raises; TimeoutError if that takes longer: then it is left to itself (getaddrinfo(3) and D-Bus
    have no time limit of their own)."""
    told: SimpleQueue[tuple[_Value | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            told.put((do(), None))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            told.put((None, error))

    threading.Thread(target=work, daemon=True, name="scatterclean: a call").start()
    try:
        value, error = told.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # there is one when there is no error


def why_no_page(broken: Exception, unreached: str) -> str:
    """In a few words, why a web server gave no answer; `unreached`: if it could not be talked to at all."""
    if isinstance(broken, ssl.SSLCertVerificationError):
        return "its certificate is not trusted"
    if isinstance(broken, ssl.SSLError):
        return "it speaks no proper TLS"
    if isinstance(broken, TimeoutError):
        return "it does not answer in time"
    if isinstance(broken, OSError):
        return unreached
    return "it does not answer as a web server does"


def has_window() -> bool:
    """Is there a screen on which a browser could open?  Else one for the terminal would take this one over."""
    names = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform == "darwin" or any(os.environ.get(name) for name in names)


def shown_in_browser(uri: str) -> bool:
    """Was the person's browser asked to show it?"""
    import webbrowser

    return has_window() and webbrowser.open(uri)
