"""Progress bars on standard error, and Ctrl-C that waits for the move in hand; it decides nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from scatterclean.cli import exits

_STEPS = {
    "harvest": "reading the Sent folders",
    "gather": "looking at new mail",
    "read": "reading automatic mail",
    "move": "putting away",
    "undo": "bringing back",
}


class Bars:
    """One bar for each step of an errand in one account; nothing is drawn where no terminal is."""

    def __init__(self, progress: Progress, account: str) -> None:
        self._progress = progress
        self._account = account
        self._tasks: dict[str, tuple[TaskID, int]] = {}

    def tell(self, step: str, done: int, total: int) -> None:
        """`done` more of `total`; another total than before is another folder's, and adds up."""
        label = f"{self._account}: {_STEPS.get(step, step)}"
        if step not in self._tasks:
            self._tasks[step] = (self._progress.add_task(label, total=total), total)
        task, last = self._tasks[step]
        if total != last or (done == 0 and total and self._of(task) >= total):
            self._progress.update(task, total=self._of(task) + total)
            self._tasks[step] = (task, total)
        self._progress.advance(task, done)

    def _of(self, task: TaskID) -> float:
        return next(t.completed for t in self._progress.tasks if t.id == task)


@contextmanager
def bars(console: Console, account: str) -> Iterator[Bars]:
    """Bars that are gone when the errand is done."""
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        yield Bars(progress, account)


class Patience:
    """Whether somebody asked to stop, and by which signal."""

    def __init__(self) -> None:
        self.signum: int | None = None

    def over(self) -> bool:
        """The stop flag of sweeps and undos."""
        return self.signum is not None

    def exit(self, code: int) -> int:
        """`code`, unless somebody asked to stop."""
        if self.signum is None:
            return code
        return exits.TERMINATED if self.signum == signal.SIGTERM else exits.INTERRUPTED


@contextmanager
def patience(say: Callable[[str], None]) -> Iterator[Patience]:
    """The first Ctrl-C (or SIGTERM) lets the move in hand end, the second interrupts at once.

    Interrupting at once loses nothing either: what was begun is settled by the next sweep.
    """
    asked = Patience()

    def on_signal(signum: int, _frame: FrameType | None) -> None:
        if asked.over():
            raise SystemExit(exits.TERMINATED) if signum == signal.SIGTERM else KeyboardInterrupt
        asked.signum = signum
        say("stopping as soon as the move in hand is done (once more: at once)")

    before = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
