"""How one server names its folders, as far as a session has heard: its own bytes, its namespaces; it opens none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scatterclean.mailbox.answers import Record
from scatterclean.mailbox.folders import (
    Listed,
    Namespaces,
    guessed,
    listed,
    namespaces,
    quoted,
    to_utf7,
)

if TYPE_CHECKING:
    from scatterclean.mailbox.session import Session


class Naming:
    """Asks the server only for what nobody told it before; raises what the session raises."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wires: dict[str, bytes] = {}
        self._listed = False
        self._namespaces: Namespaces | None = None
        self._guessed = False
        self._early: tuple[int, list[Listed]] | None = None

    def list_folders(self) -> list[Listed]:
        """LIST of everything, with SPECIAL-USE; once what `heard_list` was told, if nothing was said since."""
        early, self._early = self._early, None
        if early is not None and early[0] == self._session.asked:
            return early[1]
        # RFC 6154, 2: plain LIST may leave the attributes out.
        if self.extended:
            answer = self._session.venture("LIST", b'""', b'"*"', b"RETURN (SPECIAL-USE)")
            if answer.status == "OK" and answer.untagged.get("LIST"):
                return self._listed_as(listed(answer.untagged["LIST"]))
        return self._listed_as(listed(self._session.demand("LIST", b'""', b'"*"').untagged.get("LIST", ())))

    @property
    def extended(self) -> bool:
        """Does LIST know RETURN (SPECIAL-USE)?"""
        return self._session.can("SPECIAL-USE") and self._session.can("LIST-EXTENDED")

    def heard_list(self, records: Sequence[Record]) -> None:
        """The answer to a LIST of everything that was asked together with other things."""
        self._early = (self._session.asked, self._listed_as(listed(records)))

    def _listed_as(self, found: list[Listed]) -> list[Listed]:
        self._wires = {one.folder.name: one.wire for one in found}
        self._listed = True
        return found

    def namespaces(self, found: Sequence[Listed] | None = None) -> Namespaces:
        """Asked once for a session; guessed from LIST (`found`) where the server does not know the command."""
        self._session.living("NAMESPACE")
        if self._namespaces is None:
            told = None
            if self._session.can("NAMESPACE"):
                told = namespaces(self._session.venture("NAMESPACE").untagged.get("NAMESPACE", ()))
            self._guessed = told is None
            self._namespaces = told or guessed(self.list_folders() if found is None else found)
        return self._namespaces

    def heard_namespace(self, records: Sequence[Record]) -> None:
        """The answer to a NAMESPACE that was asked together with other things."""
        self._namespaces = namespaces(records) or self._namespaces

    @property
    def namespace_due(self) -> bool:
        return self._namespaces is None and self._session.can("NAMESPACE")

    def known_wire(self, folder: str) -> bytes:
        """The server's bytes for a name, as far as they are known without asking."""
        return self._wires.get(folder, to_utf7(folder))

    def wire(self, folder: str) -> bytes:
        """The quoted name for a command.  Names that LIST showed are sent as the server wrote them."""
        if folder not in self._wires and not self._listed and (not folder.isascii() or "&" in folder):
            self.list_folders()
        return quoted(self.known_wire(folder))

    @property
    def separator(self) -> str:
        """Empty as long as nothing was heard of it."""
        return self._namespaces.separator if self._namespaces else ""

    def forget_what_was_guessed(self) -> None:
        """From the folders of then: there may be others now."""
        if self._guessed:
            self._namespaces = None
