"""Who may come in: a link that lets in once, the sessions that it began, and where requests may come from.

Everything is in memory and dies with the process.  Secrets are compared in a time that tells nothing, and are kept
only as digests where they are looked up.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

# So many seconds a link waits for its one use.
LINK_LIFE = 300.0
# The person's browsers; with one more the oldest is let go.
MOST_SESSIONS = 4
_BYTES = 32


class Entry(StrEnum):
    """Why a link does not let in."""

    USED = "used"
    OLD = "old"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Session:
    """`csrf` stands in every form of its pages."""

    csrf: str

    def agrees(self, given: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), given.encode("utf-8", "replace"))


@dataclass(slots=True)
class Door:
    """Safe to use from several threads."""

    port: int
    clock: Callable[[], float] = time.monotonic
    _link: tuple[bytes, float] | None = None
    _used: list[bytes] = field(default_factory=list)
    _sessions: dict[bytes, Session] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """Its name: browsers keep cookies by host, whatever the port, and two dashboards are not one."""
        return f"scatterclean-{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """What may stand in Host: anything else is a name that somebody made lead here (DNS rebinding)."""
        return frozenset((f"127.0.0.1:{self.port}", f"[::1]:{self.port}"))

    def link(self) -> str:
        """A new secret for a link; the one before, if nobody used it, is void."""
        secret = secrets.token_urlsafe(_BYTES)
        with self._lock:
            self._link = _digest(secret), self.clock() + LINK_LIFE
        return secret

    def enter(self, secret: str) -> str | Entry:
        """The value of the cookie of a new session; or why there is none.  A link lets in once."""
        given = _digest(secret)
        with self._lock:
            link = self._link
            if link is None or not hmac.compare_digest(link[0], given):
                return (
                    Entry.USED if any(hmac.compare_digest(one, given) for one in self._used) else Entry.WRONG
                )
            self._link = None
            self._used = [*self._used[-16:], given]
            if self.clock() > link[1]:
                return Entry.OLD
            value = secrets.token_urlsafe(_BYTES)
            while len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[_digest(value)] = Session(secrets.token_urlsafe(_BYTES))
            return value

    def session(self, value: str | None) -> Session | None:
        """Whose cookie this is; found by its digest, so that time tells nothing of the others."""
        if not value:
            return None
        with self._lock:
            return self._sessions.get(_digest(value))

    def leave(self, session: Session) -> None:
        with self._lock:
            self._sessions = {known: one for known, one in self._sessions.items() if one is not session}


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "replace")).digest()


def from_elsewhere(headers: Mapping[str, str], host: str, *, changes: bool) -> bool:
    """Did a page of another origin make the browser ask?

    What `changes` something has to prove that it comes from a page of ours: Origin is sent with every form that is
    posted (Fetch, 3.2), and Sec-Fetch-Site by all browsers since 2023.  A page may be opened from anywhere (the cookie
    does not come along), but not be loaded into another one.
    """
    site, mode = headers.get("Sec-Fetch-Site"), headers.get("Sec-Fetch-Mode")
    if changes:
        return headers.get("Origin") != f"http://{host}" or site not in (None, "same-origin")
    return site in ("cross-site", "same-site") and mode != "navigate"
