"""`ports.Bell` on the mail server in memory; it speaks no protocol."""

from __future__ import annotations

from scatterclean.errors import PushUnavailable
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer


class MemoryBell:
    """A session with a MemoryServer that listens to one folder; see `ports.Bell`."""

    def __init__(self, server: MemoryServer, folder: str = "INBOX", account: str = "memory") -> None:
        if not server.knows_idle:
            raise PushUnavailable(f"{account}: memory does not announce new mail")
        self.server = server
        self._box = MemoryMailbox(server, account)
        self._folder = folder
        self._seen = self._mark = self._now()

    def mark(self) -> tuple[int, int]:
        return self._mark

    def wait(self, seconds: float) -> bool:
        with self.server.news:
            self.server.news.wait_for(lambda: self._now() != self._seen, seconds)
        return self._told()

    def renew(self) -> bool:
        self._mark = self._now()
        return self._told()

    def close(self) -> None:
        self._box.close()

    def abort(self) -> None:
        self._box.abort()
        with self.server.news:
            self.server.news.notify_all()

    def _now(self) -> tuple[int, int]:
        state = self._box.state(self._folder)
        return state.place.uidvalidity, state.uidnext

    def _told(self) -> bool:
        now, before = self._now(), self._seen
        self._seen = now
        return now != before
