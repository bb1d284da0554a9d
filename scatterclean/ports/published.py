"""What advice needs of the world: what DNS and a web server publish of domains."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from scatterclean.model.advised import Answer, Question


class Publications(Protocol):
    """Never raises.  What nobody knows is told as such, with the reason."""

    def ask(self, questions: Collection[Question]) -> Mapping[Question, Answer]:
        """The answers to all of them; they are asked at the same time, each with a limit of its own."""

    def reachable(self) -> bool:
        """Is there a name server that answers anything?"""
