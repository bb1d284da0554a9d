"""How much is asked of a server at once."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Portions:
    """How much is asked for at once.

    `found`: UIDs in one SEARCH answer; imaplib gives up at lines over 1 MB, a UID and a blank take up to 11
    bytes.  `found_in_ranges`: where they come as ranges, and there are no more of these than `found`.
    `searched`: messages that one SEARCH looks at.  `headers`: messages per FETCH of header fields.  `ahead`: how many
    such FETCHes are under way at most, so that the server and the line work while we do: in the 40 ms that an answer
    may take a server sends 5,000 of them.  Not more, for it may stop waiting for us to read what it sent (Dovecot:
    CLIENT_OUTPUT_TIMEOUT_MSECS, five minutes).  `raw`: bytes of bodies in memory.  `moved`: messages per MOVE or
    COPY; Yahoo answers UNAVAILABLE to more than 100 (field guide, 5).
    """

    found: int = 50_000
    found_in_ranges: int = 500_000
    searched: int = 2**32
    headers: int = 500
    ahead: int = 12
    raw: int = 4 * 2**20
    moved: int = 100

    def within(self, capabilities: Set[str]) -> Portions:
        """No more at once than a server with such a limit (RFC 9738: `MESSAGELIMIT=1000`) looks at."""
        told = [name.partition("=")[2] for name in capabilities if name.startswith("MESSAGELIMIT=")]
        limits = [int(number) for number in told if number.isascii() and number.isdigit() and int(number)]
        if not limits:
            return self
        most = min(limits)
        return replace(
            self,
            found=min(self.found, most),
            found_in_ranges=min(self.found_in_ranges, most),
            searched=min(self.searched, most),
            headers=min(self.headers, most),
            moved=min(self.moved, most),
        )
