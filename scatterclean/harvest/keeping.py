"""What was read of one Sent folder goes into the log, batch by batch, while the next batches are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from scatterclean.errors import Stopped, Trouble
from scatterclean.harvest.reading import Reading
from scatterclean.model import Account, Cursor, Grade, Interval, SentMessage
from scatterclean.ports import SentLog

# Batches that wait for the writer, at most.  Now and then it takes as long as reading several of them takes (see
# `store.staging`); each holds some megabytes.
_AHEAD = 4


@dataclass(slots=True)
class Keeping:
    """`batch` is what was read and not handed on yet, with its `recipients`; `new` counts what the log did not know.
    `out_of`: messages that are to be read of the folder.

    To be used as a context: at its end nothing is under way any more, and everything is in its place.
    """

    log: SentLog
    account: Account
    reading: Reading
    now: datetime
    out_of: int
    batch: list[SentMessage] = field(default_factory=list)
    recipients: int = 0
    new: int = 0
    _writer: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="harvest")
    )
    _under_way: deque[Future[int]] = field(default_factory=deque)
    _failed: bool = False
    _hole_told: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        expected = kind is None or issubclass(kind, (Stopped, Trouble))
        # Who interrupts (Ctrl-C again) waits for the one batch that is being written, not for all.
        self._writer.shutdown(wait=True, cancel_futures=not expected)
        if kind is None:
            self.log.tidy()
        elif expected:
            with suppress(Trouble):  # the log answers without it, and what was raised says more
                self.log.tidy()

    def add(self, messages: Sequence[SentMessage]) -> None:
        self.batch += messages
        self.recipients += sum([len(message.recipients) for message in messages])

    def keep(self, last: int) -> None:
        """Put the batch into the log, with a cursor behind the UID `last`, after all that came before.

        Raises what the log raises, also for batches that were handed on before.
        """
        self.settled()
        self.new += self._job(last)()

    def hand_on(self, last: int) -> None:
        """The same, but do not wait for it."""
        job = self._job(last)  # while those before it are written
        self.settled(_AHEAD - 1)
        self._under_way.append(self._writer.submit(self._after_the_others, job))

    def settled(self, but: int = 0) -> None:
        """Wait for what was handed on, `but` for so many; raises what the log raised.

        Then the batch is dropped: kept with its cursor, it would hide for ever what failed before it."""
        while len(self._under_way) > but:
            try:
                self.new += self._under_way.popleft().result()
            except BaseException:
                self.batch = []
                raise

    def _after_the_others(self, job: Callable[[], int]) -> int:
        # By the writer alone.  What it was handed before one of them failed is dropped for the same reason.
        if self._failed:
            return 0
        try:
            return job()
        except BaseException:
            self._failed = True
            raise

    def _job(self, last: int) -> Callable[[], int]:
        some, self.batch, self.recipients = self.batch, [], 0
        # Half-way cursors: a harvest that is cut off goes on here.
        cursor = Cursor(self.reading.state.place, last + 1, self.reading.state.exists, self.now)
        account = self.account
        record = self.log.recording(account.name, account.person, some, cursor, out_of=self.out_of)
        if self._hole_told or not self.reading.vanished(last + 1):
            return record
        self._hole_told = True  # once: if that fails, nothing comes after it
        return partial(self._behind_a_hole, record)

    def _behind_a_hole(self, record: Callable[[], int]) -> int:
        # If we are cut off, all of the time up to now is the hole: whoever goes on at the half-way cursor
        # does not see it any more.  If not, what is covered in the end joins this moment.
        self.log.cover(self.account.name, [Interval(self.now, self.now, Grade.WITNESSED)])
        return record()
