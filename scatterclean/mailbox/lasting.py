"""A mailbox whose session serves one sweep after another; who keeps it in between is the business of `sessions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable

from scatterclean.errors import FolderMissing
from scatterclean.ports import FolderState, Mailbox


@runtime_checkable
class Lasting(Mailbox, Protocol):
    """`ports.Mailbox`, and what it takes to use its session again.  What stands here fits one that is not kept."""

    def begin(self, known: Sequence[str]) -> None:
        """A sweep begins, which will probably ask for the states of these folders."""
        del known  # nothing to prepare

    def first_states(self) -> Mapping[str, FolderState]:
        """How the folders were when `state` was first asked for since `begin`; empty if nobody noted it."""
        return {}

    def states(self, folders: Sequence[str]) -> Mapping[str, FolderState]:
        """`state` of several, asked in one round trip where the server bears it; without those that are gone."""
        found = {}
        for folder in folders:
            with suppress(FolderMissing):
                state = self.state(folder)
                found[state.place.folder] = state
        return found

    def alive(self) -> bool:
        """Did the server give a sign of life when it was asked for one?  Raises ConnectionLost, ServerBusy."""
        return False

    def patience(self, seconds: float | None) -> None:
        """How long the server may be silent; None: as long as was said when it was opened."""
        del seconds  # nobody to wait for

    def rest(self) -> bool:
        """Leave the folder that is open, without expunging it.  False: the session is of no further use."""
        return False

    def part(self) -> None:
        """Say goodbye and wait for no answer; never raises."""
        self.close()
