"""The port of the conversation, one page; and a conversation in which nobody answers.  It knows no terminal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from scatterclean.model import SweepReport
from scatterclean.setup.servers import SetupEnds
from scatterclean.sweep import Steps

Progress = Callable[[int, int], None]
"""(so many more, of how many)"""


class Talk(Protocol):
    """Plain lines, one question at a time.  `flag` is the option of the command line that answers a question.

    Whoever is asked may leave (Ctrl-C, end of input): that raises, and nothing has been written until then."""

    def say(self, text: str = "", *, indent: int = 0) -> None:
        """A line or a paragraph."""

    def line(self, text: str) -> None:
        """One that is to be copied: alone and whole."""

    def trouble(self, text: str) -> None:
        """What went wrong."""

    def ask(self, question: str, *, default: str = "", flag: str) -> str:
        """A line; `default` for an empty one, if there is one (else it is asked again)."""

    def hidden(self, question: str, *, flag: str, empty: bool = False) -> str:
        """A line that is not shown; `empty`: it may be (else it is asked again)."""

    def confirm(self, question: str, *, default: bool, flag: str) -> bool:
        """Yes or no."""

    def reading(self) -> AbstractContextManager[Progress]:
        """Progress of the reading of the Sent folders."""

    def preview(self, account: str, sweep: Callable[[Steps], SweepReport]) -> int:
        """Call `sweep`, which only observes, and show what it told; how many messages it would put away."""


class Silent:
    """For scripts: each question is answered by its default, and one without a default ends the set-up."""

    def __init__(self, talk: Talk) -> None:
        self.say = talk.say
        self.line = talk.line
        self.trouble = talk.trouble
        self.reading = talk.reading
        self.preview = talk.preview

    def ask(self, question: str, *, default: str = "", flag: str) -> str:
        if not default:
            raise SetupEnds(
                f"{flag} is missing, which answers: {question}", hint="See scatterclean init --help"
            )
        return default

    def hidden(self, question: str, *, flag: str, empty: bool = False) -> str:
        del empty
        raise SetupEnds(f"{flag} is missing, which answers: {question}", hint="See scatterclean init --help")

    def confirm(self, question: str, *, default: bool, flag: str) -> bool:
        del question, flag
        return default
